"""Which places may hold a value, by themselves or in a container; and which are nothing but a container."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from flake8_session.flow.events import Bind, Build, Call, Event, Extend, Iter, Iterate, Place, SetItem, Shape
from flake8_session.flow.graph import Graph
from flake8_session.linking.meanings import External

if TYPE_CHECKING:
    from flake8_session.linking.frames import Frame

_CONTAINERS = frozenset({"builtins.list", "builtins.set", "builtins.dict", "collections.deque"})
_PUTTING_IN = frozenset({"append", "appendleft", "add", "extend", "insert"})


def with_holders(graph: Graph, places: Iterable[Place]) -> frozenset[Place]:
    """`places`, and those into which their values may come."""
    into: dict[Place, list[Place]] = {}
    for step in graph.steps:
        for source, target in _moves(step.event):
            into.setdefault(source, []).append(target)
    found = set(places)
    pending = list(found)
    while pending:
        for target in into.get(pending.pop(), ()):
            if target not in found:
                found.add(target)
                pending.append(target)
    return frozenset(found)


def is_own_container(frame: Frame, place: Place) -> bool:
    """Whether a variable is never bound to anything but lists, sets and the like that the function makes.

    What is put into such a one is kept, and nothing else happens to it; the collection of a relationship
    would tell the session.
    """
    bound = frame.bindings.get(place, ())
    elsewhere = place in frame.graph.captured or place in frame.graph.shared
    given = any(parameter.name == place for parameter in frame.function.parameters)
    if elsewhere or given or len(bound) != len(frame.binders.get(place, ())):
        return False
    return bool(bound) and all(_is_new_container(frame, source) for source in bound)


def _is_new_container(frame: Frame, place: Place) -> bool:
    if place.startswith(("=[", "={")):
        return True
    made = frame.made_by.get(place)
    match frame.graph.steps[made].event if made is not None else None:
        case Build(_, _, Shape.CONTAINER):
            return True
        case Call() as call:
            callee = frame.callee(call)
            return isinstance(callee, External) and callee.name in _CONTAINERS
    return False


def _moves(event: Event) -> Iterator[tuple[Place, Place]]:
    match event:
        case Bind(target, source) | Extend(target, source) | SetItem(target, _, source):
            yield source, target
        case Iter(result, source) | Iterate(result, source):
            yield source, result
        case Build(result, parts, Shape.CONTAINER):
            for part in parts:
                yield part, result
        case Call(receiver=receiver, method=method) if receiver and method in _PUTTING_IN:
            for argument in event.arguments:
                yield argument.value, receiver
