"""What `scoped_session` and `async_scoped_session` do: the registry's calls go to its one session.

A registry owns its session: nobody owes it a close. ``registry()`` gives the same session each time
in one scope, ``with registry`` is a `TypeError`, and ``registry.begin()`` is `Session.begin`, which
does not close. The methods named in `NOT_PROXIED` exist on a session only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from flake8_session.knowledge.sessions import ASYNC_SESSION, ATTRIBUTES, SESSION
from flake8_session.knowledge.words import Gives, Role, Row

NOT_PROXIED = frozenset(
    {
        "bind_mapper",
        "bind_table",
        "enable_relationship_loading",
        "get_nested_transaction",
        "get_transaction",
        "in_nested_transaction",
        "in_transaction",
        "prepare",
        "__enter__",
        "__exit__",
        "__aenter__",
        "__aexit__",
    }
)

_OWN: Mapping[str, Row] = MappingProxyType(
    {
        "__call__": Row(use_after_close=False, role=Role.SESSION),
        "configure": Row(use_after_close=False, gives=Gives.NOTHING),
        "remove": SESSION["close"],
    }
)

SCOPED_SESSION: Mapping[str, Row] = MappingProxyType(
    {
        **{name: row for name, row in SESSION.items() if name not in NOT_PROXIED | {"invalidate"}},
        **_OWN,
        "query_property": Row(use_after_close=False, role=Role.UNKNOWN),
    }
)
"""Row by name for `sqlalchemy.orm.scoped_session`. `query_property` gives a descriptor."""

ASYNC_SCOPED_SESSION: Mapping[str, Row] = MappingProxyType(
    {
        **{name: row for name, row in ASYNC_SESSION.items() if name not in NOT_PROXIED | {"run_sync"}},
        **_OWN,
        "remove": replace(SESSION["close"], awaited=True),
    }
)
"""Row by name for `sqlalchemy.ext.asyncio.async_scoped_session`."""

REGISTRY_ATTRIBUTES: Mapping[str, Role] = MappingProxyType(
    {
        **{name: role for name, role in ATTRIBUTES.items() if name not in ("transaction", "sync_session")},
        "registry": Role.UNKNOWN,
        "session_factory": Role.UNKNOWN,
    }
)
"""What reading an attribute of a registry gives, without any work."""
