"""Variables that a display makes empty, ``rows = []``, and collections of new instances that nobody fills.

Passed over are variables that nested functions know, and ``list()``, which few write.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from flake8_session.flow.events import (
    Bind,
    Build,
    Call,
    Define,
    Door,
    Event,
    Iter,
    Place,
    Read,
    Shape,
    Test,
    TestSame,
    Write,
)
from flake8_session.flow.graph import Graph
from flake8_session.linking.meanings import Borrowed, External, Made, Registry
from flake8_session.linking.places import operands

if TYPE_CHECKING:
    from flake8_session.linking.frames import Frame

_TAKING = frozenset({"add", "delete", "expunge", "refresh"})
_LOOKING = frozenset({"all", "any", "len", "list", "max", "min", "set", "sorted", "sum", "tuple"})


def emptied(graph: Graph) -> Mapping[int, Place]:
    """The steps that bind a variable to an empty display, with the variable.

    What a comprehension or a starred display goes on to fill is not bound at once.
    """
    known = {
        place for step in graph.steps if isinstance(step.event, Define) for place in step.event.captures
    }
    known |= graph.captured | graph.shared
    found: dict[int, Place] = {}
    for step in graph.steps:
        match step.event:
            case Build(result, (), Shape.CONTAINER):
                behind = step.doors[Door.COMPLETED]
                event = graph.steps[behind].event
                if isinstance(event, Bind) and event.source == result and event.target not in known:
                    found[behind] = event.target
    return {step: place for step, place in found.items() if place[:1] not in "@%" and "." not in place}


def looped(graph: Graph) -> frozenset[Place]:
    """The attributes that are read for a loop alone, ``for address in user.addresses``, as temporaries."""
    read = {step.event.result for step in graph.steps if isinstance(step.event, Read)}
    iterated = {step.event.iterable for step in graph.steps if isinstance(step.event, Iter)} & read
    if not iterated:
        return frozenset()
    used = Counter(place for step in graph.steps for place in operands(step.event) if place in iterated)
    return frozenset(place for place in iterated if used[place] == 1)


def stays_empty(frame: Frame, made: Place, attribute: str) -> bool:
    """Whether nothing in the function may put something into a collection of the new instance in `made`.

    Then the instance is bound, asked for other attributes, has some set, and is given to sessions. Whoever
    else is given it may fill its collections, and so may another instance that it is made to belong to.
    """
    names = _names(frame, made)
    return all(
        _leaves_empty(frame, step.event, names, attribute)
        for step in frame.graph.steps
        if not names.isdisjoint(operands(step.event))
    )


def looks(frame: Frame, event: Event) -> bool:
    """Whether the event is a call of a function of Python's that only looks at what a container holds."""
    callee = frame.callee(event) if isinstance(event, Call) and event.function else None
    return isinstance(callee, External) and callee.name.removeprefix("builtins.") in _LOOKING


def _names(frame: Frame, made: Place) -> frozenset[Place]:
    """The places that are bound to what is in `made`."""
    found = {made}
    pending = [made]
    while pending:
        more = frame.aliases.get(pending.pop(), frozenset()) - found
        found |= more
        pending.extend(more)
    return frozenset(found)


def _leaves_empty(frame: Frame, event: Event, names: frozenset[Place], attribute: str) -> bool:
    match event:
        case Bind(target):
            return target[:1] != "@" and "." not in target
        case Read(result, _, read):
            return read != attribute or _is_only_looked_at(frame, result)
        case Write(_, _, source):
            return source not in names
        case Call(receiver=receiver, method=method) if receiver and receiver not in names:
            return method in _TAKING and isinstance(frame.meaning(receiver), Made | Borrowed | Registry)
    return isinstance(event, Test | TestSame)


def _is_only_looked_at(frame: Frame, place: Place) -> bool:
    return all(
        isinstance(step.event, Iter | Test) or looks(frame, step.event)
        for step in frame.graph.steps
        if place in operands(step.event)
    )
