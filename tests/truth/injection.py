"""The failures that can be put into a run.

Three kinds, as the rules have them: *database* (the session's own work), *other* (any other call) and
*interrupted* (at `await` and `yield`). Each kind has a class that no program names, so that only a
broad handler takes it, and besides the classes that the program's own handlers name.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import sqlalchemy.exc as sa_exc
import sqlalchemy.orm.exc as orm_exc


class Unforeseen(Exception):
    """What opaque calls raise: a class that no program names."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One way to fail. `below` is what the DBAPI raises where the failure is put into a statement."""

    name: str
    make: Callable[[], BaseException]
    below: Callable[[], BaseException]


@dataclass(frozen=True, slots=True)
class Failures:
    """The variants for one program."""

    database: tuple[Failure, ...]
    statement: tuple[Failure, ...]
    """Those of them that a statement can meet which is no flush: errors of the driver."""
    query: tuple[Failure, ...]
    """Those of them that a SELECT can meet, which violates no constraint."""
    other: tuple[Failure, ...]
    interrupted: tuple[Failure, ...]
    thrown: tuple[Failure, ...]
    """What the user of a generator may throw into it at its `yield`."""


def _wrapped(name: str) -> Failure:
    below = getattr(sqlite3, name)
    wrapper = getattr(sa_exc, name)
    return Failure(name, lambda: wrapper("injected", {}, below("injected")), lambda: below("injected"))


def _plain(kind: type[BaseException]) -> Failure:
    return Failure(kind.__name__, lambda: kind("injected"), lambda: kind("injected"))


WRAPPED = {
    each: _wrapped(each)
    for each in ("OperationalError", "IntegrityError", "InternalError", "DataError", "ProgrammingError")
}
_OF_WRITES = "IntegrityError"
NAMED_DATABASE = {
    **WRAPPED,
    "StaleDataError": _plain(orm_exc.StaleDataError),
    "FlushError": _plain(orm_exc.FlushError),
}
NAMED_OTHER = {
    each.__name__: _plain(each)
    for each in (
        ValueError,
        KeyError,
        TypeError,
        RuntimeError,
        LookupError,
        OSError,
        AttributeError,
        IndexError,
    )
}
CLOSED = _plain(GeneratorExit)


def failures_of(caught: Iterable[str]) -> Failures:
    """The variants for a program whose handlers name the classes `caught`."""
    caught = sorted(caught)
    unnamed = next(each for name, each in WRAPPED.items() if name not in (*caught, _OF_WRITES))
    database = [unnamed, *(NAMED_DATABASE[each] for each in caught if each in NAMED_DATABASE)]
    other = [_plain(Unforeseen), *(NAMED_OTHER[each] for each in caught if each in NAMED_OTHER)]
    interrupted = [_plain(asyncio.CancelledError)]
    statement = [unnamed, *(WRAPPED[each] for each in caught if each in WRAPPED)]
    return Failures(
        tuple(database),
        tuple(statement),
        tuple(each for each in statement if each.name != _OF_WRITES),
        tuple(other),
        tuple(interrupted),
        (*database, *other, CLOSED),
    )
