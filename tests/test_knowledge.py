"""The knowledge tables name what the installed SQLAlchemy has, and nothing that no version has."""

from __future__ import annotations

import builtins
import doctest
import importlib
from collections.abc import Iterable, Mapping
from typing import Any

import pytest
import sqlalchemy
import sqlalchemy.orm
from sqlalchemy import engine, exc
from sqlalchemy.ext import asyncio
from sqlalchemy.orm import exc as orm_exc

from flake8_session.knowledge import (
    callees,
    errors,
    factories,
    frameworks,
    loading,
    registries,
    results,
    sessions,
    statements,
    transactions,
)
from flake8_session.knowledge.errors import Takes

INSTALLED = tuple(int(part) for part in sqlalchemy.__version__.split(".")[:2])
Range = tuple[tuple[int, int], tuple[int, int]]
OLDEST, YOUNGEST = (1, 4), (2, 1)

ONLY_1_4: Range = ((1, 4), (1, 4))
UNTIL_2_0: Range = ((1, 4), (2, 0))
SINCE_2_0: Range = ((2, 0), (2, 1))
SINCE_2_1: Range = ((2, 1), (2, 1))

SESSION_VERSIONS: dict[str, Range] = {
    "close_all": UNTIL_2_0,
    "delete_all": SINCE_2_1,
    "execution_options": SINCE_2_1,
    "get_one": SINCE_2_0,
    "merge_all": SINCE_2_1,
    "reset": SINCE_2_0,
    "transaction": ONLY_1_4,
}
REGISTRY_VERSIONS: dict[str, Range] = {**SESSION_VERSIONS, "autocommit": ONLY_1_4, "binds": SINCE_2_1}
ASYNC_VERSIONS: dict[str, Range] = {
    **SESSION_VERSIONS,
    "aclose": SINCE_2_0,
    "bind_mapper": SINCE_2_1,
    "bind_table": SINCE_2_1,
    "close_all": ((1, 4), (2, 1)),
    "get_async_bind": SINCE_2_1,
}
QUERY_VERSIONS: dict[str, Range] = {
    "execute": ONLY_1_4,
    "ext": SINCE_2_1,
    "from_self": ONLY_1_4,
    "get_children": SINCE_2_0,
    "select_entity_from": ONLY_1_4,
    "tuples": SINCE_2_0,
    "with_polymorphic": ONLY_1_4,
}
RESULT_VERSIONS: dict[str, Range] = {
    "__enter__": SINCE_2_0,
    "__exit__": SINCE_2_0,
    "splice_horizontally": SINCE_2_0,
    "splice_vertically": SINCE_2_0,
    "tuples": SINCE_2_0,
}
TRANSACTION_VERSIONS: dict[str, Range] = {"bound_connection": SINCE_2_1, "declare_states": SINCE_2_0}

SQLMODEL_ONLY = frozenset({"exec"})
RUN_BY_ITS_ITERATOR = {"Query": frozenset({"__next__"})}

TABLES = {
    "Session": (sqlalchemy.orm.Session, sessions.SESSION, SESSION_VERSIONS),
    "AsyncSession": (asyncio.AsyncSession, sessions.ASYNC_SESSION, ASYNC_VERSIONS),
    "scoped_session": (sqlalchemy.orm.scoped_session, registries.SCOPED_SESSION, REGISTRY_VERSIONS),
    "async_scoped_session": (
        asyncio.async_scoped_session,
        registries.ASYNC_SCOPED_SESSION,
        {**ASYNC_VERSIONS, **REGISTRY_VERSIONS, "close_all": ((1, 4), (2, 1))},
    ),
    "sessionmaker": (sqlalchemy.orm.sessionmaker, factories.FACTORY, {"close_all": UNTIL_2_0}),
    "Query": (sqlalchemy.orm.Query, results.QUERY, QUERY_VERSIONS),
    "CursorResult": (engine.CursorResult, results.RESULT, RESULT_VERSIONS),
    "MappingResult": (engine.MappingResult, results.MAPPINGS, RESULT_VERSIONS),
    "ScalarResult": (engine.ScalarResult, results.SCALARS, RESULT_VERSIONS),
    "AsyncResult": (asyncio.AsyncResult, results.STREAM, {"fetchall": SINCE_2_0, **RESULT_VERSIONS}),
    "AsyncMappingResult": (asyncio.AsyncMappingResult, results.STREAM_MAPPINGS, RESULT_VERSIONS),
    "AsyncScalarResult": (asyncio.AsyncScalarResult, results.STREAM_SCALARS, RESULT_VERSIONS),
    "SessionTransaction": (sqlalchemy.orm.SessionTransaction, transactions.TRANSACTION, TRANSACTION_VERSIONS),
    "nested SessionTransaction": (
        sqlalchemy.orm.SessionTransaction,
        transactions.SAVEPOINT,
        TRANSACTION_VERSIONS,
    ),
    "AsyncSessionTransaction": (
        asyncio.AsyncSessionTransaction,
        transactions.ASYNC_TRANSACTION,
        TRANSACTION_VERSIONS,
    ),
}


def public(owner: type) -> dict[str, Any]:
    return {name: getattr(owner, name) for name in dir(owner) if not name.startswith("_")}


def methods(owner: type) -> set[str]:
    return {name for name, value in public(owner).items() if callable(value)}


def exists_now(name: str, versions: Mapping[str, Range]) -> bool:
    since, until = versions.get(name, (OLDEST, YOUNGEST))
    return since <= INSTALLED <= until


def resolves(qualified: str) -> bool:
    """Whether the longest prefix that is a module has the rest of the dotted name."""
    parts = qualified.split(".")
    for size in range(len(parts) - 1, 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:size]))
        except ImportError:
            continue
        for part in parts[size:]:
            found = getattr(found, part, None)
        return found is not None
    return False


@pytest.mark.parametrize("of", TABLES)
def test_every_public_method_has_a_row(of: str) -> None:
    owner, table, _ = TABLES[of]
    # Session.connection_callable is None, sync_session_class a class: attributes, both.
    assert methods(owner) - {"sync_session_class"} <= set(table)


@pytest.mark.parametrize("of", TABLES)
def test_every_row_exists_in_the_versions_that_it_is_for(of: str) -> None:
    owner, table, versions = TABLES[of]
    elsewhere = SQLMODEL_ONLY | RUN_BY_ITS_ITERATOR.get(of, frozenset())
    expected = {name for name in table if exists_now(name, versions)} - elsewhere
    assert {name for name in table if hasattr(owner, name)} == expected


def test_async_factory_is_in_the_table_of_factories() -> None:
    factory = getattr(asyncio, "async_sessionmaker", None)
    if factory is None:
        pytest.skip("async_sessionmaker came with SQLAlchemy 2.0")
    assert methods(factory) <= set(factories.FACTORY)


@pytest.mark.parametrize(
    ("made", "table"),
    [
        (sqlalchemy.orm.Session, sessions.ATTRIBUTES),
        (asyncio.AsyncSession, sessions.ATTRIBUTES),
        (
            lambda: sqlalchemy.orm.scoped_session(sqlalchemy.orm.sessionmaker()),
            registries.REGISTRY_ATTRIBUTES,
        ),
    ],
    ids=["Session", "AsyncSession", "scoped_session"],
)
def test_every_public_attribute_that_is_no_method_has_a_role(made: Any, table: Mapping[str, Any]) -> None:
    value = made()
    no_methods = {name for name, found in public(type(value)).items() if not callable(found)}
    own = {name for name in vars(value) if not name.startswith("_")}
    unfollowed = {"enable_baked_queries", "future", "twophase"}  # options that change nothing followed here
    assert no_methods | own - unfollowed <= set(table)


def test_sqlmodel_sessions_have_what_the_table_adds_for_them() -> None:
    sqlmodel = pytest.importorskip("sqlmodel", reason="SQLModel is not installed")
    assert methods(sqlmodel.Session) <= set(sessions.SESSION)
    assert methods(importlib.import_module("sqlmodel.ext.asyncio.session").AsyncSession) - {
        "sync_session_class",
    } <= set(sessions.ASYNC_SESSION)
    assert set(sessions.SESSION) >= SQLMODEL_ONLY


def _qualified_names() -> Iterable[str]:
    yield from factories.MAKERS
    yield from factories.FUNCTIONS
    yield from statements.CONSTRUCTORS
    yield from loading.BASES | loading.MIXINS | loading.BASE_FACTORIES
    yield from loading.MAPPING_DECORATORS | loading.METACLASSES
    yield from frameworks.EXTENSIONS
    yield from callees.MANAGERS
    yield from callees.NEVER_RETURN
    yield from factories.CONNECTIONS


GONE_OR_NOT_YET = frozenset({
    # 1.4 only.
    "sqlalchemy.future.orm.Session",
    "sqlalchemy.orm.create_session",
    "sqlalchemy.orm.session.create_session",
    # Since 2.0, 2.0.22 or 2.1.
    "sqlalchemy.Connection",
    "sqlalchemy.ext.asyncio.async_sessionmaker",
    "sqlalchemy.ext.asyncio.session.async_sessionmaker",
    "sqlalchemy.ext.asyncio.close_all_sessions",
    "sqlalchemy.ext.asyncio.session.close_all_sessions",
    "sqlalchemy.ext.asyncio.AsyncAttrs",
    "sqlalchemy.orm.DeclarativeBase",
    "sqlalchemy.orm.DeclarativeBaseNoMeta",
    "sqlalchemy.orm.MappedAsDataclass",
    "sqlalchemy.orm.decl_api.DeclarativeBase",
    "sqlalchemy.orm.decl_api.DeclarativeBaseNoMeta",
    "sqlalchemy.orm.decl_api.MappedAsDataclass",
    "sqlalchemy.orm.mapped_as_dataclass",
    "sqlalchemy.orm.registry.mapped_as_dataclass",
    "sqlalchemy.orm.unmapped_dataclass",
    # Flask-SQLAlchemy 2 and 3 differ.
    "flask_sqlalchemy.SignallingSession",
    # Not in every Python.
    "typing.assert_never",
})


@pytest.mark.parametrize("name", sorted(set(_qualified_names())))
def test_qualified_name_exists(name: str) -> None:
    root = name.partition(".")[0]
    if root == name:
        assert hasattr(builtins, name)
        return
    if importlib.util.find_spec(root) is None:
        pytest.skip(f"{root} is not installed")
    assert resolves(name) or name in GONE_OR_NOT_YET


def test_every_column_construct_exists_somewhere() -> None:
    homes = ["sqlalchemy", "sqlalchemy.orm", "sqlalchemy.ext.associationproxy", "sqlalchemy.ext.hybrid"]
    found = {name for name in loading.CONSTRUCTS if any(resolves(f"{home}.{name}") for home in homes)}
    assert set(loading.CONSTRUCTS) - found <= {"Field", "Relationship", "mapped_column", "relation"}


def test_every_loader_option_exists() -> None:
    found = {name for name in loading.OPTIONS if hasattr(sqlalchemy.orm, name)}
    assert found == set(loading.OPTIONS)


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


@pytest.mark.parametrize("handler", ["", "Exception", "SQLAlchemyError", "InvalidRequestError"])
def test_what_takes_a_pending_rollback_error(handler: str) -> None:
    assert errors.pending_rollback(handler)
    assert errors.pending_rollback("sqlalchemy.exc.PendingRollbackError")
    assert not errors.pending_rollback("IntegrityError")


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


def test_builtin_catches_is_silent_about_other_classes() -> None:
    assert errors.builtin_catches("OSError", "FileNotFoundError") is True
    assert errors.builtin_catches("IOError", "OSError") is True
    assert errors.builtin_catches("OSError", "KeyError") is False
    assert errors.builtin_catches("Exception", "SomethingElse") is None
    assert errors.builtin_catches("SQLAlchemyError", "KeyError") is None
    assert errors.catches("BaseException", "SomethingElse") is True
    assert errors.catches("ExceptionGroup", "ExceptionGroup") is True
    assert errors.catches("Exception", "ExceptionGroup") is True


@pytest.mark.parametrize(
    "name",
    [
        "Service",
        "_Private",
        "T",
        "HTTPHandler",
        "setattr",
        "partial",
        "appendleft",
        "register_finalizer",
        "registerCallback",
        "addCleanup",
        "addfinalizer",
        "add_finished_callback",
        "with_resource",
        "enter_async_context",
        "push_async_exit",
        "finalize",
    ],
)
def test_callee_is_presumed_to_keep(name: str) -> None:
    assert callees.presumed_to_keep(name)


@pytest.mark.parametrize(
    "name",
    ["work", "center", "load", "recenter_all", "LIMIT", "get_user", "commit", "adder", "reset", "_run"],
)
def test_callee_is_not_presumed_to_keep(name: str) -> None:
    assert not callees.presumed_to_keep(name)


@pytest.mark.parametrize("name", sorted(set(callees.READERS)))
def test_reader_exists(name: str) -> None:
    assert resolves(name) or hasattr(builtins, name)


def test_decorators_of_frameworks_are_known_by_their_last_part_only_when_dotted() -> None:
    assert frameworks.driver("app.route") is frameworks.Driver.ROUTE
    assert frameworks.driver("celery_app.task") is frameworks.Driver.TASK
    assert frameworks.driver("pytest.fixture") is frameworks.Driver.FIXTURE
    assert frameworks.driver("event.listens_for") is frameworks.Driver.LISTENER
    assert frameworks.driver("task") is None
    assert frameworks.driver("functools.wraps") is None


def test_extension_gives_names_of_sqlalchemy() -> None:
    homes = {frameworks.extension_name(name) for name in ("Column", "Integer", "select", "relationship")}
    assert all(map(resolves, homes))
    assert frameworks.extension_name("Session") in factories.MAKERS


@pytest.mark.parametrize("value", ["select", True, "joined", False, "raise", None, "dynamic"])
def test_lazy_values_are_accepted_by_sqlalchemy(value: Any) -> None:
    assert loading.lazy(value) is loading.LAZY[value]
    sqlalchemy.orm.relationship("Other", lazy=value)


def test_unknown_lazy_value_never_fails() -> None:
    assert loading.lazy("mine") is loading.Loads.NEVER_FAILING
    assert loading.lazy(("selectin",)) is loading.Loads.NEVER_FAILING


def test_session_classes_share_two_method_tables() -> None:
    assert factories.canonical("sqlmodel.Session") == "sqlalchemy.orm.Session"
    of_sqlmodel = factories.canonical("sqlmodel.ext.asyncio.session.AsyncSession")
    assert of_sqlmodel == "sqlalchemy.ext.asyncio.AsyncSession"
    assert factories.canonical("sqlalchemy.orm.sessionmaker") == ""
    assert factories.canonical("requests.Session") == ""


def test_default_options_are_those_of_the_constructor() -> None:
    session = sqlalchemy.orm.Session()
    for name in ("autoflush", "expire_on_commit"):
        assert getattr(session, name) is factories.DEFAULT_OPTIONS[name]


@pytest.mark.parametrize("module", [callees, errors, frameworks], ids=lambda module: module.__name__)
def test_examples_in_docstrings(module: Any) -> None:
    outcome = doctest.testmod(module)
    assert outcome.attempted > 0
    assert outcome.failed == 0
