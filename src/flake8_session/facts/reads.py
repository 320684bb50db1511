"""Reads of instances, and the ways in which they leave the function, once they are detached."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from flake8_session.facts.agreement import anywhere
from flake8_session.facts.paths import Path
from flake8_session.facts.solutions import Solved
from flake8_session.facts.solving import SessionFacts
from flake8_session.flow.events import Await, Build, Call, Door, Event, Read, Return, Write, Yield
from flake8_session.knowledge import frameworks
from flake8_session.knowledge.words import Role
from flake8_session.linking import models
from flake8_session.typestate.attributes import body_of
from flake8_session.typestate.loading import DETACHED_INSTANCE, model, readable
from flake8_session.typestate.worlds import RETURN, Columns, Flight, InstanceState, Tie, World

_ENTITY = (Role.INSTANCE, Role.INSTANCES, Role.ROW, Role.ROWS)


class DetachedRead(NamedTuple):
    """A read (or replacement) of `attribute` of a detached instance, with the path that leads to it."""

    solved: Solved
    step: int
    attribute: str
    name: str
    state: InstanceState
    loaded: bool | None
    path: Path


class HandedOut(NamedTuple):
    """A detached and expired instance that leaves the function at `step`."""

    solved: Solved
    step: int
    name: str
    path: Path


def detached_reads(session: SessionFacts) -> Iterator[DetachedRead]:
    """Every read of a detached instance, the worst state of each first, each with one path."""
    for solved in session.with_instances:
        for step, world in solved.reached(*_READING):
            found = _detached_read(solved, step, world)
            if found is not None:
                yield found


def handed_out(session: SessionFacts) -> Iterator[HandedOut]:
    """Every way out by which a detached and expired instance leaves the function."""
    for solved in session.with_instances if not session.focus.gone else ():
        yield from _returned(solved)
        yield from _passed(solved)


def _detached_read(solved: Solved, step: int, world: World) -> DetachedRead | None:
    event, state = solved.graph.steps[step].event, world.instance
    if state is None or state.tie not in (Tie.DETACHED, Tie.TRANSIENT):
        return None
    raised = _must_raise(solved, step, world)
    if raised is not None:
        loaded: bool | None = False
    elif state.tie is Tie.DETACHED and isinstance(event, Read) and Role.INSTANCE in world.roles(event.object):
        loaded = _loaded(solved, event.attribute, state)
        if loaded is False or event.attribute.startswith("__"):
            return None
        if models.attribute(solved.frame.linker, model(solved.movement.context), event.attribute) in _QUIET:
            return None
    else:
        return None
    if solved.focus.gone and loaded is not False:
        return None
    path = solved.path(step, world)
    if path is None:
        return None
    place = getattr(event, "object", "") or getattr(event, "receiver", "")
    name = place if place and place[0] not in "%@" else solved.instance_place(world)
    attribute = event.attribute if isinstance(event, Read | Write) else ""
    attribute = attribute or (raised.attribute if raised is not None else "") or "__repr__"
    if isinstance(event, Write):
        state = state._replace(columns=Columns.LOADED)
    return DetachedRead(solved, step, attribute, name.partition("'")[0], state, loaded, path)


_READING = (Await, Build, Call, Read, Write)
"""The events that may ask an instance for an attribute."""
_QUIET = (models.Attribute.SAFE,)


def _loaded(solved: Solved, attribute: str, state: InstanceState) -> bool | None:
    context = solved.movement.context
    if body_of(context, attribute) is not None:
        return True if state.columns is Columns.LOADED else None
    return readable(context, state, attribute)


def _must_raise(solved: Solved, step: int, world: World) -> Flight | None:
    """The `DetachedInstanceError` of the step, where nothing else can come of it."""
    if not any(holding in _ENTITY for _, holding in world.names):
        return None
    flights = [moved.flight for door, moved in solved.movement.own_ways(step, world) if door is Door.RAISED]
    known = [flight for flight in flights if flight is not None and flight.name == DETACHED_INSTANCE]
    return known[0] if known and len(known) == len(solved.movement.own_ways(step, world)) else None


def _is_spent(state: InstanceState | None) -> bool:
    return state is not None and state.tie is Tie.DETACHED and state.columns is Columns.EXPIRED


def _returned(solved: Solved) -> Iterator[HandedOut]:
    for step, world in solved.reached(Return):
        event = solved.graph.steps[step].event
        if not isinstance(event, Return) or not any(role in world.roles(event.value) for role in _ENTITY):
            continue
        for onward in solved.ways(step, world):
            path = solved.path_through(step, world, onward, partial(_left_spent, solved), anywhere)
            if path is not None:
                name = event.value if event.value[0] not in "%@=" else ""
                yield HandedOut(solved, step, name.partition("'")[0], path)


def _left_spent(solved: Solved, step: int, world: World) -> bool:
    """Whether the function returns, and what it returns is detached and expired."""
    returned = step == solved.graph.returned and _is_spent(world.instance)
    return returned and any((RETURN, role) in world.names for role in _ENTITY)


def _passed(solved: Solved) -> Iterator[HandedOut]:
    for step, world in solved.reached(Yield, Call):
        event = solved.graph.steps[step].event
        if not _is_spent(world.instance) or not _hands_out(event):
            continue
        for place in _given(event):
            if any(role in world.roles(place) for role in _ENTITY):
                path = solved.path(step, world)
                if path is not None:
                    yield HandedOut(solved, step, place.partition("'")[0] if place[0] != "%" else "", path)
                break


def _hands_out(event: Event) -> bool:
    if isinstance(event, Yield):
        return True
    if not isinstance(event, Call):
        return False
    return (event.method or event.function.rpartition(".")[2].removeprefix("@")) in frameworks.READING_CALLEES


def _given(event: Event) -> list[str]:
    if isinstance(event, Yield):
        return [event.value]
    return [argument.value for argument in event.arguments] if isinstance(event, Call) else []
