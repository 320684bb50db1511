"""What each row of the session tables does to instances is run on SQLite, and must be as it says."""

from __future__ import annotations

from replay.bench import Bench, Item, Kind, State, bring, settle
from replay.rows import call, of_each_row, of_each_row_on_a_transaction, row_of, rows_where
from replay.running import run
from replay.seen import role_of
from sqlalchemy import inspect
from sqlalchemy.orm import object_session

from flake8_session.knowledge.words import Ends, Role, ToAll, ToInstance


@of_each_row_on_a_transaction
def test_pending_changes(kind: Kind, name: str) -> None:
    row = row_of(kind, name)

    async def is_flushed(bench: Bench, *, autoflush: bool) -> bool:
        pending = Item(name="pending")
        bench.session.add(pending)
        bench.core.autoflush = autoflush
        bench.core.expire_on_commit = False
        await call(bench, kind, name)
        return pending.id is not None

    async def on(bench: Bench) -> None:
        assert await is_flushed(bench, autoflush=True) is (row.autoflushes or row.flushes)

    async def off(bench: Bench) -> None:
        assert await is_flushed(bench, autoflush=False) is row.flushes

    run(kind, on)
    run(kind, off)


@of_each_row_on_a_transaction
def test_the_instance_that_is_given(kind: Kind, name: str) -> None:
    row = row_of(kind, name)

    async def body(bench: Bench) -> None:
        await bring(bench, State.CONNECTED)
        if row.instance is ToInstance.REFRESH:
            bench.session.expire(bench.loaded)
        found = await call(bench, kind, name)
        state = inspect(bench.loaded)
        match row.instance:
            case ToInstance.ADD:
                assert object_session(bench.fresh) is bench.core
            case ToInstance.DELETE:
                assert bench.loaded in bench.session.deleted
            case ToInstance.EXPUNGE:
                assert state.detached
                assert "name" in state.dict
            case ToInstance.EXPIRE:
                assert state.persistent
                assert "name" not in state.dict
            case ToInstance.REFRESH:
                assert state.persistent
                assert "name" in state.dict
            case ToInstance.MERGE:
                merged = found if isinstance(found, Item) else found[0]
                assert inspect(merged).persistent
                assert merged in bench.session.dirty
            case ToInstance.NOTHING:
                assert inspect(bench.fresh).transient
                assert not bench.core.dirty
                assert not bench.core.deleted

    run(kind, body)


@of_each_row_on_a_transaction
def test_every_other_instance(kind: Kind, name: str) -> None:
    row = row_of(kind, name)

    async def body(bench: Bench) -> None:
        await bring(bench, State.CONNECTED)
        await call(bench, kind, name)
        state = inspect(bench.bystander)
        detaches = row.ends is Ends.CLOSE or row.everything is ToAll.EXPUNGE
        expires = row.ends in (Ends.COMMIT, Ends.ROLLBACK) or row.everything is ToAll.EXPIRE
        assert state.detached is detaches
        assert ("name" in state.dict) is not expires

    run(kind, body)


@of_each_row_on_a_transaction
def test_expiry_without_expire_on_commit(kind: Kind, name: str) -> None:
    row = row_of(kind, name)

    async def body(bench: Bench) -> None:
        await bring(bench, State.CONNECTED)
        bench.core.expire_on_commit = False
        await call(bench, kind, name)
        expires = row.ends is Ends.ROLLBACK or row.everything is ToAll.EXPIRE
        assert ("name" in inspect(bench.bystander).dict) is not expires

    run(kind, body)


@rows_where(lambda row: row.instance is ToInstance.ADD and row.writes)
def test_adding_takes_a_detached_instance_back(kind: Kind, name: str) -> None:
    async def body(bench: Bench) -> None:
        bench.fresh = bench.loaded
        await bring(bench, State.CLOSED)
        assert inspect(bench.loaded).detached
        await call(bench, kind, name)
        assert inspect(bench.loaded).persistent

    run(kind, body)


@rows_where(lambda row: row.ends is not Ends.NEVER or row.everything is not ToAll.NOTHING)
def test_pending_instances_at_the_end(kind: Kind, name: str) -> None:
    row = row_of(kind, name)

    async def body(bench: Bench) -> None:
        bench.session.add(bench.fresh)
        await call(bench, kind, name)
        state = inspect(bench.fresh)
        if row.everything is ToAll.EXPIRE:
            assert state.pending
        else:
            assert (state.persistent, state.transient) == (row.flushes, not row.flushes)

    run(kind, body)


@of_each_row
def test_writes(kind: Kind, name: str) -> None:
    row = row_of(kind, name)

    async def body(bench: Bench) -> None:
        before = bench.stored()
        result = await call(bench, kind, name)
        if role_of(result) is Role.SAVEPOINT:
            await settle(result.commit())
        await settle(bench.session.commit())
        assert (bench.stored() != before) is row.writes

    run(kind, body)
