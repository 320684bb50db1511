"""Transactions that are ended inside the ``with`` that owns them, and begun where one has begun already."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import NamedTuple

from flake8_session.facts.paths import Path
from flake8_session.facts.solutions import Solved
from flake8_session.facts.solving import SessionFacts
from flake8_session.flow.events import Await, Call, Event, Pass
from flake8_session.knowledge.words import Role
from flake8_session.typestate.calls.receivers import split
from flake8_session.typestate.sessions import INVALID_REQUEST
from flake8_session.typestate.worlds import Block, Kind, SessionState, Transaction, World

_BEGUN = (Transaction.BEGUN, Transaction.CONNECTED, Transaction.UNDER_WAY)
_OVER = (Block.ENDED, Block.RELEASED)


class EndedInside(NamedTuple):
    """The call at `step` ends the transaction of the block around it, and `work` is refused after that."""

    solved: Solved
    step: int
    work: int
    path: Path


class SecondBegin(NamedTuple):
    """`step` begins a transaction although `first` has begun one; None: it was there from the start."""

    solved: Solved
    step: int
    first: int | None
    path: Path


def ended_inside(session: SessionFacts) -> Iterator[EndedInside]:
    """Every end of a transaction inside its own block behind which work is refused."""
    for solved in session.solutions:
        for step, world in solved.reached():
            if not _is_in_ended_block(world) or not _must_raise(solved, step, world):
                continue
            path = solved.path(step, world)
            end = _last(path, _ends_block) if path is not None else None
            if path is not None and end is not None:
                yield EndedInside(solved, end, step, path)


def second_begins(session: SessionFacts) -> Iterator[SecondBegin]:
    """Every ``begin()`` of a session whose transaction has begun for certain."""
    if _begins_by_hand(session):
        return
    for solved in session.solutions:
        for step, world in solved.reached(Await, Call):
            if not _begins_again(solved, step, world):
                continue
            path = solved.path(step, world)
            if path is not None:
                yield SecondBegin(solved, step, _last(path, _begins), path)


def _begins_by_hand(session: SessionFacts) -> bool:
    """Whether the session was made with ``autobegin``, which may refuse the work that would have begun."""
    event = session.frame.graph.steps[session.focus.birth].event if session.focus.birth >= 0 else None
    return isinstance(event, Call) and any(argument.keyword == "autobegin" for argument in event.arguments)


def _is_in_ended_block(world: World) -> bool:
    state = world.session
    return state is not None and bool(state.blocks) and state.blocks[-1] in _OVER


def _begins_again(solved: Solved, step: int, world: World) -> bool:
    state, event = world.session, made(solved, step)
    if state is None or state.transaction not in _BEGUN or _is_in_ended_block(world):
        return False
    if not isinstance(event, Call):
        return False
    receiver, method = split(event, world)
    return method == "begin" and Role.SESSION in world.roles(receiver) and _must_raise(solved, step, world)


def made(solved: Solved, step: int) -> Event:
    """What happens at a step: at an `await` the call that is awaited, which does nothing where it stands."""
    event = solved.graph.steps[step].event
    if isinstance(event, Call) and step in solved.frame.awaited:
        return Pass()
    index = solved.frame.made_by.get(event.value) if isinstance(event, Await) else None
    return event if index is None else solved.graph.steps[index].event


def is_commit(solved: Solved, step: int, world: World) -> bool:
    """Whether the step commits the session, or its transaction."""
    event = made(solved, step)
    if not isinstance(event, Call):
        return False
    receiver, method = split(event, world)
    roles = world.roles(receiver) if receiver else ()
    return method == "commit" and (Role.SESSION in roles or Role.TRANSACTION in roles)


def _must_raise(solved: Solved, step: int, world: World) -> bool:
    """Whether nothing but the session's refusal can come of the step."""
    ways = [moved.flight for _, _, moved in solved.movement.transfer(step, world)]
    return bool(ways) and all(
        flight is not None
        and flight != world.flight
        and flight.kind is Kind.RAISED
        and flight.name == INVALID_REQUEST
        for flight in ways
    )


def _ends_block(was: SessionState, now: SessionState) -> bool:
    ended = bool(now.blocks) and now.blocks[-1] in _OVER
    return ended and len(was.blocks) == len(now.blocks) and was.blocks[-1] not in _OVER


def _begins(was: SessionState, now: SessionState) -> bool:
    return was.transaction not in _BEGUN and now.transaction in _BEGUN


def _last(path: Path, changes: Callable[[SessionState, SessionState], bool]) -> int | None:
    """The last step of the path that changes the session so."""
    found = None
    for before, after in pairwise(path):
        was, now = before.world.session, after.world.session
        if was is not None and now is not None and changes(was, now):
            found = before.step
    return found
