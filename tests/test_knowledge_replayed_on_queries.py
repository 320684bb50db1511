"""The rows of `Query` and of the results are run on SQLite, and must do and give what they say."""

from __future__ import annotations

import inspect as python
from collections.abc import Mapping
from typing import Any

import pytest
from replay.bench import Bench, Item, Kind, State, bring, settle
from replay.calls import ON_QUERY, ON_RESULT
from replay.rows import INSTALLED
from replay.running import run
from replay.seen import role_of
from sqlalchemy import exc, inspect, select
from sqlalchemy.orm import Query

from flake8_session.knowledge import results
from flake8_session.knowledge.words import Gives, InFailed, Role, Row, Work

REFINING = {
    "apply_labels", "correlate", "enable_assertions", "except_", "except_all", "ext", "intersect",
    "intersect_all", "join", "outerjoin", "prefix_with", "reset_joinpoint", "select_entity_from",
    "set_label_style", "suffix_with", "with_hint", "with_labels", "with_parent", "with_polymorphic",
    "with_statement_hint", "with_transformation",
}
OTHER = {
    "as_scalar", "execute", "get_children", "get_execution_options", "instances", "is_single_entity",
    "memoized_attribute", "memoized_instancemethod", "merge_result",
}

of_each_query_row = pytest.mark.parametrize(
    "name", [name for name in ON_QUERY if hasattr(Query, name) or name == "__next__"]
)
# Methods of the AsyncResult of 1.4 that fail on their own.
BROKEN = {"freeze", "scalar", "scalar_one", "scalar_one_or_none"} if INSTALLED == (1, 4) else set()

RESULT_TABLES: Mapping[str, tuple[Kind, Mapping[str, Row], Role, Role]] = {
    "execute": (Kind.SYNC, results.RESULT, Role.ROW, Role.ROWS),
    "scalars": (Kind.SYNC, results.SCALARS, Role.INSTANCE, Role.INSTANCES),
    "mappings": (Kind.SYNC, results.MAPPINGS, Role.ROW, Role.ROWS),
    "stream": (Kind.ASYNC, results.STREAM, Role.ROW, Role.ROWS),
    "stream_scalars": (Kind.ASYNC, results.STREAM_SCALARS, Role.INSTANCE, Role.INSTANCES),
    "stream mappings": (Kind.ASYNC, results.STREAM_MAPPINGS, Role.ROW, Role.ROWS),
}


def test_every_row_of_query_has_a_call_or_only_refines() -> None:
    assert set(results.QUERY) == set(ON_QUERY) | REFINING | OTHER
    assert {results.QUERY[name].gives for name in REFINING} == {Gives.SAME}


@of_each_query_row
def test_work_of_a_query(name: str) -> None:
    row = results.QUERY[name]

    async def body(bench: Bench) -> None:
        ON_QUERY[name](bench)
        assert bench.connections == (1 if row.work is Work.SQL else 0)
        assert bench.in_transaction is (row.work is Work.SQL)

    run(Kind.SYNC, body)


@of_each_query_row
def test_a_query_flushes_what_is_pending(name: str) -> None:
    row = results.QUERY[name]

    async def body(bench: Bench) -> None:
        bench.session.add(bench.fresh)
        ON_QUERY[name](bench)
        assert inspect(bench.fresh).persistent is row.autoflushes

    run(Kind.SYNC, body)


@of_each_query_row
def test_a_query_of_a_failed_session(name: str) -> None:
    row = results.QUERY[name]

    async def body(bench: Bench) -> None:
        await bring(bench, State.FAILED)
        if row.in_failed is InFailed.RAISES:
            with pytest.raises(exc.PendingRollbackError):
                ON_QUERY[name](bench)
        else:
            ON_QUERY[name](bench)

    run(Kind.SYNC, body)


@of_each_query_row
def test_a_query_in_an_ended_block(name: str) -> None:
    row = results.QUERY[name]

    async def body(bench: Bench) -> None:
        await bring(bench, State.ENDED)
        if row.in_ended_block:
            with pytest.raises(exc.InvalidRequestError, match="context manager"):
                ON_QUERY[name](bench)
        else:
            ON_QUERY[name](bench)

    run(Kind.SYNC, body)


@of_each_query_row
def test_a_query_writes(name: str) -> None:
    row = results.QUERY[name]

    async def body(bench: Bench) -> None:
        before = bench.stored()
        ON_QUERY[name](bench)
        bench.session.commit()
        assert (bench.stored() != before) is row.writes

    run(Kind.SYNC, body)


@of_each_query_row
def test_what_a_query_gives(name: str) -> None:
    row = results.QUERY[name]

    async def body(bench: Bench) -> None:
        found = ON_QUERY[name](bench)
        expected = {Gives.SAME: Role.QUERY, Gives.ELEMENT: Role.INSTANCE, Gives.ELEMENTS: Role.INSTANCES}
        if row.role is Role.ITERATOR:
            assert all(isinstance(element, Item) for element in found)
        elif row.role is not Role.UNKNOWN:
            assert role_of(found) is expected.get(row.gives, row.role)

    run(Kind.SYNC, body)


async def _result(bench: Bench, of: str) -> Any:
    made, _, mapped = of.partition(" ")
    method = getattr(bench.session, "execute" if made == "mappings" else made)
    found = await settle(method(select(Item).where(Item.id == 3)))
    return found.mappings() if mapped or made == "mappings" else found


@pytest.mark.parametrize(
    ("of", "name"),
    [
        (of, name)
        for of, (_, table, _, _) in RESULT_TABLES.items()
        for name in ON_RESULT
        if name in table and not (of == "stream" and name in BROKEN)
    ],
)
def test_what_a_result_gives(of: str, name: str) -> None:
    kind, table, element, elements = RESULT_TABLES[of]
    row = table[name]

    async def body(bench: Bench) -> None:
        result = await _result(bench, of)
        if not hasattr(result, name):
            pytest.skip("not in this version")
        found = ON_RESULT[name](result)
        assert python.isawaitable(found) is row.awaited
        found = await settle(found)
        match row.gives:
            case Gives.SAME:
                assert role_of(found) is role_of(result)
            case Gives.ELEMENT:
                assert role_of(found) is element
            case Gives.ELEMENTS:
                assert role_of(found) is elements
            case Gives.NOTHING:
                assert found is None
            case Gives.HELD if row.role is not Role.ITERATOR:
                assert role_of(found) is row.role
            case Gives.HELD:
                assert hasattr(found, "__anext__" if kind is Kind.ASYNC else "__next__")
            case _:
                assert role_of(found) is Role.VALUE

    run(kind, body)
