"""Applies fixes until nothing is left to apply, and takes back each that did not do what it promised.

A *round* applies at most one fix for each function, outermost first, none of which overlap, and
lints the result. Where a round fails, the fixes of the functions in which nothing went wrong are tried
without the others, and else one by one, so that the culprit is known; it is *withdrawn*: not tried
again, and told of. What touches imports comes after everything else, since it changes lines that all
functions share.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from flake8_session.diagnostics import Applicability, Diagnostic, Edit
from flake8_session.fixing.applying import overlap
from flake8_session.fixing.promises import After, Key, Lint, fix_of, is_near, kept, key_of
from flake8_session.source.text import lines_of

MOST_ROUNDS = 200
"""More than one per fix of a function is never needed; this ends what a mistake of ours would repeat."""

Choice: TypeAlias = Callable[[Diagnostic, str], bool]
"""Whether the fix of a finding of a text is wanted; asked just before it is applied."""
Offer: TypeAlias = "tuple[Key, int, Applicability]"
"""What was withdrawn or declined: which of the findings that are called alike, and how safe its fix was.

A fix that others have made safe is another one: who has declined it has not declined this.
"""


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
    withdrawn: dict[Offer, Diagnostic] = {}
    declined: set[Offer] = set()
    retry = False
    for _ in range(MOST_ROUNDS):
        offers = _offers(findings, text)
        open_ = [each for each in findings if offers.get(id(each)) not in {None, *withdrawn, *declined}]
        chosen = []
        for each in _round(open_):
            if choice(each, text):
                chosen.append(each)
            else:
                declined.add(offers[id(each)])
        if not open_:
            if not retry:
                break
            retry = False
            withdrawn.clear()
            continue
        if not chosen:
            continue
        good, after = _most(text, findings, chosen, lint, withdrawn)
        if after is None:
            continue
        text, findings = after
        mended += good
        retry = bool(withdrawn)
    return Fixed(text, tuple(mended), tuple(withdrawn.values()), tuple(findings))


def _most(
    text: str,
    findings: Sequence[Diagnostic],
    chosen: Sequence[Diagnostic],
    lint: Lint,
    withdrawn: dict[Offer, Diagnostic],
) -> tuple[Sequence[Diagnostic], After | None]:
    """Those of `chosen` that keep their promise together, as far as that is found out in a few attempts."""
    after = kept(text, findings, chosen, lint)
    if isinstance(after, After):
        return chosen, after
    innocent = [each for each in chosen if not any(is_near(each.function, other) for other in after)]
    if 0 < len(innocent) < len(chosen):
        later = kept(text, findings, innocent, lint)
        if isinstance(later, After):
            return innocent, later
    if len(chosen) == 1:
        withdrawn[_offers(findings, text)[id(chosen[0])]] = chosen[0]
        return [], None
    return _one_by_one(text, findings, chosen, lint, withdrawn)


def _one_by_one(
    text: str,
    findings: Sequence[Diagnostic],
    chosen: Sequence[Diagnostic],
    lint: Lint,
    withdrawn: dict[Offer, Diagnostic],
) -> tuple[list[Diagnostic], After | None]:
    """The first of `chosen` that keeps its promise alone; those before it are withdrawn."""
    offers = _offers(findings, text)
    for each in chosen:
        after = kept(text, findings, [each], lint)
        if isinstance(after, After):
            return [each], after
        withdrawn[offers[id(each)]] = each
    return [], None


def _round(open_: Sequence[Diagnostic]) -> list[Diagnostic]:
    """At most one fix of each function, outermost first; what touches imports only when all else is done."""
    inside = [each for each in open_ if not fix_of(each).imports] or list(open_)[:1]
    chosen: list[Diagnostic] = []
    edits: list[Edit] = []
    functions: set[str] = set()
    for each in sorted(inside, key=lambda each: (each.function.count("."), each.sort_key)):
        if each.function in functions or overlap(edits, fix_of(each).edits):
            continue
        functions.add(each.function)
        chosen.append(each)
        edits += fix_of(each).edits
    return sorted(chosen, key=lambda each: each.sort_key)


def _offers(findings: Sequence[Diagnostic], text: str) -> dict[int, Offer]:
    """What the fix of each finding is called that has one, by the finding's identity."""
    lines = lines_of(text)
    seen: Counter[Key] = Counter()
    offers: dict[int, Offer] = {}
    for each in findings:
        key = key_of(each, lines)
        if each.fix is not None:
            offers[id(each)] = key, seen[key], each.fix.applicability
        seen[key] += 1
    return offers


