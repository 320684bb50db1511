"""The names under which sessions, factories, registries and session functions are found.

Everything is asked by qualified name, as an import would spell it. A `Maker` says what calling the
named thing makes: a session, a factory whose call makes a session, or a registry over a factory.

Not modelled: sessions of other libraries; their names are in no table, so they stay unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType


class Makes(Enum):
    """What a call of the named thing gives."""

    SESSION = "session"
    FACTORY = "factory"
    REGISTRY = "registry"


@dataclass(frozen=True, slots=True)
class Maker:
    """A class or function whose call makes something of a session's kind.

    `session`: the qualified name of the class of the sessions that come of it, `""` where the
    argument decides (`class_`, or the factory given to a registry).
    `positional`: the names of its positional parameters.
    """

    makes: Makes
    asynchronous: bool = False
    session: str = ""
    positional: tuple[str, ...] = ("bind",)


_SESSION = Maker(Makes.SESSION, session="sqlalchemy.orm.Session")
_ASYNC_SESSION = Maker(Makes.SESSION, asynchronous=True, session="sqlalchemy.ext.asyncio.AsyncSession")
_FACTORY = Maker(Makes.FACTORY, session="sqlalchemy.orm.Session", positional=("bind", "class_"))
_ASYNC_FACTORY = Maker(
    Makes.FACTORY,
    asynchronous=True,
    session="sqlalchemy.ext.asyncio.AsyncSession",
    positional=("bind",),
)
_REGISTRY = Maker(Makes.REGISTRY, positional=("session_factory", "scopefunc"))
_ASYNC_REGISTRY = Maker(Makes.REGISTRY, asynchronous=True, positional=("session_factory", "scopefunc"))

MAKERS: Mapping[str, Maker] = MappingProxyType(
    {
        "sqlalchemy.orm.Session": _SESSION,
        "sqlalchemy.orm.session.Session": _SESSION,
        "sqlalchemy.future.orm.Session": _SESSION,
        "sqlalchemy.orm.create_session": _SESSION,
        "sqlalchemy.orm.session.create_session": _SESSION,
        "sqlmodel.Session": _SESSION,
        "sqlmodel.orm.session.Session": _SESSION,
        "flask_sqlalchemy.session.Session": Maker(
            Makes.SESSION,
            session="sqlalchemy.orm.Session",
            positional=("db",),
        ),
        "flask_sqlalchemy.SignallingSession": Maker(
            Makes.SESSION,
            session="sqlalchemy.orm.Session",
            positional=("db",),
        ),
        "sqlalchemy.ext.asyncio.AsyncSession": _ASYNC_SESSION,
        "sqlalchemy.ext.asyncio.session.AsyncSession": _ASYNC_SESSION,
        "sqlmodel.ext.asyncio.session.AsyncSession": _ASYNC_SESSION,
        "sqlalchemy.orm.sessionmaker": _FACTORY,
        "sqlalchemy.orm.session.sessionmaker": _FACTORY,
        "sqlalchemy.ext.asyncio.async_sessionmaker": _ASYNC_FACTORY,
        "sqlalchemy.ext.asyncio.session.async_sessionmaker": _ASYNC_FACTORY,
        "sqlalchemy.orm.scoped_session": _REGISTRY,
        "sqlalchemy.orm.scoping.scoped_session": _REGISTRY,
        "sqlalchemy.ext.asyncio.async_scoped_session": _ASYNC_REGISTRY,
        "sqlalchemy.ext.asyncio.scoping.async_scoped_session": _ASYNC_REGISTRY,
    }
)
"""What a call of the named thing makes. `sessionmaker(class_=AsyncSession)` makes async sessions."""


class OfFactory(Enum):
    """What a method of a factory does."""

    MAKES = "makes a session"
    BEGINS = "gives a context manager that opens a session, begins, commits or rolls back, and closes"
    CONFIGURES = "changes the options of the sessions that it makes from now on"
    CLOSES_ALL = "closes every session"
    LOOKS = "looks"


FACTORY: Mapping[str, OfFactory] = MappingProxyType(
    {
        "__call__": OfFactory.MAKES,
        "begin": OfFactory.BEGINS,
        "configure": OfFactory.CONFIGURES,
        "close_all": OfFactory.CLOSES_ALL,
        "identity_key": OfFactory.LOOKS,
        "object_session": OfFactory.LOOKS,
    }
)
"""The methods of `sessionmaker` and `async_sessionmaker`. ``with factory`` is a `TypeError`."""

EXPIRING = "expire_on_commit"
"""The option that says whether a commit expires what the session holds; it can be set later as well."""

DEFAULT_OPTIONS: Mapping[str, bool] = MappingProxyType(
    {
        "autobegin": True,
        "autocommit": False,
        "autoflush": True,
        "close_resets_only": True,
        EXPIRING: True,
    }
)
"""The options that change how a session moves, with the values that they have when not given.

They are given to the constructor, to the factory, to one call of the factory (which wins), or to
`configure`. `bind` matters as well: on a Connection that someone else owns, the session checks out
nothing. `twophase`, `info`, `query_cls`, `future`, `binds` and `enable_baked_queries` change nothing
that is followed here.
"""

DEFAULTS_OF: Mapping[str, Mapping[str, bool]] = MappingProxyType(
    {
        "sqlalchemy.orm.create_session": MappingProxyType(
            {
                "autocommit": True,
                "autoflush": False,
                EXPIRING: False,
            }
        ),
        "sqlalchemy.orm.session.create_session": MappingProxyType(
            {
                "autocommit": True,
                "autoflush": False,
                EXPIRING: False,
            }
        ),
    }
)
"""Where a maker's own defaults differ: the function `create_session`, as it is in 1.4.

Since 2.0 it does not commit by itself; which version is installed is not asked.
"""


class Function(Enum):
    """What a function of SQLAlchemy does with a session or an instance."""

    OWNER = "gives the session of an instance"
    CLOSE_ALL = "closes every session"
    MAKE_TRANSIENT = "lets the instance go from its session, which forgets what it expired"
    MAKE_DETACHED = "makes a transient instance detached, with nothing loaded"
    INSPECT = "gives the instance's state, and with .session its session"


_FUNCTIONS_OF: Mapping[str, Mapping[str, Function]] = MappingProxyType(
    {
        "sqlalchemy": {"inspect": Function.INSPECT},
        "sqlalchemy.inspection": {"inspect": Function.INSPECT},
        "sqlalchemy.orm": {
            "object_session": Function.OWNER,
            "close_all_sessions": Function.CLOSE_ALL,
            "make_transient": Function.MAKE_TRANSIENT,
            "make_transient_to_detached": Function.MAKE_DETACHED,
        },
        "sqlalchemy.ext.asyncio": {
            "async_object_session": Function.OWNER,
            "async_session": Function.OWNER,
            "close_all_sessions": Function.CLOSE_ALL,
        },
    }
)
_SUBMODULES = {
    "sqlalchemy.orm": "sqlalchemy.orm.session",
    "sqlalchemy.ext.asyncio": "sqlalchemy.ext.asyncio.session",
}

FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {
        f"{spelling}.{name}": function
        for module, functions in _FUNCTIONS_OF.items()
        for spelling in dict.fromkeys((module, _SUBMODULES.get(module, module)))
        for name, function in functions.items()
    }
)
"""What the named function does. `async_object_session` and `async_session` give an AsyncSession."""

CONNECTIONS = frozenset(
    {
        "alembic.op.get_bind",
        "sqlalchemy.Connection",
        "sqlalchemy.engine.Connection",
        "sqlalchemy.engine.base.Connection",
        "sqlalchemy.ext.asyncio.AsyncConnection",
    }
)
"""Calls and annotations that give a Connection which someone else owns."""

CONNECTING_METHODS = frozenset({"connect", "begin", "connection", "get_bind"})
"""Methods of an Engine, a session or Alembic's `op` that give such a Connection.

Together with `CONNECTING_PARAMETERS` they decide only what a `bind` argument is."""

CONNECTING_PARAMETERS = frozenset({"conn", "connection", "dbapi_connection", "op_connection"})
"""Parameter names that stand for a Connection of the caller when used as `bind`."""

MANAGING = frozenset({"zope.sqlalchemy.register", "zope.sqlalchemy.datamanager.register"})
"""Functions that put the sessions of a factory under a transaction manager, which commits and closes them.

From zope.sqlalchemy's documentation: `register` makes a session join the transaction of the `transaction`
package, which commits it, or rolls it back, and closes it (unless `keep_session` is set).
"""

MANAGING_EXTENSIONS = frozenset({"zope.sqlalchemy.ZopeTransactionExtension"})
"""Classes whose instances do the same as the `extension` of a factory (zope.sqlalchemy before 1.2)."""
