"""What is known of the value of a name, so that two tests of it agree.

Three atoms divide all values: None, other falsy values, truthy values. What is known of a name is a
set of atoms, as a bit mask; a name without an entry may hold anything. So ``if own:`` and a later
``if not own:`` cannot both be taken, and ``if x is None`` and ``if x`` know of each other.

Of the falsy values one more thing is told apart: the list, set or dictionary that a display has just made
empty, and that nobody else knows. A loop over it takes no turn.
"""

from __future__ import annotations

from collections.abc import Iterable

from flake8_session.flow.events import Fact, Place

NONE = 1
TRUTHY = 4
UNBOUND = 8
"""The atom of a name that was deleted: every use of it raises."""
EMPTY = 16
"""What an empty display has made: whoever is given it may fill it."""
FALSY = 2 | EMPTY
ANYTHING = NONE | FALSY | TRUTHY

Values = frozenset[tuple[Place, int]]

_FALSY_LITERALS = frozenset({"=False", "=0", "=0.0", "=''", '=""', "=()", "=[]", "={}", "=b''"})


def of_literal(place: Place) -> int:
    """The atoms of a literal place (``=None``)."""
    if place == "=None":
        return NONE
    if place == "=…" or place == "=...":
        return FALSY | TRUTHY
    return FALSY if place in _FALSY_LITERALS else TRUTHY


def known(values: Values, place: Place) -> int:
    """The atoms that `place` may be."""
    if place.startswith("="):
        return of_literal(place)
    for name, mask in values:
        if name == place:
            return mask
    return ANYTHING


def narrowed(values: Values, place: Place, fact: Fact, answer: bool) -> Values | None:
    """What is known once a test of `place` was answered; None where the answer is impossible."""
    allowed = NONE if fact is Fact.NONE else TRUTHY
    if not answer:
        allowed = ANYTHING & ~allowed
    mask = known(values, place) & allowed
    if not mask:
        return None
    return values if place.startswith("=") else with_value(values, place, mask)


def answered(values: Values, question: Place, fact: Fact, answer: bool) -> Values | None:
    """What is known once a question was answered (see `questions`); None where the answer is impossible.

    Whoever asks the same thing for its truth and for None takes it that there is nothing between.
    """
    mask = TRUTHY if answer is (fact is Fact.TRUTHY) else NONE
    return with_value(values, question, mask) if known(values, question) & mask else None


def with_value(values: Values, place: Place, mask: int) -> Values:
    """`values`, with `place` known to be one of the atoms in `mask`."""
    rest = without(values, place)
    return rest if mask == ANYTHING else rest | {(place, mask)}


def without(values: Values, place: Place) -> Values:
    """`values` without what is known of `place`."""
    if not values:
        return values
    return frozenset(entry for entry in values if entry[0] != place)


def shown(values: Values, places: Iterable[Place]) -> Values:
    """`values` without the empty containers among `places`: somebody else may fill them now."""
    gone = {(place, EMPTY) for place in places}
    return values if values.isdisjoint(gone) else values - gone


def common(left: Values, right: Values) -> Values:
    """What both sides know: for each name, the atoms that either allows."""
    others = dict(right)
    return frozenset(
        (place, mask | others[place])
        for place, mask in left
        if place in others and mask | others[place] != ANYTHING
    )
