"""Applies fixes until nothing is left to apply, and takes back each that did not do what it promised.

A *round* applies at most one fix for each function, outermost first, none of which overlap, and
lints the result. A fix has kept its promise if the text is still Python, the finding that it mends is
gone and none has come. Findings are compared by code, function and the words that they stand on, since
lines move. Where a round fails, its fixes are tried one by one, so that the culprit is known; it is
*withdrawn*: not tried again, and told of. What touches imports comes after everything else, since
it changes lines that all functions share.
"""

from __future__ import annotations

import ast
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from flake8_session.diagnostics import Diagnostic, Edit, Fix
from flake8_session.fixing.applying import applied, overlap
from flake8_session.source.text import SyntaxRefused, lines_of

MOST_ROUNDS = 200
"""More than one per fix of a function is never needed; this ends what a mistake of ours would repeat."""

Lint: TypeAlias = Callable[[str], Sequence[Diagnostic]]
"""Gives the findings of a text, with their fixes."""
Choice: TypeAlias = Callable[[Diagnostic, str], bool]
"""Whether the fix of a finding of a text is wanted; asked just before it is applied."""
Key: TypeAlias = "tuple[str, str, str]"


@dataclass(frozen=True, slots=True)
class Fixed:
    """The text after all rounds; the findings that were mended, whose fix was taken back, that are left."""

    text: str
    mended: tuple[Diagnostic, ...] = ()
    withdrawn: tuple[Diagnostic, ...] = ()
    left: tuple[Diagnostic, ...] = ()


def fix_text(text: str, lint: Lint, choice: Choice) -> Fixed:
    """Applies the chosen fixes of `text`. Raises `SyntaxRefused` where it is no Python to begin with.

    What was withdrawn is tried once more after others were mended: it may have stood in their way.
    """
    findings = lint(text)
    mended: list[Diagnostic] = []
    withdrawn: dict[Key, Diagnostic] = {}
    declined: set[Key] = set()
    retry = False
    for _ in range(MOST_ROUNDS):
        lines = lines_of(text)
        open_ = [
            each
            for each in findings
            if each.fix is not None and _key(each, lines) not in {*withdrawn, *declined}
        ]
        chosen = []
        for each in _round(open_):
            if choice(each, text):
                chosen.append(each)
            else:
                declined.add(_key(each, lines))
        if not open_:
            if not retry:
                break
            retry = False
            withdrawn.clear()
            continue
        if not chosen:
            continue
        after = _kept(text, findings, chosen, lint)
        if after is None:
            chosen, after = _one_by_one(text, findings, chosen, lint, withdrawn)
        if after is None:
            continue
        text, findings = after
        mended += chosen
        retry = bool(withdrawn)
    return Fixed(text, tuple(mended), tuple(withdrawn.values()), tuple(findings))


_After: TypeAlias = "tuple[str, Sequence[Diagnostic]]"


def _one_by_one(
    text: str,
    findings: Sequence[Diagnostic],
    chosen: Sequence[Diagnostic],
    lint: Lint,
    withdrawn: dict[Key, Diagnostic],
) -> tuple[list[Diagnostic], _After | None]:
    """The first of `chosen` that keeps its promise alone; those before it are withdrawn."""
    lines = lines_of(text)
    for each in chosen:
        after = _kept(text, findings, [each], lint)
        if after is not None:
            return [each], after
        withdrawn[_key(each, lines)] = each
    return [], None


def _kept(
    text: str, findings: Sequence[Diagnostic], chosen: Sequence[Diagnostic], lint: Lint
) -> _After | None:
    """The text with the fixes of `chosen`, and its findings, if all keep their promise."""
    changed = applied(text, [edit for each in chosen for edit in _fix(each).edits])
    if not _parses(changed):
        return None
    try:
        now = lint(changed)
    except SyntaxRefused:
        return None
    before, after = _counted(findings, text), _counted(now, changed)
    expected = before - Counter(_key(each, lines_of(text)) for each in chosen)
    return None if after - expected else (changed, now)


def _round(open_: Sequence[Diagnostic]) -> list[Diagnostic]:
    """At most one fix of each function, outermost first; what touches imports only when all else is done."""
    inside = [each for each in open_ if not _fix(each).imports] or list(open_)[:1]
    chosen: list[Diagnostic] = []
    edits: list[Edit] = []
    functions: set[str] = set()
    for each in sorted(inside, key=lambda each: (each.function.count("."), each.sort_key)):
        if each.function in functions or overlap(edits, _fix(each).edits):
            continue
        functions.add(each.function)
        chosen.append(each)
        edits += _fix(each).edits
    return sorted(chosen, key=lambda each: each.sort_key)


def _fix(finding: Diagnostic) -> Fix:
    assert finding.fix is not None
    return finding.fix


def _counted(findings: Sequence[Diagnostic], text: str) -> Counter[Key]:
    lines = lines_of(text)
    return Counter(_key(each, lines) for each in findings)


def _key(finding: Diagnostic, lines: Sequence[str]) -> Key:
    """What a finding is called while lines move, and are parted."""
    span = finding.span
    covered = list(lines[span.line - 1 : span.end_line])
    if covered:
        covered[-1] = covered[-1][: span.end_column - 1]
        covered[0] = covered[0][span.column - 1 :]
    return finding.code, finding.function, " ".join("".join(covered).split())


def _parses(text: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
