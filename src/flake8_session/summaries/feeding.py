"""What may become part of what: which of a function's places its results are made of, in one way or another.

Coarse on purpose: it only spares the work on what cannot matter. An argument may become part of what
the call gives, and of the object that the method is called on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flake8_session.flow.events import Call, Event, Place, Return, SetItem, Write, Yield
from flake8_session.linking.frames import Frame
from flake8_session.linking.places import bound, operands


def feeding(frame: Frame, places: Iterable[Place]) -> frozenset[Place]:
    """`places`, and all places whose values may become part of them."""
    sources: dict[Place, list[Place]] = {}
    for step in frame.graph.steps:
        for place in _changed(step.event):
            sources.setdefault(place, []).extend(operands(step.event))
    found = set(places)
    pending = list(found)
    while pending:
        for source in sources.get(pending.pop(), ()):
            if source not in found:
                found.add(source)
                pending.append(source)
    return frozenset(found)


def leaving(frame: Frame, kind: type[Return] | type[Yield]) -> list[Place]:
    """The places that the function returns, or yields."""
    return [step.event.value for step in frame.graph.steps if isinstance(step.event, kind)]


def own_place(frame: Frame) -> list[Place]:
    """The first parameter: in a method, its object."""
    return [parameter.name for parameter in frame.function.parameters[:1]]


def _changed(event: Event) -> Iterator[Place]:
    yield from bound(event)
    if isinstance(event, Call) and event.receiver:
        yield event.receiver
    elif isinstance(event, SetItem | Write):
        yield event.object
