"""
## What it does
Reports a code of ours in a `# noqa` comment that silences nothing.

Only codes that begin with `SES` are looked at, and only those of rules that are turned on: of
another linter's codes, of a bare `# noqa` and of a rule that did not run nobody can say here whether
they are needed.

## Why is this bad?
The comment outlives its reason. It tells the reader of a misuse that is no longer there, and hides
the next one on that line.

## Example

    total = 1  # noqa: SES101

Use instead:

    total = 1

## Fix safety
The fix takes the code away, and the comment with its last code. It is safe: nothing was silenced.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flake8_session.diagnostics import Applicability, Diagnostic, Fix
from flake8_session.linting.comment_edits import without_code
from flake8_session.settings import PREFIX, UNUSED
from flake8_session.suppressions import Code, Noqa

NAME = "unused-noqa"


def unused_codes(
    noqas: Iterable[Noqa], used: Iterable[Diagnostic], enabled: Iterable[str], lines: list[str]
) -> Iterator[Diagnostic]:
    """A diagnostic for each code of an `enabled` rule that silences none of `used` in its territory."""
    findings, codes = list(used), list(enabled)
    for noqa in noqas:
        present = [finding.code for finding in findings if finding.span.line in noqa.lines]
        for code in noqa.codes:
            if _is_judged(code, codes) and not any(found.startswith(code.text) for found in present):
                message = f"`{code.text}` in `# noqa` silences nothing"
                yield Diagnostic(code.span, UNUSED, NAME, message, fix=_fix(noqa, code, lines))


def _is_judged(code: Code, enabled: list[str]) -> bool:
    """Whether it is ours, and all that it could silence was looked for; the codes on comments never are."""
    return (
        code.text.startswith(PREFIX)
        and not code.text.startswith(f"{PREFIX}0")
        and any(known.startswith(code.text) for known in enabled)
    )


def _fix(noqa: Noqa, code: Code, lines: list[str]) -> Fix | None:
    edits = without_code(noqa, code, lines)
    return Fix(f"remove `{code.text}`", Applicability.SAFE, edits) if edits else None
