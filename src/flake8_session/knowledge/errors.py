"""Which exception classes catch what: a database's failure, an interruption, another class.

A *database failure* is what the session's own work raises when the database or the flush refuses:
`DBAPIError` and its subclasses, `StaleDataError`, `FlushError`. A *handler name* is the class of an
``except`` clause, qualified as far as imports tell; a class that is known under no full name is
asked by its last part, so that a project's re-export of `IntegrityError` counts.

`PendingRollbackError` is no database failure: it says that one happened earlier. The drivers' own
classes (``sqlite3.IntegrityError``) catch nothing of a session's, which wraps them.

Not modelled: classes that are made by the project. They are asked by their bases, which the caller
knows.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterator, Mapping
from enum import Enum
from types import MappingProxyType


class Takes(Enum):
    """How much of a kind of failure a handler takes."""

    ALWAYS = "always"
    SOMETIMES = "sometimes"
    NEVER = "never"


SQLALCHEMY_BASES: Mapping[str, str] = MappingProxyType({
    "SQLAlchemyError": "Exception",
    "ArgumentError": "SQLAlchemyError",
    "CompileError": "SQLAlchemyError",
    "UnsupportedCompilationError": "CompileError",
    "CircularDependencyError": "SQLAlchemyError",
    "DisconnectionError": "SQLAlchemyError",
    "InvalidatePoolError": "DisconnectionError",
    "DuplicateColumnError": "ArgumentError",
    "IdentifierError": "SQLAlchemyError",
    "InvalidRequestError": "SQLAlchemyError",
    "AwaitRequired": "InvalidRequestError",
    "IllegalStateChangeError": "InvalidRequestError",
    "MissingGreenlet": "InvalidRequestError",
    "MultipleResultsFound": "InvalidRequestError",
    "NoInspectionAvailable": "InvalidRequestError",
    "NoReferenceError": "InvalidRequestError",
    "NoReferencedColumnError": "NoReferenceError",
    "NoReferencedTableError": "NoReferenceError",
    "NoResultFound": "InvalidRequestError",
    "NoSuchColumnError": "InvalidRequestError",
    "NoSuchTableError": "InvalidRequestError",
    "PendingRollbackError": "InvalidRequestError",
    "ResourceClosedError": "InvalidRequestError",
    "StatementError": "SQLAlchemyError",
    "DBAPIError": "StatementError",
    "InterfaceError": "DBAPIError",
    "DatabaseError": "DBAPIError",
    "DataError": "DatabaseError",
    "IntegrityError": "DatabaseError",
    "InternalError": "DatabaseError",
    "NotSupportedError": "DatabaseError",
    "OperationalError": "DatabaseError",
    "ProgrammingError": "DatabaseError",
    "UnboundExecutionError": "InvalidRequestError",
    "UnreflectableTableError": "InvalidRequestError",
    "DetachedInstanceError": "SQLAlchemyError",
    "FlushError": "SQLAlchemyError",
    "LoaderStrategyException": "InvalidRequestError",
    "MappedAnnotationError": "ArgumentError",
    "ObjectDeletedError": "InvalidRequestError",
    "ObjectDereferencedError": "SQLAlchemyError",
    "StaleDataError": "SQLAlchemyError",
    "UnmappedColumnError": "InvalidRequestError",
    "UnmappedError": "InvalidRequestError",
    "UnmappedClassError": "UnmappedError",
    "UnmappedInstanceError": "UnmappedError",
})
"""The base of each class of `sqlalchemy.exc` and `sqlalchemy.orm.exc`.

`sqlalchemy.exc.TimeoutError` (an exhausted pool) is left out: its last part is a built-in's name.
"""

ALIASES: Mapping[str, str] = MappingProxyType({
    "ConcurrentModificationError": "StaleDataError",
    "DBAPIErrorException": "DBAPIError",
})
"""Other names of the same classes."""

_DATABASE = "DBAPIError"
_OTHER_DATABASE_FAILURES = frozenset({"FlushError", "StaleDataError"})
_INTERRUPTIONS = frozenset({"CancelledError", "GeneratorExit", "KeyboardInterrupt", "SystemExit"})
_YOUNGER_BUILTINS: Mapping[str, str] = MappingProxyType({
    "BaseExceptionGroup": "BaseException",
    "ExceptionGroup": "Exception",
    "PythonFinalizationError": "RuntimeError",
})
_DRIVERS = frozenset({
    "MySQLdb",
    "aiomysql",
    "aiosqlite",
    "asyncmy",
    "asyncpg",
    "cx_Oracle",
    "mariadb",
    "mysql",
    "oracledb",
    "pg8000",
    "psycopg",
    "psycopg2",
    "psycopg2cffi",
    "pymssql",
    "pymysql",
    "pyodbc",
    "sqlite3",
})


def database_failure(handler: str) -> Takes:
    """How much of a session's database failures ``except handler`` takes; `""` is a bare ``except``.

    >>> database_failure("sqlalchemy.exc.SQLAlchemyError"), database_failure("IntegrityError")
    (<Takes.ALWAYS: 'always'>, <Takes.SOMETIMES: 'sometimes'>)
    >>> database_failure("sqlite3.IntegrityError"), database_failure("sqlalchemy.orm.exc.NoResultFound")
    (<Takes.NEVER: 'never'>, <Takes.NEVER: 'never'>)
    """
    if not handler:
        return Takes.ALWAYS
    name = _known(handler)
    if name in _ancestors(_DATABASE):
        return Takes.ALWAYS
    if _DATABASE in _ancestors(name) or name in _OTHER_DATABASE_FAILURES:
        return Takes.SOMETIMES
    return Takes.NEVER


def pending_rollback(handler: str) -> bool:
    """Whether ``except handler`` takes the `PendingRollbackError` of a failed session."""
    return not handler or _known(handler) in _ancestors("PendingRollbackError")


def interruption(handler: str) -> Takes:
    """How much of `CancelledError`, `GeneratorExit`, `KeyboardInterrupt`, `SystemExit` it takes."""
    name = _known(handler)
    if not handler or name == "BaseException":
        return Takes.ALWAYS
    return Takes.SOMETIMES if name in _INTERRUPTIONS else Takes.NEVER


def catches(handler: str, raised: str) -> bool | None:
    """Whether ``except handler`` takes an instance of `raised`; `None` where that is unknown.

    Both may be built-ins or SQLAlchemy's. A class that is neither is only known to be a
    `BaseException`.

    >>> catches("LookupError", "KeyError"), catches("ValueError", "KeyError"), catches("Mine", "KeyError")
    (True, False, None)
    """
    if not handler or handler == raised or handler == "BaseException":
        return True
    caught, thrown = _known(handler), _known(raised)
    if not (_is_class(caught) and _is_class(thrown)):
        return None
    return caught in _ancestors(thrown)


def builtin_catches(handler: str, raised: str) -> bool | None:
    """As `catches`, for two built-in classes; `None` where one of them is not built in."""
    if not (_is_builtin(handler) and _is_builtin(raised)):
        return None
    return catches(handler, raised)


def _known(name: str) -> str:
    """The last part of `name`; the name of a driver's class stays as it is, and so unknown."""
    root, _, _ = name.partition(".")
    if root in _DRIVERS:
        return name
    last = name.rpartition(".")[2]
    if last == "TimeoutError" and root in ("sqlalchemy", "sqlmodel"):
        return name
    return ALIASES.get(last, last)


def _ancestors(name: str) -> frozenset[str]:
    """The class of that name and all its bases, by name."""
    return frozenset(_upwards(name))


def _upwards(name: str) -> Iterator[str]:
    if name in SQLALCHEMY_BASES:
        yield name
        yield from _upwards(SQLALCHEMY_BASES[name])
    elif name == "CancelledError":
        yield from (name, "BaseException")
    elif (found := getattr(builtins, name, None)) is not None and _is_builtin(name):
        yield name
        yield from (base.__name__ for base in found.__mro__ if issubclass(base, BaseException))
    elif name in _YOUNGER_BUILTINS:
        yield name
        yield from _upwards(_YOUNGER_BUILTINS[name])


def _is_builtin(name: str) -> bool:
    found = getattr(builtins, name, None)
    return name in _YOUNGER_BUILTINS or (isinstance(found, type) and issubclass(found, BaseException))


def _is_class(name: str) -> bool:
    return name in SQLALCHEMY_BASES or name == "CancelledError" or _is_builtin(name)
