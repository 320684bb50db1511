"""Sessions that a method's own object keeps in an attribute, where its class's methods stored them.

A method that runs other methods of the object side by side need not read the attribute itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from flake8_session.flow.events import Call, Define, Event, Place, Read, Write
from flake8_session.flow.graph import Graph
from flake8_session.knowledge import concurrency
from flake8_session.linking.frames import Frame
from flake8_session.linking.meanings import Borrowed, FunctionAt, Registry
from flake8_session.typestate.focus import Focus


def held_foci(frame: Frame) -> Iterator[Focus]:
    """Sessions in attributes of the method's own object, as its class's methods stored them."""
    own = frame.function.parameters[0].name if frame.function.parameters else ""
    seen: set[Place] = set()
    for step in frame.graph.steps:
        event = step.event
        if not isinstance(event, Read) or event.object != own or not own:
            continue
        place = f"{own}.{event.attribute}"
        meaning = frame.meaning(event.result)
        if not isinstance(meaning, Borrowed | Registry) or place in seen:
            continue
        if not _binds(frame, own, event.attribute):
            seen.add(place)
            yield Focus(meaning.options, places=(place,), owned=False, registry=True)
    if own and any(_runs_side_by_side(step.event) for step in frame.graph.steps):
        yield from _held_by_methods(frame, own, seen)


def _runs_side_by_side(event: Event) -> bool:
    """Whether coroutines may be given here to what runs them at the same time, told by its name alone."""
    if not isinstance(event, Call):
        return False
    last = event.method or event.function.rpartition(".")[2]
    return last in concurrency.TASK_METHODS or any(
        name.rpartition(".")[2] == last for name in concurrency.GATHERERS
    )


def _held_by_methods(frame: Frame, own: Place, seen: set[Place]) -> Iterator[Focus]:
    """Asynchronous sessions in attributes which the object's methods read that the function calls."""
    for inner in _own_methods(frame, own):
        for step in inner.graph.steps:
            event = step.event
            if not isinstance(event, Read) or event.object != inner.function.parameters[0].name:
                continue
            place = f"{own}.{event.attribute}"
            meaning = inner.meaning(event.result)
            if place in seen or not isinstance(meaning, Borrowed | Registry):
                continue
            if meaning.options.asynchronous and not _binds(frame, own, event.attribute):
                seen.add(place)
                yield Focus(meaning.options, places=(place,), owned=False, registry=True)


def _own_methods(frame: Frame, own: Place) -> Iterator[Frame]:
    names = {
        step.event.method
        for graph in (frame.graph, *_nested(frame, own))
        for step in graph.steps
        if isinstance(step.event, Call) and step.event.receiver == own
    }
    for name in sorted(names):
        at = frame.linker.member(frame.meaning(own), name)
        body = frame.linker.body(at) if isinstance(at, FunctionAt) else None
        if isinstance(at, FunctionAt) and body is not None and body.graph is not None and body.parameters:
            yield Frame(at.module, body, frame.linker)


def _nested(frame: Frame, own: Place) -> Iterator[Graph]:
    """The graphs of the lambdas, generator expressions and functions inside that know the object."""
    for step in frame.graph.steps:
        if isinstance(step.event, Define) and own in step.event.captures:
            body = frame.linker.body(FunctionAt(frame.module, step.event.function))
            if body is not None and body.graph is not None:
                yield body.graph


def _binds(frame: Frame, own: Place, attribute: str) -> bool:
    return any(
        isinstance(step.event, Write) and step.event.object == own and step.event.attribute == attribute
        for step in frame.graph.steps
    )
