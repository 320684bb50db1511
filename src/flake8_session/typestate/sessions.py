"""How a session moves when one of its methods is called: pure functions of its state and a knowledge row.

Each way out of a call is an `Outcome`: the session's next state, the *act* on every instance that
it holds, and the exception that SQLAlchemy must raise, if it must. An assumed failure gives the
states in which the call may leave the session by raising, one for each point at which it may break.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from flake8_session.knowledge.errors import NEVER_OF_READS
from flake8_session.knowledge.words import Ends, InFailed, Role, Row, ToAll, ToInstance, Work
from flake8_session.typestate.worlds import Block, Broken, Flight, Kind, Life, SessionState, Transaction

PENDING_ROLLBACK = "sqlalchemy.exc.PendingRollbackError"
INVALID_REQUEST = "sqlalchemy.exc.InvalidRequestError"
ABORTED = "sqlalchemy.exc.InternalError"
"""What PostgreSQL's drivers raise for a statement in a transaction in which another one has failed."""
READING = Flight(Kind.DATABASE, passed=NEVER_OF_READS)
"""The failure of a statement that writes nothing."""
REFUSALS = (PENDING_ROLLBACK, ABORTED)
"""What work in a failed transaction raises."""


class Act(Enum):
    """What happens to every instance of the session."""

    NOTHING = "nothing"
    FLUSH = "flush"
    COMMIT = "commit"
    ROLLBACK = "rollback"
    CLOSE = "close"
    EXPIRE = "expire"
    EXPUNGE = "expunge"
    SAVEPOINT_ROLLBACK = "savepoint rollback"

    __hash__ = object.__hash__


class Outcome(NamedTuple):
    """One way out of a call. `raised` is None where it completes."""

    state: SessionState
    act: Act = Act.NOTHING
    raised: Flight | None = None


def outcome(state: SessionState, row: Row, *, resets: bool = True) -> Outcome:
    """What `row` does on `state` when nothing unforeseen happens.

    `resets` is False for a session made with ``close_resets_only=False``, which refuses all work
    once it was closed.
    """
    refused = _refused(state, row, resets)
    if refused is not None:
        return _refusing(state, row, refused)
    moved = _reopened(state, row)
    moved = _worked(moved, row)
    if row.everything is ToAll.EXPUNGE:
        moved = moved._replace(dirty=False)
    act = _act(row, state)
    if row.autoflushes or row.flushes:
        moved = moved._replace(dirty=_pends(row))
    if row.ends is not Ends.NEVER:
        moved = ended(moved, closes=row.ends is Ends.CLOSE)
    elif row.in_failed is InFailed.MENDS and moved.transaction is Transaction.FAILED:
        moved = mended(moved)
    return Outcome(moved, act)


def failures(state: SessionState, row: Row, *, reads: bool = False) -> Iterator[Outcome]:
    """The states in which an assumed failure of the database may leave the session.

    A flush that fails has already rolled back what it knows of the instances; a statement or a
    COMMIT that fails has not. After either, the session refuses work until it is rolled back: for
    a failed statement SQLAlchemy itself would go on, but PostgreSQL refuses. What the call itself would
    have left for the next flush is not there: a merge loads before it changes anything. `reads`: its own
    statement is known to write nothing, so that no constraint can be violated by it.
    """
    if row.cleans:
        return
    failure = Flight(Kind.DATABASE)
    flushing = state.dirty and (row.autoflushes or row.flushes)
    worked = _worked(_reopened(state, row), row)._replace(dirty=state.dirty)
    if flushing:
        nested = Block.NESTED in state.blocks
        failed = broken(worked, Broken.FLUSH)
        yield Outcome(failed, Act.SAVEPOINT_ROLLBACK if nested else Act.ROLLBACK, failure)
    if row.ends is Ends.COMMIT:
        if flushing or may_be_connected(state):
            yield Outcome(broken(worked, Broken.COMMIT), Act.FLUSH if flushing else Act.NOTHING, failure)
        else:
            yield Outcome(state, raised=failure)
    elif row.work is Work.SQL:
        what = Broken.FLUSH if row.breaks else Broken.STATEMENT
        writes = row.writes and row.instance is not ToInstance.MERGE
        failed = broken(worked, what, write=writes, flushed=flushing)
        yield Outcome(failed, Act.FLUSH if flushing else Act.NOTHING, READING if reads else failure)
    elif not flushing:
        yield Outcome(state, raised=failure)


def broken(state: SessionState, what: Broken, *, write: bool = True, flushed: bool = True) -> SessionState:
    """The state after that has failed. `flushed`: nothing waits for the next flush any more."""
    return state._replace(
        transaction=Transaction.FAILED,
        broken=what,
        failed_write=write,
        dirty=state.dirty and not flushed,
    )


def mended(state: SessionState) -> SessionState:
    """The state after a savepoint was rolled back, which takes the failure with it."""
    return state._replace(transaction=Transaction.CONNECTED, broken=None, failed_write=False)


def implicit_load(state: SessionState, *, certain: bool = True, flushes: bool = False) -> SessionState:
    """The state after an attribute was read that needed SQL, or may have needed it.

    `flushes`: what waited for a flush was written first, as by a query.
    """
    if certain or state.transaction is Transaction.CONNECTED:
        dirty = state.dirty and not (certain and flushes)
        return state._replace(transaction=Transaction.CONNECTED, dirty=dirty)
    known = state.transaction in (Transaction.BEGUN, Transaction.UNDER_WAY)
    return state._replace(transaction=Transaction.UNDER_WAY if known else Transaction.UNKNOWN)


def begun(state: SessionState) -> SessionState:
    """The state after work that needs a transaction, and no connection yet."""
    match state.transaction:
        case Transaction.IDLE:
            return state._replace(transaction=Transaction.BEGUN)
        case Transaction.UNKNOWN:
            return state._replace(transaction=Transaction.UNDER_WAY)
    return state


def may_be_connected(state: SessionState) -> bool:
    """Whether the transaction may have a connection, so that its COMMIT may fail."""
    return state.transaction in (Transaction.CONNECTED, Transaction.UNDER_WAY, Transaction.UNKNOWN)


def savepoint_ended(state: SessionState) -> SessionState:
    """The state after the savepoint of the innermost ``with`` was ended by its own method."""
    if not state.blocks or state.blocks[-1] is not Block.NESTED:
        return state
    return state._replace(blocks=(*state.blocks[:-1], Block.RELEASED))


def closed(state: SessionState, *, by_with: bool = False) -> SessionState:
    """The state after a close, which rolls back whatever was open."""
    return ended(state, closes=True)._replace(by_with=by_with)


def ended(state: SessionState, *, closes: bool) -> SessionState:
    """The state after the transaction ended, by commit, rollback or close."""
    return state._replace(
        life=Life.CLOSED if closes else state.life,
        holds=state.holds and not closes,
        transaction=Transaction.IDLE,
        blocks=tuple(Block.ENDED for _ in state.blocks),
        dirty=False,
        broken=None,
        failed_write=False,
        by_with=False,
    )


def is_open(state: SessionState) -> bool:
    """Whether somebody who owns the session still owes its close."""
    return state.life is Life.OPEN or state.life is Life.REOPENED


def _refused(state: SessionState, row: Row, resets: bool) -> Flight | None:
    if state.life is Life.CLOSED and not resets and row.use_after_close:
        return Flight(Kind.RAISED, INVALID_REQUEST)
    if state.transaction is Transaction.FAILED and _fails_again(state, row):
        return refusal(state)
    if state.blocks and _is_blocked(state, row):
        return Flight(Kind.RAISED, INVALID_REQUEST)
    if row.needs_idle and state.transaction not in (Transaction.IDLE, Transaction.UNKNOWN):
        return Flight(Kind.RAISED, INVALID_REQUEST)
    return None


def _refusing(state: SessionState, row: Row, refused: Flight) -> Outcome:
    """The session after it has refused a call.

    What waits to be written goes to the server, where a mere statement has failed; what that refuses is a
    failed flush to SQLAlchemy, which takes it back.
    """
    if state.broken is not Broken.STATEMENT or not state.dirty or not (row.flushes or row.autoflushes):
        return Outcome(state, raised=refused)
    act = Act.SAVEPOINT_ROLLBACK if Block.NESTED in state.blocks else Act.ROLLBACK
    return Outcome(state._replace(dirty=False), act, refused)


def _fails_again(state: SessionState, row: Row) -> bool:
    """Whether the failed transaction refuses the call.

    After a statement has failed only statements are refused, so that a savepoint can be opened: it
    flushes, and is set with the first statement inside.
    """
    if row.in_failed is InFailed.RAISES and (state.broken is not Broken.STATEMENT or _states(row)):
        return True
    return state.dirty and (row.flushes or row.in_failed is InFailed.IF_WORK)


def _states(row: Row) -> bool:
    """Whether the call is more than the beginning of something: it emits SQL of its own."""
    return row.ends is Ends.COMMIT or (row.work is Work.SQL and row.role is not Role.CONNECTION)


def _is_blocked(state: SessionState, row: Row) -> bool:
    """Whether the innermost ``with``, whose transaction or savepoint is over, refuses the call."""
    if state.blocks[-1] is Block.ENDED:
        return row.in_ended_block
    if state.blocks[-1] is not Block.RELEASED:
        return False
    flushes = row.flushes and state.dirty and row.ends is Ends.NEVER
    return row.work is Work.SQL or row.role is Role.SAVEPOINT or flushes


def refusal(state: SessionState) -> Flight:
    """What work in the failed transaction of `state` raises."""
    return Flight(Kind.RAISED, ABORTED if state.broken is Broken.STATEMENT else PENDING_ROLLBACK)


def is_at_hand_in_failed(state: SessionState) -> bool:
    """Whether an instance that the session holds can be had by its key although work is refused.

    A failed flush has expired all of them; a failed COMMIT or statement has not.
    """
    return state.holds and state.broken in (Broken.COMMIT, Broken.STATEMENT)


def _reopened(state: SessionState, row: Row) -> SessionState:
    if state.life is Life.CLOSED and row.use_after_close:
        return state._replace(life=Life.REOPENED)
    return state


def _worked(state: SessionState, row: Row) -> SessionState:
    transaction = state.transaction
    if transaction is Transaction.FAILED:
        return state._replace(dirty=state.dirty or _pends(row))
    if row.work is Work.SQL or (state.dirty and (row.flushes or row.autoflushes)):
        transaction = Transaction.CONNECTED
    elif row.work is Work.BEGINS:
        transaction = begun(state).transaction
    return state._replace(transaction=transaction, dirty=state.dirty or _pends(row))


def _pends(row: Row) -> bool:
    """Whether the call leaves something for the next flush to write. Merging loads, and then changes."""
    return row.writes and (row.work is Work.BEGINS or row.instance is ToInstance.MERGE)


def _act(row: Row, state: SessionState) -> Act:
    if row.ends is Ends.COMMIT:
        return Act.COMMIT
    if row.ends is Ends.ROLLBACK:
        return Act.NOTHING if state.transaction is Transaction.IDLE else Act.ROLLBACK
    if row.ends is Ends.CLOSE:
        return Act.CLOSE
    if row.everything is ToAll.EXPIRE:
        return Act.EXPIRE
    if row.everything is ToAll.EXPUNGE:
        return Act.EXPUNGE
    if state.dirty and (row.flushes or row.autoflushes):
        return Act.FLUSH
    return Act.NOTHING
