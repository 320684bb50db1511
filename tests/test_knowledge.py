"""The method tables name what the installed SQLAlchemy has, and nothing that no version has."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import pytest
import sqlalchemy
import sqlalchemy.orm
from sqlalchemy import engine
from sqlalchemy.ext import asyncio

from flake8_session.knowledge import factories, registries, results, sessions, transactions

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
    "get_one": SINCE_2_0,
    "merge_all": SINCE_2_1,
    "reset": SINCE_2_0,
}
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
    "scoped_session": (sqlalchemy.orm.scoped_session, registries.SCOPED_SESSION, SESSION_VERSIONS),
    "async_scoped_session": (
        asyncio.async_scoped_session,
        registries.ASYNC_SCOPED_SESSION,
        ASYNC_VERSIONS,
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
