"""Writes that no way through the function commits.

The question is asked of the solved function as a whole: from the world behind a write, can a world be
reached in which somebody has settled the matter? A commit settles it, and so does everything that may
commit or that says that the write is not meant to stay: a rollback, a callee out of sight, handing the
session on, letting the instance go. A commit behind the close settles nothing: the close has thrown out
what it was meant for.

What stays silent: sessions that somebody else may commit, engines that commit each statement, a set
attribute of an instance that is given away afterwards (a value may well be masked for the reader only).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from flake8_session.facts.entrusted import entrusted
from flake8_session.facts.giving import Node, is_given_from, only_looks
from flake8_session.facts.paths import Path
from flake8_session.facts.solutions import Solved
from flake8_session.facts.solving import SessionFacts
from flake8_session.facts.transactions import made
from flake8_session.facts.writes import is_write
from flake8_session.flow.events import Await, Call, Door, Event, Leave, Read, Write, Yield
from flake8_session.knowledge import statements
from flake8_session.knowledge.words import Role
from flake8_session.linking.frames import Frame
from flake8_session.linking.meanings import External, FunctionAt
from flake8_session.linking.places import operands
from flake8_session.linking.selecting import said
from flake8_session.typestate.calls.receivers import split
from flake8_session.typestate.focus import arguments_holding
from flake8_session.typestate.names import keeps_session
from flake8_session.typestate.worlds import Block, Hold, Life, SessionState, Transaction, World

_LETTING_GO = frozenset({"expunge", "expunge_all", "connection", "prepare", "invalidate", "run_sync"})
_ENDING = frozenset({"commit", "flush", "rollback", "close", "reset"})
_HELD = (
    Role.SESSION,
    Role.TRANSACTION,
    Role.SAVEPOINT,
    Role.QUERY,
    Role.CONNECTION,
    Hold.CLOSURE,
    Hold.CLOSING,
    Hold.OPENING,
    Hold.BORROWING,
    Hold.SUSPENDED,
)


class LostWrite(NamedTuple):
    """The write at `step` is lost; `discarded`: inside a block that would have committed it."""

    solved: Solved
    step: int
    discarded: bool
    path: Path


def lost_writes(session: SessionFacts) -> Iterator[LostWrite]:
    """Every write from which no way commits, and some way ends normally."""
    options = session.focus.options
    if not session.focus.owned or options.on_connection or options.autocommits:
        return
    if options.exits_unknown and not _is_committed_behind_exit(session):
        return
    for solved in session.solutions:
        writes = [node for node in solved.reached(Await, Call, Write) if is_write(solved, *node)]
        if writes and not solved.solution.merged:
            yield from _lost(solved, writes)


def _is_committed_behind_exit(session: SessionFacts) -> bool:
    """Whether there is a commit behind the close, so that the ``with`` is not taken to commit by itself."""
    solved = session.alone
    for step, world in solved.reached() if solved is not None else ():
        event = solved.graph.steps[step].event if solved is not None else None
        if isinstance(event, Call) and world.session is not None and world.session.life is Life.CLOSED:
            receiver, method = split(event, world)
            if method == "commit" and receiver and Role.SESSION in world.roles(receiver):
                return True
    return False


def _lost(solved: Solved, writes: list[Node]) -> Iterator[LostWrite]:
    flow = _Flow(solved)
    for step, world in writes:
        behind = [node for door, node in flow.ways.get((step, world), ()) if door is Door.COMPLETED]
        if not behind or any(node in flow.settling for node in behind):
            continue
        if (step, world) in flow.settling_now or not any(node in flow.ending for node in behind):
            continue
        sets = isinstance(solved.graph.steps[step].event, Write)
        if sets and is_given_from(solved, behind, to_session=False):
            continue
        path = solved.path(step, world)
        if path is not None:
            yield LostWrite(solved, step, _is_in_block(world), path)


class _Flow:
    """The solved worlds as one graph: where it may be settled, and where the function ends normally."""

    def __init__(self, solved: Solved) -> None:
        self.ways: dict[Node, list[tuple[int, Node]]] = {}
        backwards: dict[Node, list[Node]] = {}
        self.settling_now: set[Node] = set()
        ends: set[Node] = set()
        for step, world in solved.reached():
            if step == solved.graph.returned and not world.spent:
                ends.add((step, world))
            if step == solved.focus.birth:
                ends.add((step, world))
                continue
            for door, target, moved in solved.movement.transfer(step, world):
                self.ways.setdefault((step, world), []).append((door, (target, moved)))
                backwards.setdefault((target, moved), []).append((step, world))
                if door is not Door.RAISED and _settles(solved, step, world, moved):
                    self.settling_now.add((step, world))
        self.settling = _closed(self.settling_now, backwards)
        self.ending = _closed(ends, backwards)


def _closed(nodes: set[Node], backwards: dict[Node, list[Node]]) -> set[Node]:
    """The nodes from which one of `nodes` is reached."""
    found = set(nodes)
    pending = list(nodes)
    while pending:
        for node in backwards.get(pending.pop(), ()):
            if node not in found:
                found.add(node)
                pending.append(node)
    return found


# What settles the matter.


def _settles(solved: Solved, step: int, world: World, moved: World) -> bool:
    was, now = world.session, moved.session
    if was is None:
        return False
    event = made(solved, step)
    if now is None or now.life in (Life.HANDED, Life.LENT) or _works_again(event, world, now):
        return True
    if isinstance(event, Yield) or _names_commit(event, world):
        return True
    if isinstance(event, Leave) and _commits_at_exit(event, world, was):
        return True
    if isinstance(event, Call) and (
        _may_settle(solved, event, world, now) or _commits_in_vain(solved, step, event, world)
    ):
        return True
    ended = was.transaction is not Transaction.IDLE and now.transaction is Transaction.IDLE
    return ended and now.life is Life.OPEN and not _discards(event, world)


def _works_again(event: Event, world: World, now: SessionState) -> bool:
    """Whether a session that was closed is used for more than its end: what was lost may be put in anew.

    A commit that comes behind the close has nothing to commit any more.
    """
    if now.life is not Life.REOPENED:
        return False
    if isinstance(event, Call):
        receiver, method = split(event, world)
        if receiver and Role.SESSION in world.roles(receiver):
            return method not in _ENDING
    return any(world.roles(place) for place in operands(event))


def _names_commit(event: Event, world: World) -> bool:
    """Whether ``session.commit`` is taken without a call: whoever gets it may call it."""
    if not isinstance(event, Read) or event.attribute != "commit":
        return False
    roles = world.roles(event.object)
    return Role.SESSION in roles or Role.TRANSACTION in roles


def _commits_at_exit(event: Leave, world: World, state: SessionState) -> bool:
    opening = Hold.OPENING in world.roles(event.manager)
    committing = bool(state.blocks) and state.blocks[-1] is Block.BEGIN and not event.raising
    return opening and committing and state.transaction is not Transaction.FAILED


def _may_settle(solved: Solved, call: Call, world: World, now: SessionState) -> bool:
    receiver, method = split(call, world)
    roles = world.roles(receiver) if receiver else ()
    if Role.SESSION in roles:
        return method in _LETTING_GO or _may_be_commit(solved.frame, call)
    if "commit" in (call.method or call.function) and not roles:
        return True
    if any(role in _HELD for role in roles):
        return False
    keeps = bool(receiver) and keeps_session(world, receiver)
    if not keeps and not arguments_holding(world, call.arguments, *_HELD):
        return False
    if isinstance(solved.frame.callee(call), FunctionAt):
        ended = now.transaction in (Transaction.UNKNOWN, Transaction.IDLE)
        return ended or entrusted(solved.frame, call, world) is None
    return not keeps and not only_looks(solved, call)


def _commits_in_vain(solved: Solved, step: int, call: Call, world: World) -> bool:
    """Whether nobody awaits a commit: SES401 says so, and where that is mended the write is kept."""
    receiver, method = split(call, world)
    dropped = solved.focus.options.asynchronous and step not in solved.frame.awaited
    return method == "commit" and dropped and Role.SESSION in world.roles(receiver)


def _may_be_commit(frame: Frame, call: Call) -> bool:
    """Whether the call runs a ``text()`` that says what is neither a query nor a write: ``COMMIT``."""
    made = frame.made_by.get(call.arguments[0].value) if call.arguments else None
    text = frame.graph.steps[made].event if made is not None else None
    if not isinstance(text, Call) or frame.callee(text) != External("sqlalchemy.text"):
        return False
    words = said(frame.meaning(text.arguments[0].value)) if text.arguments else None
    return words is not None and statements.effect(words) is statements.Effect.UNKNOWN


def _discards(event: Event, world: World) -> bool:
    """Whether this is a rollback, in the normal course, of a block that would have committed."""
    if not isinstance(event, Call) or not _is_in_block(world) or world.caught is not None:
        return False
    return split(event, world)[1] in ("rollback", "close", "reset")


def _is_in_block(world: World) -> bool:
    return world.session is not None and Block.BEGIN in world.session.blocks
