"""What each method and attribute of `Session` and `AsyncSession` does, in SQLAlchemy 1.4 to 2.1.

Every row was run on SQLite from an idle, begun, connected, failed and closed session and inside an
ended ``with session.begin()``; where versions differ, the row says what 2.x does. A name that only
some versions have is in the table like any other.

A session made with ``close_resets_only=False`` refuses, once it is closed, each call whose row does
work, and `commit`: `InvalidRequestError`. All other calls pass, and `reset` never closes for good.

A row speaks of the plain call. ``begin(nested=True)`` is `begin_nested`; `refresh` and `expire` with
names of attributes act on those only.

Not modelled: ``Session(autocommit=True)`` of 1.4; that a 1.4 session without ``future=True`` ends
only the savepoint when one is open; two-phase transactions.

Errs to silence: a row names the furthest that a call goes, so `get` connects even where the
instance is at hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from flake8_session.knowledge.words import Ends, Gives, InFailed, Role, Row, ToAll, ToInstance, Work

_LOOK = Row(use_after_close=False)
_REMEMBER = Row(gives=Gives.NOTHING)
_PENDING = Row(work=Work.BEGINS, writes=True, in_ended_block=True, gives=Gives.NOTHING)
_SQL = Row(work=Work.SQL, in_failed=InFailed.RAISES, in_ended_block=True)
_READ = replace(_SQL, autoflushes=True)
_BULK = replace(_SQL, writes=True, breaks=True, gives=Gives.NOTHING)
_CLOSE = Row(
    ends=Ends.CLOSE,
    in_failed=InFailed.MENDS,
    use_after_close=False,
    cleans=True,
    gives=Gives.NOTHING,
)

SESSION: Mapping[str, Row] = MappingProxyType(
    {
        # Changes that wait for the next flush.
        "add": replace(_PENDING, instance=ToInstance.ADD),
        "add_all": replace(_PENDING, instance=ToInstance.ADD),
        "delete": replace(_PENDING, instance=ToInstance.DELETE),
        "delete_all": replace(_PENDING, instance=ToInstance.DELETE),
        "merge": replace(
            _READ, writes=True, instance=ToInstance.MERGE, gives=Gives.ENTITY, role=Role.INSTANCE
        ),
        "merge_all": replace(_READ, writes=True, instance=ToInstance.MERGE, role=Role.INSTANCES),
        "enable_relationship_loading": replace(_PENDING, writes=False, instance=ToInstance.ADD),
        # Instances that are let go or made stale.
        "expunge": replace(_REMEMBER, instance=ToInstance.EXPUNGE),
        "expunge_all": replace(_REMEMBER, everything=ToAll.EXPUNGE, use_after_close=False, cleans=True),
        "expire": replace(_REMEMBER, instance=ToInstance.EXPIRE),
        "expire_all": replace(_REMEMBER, everything=ToAll.EXPIRE),
        "refresh": replace(_READ, instance=ToInstance.REFRESH, gives=Gives.NOTHING),
        # Reads and statements.
        "query": Row(gives=Gives.BY_STATEMENT, role=Role.QUERY),
        "execute": replace(_READ, gives=Gives.BY_STATEMENT, role=Role.RESULT),
        "exec": replace(_READ, gives=Gives.BY_STATEMENT, role=Role.SCALARS),
        "scalars": replace(_READ, gives=Gives.BY_STATEMENT, role=Role.SCALARS),
        "scalar": replace(_READ, gives=Gives.BY_STATEMENT, role=Role.INSTANCE),
        "get": replace(_READ, gives=Gives.ENTITY, role=Role.INSTANCE),
        "get_one": replace(_READ, gives=Gives.ENTITY, role=Role.INSTANCE),
        "connection": replace(_SQL, role=Role.CONNECTION),
        "bulk_save_objects": _BULK,
        "bulk_insert_mappings": _BULK,
        "bulk_update_mappings": _BULK,
        # Transactions.
        "begin": Row(
            work=Work.BEGINS,
            in_failed=InFailed.RAISES,
            needs_idle=True,
            in_ended_block=True,
            role=Role.TRANSACTION,
        ),
        "begin_nested": Row(
            work=Work.BEGINS,
            flushes=True,
            in_failed=InFailed.RAISES,
            in_ended_block=True,
            role=Role.SAVEPOINT,
        ),
        "flush": Row(flushes=True, in_failed=InFailed.IF_WORK, gives=Gives.NOTHING),
        "prepare": Row(
            work=Work.BEGINS,
            flushes=True,
            in_failed=InFailed.RAISES,
            in_ended_block=True,
            gives=Gives.NOTHING,
        ),
        "commit": Row(
            flushes=True,
            ends=Ends.COMMIT,
            in_failed=InFailed.RAISES,
            in_ended_block=True,
            gives=Gives.NOTHING,
        ),
        "rollback": replace(_CLOSE, ends=Ends.ROLLBACK),
        "close": _CLOSE,
        "reset": _CLOSE,
        "invalidate": _CLOSE,
        "close_all": _CLOSE,
        # Questions.
        "is_modified": _LOOK,
        "in_transaction": _LOOK,
        "in_nested_transaction": _LOOK,
        "get_transaction": replace(_LOOK, role=Role.TRANSACTION),
        "get_nested_transaction": replace(_LOOK, role=Role.SAVEPOINT),
        "get_bind": _LOOK,
        "identity_key": _LOOK,
        "object_session": replace(_LOOK, role=Role.SESSION),
        "bind_mapper": _REMEMBER,
        "bind_table": _REMEMBER,
        # What operators and statements call.
        "__contains__": _LOOK,
        "__iter__": replace(_LOOK, role=Role.INSTANCES),
        "__enter__": replace(_LOOK, gives=Gives.SAME, role=Role.SESSION),
        "__exit__": _CLOSE,
    }
)
"""Row by name for `sqlalchemy.orm.Session`.

`exec` is `sqlmodel.Session`'s; of a statement that selects several things it gives a RESULT of rows.
"""

_AWAITED = frozenset(
    {
        "begin",
        "begin_nested",
        "close",
        "close_all",
        "commit",
        "connection",
        "delete",
        "delete_all",
        "exec",
        "execute",
        "flush",
        "get",
        "get_one",
        "invalidate",
        "merge",
        "merge_all",
        "refresh",
        "reset",
        "rollback",
        "scalar",
        "scalars",
    }
)
_BUFFERED = frozenset({"exec", "execute", "scalars"})
_SYNC_ONLY = frozenset(
    {
        "query",
        "bulk_save_objects",
        "bulk_insert_mappings",
        "bulk_update_mappings",
        "enable_relationship_loading",
        "prepare",
        "__enter__",
        "__exit__",
    }
)


def _asynchronous(name: str, row: Row) -> Row:
    return replace(row, awaited=name in _AWAITED, buffered=name in _BUFFERED)


ASYNC_SESSION: Mapping[str, Row] = MappingProxyType(
    {
        **{name: _asynchronous(name, row) for name, row in SESSION.items() if name not in _SYNC_ONLY},
        "aclose": replace(_CLOSE, awaited=True),
        "stream": replace(_READ, awaited=True, gives=Gives.BY_STATEMENT, role=Role.STREAM),
        "stream_scalars": replace(_READ, awaited=True, gives=Gives.BY_STATEMENT, role=Role.STREAM_SCALARS),
        "run_sync": replace(_READ, writes=True, awaited=True, role=Role.UNKNOWN),
        "get_async_bind": _LOOK,
        "__aenter__": replace(_LOOK, awaited=True, gives=Gives.SAME, role=Role.SESSION),
        "__aexit__": replace(_CLOSE, awaited=True),
    }
)
"""Row by name for `sqlalchemy.ext.asyncio.AsyncSession`.

`begin` and `begin_nested` act when what they give is awaited or entered with ``async with``. What
`run_sync` does is its function's matter; the row claims the most.
"""

ATTRIBUTES: Mapping[str, Role] = MappingProxyType(
    {
        "new": Role.INSTANCES,
        "dirty": Role.INSTANCES,
        "deleted": Role.INSTANCES,
        "identity_map": Role.UNKNOWN,
        "no_autoflush": Role.AUTOFLUSH_PAUSE,
        "transaction": Role.TRANSACTION,
        "sync_session": Role.SESSION,
        "is_active": Role.VALUE,
        "autoflush": Role.VALUE,
        "autobegin": Role.VALUE,
        "autocommit": Role.VALUE,
        "expire_on_commit": Role.VALUE,
        "bind": Role.VALUE,
        "binds": Role.VALUE,
        "info": Role.VALUE,
        "execution_options": Role.VALUE,
        "connection_callable": Role.VALUE,
        "dispatch": Role.VALUE,
        "hash_key": Role.VALUE,
        "join_transaction_mode": Role.VALUE,
        "sync_session_class": Role.VALUE,
    }
)
"""What reading an attribute gives. None of the reads does any work, in any state."""
