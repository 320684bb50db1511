"""Each row of the session tables is run on SQLite from each state, and must do what it says.

The installed SQLAlchemy is used here; the nox session ``knowledge`` runs the same on 1.4, 2.0, 2.1.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from replay.bench import Bench, Item, Kind, State, bring, settle
from replay.calls import ON_SESSION
from replay.rows import (
    INSTALLED,
    NOT_RUN,
    call,
    of_each_row,
    of_each_row_on_a_transaction,
    row_of,
    rows_where,
)
from replay.running import run
from sqlalchemy import exc, select
from sqlalchemy.orm import make_transient_to_detached

from flake8_session.knowledge.sessions import ASYNC_SESSION, SESSION
from flake8_session.knowledge.words import Ends, InFailed, ToInstance, Work


def test_every_row_has_a_call() -> None:
    assert set(SESSION) | set(ASYNC_SESSION) == set(ON_SESSION) | NOT_RUN


@of_each_row
def test_work_from_idle(kind: Kind, name: str) -> None:
    row = row_of(kind, name)

    async def body(bench: Bench) -> None:
        await call(bench, kind, name)
        expected = row.work if row.ends is Ends.NEVER else Work.NOTHING
        assert bench.in_transaction is (expected is not Work.NOTHING)
        assert bench.connections == (1 if expected is Work.SQL else 0)

    run(kind, body)


@of_each_row_on_a_transaction
def test_work_from_begun(kind: Kind, name: str) -> None:
    row = row_of(kind, name)

    async def body(bench: Bench) -> None:
        await bring(bench, State.BEGUN)
        await call(bench, kind, name)
        assert bench.in_transaction is (row.ends is Ends.NEVER)
        assert bench.connections == (1 if row.work is Work.SQL else 0)

    run(kind, body)


@of_each_row_on_a_transaction
def test_work_from_connected(kind: Kind, name: str) -> None:
    row = row_of(kind, name)

    async def body(bench: Bench) -> None:
        await bring(bench, State.CONNECTED)
        await call(bench, kind, name)
        assert bench.in_transaction is (row.ends is Ends.NEVER)
        assert bench.connections == (1 if row.ends is Ends.NEVER else 0)

    run(kind, body)


@pytest.mark.parametrize("state", [State.BEGUN, State.CONNECTED])
@rows_where(lambda row: row.needs_idle)
def test_what_needs_an_idle_session(kind: Kind, name: str, state: State) -> None:
    async def body(bench: Bench) -> None:
        await bring(bench, state)
        with pytest.raises(exc.InvalidRequestError, match="already begun"):
            await call(bench, kind, name)

    run(kind, body)


@of_each_row
def test_failed_session(kind: Kind, name: str) -> None:
    row = row_of(kind, name)

    async def body(bench: Bench) -> None:
        await bring(bench, State.FAILED)
        if row.in_failed is InFailed.RAISES:
            refusal = exc.InvalidRequestError if row.needs_idle else exc.PendingRollbackError
            with pytest.raises(refusal):
                await call(bench, kind, name)
            return
        if row.in_failed is InFailed.PASSES:
            bench.session.add(Item(name="pending"))
        await call(bench, kind, name)
        assert bench.core.is_active is (row.in_failed is InFailed.MENDS)
        if row.in_failed is InFailed.MENDS:
            assert await settle(bench.session.scalar(select(Item.id))) is not None
        if row.in_failed is InFailed.IF_WORK:
            bench.session.add(bench.fresh)
            with pytest.raises(exc.PendingRollbackError):
                await call(bench, kind, name)

    run(kind, body)


@of_each_row
def test_ended_block(kind: Kind, name: str) -> None:
    row = row_of(kind, name)

    async def body(bench: Bench) -> None:
        await bring(bench, State.ENDED)
        if row.in_ended_block:
            with pytest.raises(exc.InvalidRequestError, match="context manager"):
                await call(bench, kind, name)
        else:
            await call(bench, kind, name)

    run(kind, body)


@of_each_row
def test_closed_session(kind: Kind, name: str) -> None:
    row = row_of(kind, name)

    async def body(bench: Bench) -> None:
        await bring(bench, State.CLOSED)
        if row.instance in (ToInstance.EXPIRE, ToInstance.EXPUNGE, ToInstance.REFRESH):
            with pytest.raises(exc.InvalidRequestError, match=r"not pers|not pres"):
                await call(bench, kind, name)
            return
        await call(bench, kind, name)
        reopened = row.work is not Work.NOTHING
        assert bench.in_transaction is reopened
        assert row.use_after_close or not reopened
        assert bench.connections == (1 if row.work is Work.SQL else 0)

    run(kind, body)


@pytest.mark.parametrize("state", State)
@rows_where(lambda row: row.cleans)
def test_what_cleans_does_not_raise(kind: Kind, name: str, state: State) -> None:
    async def body(bench: Bench) -> None:
        await bring(bench, state)
        await call(bench, kind, name)

    run(kind, body)


@pytest.mark.skipif(INSTALLED < (2, 0), reason="close_resets_only came with SQLAlchemy 2.0.22")
@rows_where(lambda row: row.instance is ToInstance.NOTHING or row.work is not Work.NOTHING)
def test_session_that_was_closed_for_good(kind: Kind, name: str) -> None:
    row = row_of(kind, name)

    async def body(bench: Bench) -> None:
        closed = type(bench.session)(bench.engine, close_resets_only=False)
        await settle(closed.close())
        gone = replace(bench, session=closed, loaded=Item(id=1, name="item 1"))
        make_transient_to_detached(gone.loaded)
        if row.work is not Work.NOTHING or row.ends is Ends.COMMIT:
            with pytest.raises(exc.InvalidRequestError, match=r"permanently closed|not persistent"):
                await call(gone, kind, name)
        else:
            await call(gone, kind, name)

    run(kind, body)
