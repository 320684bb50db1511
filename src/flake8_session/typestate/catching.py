"""Which handlers take which exceptions.

An assumed failure has a kind, not a class: the database's work fails with some `SQLAlchemyError`,
any other call with some `Exception`, and an ``await`` or ``yield`` may be interrupted by what is no
`Exception`. A clause may be sure to take what is in flight, sure not to, or either.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flake8_session.knowledge import errors
from flake8_session.typestate.worlds import Flight, Kind

_ANSWERS: Mapping[errors.Takes, bool | None] = {
    errors.Takes.ALWAYS: True,
    errors.Takes.SOMETIMES: None,
    errors.Takes.NEVER: False,
}


_ASSUMED = (Kind.DATABASE, Kind.OTHER)
_INTERRUPTIONS = frozenset({"CancelledError", "GeneratorExit", "KeyboardInterrupt", "SystemExit"})


def takes(classes: Iterable[str | None], flight: Flight) -> bool | None:
    """Whether a clause for `classes` takes `flight`; None for either. No classes: a bare ``except``.

    A class is a dotted name (``builtins.Exception``), or None where it cannot be told.
    """
    asked = list(classes)
    if not asked:
        return True
    answers = [False if _is_passed(name, flight) else _takes(name, flight) for name in asked]
    if (
        flight.kind is Kind.INTERRUPTED
        and {(name or "").rpartition(".")[2] for name in asked} >= _INTERRUPTIONS
    ):
        return True
    if True in answers:
        return True
    return None if None in answers else False


def taken(classes: Iterable[str | None], flight: Flight, *, surely: bool) -> Flight:
    """The exception as a clause has it that has taken it: of its one class, where it might not have."""
    kept = flight._replace(attribute="") if flight.attribute else flight
    asked = list(classes)
    only = asked[0] if len(asked) == 1 and not surely else None
    return kept._replace(name=only) if only and not flight.name and flight.kind in _ASSUMED else kept


def passed(classes: Iterable[str | None], flight: Flight) -> Flight:
    """The exception behind a clause that might have taken it, and has not."""
    known = frozenset(name for name in classes if name)
    return flight._replace(passed=flight.passed | known) if flight.kind in _ASSUMED else flight


def _is_passed(name: str | None, flight: Flight) -> bool:
    """Whether the exception is known not to be of that class: another clause, or the work, has told."""
    if name is None or not flight.passed:
        return False
    return name in flight.passed or (flight.kind is Kind.DATABASE and errors.plain(name) in flight.passed)


def _takes(name: str | None, flight: Flight) -> bool | None:
    if name is None:
        return None
    if flight.name and flight.kind in _ASSUMED and errors.catches(name, flight.name):
        return True
    match flight.kind:
        case Kind.DATABASE:
            return _ANSWERS[errors.database_failure(name)]
        case Kind.INTERRUPTED:
            return _ANSWERS[errors.interruption(name)]
        case Kind.OTHER:
            return _takes_other(name)
        case Kind.RAISED:
            return _takes_raised(name, flight.name)


def _takes_other(name: str) -> bool | None:
    last = name.rpartition(".")[2]
    if last in ("Exception", "BaseException"):
        return True
    if errors.interruption(name) is not errors.Takes.NEVER or last in errors.SQLALCHEMY_BASES:
        return False
    return None


def _takes_raised(name: str, raised: str) -> bool | None:
    """An exception of a class out of sight is presumed to be an `Exception`."""
    last = name.rpartition(".")[2]
    if last == raised.rpartition(".")[2]:
        return True
    known = errors.catches(name, raised)
    if known is None and last == "Exception":
        return True
    return known
