"""What each row of the session tables gives back is run on SQLite, and must be as it says."""

from __future__ import annotations

import pytest
from replay.bench import Bench, Item, Kind, State, bring, settle
from replay.calls import OF_COLUMNS, ON_SESSION
from replay.rows import call, of_each_row, row_of, rows_where
from replay.running import run
from replay.seen import role_of
from sqlalchemy import exc

from flake8_session.knowledge.words import Gives, Role


@of_each_row
def test_what_is_given_back(kind: Kind, name: str) -> None:
    row = row_of(kind, name)

    async def body(bench: Bench) -> None:
        if not row.needs_idle:
            await bring(bench, State.CONNECTED)
        found = await call(bench, kind, name)
        match row.gives:
            case Gives.NOTHING:
                assert found is None
            case Gives.SAME:
                assert found is bench.session
            case Gives.ENTITY:
                assert isinstance(found, Item)
                assert row.role is Role.INSTANCE
            case Gives.BY_STATEMENT:
                assert role_of(found) is row.role
            case Gives.ROLE if name == "__iter__":
                assert role_of(list(found)) is row.role
            case Gives.ROLE if name == "get_nested_transaction":
                assert found is None
            case Gives.ROLE if row.role is not Role.UNKNOWN:
                assert role_of(found) is row.role
            case _:
                assert name == "run_sync"

    run(kind, body)


@rows_where(lambda row: row.gives is Gives.BY_STATEMENT)
def test_what_a_statement_of_columns_gives(kind: Kind, name: str) -> None:
    row = row_of(kind, name)

    async def body(bench: Bench) -> None:
        found = await call(bench, kind, name, OF_COLUMNS)
        assert role_of(found) is (Role.VALUE if row.role is Role.INSTANCE else row.role)

    run(kind, body)


@rows_where(lambda row: row.role in (Role.RESULT, Role.SCALARS, Role.STREAM, Role.STREAM_SCALARS))
def test_a_result_is_readable_after_the_close_if_it_is_buffered(kind: Kind, name: str) -> None:
    row = row_of(kind, name)

    async def body(bench: Bench) -> None:
        result = await call(bench, kind, name)
        await settle(bench.session.close())
        if row.buffered:
            assert len(result.all()) == 3
        else:
            # The driver of Python 3.10 is first to refuse.
            with pytest.raises((exc.InvalidRequestError, exc.InterfaceError), match=r"identity map|Cursor"):
                await settle(result.all())

    run(kind, body)


@of_each_row
def test_awaiting(kind: Kind, name: str) -> None:
    row = row_of(kind, name)

    async def body(bench: Bench) -> None:
        found = ON_SESSION[name](bench)
        # What begin() gives can be awaited or entered.
        assert hasattr(found, "__await__") is row.awaited
        await settle(found)

    run(kind, body)
