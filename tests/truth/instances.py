"""Questions about values, instances and sessions that a program holds."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from types import FrameType
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.orm import InstanceState, Session

from tests.truth.database import AsyncLane, Lane


def within(function: str, file: str, filename: str) -> bool:
    """Whether a function of SQLAlchemy is being executed, called by the program `filename`."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename != filename:
        if frame.f_code.co_name == function and frame.f_code.co_filename.endswith(file):
            return True
        frame = frame.f_back
    return False


def within_files(files: tuple[str, ...], filename: str) -> bool:
    """Whether a function of these files is being executed, called by the program `filename`."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename != filename:
        if frame.f_code.co_filename.endswith(files):
            return True
        frame = frame.f_back
    return False


def parts(value: Any) -> Iterator[Any]:
    """A value and, where it is a plain container, what is in it."""
    yield value
    if isinstance(value, (list, tuple, set, frozenset)):
        for each in value:
            yield from parts(each)
    elif isinstance(value, dict):
        for each in value.values():
            yield from parts(each)


def held(value: Any) -> Iterator[Any]:
    """The parts of a value, and what the functions among them have kept."""
    for each in parts(value):
        yield each
        if isinstance(each, partial):
            yield from held([each.func, each.args, each.keywords])
        for cell in getattr(each, "__closure__", None) or ():
            yield cell.cell_contents
        if hasattr(each, "__self__"):
            yield each.__self__


def is_session(value: Any) -> bool:
    """Whether a value is a session of either kind."""
    return isinstance(value, Session) or hasattr(value, "sync_session")


def is_mapped(value: Any) -> bool:
    """Whether a value is an instance of a mapped class."""
    return not isinstance(value, type) and hasattr(value, "_sa_instance_state")


def is_detached_and_expired(value: Any) -> bool:
    """Whether a value is an instance of a mapped class whose columns can no longer be read."""
    state = inspect(value, raiseerr=False) if is_mapped(value) else None
    return isinstance(state, InstanceState) and state.detached and is_expired(state)


def is_expired(state: InstanceState[Any]) -> bool:
    """Whether a plain column of an instance has been expired and not been loaded or set since."""
    return any(key in state.expired_attributes and key not in state.dict for key in _columns(state))


def _columns(state: InstanceState[Any]) -> set[str]:
    return {each.key for each in state.mapper.column_attrs if not each.deferred}


def has_failed(session: Any) -> bool:
    """Whether a session, or its connection, refuses work until it is rolled back."""
    session = getattr(session, "sync_session", session)
    transaction = session.get_transaction()
    if transaction is None:
        return False
    return is_broken(session) or any(lane_of(each[0]).refusing for each in transaction._connections.values())


def is_broken(session: Any) -> bool:
    """Whether a flush or a COMMIT has failed, so that SQLAlchemy itself asks for the rollback."""
    transaction = getattr(session, "sync_session", session).get_transaction()
    return transaction is not None and transaction._state.name in {"DEACTIVE", "PREPARED"}


def failed_in_block(session: Any) -> bool:
    session = getattr(session, "sync_session", session)
    return session._trans_context_manager is not None and not session.is_active


def lane_of(connection: Any) -> Lane:
    raw = connection.connection.dbapi_connection
    lane = getattr(raw, "_connection", raw)
    return lane.lane if isinstance(lane, AsyncLane) else lane
