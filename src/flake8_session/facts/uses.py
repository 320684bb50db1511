"""Uses of a session behind its close, and of queries and results behind the close of their session."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from flake8_session.facts.paths import Path
from flake8_session.facts.solving import SessionFacts, Solved
from flake8_session.flow.events import Await, Call, Event, Item, Iterate, Return
from flake8_session.knowledge.words import Role
from flake8_session.linking.meanings import Holds, Selected
from flake8_session.typestate.calls import split
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
        for step, world in solved.exits():
            reopened = world.session is not None and world.session.life is Life.REOPENED
            if reopened or world.lost is Life.REOPENED:
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
    path = solved.path(step, world)
    if path is None:
        return
    found: Reuse | None = None
    for before, after in pairwise(path):
        was, now = before.world.session, after.world.session
        if was is None or now is None or was.life is not Life.CLOSED or now.life is not Life.REOPENED:
            continue
        event = _made(solved, before.step)
        by_query = _is_lazy(event, before.world)
        found = Reuse(solved, before.step, _method(event, before.world), False, by_query, path)
    if found is not None:
        yield found


def _refused(solved: Solved) -> Iterator[Reuse]:
    for step, world in solved.reached():
        event = _made(solved, step)
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
        event = _made(solved, step)
        source = _source(event, world)
        if source and Hold.STALE in world.roles(source):
            path = solved.path(step, world)
            if path is not None:
                yield LateRead(solved, step, False, path)


def _returned_unread(solved: Solved) -> Iterator[LateRead]:
    for world in solved.solution.before(solved.graph.returned):
        state = world.session
        if state is None or state.life is not Life.CLOSED:
            continue
        roles = world.roles(RETURN)
        if not {Hold.STALE, Hold.DEFERRED, Role.QUERY} & set(roles):
            continue
        path = solved.path(solved.graph.returned, world)
        for passage in reversed(path or []):
            if isinstance(solved.graph.steps[passage.step].event, Return):
                yield LateRead(solved, passage.step, True, path or [])
                break


def _made(solved: Solved, step: int) -> Event:
    """The event of a step; for an `await`, the call that is awaited."""
    event = solved.graph.steps[step].event
    if isinstance(event, Await):
        made = solved.frame.made_by.get(event.value)
        if made is not None:
            return solved.graph.steps[made].event
    return event


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


__all__ = ["Holds", "LateRead", "Reuse", "Selected", "late_reads", "reuses"]
