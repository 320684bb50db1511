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
from functools import cache
from types import MappingProxyType


class Takes(Enum):
    """How much of a kind of failure a handler takes."""

    ALWAYS = "always"
    SOMETIMES = "sometimes"
    NEVER = "never"


_SUBCLASSES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "Exception": ("SQLAlchemyError",),
        "SQLAlchemyError": (
            "ArgumentError",
            "CircularDependencyError",
            "CompileError",
            "DetachedInstanceError",
            "DisconnectionError",
            "FlushError",
            "IdentifierError",
            "InvalidRequestError",
            "ObjectDereferencedError",
            "StaleDataError",
            "StatementError",
        ),
        "ArgumentError": (
            "AmbiguousForeignKeysError",
            "ConstraintColumnNotFoundError",
            "DuplicateColumnError",
            "MappedAnnotationError",
            "NoForeignKeysError",
            "NoSuchModuleError",
            "ObjectNotExecutableError",
        ),
        "CompileError": ("UnsupportedCompilationError",),
        "DisconnectionError": ("InvalidatePoolError",),
        "InvalidRequestError": (
            "AmbiguousColumnError",
            "AwaitRequired",
            "IllegalStateChangeError",
            "LoaderStrategyException",
            "MissingGreenlet",
            "MultipleResultsFound",
            "NoDBAPILoaded",
            "NoInspectionAvailable",
            "NoReferenceError",
            "NoResultFound",
            "NoSuchColumnError",
            "NoSuchTableError",
            "ObjectDeletedError",
            "PendingRollbackError",
            "ResourceClosedError",
            "UnboundExecutionError",
            "UnmappedColumnError",
            "UnmappedError",
            "UnreflectableTableError",
        ),
        "NoReferenceError": ("NoReferencedColumnError", "NoReferencedTableError"),
        "UnmappedError": ("UnmappedClassError", "UnmappedInstanceError"),
        "StatementError": ("DBAPIError",),
        "DBAPIError": ("DatabaseError", "InterfaceError"),
        "DatabaseError": (
            "DataError",
            "IntegrityError",
            "InternalError",
            "NotSupportedError",
            "OperationalError",
            "ProgrammingError",
        ),
        # The one class with two bases.
        "KeyError": ("NoSuchColumnError",),
    }
)

SQLALCHEMY_BASES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        name: tuple(base for base, members in _SUBCLASSES.items() if name in members)
        for names in _SUBCLASSES.values()
        for name in names
    }
)
"""The bases of each class of `sqlalchemy.exc` and `sqlalchemy.orm.exc`.

`sqlalchemy.exc.TimeoutError` (an exhausted pool) is left out: its last part is a built-in's name.
"""

ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "ConcurrentModificationError": "StaleDataError",
        "EnvironmentError": "OSError",
        "IOError": "OSError",
    }
)
"""Other names of the same classes; `WindowsError` exists on one system only."""

_DATABASE = "DBAPIError"
_OTHER_DATABASE_FAILURES = frozenset({"FlushError", "StaleDataError"})
NEVER_OF_READS = _OTHER_DATABASE_FAILURES | {"IntegrityError"}
"""What no SELECT raises by itself: a flush that comes in front of it does, and so may whatever writes."""
_INTERRUPTIONS = frozenset({"CancelledError", "GeneratorExit", "KeyboardInterrupt", "SystemExit"})
# Classes that `builtins` lacks, in some versions of Python or in all.
_YOUNGER: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "CancelledError": ("BaseException",),
        "BaseExceptionGroup": ("BaseException",),
        "ExceptionGroup": ("BaseExceptionGroup", "Exception"),
        "PythonFinalizationError": ("RuntimeError",),
    }
)
# Drivers, whose errors a session wraps, and other libraries with classes of the same names.
_FOREIGN = frozenset(
    {
        "MySQLdb",
        "aiomysql",
        "aiosqlite",
        "asyncmy",
        "asyncpg",
        "celery",
        "clickhouse_driver",
        "cx_Oracle",
        "django",
        "duckdb",
        "kombu",
        "mariadb",
        "mysql",
        "oracledb",
        "peewee",
        "pg8000",
        "pony",
        "psycopg",
        "psycopg2",
        "psycopg2cffi",
        "pymongo",
        "pymssql",
        "pymysql",
        "pyodbc",
        "snowflake",
        "sqlite3",
        "tortoise",
    }
)


def database_failure(handler: str) -> Takes:
    """How much of a session's database failures ``except handler`` takes; `""` is a bare ``except``.

    >>> database_failure("sqlalchemy.exc.SQLAlchemyError"), database_failure("IntegrityError")
    (<Takes.ALWAYS: 'always'>, <Takes.SOMETIMES: 'sometimes'>)
    >>> database_failure("sqlite3.IntegrityError"), database_failure("sqlalchemy.orm.exc.NoResultFound")
    (<Takes.NEVER: 'never'>, <Takes.NEVER: 'never'>)
    """
    if not handler:
        return Takes.ALWAYS
    name = plain(handler)
    if name in _ancestors(_DATABASE):
        return Takes.ALWAYS
    if _DATABASE in _ancestors(name) or name in _OTHER_DATABASE_FAILURES:
        return Takes.SOMETIMES
    return Takes.NEVER


def interruption(handler: str) -> Takes:
    """How much of `CancelledError`, `GeneratorExit`, `KeyboardInterrupt`, `SystemExit` it takes."""
    name = plain(handler)
    if not handler or name == "BaseException":
        return Takes.ALWAYS
    return Takes.SOMETIMES if name in _INTERRUPTIONS else Takes.NEVER


def catches(handler: str, raised: str) -> bool | None:
    """Whether ``except handler`` takes an instance of `raised`; `None` where that is unknown.

    Both may be built-ins or SQLAlchemy's, whose bases are all known: no class of the project is among
    them, nor one of another library. An instance of a class that is neither is only known to be a
    `BaseException`.

    >>> catches("LookupError", "KeyError"), catches("ValueError", "KeyError"), catches("Mine", "KeyError")
    (True, False, False)
    >>> catches("KeyError", "Mine"), catches("retried_errors", "KeyError")
    (None, None)
    """
    if not handler or handler == raised or handler == "BaseException":
        return True
    caught, thrown = plain(handler), plain(raised)
    if not _is_class(thrown) or not (_is_class(caught) or _is_class_name(handler)):
        return None
    return caught in _ancestors(thrown)


def is_builtin(name: str) -> bool:
    """Whether it is one of Python's own exceptions."""
    found = getattr(builtins, name, None)
    return isinstance(found, type) and issubclass(found, BaseException)


def plain(name: str) -> str:
    """The last part of `name`; the name of a foreign class stays as it is, and so unknown."""
    root, _, _ = name.partition(".")
    if root in _FOREIGN:
        return name
    last = name.rpartition(".")[2]
    if last == "TimeoutError" and root in ("sqlalchemy", "sqlmodel"):
        return name
    return ALIASES.get(last, last)


@cache
def _ancestors(name: str) -> frozenset[str]:
    """The class of that name and all its bases, by name."""
    return frozenset(_upwards(name))


def _upwards(name: str) -> Iterator[str]:
    yield name
    for base in SQLALCHEMY_BASES.get(name) or _YOUNGER.get(name, ()):
        yield from _upwards(base)
    if is_builtin(name):
        yield from (base.__name__ for base in getattr(builtins, name).__mro__)


def _is_class_name(name: str) -> bool:
    """Whether the name is written as those of classes are; others may stand for several, or for any."""
    last = name.rpartition(".")[2].lstrip("_")
    return last[:1].isupper() and not last.isupper()


def _is_class(name: str) -> bool:
    return name in SQLALCHEMY_BASES or name in _YOUNGER or is_builtin(name)
