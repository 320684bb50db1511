"""Loops that take pairs apart: ``for number, user in enumerate(users)``, ``for key, user in by_key.items()``.

They are written as loops over the elements themselves, so that what an element is stays known. A
mapping counts where the function itself has written it down. Not modelled: ``zip``, nested pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from flake8_session.flow.events import Bind, Build, Call, Door, Iter, Iterate, Place, Shape, Unpack
from flake8_session.flow.graph import Graph
from flake8_session.linking.drafts import Draft
from flake8_session.linking.meanings import External, Meaning

Outside = Callable[[str], Meaning]

_ENUMERATE = External("builtins.enumerate")


def without_pairs(graph: Graph, outside: Outside) -> Graph:
    """`graph`, with loops over what is counted or looked up written as loops over the elements."""
    sources = dict(_sources(graph, outside))
    if not sources:
        return graph
    draft = Draft(graph)
    loops = {
        step.event.result: step.event.iterable
        for step in graph.steps
        if isinstance(step.event, Iter) and step.event.iterable in sources and not step.event.asynchronous
    }
    elements = {
        step.event.result: loops[step.event.iterator]
        for step in graph.steps
        if isinstance(step.event, Iterate) and step.event.iterator in loops
    }
    apart = {
        step.event.source: index
        for index, step in enumerate(graph.steps)
        if isinstance(step.event, Unpack) and step.event.source in elements and len(step.event.targets) == 2
    }
    for index, step in enumerate(graph.steps):
        match step.event:
            case Iter(result, iterable) if any(elements[each] == iterable for each in apart):
                draft.put(index, Iter(result, sources[iterable]), step.doors, step.origin)
            case Unpack((first, second), element) if apart.get(element) == index:
                onward = {Door.COMPLETED: step.doors[Door.COMPLETED]}
                last = draft.add(Bind(second, element), onward, step.origin)
                draft.put(index, Bind(first, "=…"), {Door.COMPLETED: last}, step.origin)
    return draft.graph()


def _sources(graph: Graph, outside: Outside) -> Iterator[tuple[Place, Place]]:
    """What gives pairs, with the place of the elements."""
    displays = {
        step.event.result
        for step in graph.steps
        if isinstance(step.event, Build) and step.event.shape is Shape.CONTAINER
    }
    written = {
        step.event.target
        for step in graph.steps
        if isinstance(step.event, Bind) and step.event.source in displays
    }
    for step in graph.steps:
        call = step.event
        if not isinstance(call, Call) or not call.result.startswith("%"):
            continue
        if call.method == "items" and not call.arguments and call.receiver in written:
            yield call.result, call.receiver
        elif call.function == "@enumerate" and call.arguments and outside("enumerate") == _ENUMERATE:
            if not call.arguments[0].keyword:
                yield call.result, call.arguments[0].value
