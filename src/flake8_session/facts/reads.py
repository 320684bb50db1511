"""Reads of instances, and the ways in which they leave the function, once they are detached."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from flake8_session.facts.paths import Path
from flake8_session.facts.solving import SessionFacts, Solved
from flake8_session.flow.events import Call, Event, Read, Return, Write, Yield
from flake8_session.knowledge import frameworks
from flake8_session.knowledge.words import Role
from flake8_session.linking import models
from flake8_session.typestate.attributes import model, readable
from flake8_session.typestate.worlds import RETURN, Columns, InstanceState, Tie, World

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

    @property
    def is_relationship(self) -> bool:
        """Whether the model is in sight and says that the attribute is loaded by itself."""
        context = self.solved.movement.context
        return models.attribute(context.frame.linker, model(context), self.attribute) in (
            models.Attribute.LAZY,
            models.Attribute.EAGER,
        )


class HandedOut(NamedTuple):
    """A detached and expired instance that leaves the function at `step`."""

    solved: Solved
    step: int
    name: str
    path: Path


def detached_reads(session: SessionFacts) -> Iterator[DetachedRead]:
    """Every read of a detached instance, the worst state of each first, each with one path."""
    for solved in session.with_instances:
        for step, world in solved.reached():
            found = _detached_read(solved, step, world)
            if found is not None:
                yield found


def handed_out(session: SessionFacts) -> Iterator[HandedOut]:
    """Every way out by which a detached and expired instance leaves the function."""
    for solved in session.with_instances:
        yield from _returned(solved)
        yield from _passed(solved)


def _detached_read(solved: Solved, step: int, world: World) -> DetachedRead | None:
    event, state = solved.graph.steps[step].event, world.instance
    if state is None or state.tie is not Tie.DETACHED or not isinstance(event, Read | Write):
        return None
    if Role.INSTANCE not in world.roles(event.object) or event.attribute.startswith("__"):
        return None
    context = solved.movement.context
    if isinstance(event, Write):
        lazy = models.is_lazy_collection(context.frame.linker, model(context), event.attribute)
        if not lazy or event.attribute in state.loaded or state.columns is Columns.UNKNOWN:
            return None
        loaded: bool | None = False
    else:
        loaded = readable(context, state, event.attribute)
    path = solved.path(step, world)
    if path is None:
        return None
    name = event.object if event.object[0] not in "%@" else solved.instance_place(world)
    return DetachedRead(solved, step, event.attribute, name.partition("'")[0], state, loaded, path)


def _is_spent(state: InstanceState | None) -> bool:
    return (
        state is not None
        and state.tie is Tie.DETACHED
        and state.columns is Columns.EXPIRED
        and not state.loaded
    )


def _returned(solved: Solved) -> Iterator[HandedOut]:
    for world in solved.solution.before(solved.graph.returned):
        if not _is_spent(world.instance):
            continue
        if not any((RETURN, role) in world.names for role in _ENTITY):
            continue
        path = solved.path(solved.graph.returned, world)
        if path is None:
            continue
        for passage in reversed(path):
            event = solved.graph.steps[passage.step].event
            if isinstance(event, Return):
                name = event.value if event.value[0] not in "%@=" else ""
                yield HandedOut(solved, passage.step, name.partition("'")[0], path)
                break


def _passed(solved: Solved) -> Iterator[HandedOut]:
    for step, world in solved.reached():
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
