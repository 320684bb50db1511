"""Which other instances an asynchronous session may hold besides the one that is followed.

A relationship to a single instance runs no SQL where that instance is in the session already: its read is
no fault then. What the session may hold is told by the function alone: by what else it selects, makes or is
given, and by the functions that it gives the session. A caller that is out of sight is not presumed to keep
alive what is not handed on.
"""

from __future__ import annotations

from collections.abc import Iterator

from flake8_session.flow.events import Call, Event, Iterate, Place, Read
from flake8_session.linking import relationships
from flake8_session.linking.frames import Frame
from flake8_session.linking.meanings import Borrowed, ClassAt, External, Holds, Made, Meaning, Selected
from flake8_session.linking.places import operands
from flake8_session.linking.selecting import is_class_name
from flake8_session.linking.spelling import names_in
from flake8_session.typestate.focus import Focus

_ANY = "*"


def beside(frame: Frame, focus: Focus) -> frozenset[str]:
    """The names of their classes, ``*`` for any; empty for a session that is not asynchronous."""
    if not focus.options.asynchronous or focus.selected is None:
        return frozenset()
    if any("." in place for place in focus.places):  # What keeps the session may keep its instances.
        return frozenset({_ANY})
    return frozenset({*given(frame, focus), *_met(frame, focus), *_along(frame, focus.selected)})


def given(frame: Frame, focus: Focus) -> Iterator[str]:
    """What the parameters, and the variables of functions around it, may hold."""
    untold = set(frame.graph.captured)
    for parameter in frame.function.parameters:
        if parameter.annotation is not None:
            yield from names_in(frame.linker.unaliased(frame.module, parameter.annotation)[1])
        elif frame.owner is None or parameter is not frame.function.parameters[0]:
            untold.add(parameter.name)
    reads = (step.event for step in frame.graph.steps if isinstance(step.event, Read))
    if any(event.object in untold and event.object not in focus.places for event in reads):
        yield _ANY


def _met(frame: Frame, focus: Focus) -> Iterator[str]:
    """What else the function selects or makes, and whatever those load that it gives a session to."""
    own = _sources(frame, focus.instance)
    for index, step in enumerate(frame.graph.steps):
        event = step.event
        if isinstance(event, Call | Iterate):
            meaning = frame.meaning(event.result)
            if isinstance(meaning, Selected) and meaning.holds in (Holds.INSTANCE, Holds.ROWS):
                yield from map(_name, meaning.models)
        if not isinstance(event, Call) or index == focus.instance:
            continue
        if is_class_name(name := event.function.rpartition(".")[2].removeprefix("@")):
            yield name
        if index not in own and any(_is_session(frame, argument.value) for argument in event.arguments):
            yield _ANY


def _along(frame: Frame, selected: Selected) -> Iterator[str]:
    """What is loaded along with the instance."""
    model = selected.model
    for name in selected.loads:
        yield from relationships.leads_to(frame.linker, model, name) or {_ANY}


def _sources(frame: Frame, step: int) -> frozenset[int]:
    """The steps that what `step` gives is made from: a helper that gives it keeps nothing else alive."""
    seen: set[int] = set()
    pending = [step]
    while pending:
        here = pending.pop()
        if here not in seen:
            seen.add(here)
            pending.extend(_makers(frame, frame.graph.steps[here].event))
    return frozenset(seen)


def _makers(frame: Frame, event: Event) -> Iterator[int]:
    for place in operands(event):
        for source in (place, *frame.bindings.get(place, ())):
            if source in frame.made_by:
                yield frame.made_by[source]


def _is_session(frame: Frame, place: Place) -> bool:
    return isinstance(frame.meaning(place), Made | Borrowed)


def _name(model: Meaning | None) -> str:
    match model:
        case ClassAt(_, qualname):
            return qualname.rpartition(".")[2]
        case External(name):
            return name.rpartition(".")[2]
    return _ANY
