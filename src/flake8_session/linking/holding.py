"""Which places may hold a value, by themselves or in a container."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flake8_session.flow.events import Bind, Build, Call, Event, Extend, Iter, Iterate, Place, SetItem, Shape
from flake8_session.flow.graph import Graph

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
