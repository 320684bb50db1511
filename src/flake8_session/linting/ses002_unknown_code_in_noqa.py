"""
## What it does
Reports a code in a `# noqa` comment that looks like one of ours and is none, and `# noqa: SES`,
which has no digit.

## Why is this bad?
A code that does not exist silences nothing, whatever its writer meant; codes are written in capital
letters, so `ses101` is none. The letters alone do the opposite of what they seem to say: flake8 reads
`# noqa: SES` as `# noqa`, and silences every linter on that line.

## Example

    total = 1  # noqa: SES1011

Use instead:

    total = 1

## Fix safety
Where capital letters make it a code, the fix writes them, and is unsafe: something will be silenced
that was not. Otherwise it takes the code away, and the comment with its last code, and is safe. For
`# noqa: SES` there is no fix.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from flake8_session.diagnostics import Applicability, Diagnostic, Edit, Fix
from flake8_session.linting.comment_edits import without_code
from flake8_session.settings import PREFIX, UNKNOWN
from flake8_session.suppressions import Code, Noqa

NAME = "unknown-code-in-noqa"

_LETTERS_ONLY = re.compile(rf":\s?{PREFIX}(?![A-Za-z0-9])", re.IGNORECASE)


def unknown_codes(noqas: Iterable[Noqa], known: Iterable[str], lines: list[str]) -> Iterator[Diagnostic]:
    """A diagnostic for each code that begins with our letters and covers none of the `known` codes."""
    codes = list(known)
    for noqa in noqas:
        rest = lines[noqa.span.end_line - 1][noqa.span.end_column - 1 :]
        if not noqa.codes and _LETTERS_ONLY.match(rest):
            message = f"`# noqa: {PREFIX}` has no digit and so silences every linter on this line"
            yield Diagnostic(noqa.span, UNKNOWN, NAME, message)
        for code in noqa.codes:
            if _is_meant_for_us(code) and not any(each.startswith(code.text) for each in codes):
                yield _unknown(noqa, code, codes, lines)


def _is_meant_for_us(code: Code) -> bool:
    return re.fullmatch(rf"{PREFIX}\d+", code.text, re.IGNORECASE) is not None


def _unknown(noqa: Noqa, code: Code, known: list[str], lines: list[str]) -> Diagnostic:
    upper = code.text.upper()
    if any(each.startswith(upper) for each in known):
        message = f"`{code.text}` in `# noqa` silences nothing, since codes are in capital letters: `{upper}`"
        reason = "it silences what was not silenced"
        fix = Fix(f"write `{upper}`", Applicability.UNSAFE, (Edit(code.span, upper),), reason)
        return Diagnostic(code.span, UNKNOWN, NAME, message, fix=fix if noqa.in_comment else None)
    edits = without_code(noqa, code, lines)
    removal = Fix(f"remove `{code.text}`", Applicability.SAFE, edits) if edits else None
    return Diagnostic(code.span, UNKNOWN, NAME, f"`{code.text}` in `# noqa` is no code", fix=removal)
