"""What SQLAlchemy and Python refuse, by the rule that is about it: SES208, SES303, SES306, SES307, SES402.

Most of these errors say themselves what was wrong, at the line where they are raised. SES303 stands where
the transaction of a ``with`` was ended, SES307 at a commit that a failure has led to.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TYPE_CHECKING, Any

import greenlet
import sqlalchemy as sa
import sqlalchemy.exc as sa_exc
import sqlalchemy.orm as sa_orm

from tests.truth.instances import lane_of, within

if TYPE_CHECKING:
    from tests.truth.witnesses import Run

_SAID = {
    "A transaction is already begun": "SES306",
    "is already attached to session": "SES208",
    "is not persistent within this Session": "SES208",
    "is not present in this": "SES208",
    "is not persisted": "SES208",
}


def refused(run: Run, error: sa_exc.InvalidRequestError) -> None:
    """SQLAlchemy refuses something."""
    said = str(error)
    for words, code in _SAID.items():
        if words in said:
            run.see(code, _line(run))
    if "closed transaction inside context manager" in said and run.ended_by_hand:
        run.see("SES303", run.ended_by_hand)
    if isinstance(error, sa_exc.PendingRollbackError) and within("commit", "session.py", run.filename):
        _committed(run)


def frames(until: str = "") -> Iterator[FrameType]:
    """The frames that are being executed, innermost first, also those behind a greenlet."""
    frame: FrameType | None = sys._getframe(1)
    here = greenlet.getcurrent()
    while frame is not None:
        if until and frame.f_code.co_filename == until:
            return
        yield frame
        frame = frame.f_back
        if frame is None and here.parent is not None:
            here = here.parent
            frame = here.gr_frame


def at_work() -> Any:
    """The session whose method is being executed; None where there is none."""
    owners = (frame.f_locals.get("self") for frame in frames())
    return next((each for each in owners if isinstance(each, sa_orm.Session)), None)


def line_of_load(run: Run) -> int:
    """The line that reads what has to be loaded; that of the call, where a function was given it."""
    states = (frame.f_locals.get("state") for frame in frames(run.filename))
    state = next((each for each in states if isinstance(each, sa_orm.InstanceState)), None)
    return _line(run, state.obj() if state is not None else None)


def left_by(run: Run, error: BaseException | None) -> None:
    """A function is left by an exception: maybe by that of a ``with`` that should be an ``async with``.

    Or by that of a queue, which cannot write down what it was given.
    """
    if type(error).__name__ == "EncodeError" and "not JSON serializable" in str(error):
        run.see("SES406")
    unsuited = isinstance(error, TypeError) and "the context manager protocol" in str(error)
    unsuited = unsuited or (isinstance(error, AttributeError) and str(error) in ("__enter__", "__exit__"))
    traceback = error.__traceback__ if unsuited and error is not None else None
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == run.filename:
            run.see("SES402", traceback.tb_lineno)
        traceback = traceback.tb_next


def listen(current: Callable[[], Run | None]) -> None:
    """Follows how the transactions of all sessions end, for the `current` run; None between runs."""

    def ended(session: sa_orm.Session, transaction: sa_orm.SessionTransaction) -> None:
        run = current()
        if run is None or run.finished or session._trans_context_manager is not transaction:
            return
        if not any(_is_exit(frame) for frame in frames(run.filename)):
            run.ended_by_hand = run.ended_by_hand or _line(run, session)

    def commits(session: sa_orm.Session) -> None:
        run = current()
        if run is not None and not run.finished and _has_written(session):
            _committed(run)

    sa.event.listen(sa_orm.Session, "after_transaction_end", ended)
    sa.event.listen(sa_orm.Session, "before_commit", commits)


def _committed(run: Run) -> None:
    """A commit is reached, in a handler or ``finally``, by the failure that was put into the run."""
    if run.injected and any(run.going_on) and not any(_is_exit(frame) for frame in frames(run.filename)):
        run.see("SES307", _line(run))


def _has_written(session: sa_orm.Session) -> bool:
    transaction = session.get_transaction()
    connections = transaction._connections.values() if transaction is not None else ()
    pending = session.new or session.dirty or session.deleted
    return bool(pending) or any(lane_of(each[0]).has_written() for each in connections)


def _is_exit(frame: FrameType) -> bool:
    return frame.f_code.co_name in ("__exit__", "__aexit__")


def _line(run: Run, about: Any = None) -> int:
    """The line that the program is at; `about`: that of the call, where it was given to a function."""
    line = 0
    for frame in frames():
        if frame.f_code.co_filename == run.filename:
            line = frame.f_lineno
            activation = frame.f_locals.get("__act__")
            given = (activation.given or ()) if activation is not None else ()
            if about is None or not ({id(about), *map(id, _asynchronous(about, frame))} & set(given)):
                return line
    return line


def _asynchronous(session: Any, frame: FrameType) -> list[Any]:
    """The asynchronous sessions around a session that a function holds."""
    values = list(frame.f_locals.values())
    return [each for each in values if getattr(each, "sync_session", None) is session]
