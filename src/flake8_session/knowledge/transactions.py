"""What the methods of the objects do that `begin` and `begin_nested` give back.

`begin_nested` asked on a session that has a transaction gives a savepoint; its end leaves the
transaction and the connection as they were, and its rollback makes stale only what was changed
inside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from flake8_session.knowledge.sessions import SESSION
from flake8_session.knowledge.words import Ends, Gives, InFailed, Role, Row

_LOOK = Row(use_after_close=False)
_ENTER = Row(use_after_close=False, gives=Gives.SAME)
_ROLLBACK = replace(SESSION["rollback"], use_after_close=True)

TRANSACTION: Mapping[str, Row] = MappingProxyType(
    {
        "commit": SESSION["commit"],
        "rollback": _ROLLBACK,
        "close": replace(_ROLLBACK, ends=Ends.ABANDON),
        "connection": SESSION["connection"],
        "prepare": SESSION["prepare"],
        "bound_connection": _LOOK,
        "declare_states": _LOOK,
        "__enter__": _ENTER,
        "__exit__": replace(SESSION["commit"], in_failed=InFailed.MENDS),
    }
)
"""Row by name for `sqlalchemy.orm.SessionTransaction`; ``__exit__`` is the exit without an exception."""

SAVEPOINT: Mapping[str, Row] = MappingProxyType(
    {
        **TRANSACTION,
        "commit": replace(SESSION["commit"], ends=Ends.NEVER),
        "rollback": replace(_ROLLBACK, ends=Ends.NEVER),
        "close": replace(_ROLLBACK, ends=Ends.NEVER),
        "__exit__": replace(SESSION["commit"], ends=Ends.NEVER, in_failed=InFailed.MENDS),
    }
)
"""Row by name for a nested `SessionTransaction`."""


def _asynchronous(rows: Mapping[str, Row]) -> Mapping[str, Row]:
    return MappingProxyType(
        {
            "commit": replace(rows["commit"], awaited=True),
            "rollback": replace(rows["rollback"], awaited=True),
            "start": replace(SESSION["begin"], awaited=True, gives=Gives.SAME),
            "bound_connection": _LOOK,
            "__aenter__": replace(_ENTER, awaited=True),
            "__aexit__": replace(rows["__exit__"], awaited=True),
        }
    )


ASYNC_TRANSACTION: Mapping[str, Row] = _asynchronous(TRANSACTION)
"""Row by name for `sqlalchemy.ext.asyncio.AsyncSessionTransaction`."""

ASYNC_SAVEPOINT: Mapping[str, Row] = _asynchronous(SAVEPOINT)
"""Row by name for a nested `AsyncSessionTransaction`."""

ATTRIBUTES: Mapping[str, Role] = MappingProxyType(
    {
        "session": Role.SESSION,
        "sync_transaction": Role.TRANSACTION,
        "parent": Role.TRANSACTION,
        "nested": Role.VALUE,
        "is_active": Role.VALUE,
        "connections": Role.UNKNOWN,
    }
)
"""What reading an attribute of either gives, without any work."""
