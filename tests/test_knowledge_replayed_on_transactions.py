"""The rows of what `begin` and `begin_nested` give, and of registries and factories, run on SQLite."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from replay.bench import Bench, Item, Kind, State, bring, settle
from replay.running import run
from sqlalchemy import exc, inspect, select
from sqlalchemy.orm import close_all_sessions, make_transient, object_session, scoped_session, sessionmaker

from flake8_session.knowledge import transactions
from flake8_session.knowledge.factories import FACTORY, FUNCTIONS, Function, OfFactory
from flake8_session.knowledge.words import Ends, InFailed, Row

ENDING: Mapping[str, Callable[[Any], Any]] = {
    "commit": lambda transaction: transaction.commit(),
    "rollback": lambda transaction: transaction.rollback(),
    "close": lambda transaction: transaction.close(),
    "__exit__": lambda transaction: transaction.__exit__(None, None, None),
    "__aexit__": lambda transaction: transaction.__aexit__(None, None, None),
}
TABLES: Mapping[tuple[Kind, str], Mapping[str, Row]] = {
    (Kind.SYNC, "begin"): transactions.TRANSACTION,
    (Kind.SYNC, "begin_nested"): transactions.SAVEPOINT,
    (Kind.ASYNC, "begin"): transactions.ASYNC_TRANSACTION,
    (Kind.ASYNC, "begin_nested"): transactions.ASYNC_SAVEPOINT,
}
of_each_ending = pytest.mark.parametrize(
    ("kind", "beginning", "name"),
    [
        (kind, beginning, name)
        for (kind, beginning), table in TABLES.items()
        for name in ENDING
        if name in table
    ],
)


async def _begun(bench: Bench, beginning: str, ending: str) -> Any:
    """A connected transaction, entered if an exit is to end it."""
    transaction = getattr(bench.session, beginning)()
    begin = {"__exit__": "__enter__", "__aexit__": "__aenter__"}.get(ending)
    await settle(getattr(transaction, begin)() if begin else transaction)
    await settle(bench.session.connection())
    return transaction


@of_each_ending
def test_end_of_a_transaction(kind: Kind, beginning: str, name: str) -> None:
    row = TABLES[kind, beginning][name]

    async def body(bench: Bench) -> None:
        transaction = await _begun(bench, beginning, name)
        await settle(ENDING[name](transaction))
        assert bench.in_transaction is (row.ends is Ends.NEVER)
        assert bench.connections == (1 if row.ends is Ends.NEVER else 0)
        expires = row.ends in (Ends.COMMIT, Ends.ROLLBACK)
        assert inspect(bench.bystander).persistent
        assert ("name" in inspect(bench.bystander).dict) is not expires

    run(kind, body)


@of_each_ending
def test_what_is_pending_at_the_end_of_a_transaction(kind: Kind, beginning: str, name: str) -> None:
    row = TABLES[kind, beginning][name]

    async def body(bench: Bench) -> None:
        transaction = await _begun(bench, beginning, name)
        bench.session.add(bench.fresh)
        await settle(ENDING[name](transaction))
        assert inspect(bench.fresh).persistent is row.flushes

    run(kind, body)


@of_each_ending
def test_end_of_a_failed_transaction(kind: Kind, beginning: str, name: str) -> None:
    row = TABLES[kind, beginning][name]

    async def body(bench: Bench) -> None:
        transaction = await _begun(bench, beginning, name)
        await bring(bench, State.FAILED)
        if row.in_failed is InFailed.RAISES:
            with pytest.raises(exc.PendingRollbackError):
                await settle(ENDING[name](transaction))
        else:
            await settle(ENDING[name](transaction))
            assert await settle(bench.session.scalar(select(Item.id))) is not None

    run(kind, body)


def test_registry_closes_its_session_when_it_is_removed() -> None:
    async def body(bench: Bench) -> None:
        registry: Any = scoped_session(sessionmaker(bench.engine, future=True))
        first = registry()
        assert registry() is first
        held = registry.get(Item, 1)
        registry.close()
        assert registry() is first
        assert inspect(held).detached
        held = registry.get(Item, 1)
        registry.remove()
        assert registry() is not first
        assert inspect(held).detached
        assert bench.connections == 0

    run(Kind.SYNC, body)


def test_begin_of_a_factory_commits_and_closes() -> None:
    assert FACTORY["begin"] is OfFactory.BEGINS

    async def body(bench: Bench) -> None:
        with sessionmaker(bench.engine, future=True).begin() as session:
            session.add(bench.fresh)
        assert inspect(bench.fresh).detached
        assert inspect(bench.fresh).expired
        assert "fresh" in {name for _, name in bench.stored()}
        assert bench.connections == 0

    run(Kind.SYNC, body)


def test_configuring_a_factory_changes_later_sessions_only() -> None:
    assert FACTORY["configure"] is OfFactory.CONFIGURES

    async def body(bench: Bench) -> None:
        factory = sessionmaker(bench.engine, future=True)
        early = factory()
        factory.configure(expire_on_commit=False)
        assert (early.expire_on_commit, factory().expire_on_commit) == (True, False)
        assert factory(expire_on_commit=True).expire_on_commit

    run(Kind.SYNC, body)


def test_functions_on_instances() -> None:
    assert FUNCTIONS["sqlalchemy.orm.object_session"] is Function.OWNER
    assert FUNCTIONS["sqlalchemy.orm.make_transient"] is Function.MAKE_TRANSIENT
    assert FUNCTIONS["sqlalchemy.orm.close_all_sessions"] is Function.CLOSE_ALL

    async def body(bench: Bench) -> None:
        assert object_session(bench.loaded) is bench.session
        bench.session.expire(bench.loaded)
        make_transient(bench.loaded)
        assert inspect(bench.loaded).transient
        assert bench.loaded.name is None
        bench.session.connection()
        close_all_sessions()
        assert inspect(bench.bystander).detached
        assert bench.connections == 0

    run(Kind.SYNC, body)
