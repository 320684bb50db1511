"""Whether fixes have kept what they promise: the text is Python, what they mend is gone, nothing has come.

Findings are compared by code, function and the words that they stand on, since lines move.
"""

from __future__ import annotations

import ast
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

from flake8_session.diagnostics import Diagnostic, Fix
from flake8_session.fixing.applying import applied
from flake8_session.source.text import SyntaxRefused, lines_of

Lint: TypeAlias = Callable[[str], Sequence[Diagnostic]]
"""Gives the findings of a text, with their fixes."""
Key: TypeAlias = "tuple[str, str, str]"


class After(NamedTuple):
    """A text with fixes, and its findings."""

    text: str
    findings: Sequence[Diagnostic]


def kept(
    text: str, findings: Sequence[Diagnostic], chosen: Sequence[Diagnostic], lint: Lint
) -> After | frozenset[str]:
    """The text with the fixes of `chosen`, if all of them have kept their promise.

    Else the functions with findings that there should not be; none where it is no Python any more. A text
    in the words of a newer Python than the one that runs this must be what the linter takes for Python.
    """
    changed = applied(text, [edit for each in chosen for edit in fix_of(each).edits])
    if not _parses(changed) and _parses(text):
        return frozenset()
    try:
        now = lint(changed)
    except SyntaxRefused:
        return frozenset()
    before, after = _counted(findings, text), _counted(now, changed)
    expected = before - Counter(key_of(each, lines_of(text)) for each in chosen)
    unexpected = after - expected
    return frozenset(function for _, function, _ in unexpected) if unexpected else After(changed, now)


def is_near(function: str, other: str) -> bool:
    """Whether one of two functions is the other, or stands inside of it."""
    return f"{function}.".startswith(f"{other}.") or f"{other}.".startswith(f"{function}.")


def fix_of(finding: Diagnostic) -> Fix:
    """The fix of a finding that has one."""
    assert finding.fix is not None
    return finding.fix


def key_of(finding: Diagnostic, lines: Sequence[str]) -> Key:
    """What a finding is called while lines move, and are parted."""
    span = finding.span
    covered = list(lines[span.line - 1 : span.end_line])
    if covered:
        covered[-1] = covered[-1][: span.end_column - 1]
        covered[0] = covered[0][span.column - 1 :]
    return finding.code, finding.function, " ".join("".join(covered).split())


def _counted(findings: Sequence[Diagnostic], text: str) -> Counter[Key]:
    lines = lines_of(text)
    return Counter(key_of(each, lines) for each in findings)


def _parses(text: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
