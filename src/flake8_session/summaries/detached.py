"""Instances that a function gives back when it has ended the session that they came from.

What the caller gets is detached for good, as loaded as the function left it::

    def find(key):
        with Maker() as session:
            return session.get(User, key)

    find(1).addresses      # never loaded, and nothing can load it any more

Followed are functions that get no session from the caller. Not modelled: what they do by their arguments.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from flake8_session.flow.events import Build, Call, Return
from flake8_session.knowledge import frameworks
from flake8_session.knowledge.words import Role
from flake8_session.linking import models
from flake8_session.linking.frames import Frame
from flake8_session.linking.meanings import FunctionAt, Holds, Meaning, Object, Selected
from flake8_session.summaries.chosen import as_called
from flake8_session.summaries.feeding import leaving
from flake8_session.summaries.instances import instance_foci
from flake8_session.summaries.passing import bindings
from flake8_session.summaries.returning import may_give_parts, parts_returned
from flake8_session.summaries.sites import parts_taken, registry_foci
from flake8_session.summaries.solved import Solved
from flake8_session.typestate.births import entry_world
from flake8_session.typestate.focus import Exit, Focus
from flake8_session.typestate.worlds import (
    RETURN,
    Flight,
    InstanceState,
    Kind,
    Life,
    SessionState,
    Tie,
    World,
)

_ENTITY = (Role.INSTANCE, Role.INSTANCES, Role.ROW, Role.ROWS)


class Left(NamedTuple):
    """An instance that leaves a function detached: where it comes from there, how it is, what holds it.

    `part` is the path to what holds it from what the function returns, ``.0`` for the first of a tuple.
    """

    focus: Focus
    state: InstanceState
    role: Role
    part: str = ""


def detached_focus(solved: Solved, frame: Frame, call: Call, at: FunctionAt) -> Focus | None:
    """The session, gone by then, of an instance that the call gives; None where it gives none."""
    runs = solved.runs(at)
    inner = solved.frames.of(runs) if runs is not None else None
    if inner is None or any(
        frameworks.is_session_name(parameter) and not value.startswith("=None")
        for parameter, value in bindings(inner.function, frame.on_receiver(call))
    ):
        return None
    left = _left(solved, at)
    if not left or (left[0].part and parts_taken(frame, call) != parts_returned(inner)):
        return None
    options = left[0].focus.options
    return left[0].focus if as_called(frame, call, at, options).expires is options.expires else None


def gives_detached(solved: Solved, at: FunctionAt) -> bool:
    """Whether a call of the function may give an instance whose session it has ended."""
    return bool(_left(solved, at))


def _left(solved: Solved, at: FunctionAt) -> list[Left]:
    function = solved.linker.function(at)
    runs = solved.runs(at)
    if function is None or function.generator or runs is None:
        return []
    if not _is_instance(solved, solved.linker.call(at, ())) and not _may_give_part(solved, runs):
        return []
    return solved.ask(("detached", runs), lambda: list(dict.fromkeys(_sites(solved, runs)))) or []


def _may_give_part(solved: Solved, at: FunctionAt) -> bool:
    """Whether the function returns tuples of which one part may be an instance, or a list of them."""
    if not may_give_parts(solved.linker, at):
        return False
    frame = solved.frames.of(at)
    returned = [step.event for step in frame.graph.steps if isinstance(step.event, Build)] if frame else []
    parts = [part for event in returned for part in event.parts]
    return (
        frame is not None
        and parts_returned(frame) > 0
        and any(_is_instance(solved, frame.meaning(part)) for part in parts)
    )


def _is_instance(solved: Solved, given: Meaning) -> bool:
    """Whether a function that gives this gives instances: of a query, or new ones of a class in sight."""
    match given:
        case Selected(holds):
            return holds in (Holds.INSTANCE, Holds.ROWS)
        case Object(of):
            return models.is_mapped(solved.linker, of)
    return False


def _sites(solved: Solved, at: FunctionAt) -> Iterator[Left]:
    frame = solved.frames.of(at)
    if frame is None:
        return
    own = solved.all_foci(frame) if frame.new_instances else solved.own_foci(frame, leaving(frame, Return))
    for focus in [*own, *registry_foci(frame)]:
        for born in instance_foci(frame, focus):
            for end, flight in solved.ends(frame, born, {0: (entry_world(focus),)}) or ():
                if flight is None and end.instance is not None and end.instance.tie is Tie.DETACHED:
                    state = end.instance._replace(explicit=False, fresh=False)
                    yield from (Left(born, state, role, part) for part, role in _returned(frame, end))


def _returned(frame: Frame, end: World) -> Iterator[tuple[str, Role]]:
    """What holds the instance at the end of the function, by its path from what is returned."""
    size = parts_returned(frame)
    for part in [f".{number}" for number in range(size)] or [""]:
        for role in _ENTITY:
            if (RETURN + part, role) in end.names:
                yield part, role


def detached_exits(solved: Solved, at: FunctionAt, world: World, focus: Focus) -> list[Exit]:
    """The ways out of a call that gives the instance of the focus."""
    rest = frozenset(entry for entry in world.names if entry[1] not in _ENTITY)
    gone = world._replace(session=SessionState(Life.CLOSED), instance=None, names=rest)
    exits: dict[Exit, None] = {Exit(gone, None, frozenset()): None}
    for left in _left(solved, at) if focus.instance >= 0 else ():
        if left.focus.selected == focus.selected:
            given: object = (left.part, left.role) if left.part else left.role
            exits[Exit(gone._replace(instance=left.state), None, frozenset({given}))] = None
    if not world.spent and not solved.never_raises(at):
        exits[Exit(world._replace(spent=True), Flight(Kind.OTHER), frozenset())] = None
    return list(exits)
