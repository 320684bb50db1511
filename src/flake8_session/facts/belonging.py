"""Instances that are given to a session which they do not belong to.

Two sessions are different objects for certain only where one of them is made in the function. An
instance that a callee out of sight has had, or that was put into anything else, is no longer known to be
outside of the session: cascades may have brought it in.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from flake8_session.facts.paths import Path
from flake8_session.facts.solutions import Solved
from flake8_session.facts.solving import SessionFacts
from flake8_session.facts.transactions import made
from flake8_session.flow.events import Await, Call, Define, Door, Event, Place, Write
from flake8_session.knowledge.registries import SCOPED_SESSION
from flake8_session.knowledge.sessions import ASYNC_SESSION, SESSION
from flake8_session.knowledge.words import Role, ToInstance
from flake8_session.linking.meanings import Borrowed, Made, Registry
from flake8_session.linking.places import operands
from flake8_session.typestate.calls.receivers import split
from flake8_session.typestate.focus import arguments_holding
from flake8_session.typestate.worlds import Columns, Tie, World

_ROWS = {**SCOPED_SESSION, **ASYNC_SESSION, **SESSION}
_HELD = (Tie.ATTACHED, Tie.PENDING, Tie.DELETED)
_OUTSIDE = {
    ToInstance.REFRESH: (Tie.TRANSIENT, Tie.PENDING, Tie.DETACHED),
    ToInstance.EXPIRE: (Tie.TRANSIENT, Tie.PENDING, Tie.DETACHED),
    ToInstance.EXPUNGE: (Tie.TRANSIENT, Tie.DETACHED),
    ToInstance.DELETE: (Tie.TRANSIENT, Tie.PENDING),
}
"""The instances that a session's own call refuses."""


class Misplaced(NamedTuple):
    """The call of `method` at `step` is refused; `elsewhere`: another session holds the instance."""

    solved: Solved
    step: int
    receiver: Place
    method: str
    name: str
    elsewhere: bool
    path: Path


def misplaced(session: SessionFacts) -> Iterator[Misplaced]:
    """Every call that is given an instance which is not, or no more, or not only, its session's."""
    for solved in session.with_instances:
        for step, world in solved.reached(Await, Call):
            event = made(solved, step)
            if not isinstance(event, Call) or world.instance is None:
                continue
            given = arguments_holding(world, event.arguments, Role.INSTANCE, Role.INSTANCES)
            if not given or world.instance.columns in (Columns.UNKNOWN, Columns.REQUERIED):
                continue
            elsewhere = _refusing(solved, event, world)
            path = solved.path(step, world) if elsewhere is not None else None
            if elsewhere is None or path is None or _escaped(solved, world, path):
                continue
            if not elsewhere and _is_given_within_as_well(solved, path):
                continue
            receiver, method = _called(event, world)
            yield Misplaced(solved, step, receiver, method, solved.instance_place(world), elsewhere, path)


def _called(call: Call, world: World) -> tuple[Place, str]:
    receiver, method = split(call, world)
    if receiver:
        return receiver, method
    prefix, _, last = call.function.rpartition(".")
    return prefix, last


def _refusing(solved: Solved, call: Call, world: World) -> bool | None:
    """Whether the call is refused: because another session holds the instance, or because none does."""
    receiver, method = _called(call, world)
    row, instance = _ROWS.get(method), world.instance
    if row is None or instance is None or not receiver:
        return None
    if Role.SESSION in world.roles(receiver):
        refused = instance.tie in _OUTSIDE.get(row.instance, ()) and not _may_have_a_row(solved, instance.tie)
        return False if refused else None
    if not _is_another(solved, receiver):
        return None
    if instance.tie in _HELD:
        acts = row.instance not in (ToInstance.NOTHING, ToInstance.MERGE)
        return True if acts else None
    refuses = row.instance in (ToInstance.REFRESH, ToInstance.EXPIRE, ToInstance.EXPUNGE)
    return False if refuses and instance.tie is Tie.DETACHED else None


def _may_have_a_row(solved: Solved, tie: Tie) -> bool:
    """Whether the instance waits to be written only if the merge that gave it has found no row."""
    birth = solved.frame.graph.steps[solved.focus.instance].event
    return tie is Tie.PENDING and isinstance(birth, Call) and birth.method == "merge"


def _is_another(solved: Solved, place: Place) -> bool:
    meaning = solved.frame.meaning(place)
    if isinstance(meaning, Made):
        return True
    return isinstance(meaning, Borrowed | Registry) and solved.focus.owned and solved.focus.birth >= 0


def _escaped(solved: Solved, world: World, path: Path) -> bool:
    """Whether a new instance was put anywhere on the way here but into a variable."""
    if world.instance is None or world.instance.tie is not Tie.TRANSIENT:
        return False
    return any(_puts(solved.graph.steps[passage.step].event, passage.world) for passage in path[:-1])


def _is_given_within_as_well(solved: Solved, path: Path) -> bool:
    """Whether the callee gives the instance in the session too, on another of its own ways than this one.

    Which way it takes mostly hangs on what it asks the database, as its caller has done before.
    """
    birth = solved.focus.instance
    behind = solved.graph.steps[birth].doors.get(Door.COMPLETED, -1)
    given = [after.world for before, after in pairwise(path) if (before.step, after.step) == (birth, behind)]
    others = solved.solution.before(behind) if behind >= 0 else ()
    return any(_is_held(other) for other in others) and any(not _is_held(world) for world in given)


def _is_held(world: World) -> bool:
    return world.instance is not None and world.instance.tie in _HELD


def _puts(event: Event, world: World) -> bool:
    entity = (Role.INSTANCE, Role.INSTANCES)
    if isinstance(event, Call):
        receiver, _ = split(event, world)
        given = arguments_holding(world, event.arguments, *entity)
        return bool(given) and Role.SESSION not in world.roles(receiver)
    if isinstance(event, Write):
        return any(role in world.roles(event.source) for role in entity)
    return isinstance(event, Define) and any(Role.INSTANCE in world.roles(place) for place in operands(event))
