"""What the exception tables say, held against the classes themselves."""

from __future__ import annotations

import builtins
from typing import Any

import pytest
from sqlalchemy import exc
from sqlalchemy.orm import exc as orm_exc

from flake8_session.knowledge import errors
from flake8_session.knowledge.errors import Takes


@pytest.mark.parametrize("module", [exc, orm_exc], ids=lambda module: module.__name__)
def test_exception_bases_are_those_of_sqlalchemy(module: Any) -> None:
    classes = {
        name: found
        for name, found in vars(module).items()
        if isinstance(found, type) and issubclass(found, Exception) and not issubclass(found, Warning)
    }
    # One shares its name with a built-in class, the other is the class of a driver that wraps another.
    unlisted = {"TimeoutError", "EmulatedDBAPIException"}
    for name, found in classes.items():
        if not found.__module__.startswith("sqlalchemy") or name in unlisted:
            continue
        bases = {base.__name__ for base in found.__bases__} - {"HasDescriptionCode"}
        assert set(errors.SQLALCHEMY_BASES[errors.ALIASES.get(name, name)]) == bases


def test_catching_agrees_with_the_classes_themselves() -> None:
    classes = {
        name: found
        for module in (orm_exc, exc, builtins)
        for name, found in vars(module).items()
        if isinstance(found, type) and issubclass(found, BaseException) and name != "TimeoutError"
    }
    known = {name: found for name, found in classes.items() if errors.catches("Exception", name) is not None}
    assert len(known) > 100
    for handler, caught in known.items():
        for raised, thrown in known.items():
            assert errors.catches(handler, raised) is issubclass(thrown, caught), (handler, raised)


def test_what_always_takes_a_database_failure_is_no_subclass_of_the_drivers_errors() -> None:
    always = {name for name in errors.SQLALCHEMY_BASES if errors.database_failure(name) is Takes.ALWAYS}
    assert always == {"SQLAlchemyError", "StatementError", "DBAPIError"}
    assert all(issubclass(exc.DBAPIError, getattr(exc, name)) for name in always)


@pytest.mark.parametrize(
    ("handler", "expected"),
    [
        ("", Takes.ALWAYS),
        ("BaseException", Takes.ALWAYS),
        ("Exception", Takes.ALWAYS),
        ("sqlalchemy.exc.SQLAlchemyError", Takes.ALWAYS),
        ("sqlalchemy.exc.DBAPIError", Takes.ALWAYS),
        ("sqlalchemy.exc.StatementError", Takes.ALWAYS),
        ("sqlalchemy.exc.IntegrityError", Takes.SOMETIMES),
        ("project.db.IntegrityError", Takes.SOMETIMES),
        ("sqlalchemy.orm.exc.StaleDataError", Takes.SOMETIMES),
        ("sqlalchemy.orm.exc.ConcurrentModificationError", Takes.SOMETIMES),
        ("FlushError", Takes.SOMETIMES),
        ("sqlalchemy.exc.NoResultFound", Takes.NEVER),
        ("sqlalchemy.exc.MultipleResultsFound", Takes.NEVER),
        ("sqlalchemy.exc.PendingRollbackError", Takes.NEVER),
        ("sqlalchemy.exc.InvalidRequestError", Takes.NEVER),
        ("sqlite3.IntegrityError", Takes.NEVER),
        ("psycopg2.OperationalError", Takes.NEVER),
        ("django.db.IntegrityError", Takes.NEVER),
        ("KeyError", Takes.NEVER),
        ("requests.exceptions.RequestException", Takes.NEVER),
    ],
)
def test_database_failures_are_taken_by_what_is_their_class(handler: str, expected: Takes) -> None:
    assert errors.database_failure(handler) is expected


@pytest.mark.parametrize(
    ("handler", "expected"),
    [
        ("", Takes.ALWAYS),
        ("BaseException", Takes.ALWAYS),
        ("asyncio.CancelledError", Takes.SOMETIMES),
        ("KeyboardInterrupt", Takes.SOMETIMES),
        ("Exception", Takes.NEVER),
        ("SQLAlchemyError", Takes.NEVER),
    ],
)
def test_interruptions_are_no_exceptions(handler: str, expected: Takes) -> None:
    assert errors.interruption(handler) is expected


def test_classes_whose_bases_are_unknown_are_caught_by_their_roots_only() -> None:
    assert errors.catches("OSError", "FileNotFoundError") is True
    assert errors.catches("IOError", "OSError") is True
    assert errors.catches("OSError", "KeyError") is False
    assert errors.catches("ValueError", "SomethingElse") is None
    assert errors.catches("BaseException", "SomethingElse") is True
    assert errors.catches("ExceptionGroup", "ExceptionGroup") is True
    assert errors.catches("Exception", "ExceptionGroup") is True
