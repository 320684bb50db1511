"""Uses of a session behind its close, and of queries and results behind the close of their session."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from flake8_session.facts.agreement import Question, anywhere
from flake8_session.facts.paths import Path
from flake8_session.facts.solutions import Solved
from flake8_session.facts.solving import SessionFacts
from flake8_session.flow.events import Call, Event, Item, Iterate, Return
from flake8_session.knowledge.words import Role
from flake8_session.typestate.calls.receivers import split
from flake8_session.typestate.worlds import RETURN, Hold, Life, World

_LAZY = (Role.QUERY,)
_UNREAD = (Role.RESULT, Role.SCALARS, Role.STREAM, Role.STREAM_SCALARS)


class Reuse(NamedTuple):
    """A closed session is used at `step`, and no way closes it again; or the use itself raises."""

    solved: Solved
    step: int
    method: str
    raises: bool
    by_query: bool
    path: Path


class LateRead(NamedTuple):
    """A query or result of a closed session is read at `step`, or leaves the function there."""

    solved: Solved
    step: int
    leaves: bool
    path: Path


def reuses(session: SessionFacts) -> Iterator[Reuse]:
    """Every first use behind a close that stays open on some way out."""
    if not (session.focus.owned or session.focus.lent):
        return
    for solved in session.solutions:
        for step, world in solved.reached():
            yield from _reopening(solved, step, world)
    if session.alone is not None and not session.focus.options.resets:
        yield from _refused(session.alone)


def late_reads(session: SessionFacts) -> Iterator[LateRead]:
    """Every read of a result whose session was closed before."""
    if session.alone is None:
        return
    yield from _stale_reads(session.alone)
    yield from _returned_unread(session.alone)


def _reopening(solved: Solved, step: int, world: World) -> Iterator[Reuse]:
    """The use at `step`, if it opens a closed session again and some way behind it stays open."""
    if world.session is None or world.session.life is not Life.CLOSED:
        return
    for onward in solved.ways(step, world):
        moved = onward[2]
        if moved.session is None or moved.session.life is not Life.REOPENED:
            continue
        stays_open = _stays_open if world.lost is None else _is_reopened
        path = solved.path_through(step, world, onward, partial(_ends, solved, stays_open), stays_open)
        if path is None:
            continue
        event = solved.frame.called(step)
        yield Reuse(solved, step, _method(event, world), False, _is_lazy(event, world), path)
        return


def _ends(solved: Solved, stays_open: Question, step: int, world: World) -> bool:
    return step in (solved.graph.returned, solved.graph.raised) and stays_open(step, world)


def _is_reopened(step: int, world: World) -> bool:
    return world.session is not None and world.session.life is Life.REOPENED


def _stays_open(step: int, world: World) -> bool:
    """Whether it is open, or was when its name went to the next session of its site."""
    before = world.older is not None and world.older.state.life is Life.REOPENED
    return _is_reopened(step, world) or before or world.lost is Life.REOPENED


def _refused(solved: Solved) -> Iterator[Reuse]:
    for step, world in solved.reached():
        event = solved.frame.called(step)
        if world.session is None or world.session.life is not Life.CLOSED or not isinstance(event, Call):
            continue
        receiver, method = split(event, world)
        if Role.SESSION not in world.roles(receiver):
            continue
        ways = solved.movement.own_ways(step, world)
        if ways and all(moved.flight is not None for _, moved in ways):
            path = solved.path(step, world)
            if path is not None:
                yield Reuse(solved, step, method, True, False, path)


def _stale_reads(solved: Solved) -> Iterator[LateRead]:
    for step, world in solved.reached():
        event = solved.frame.called(step)
        source = _source(event, world)
        if source and Hold.STALE in world.roles(source):
            path = solved.path(step, world)
            if path is not None:
                yield LateRead(solved, step, False, path)


def _returned_unread(solved: Solved) -> Iterator[LateRead]:
    for step, world in solved.reached(Return):
        for onward in solved.ways(step, world):
            path = solved.path_through(step, world, onward, partial(_left_unread, solved), anywhere)
            if path is not None:
                yield LateRead(solved, step, True, path)


def _left_unread(solved: Solved, step: int, world: World) -> bool:
    """Whether the function returns what nobody has read, of a session that is closed."""
    closed = world.session is not None and world.session.life is Life.CLOSED
    unread = {Hold.STALE, Hold.DEFERRED, Role.QUERY} & set(world.roles(RETURN))
    return step == solved.graph.returned and closed and bool(unread)


def _method(event: Event, world: World) -> str:
    return split(event, world)[1] if isinstance(event, Call) else ""


def _is_lazy(event: Event, world: World) -> bool:
    """Whether a query that was made before the close is run."""
    source = _source(event, world)
    return bool(source) and Role.QUERY in world.roles(source)


def _source(event: Event, world: World) -> str:
    match event:
        case Call():
            receiver, _ = split(event, world)
            if receiver and world.roles(receiver):
                return receiver
            return event.arguments[0].value if event.function and event.arguments else ""
        case Iterate(_, iterator, _):
            return iterator
        case Item(_, object_, _):
            return object_
    return ""
