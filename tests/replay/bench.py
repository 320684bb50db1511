"""A database of two rows, one session on it, and the states from which a row is run.

One code serves `Session` and `AsyncSession`: `settle` awaits what can be awaited, and `core` is the
session that does the work.
"""

from __future__ import annotations

import inspect
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import sqlalchemy
from sqlalchemy import Column, Integer, String, event, exc
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Session, declarative_base
from sqlalchemy.pool import AsyncAdaptedQueuePool, QueuePool

Base: Any = declarative_base()


class Item(Base):
    __tablename__ = "item"

    id = Column(Integer, primary_key=True)
    name = Column(String, unique=True)


class State(Enum):
    """Where the session stands when the call is made."""

    IDLE = "idle"
    BEGUN = "begun"
    CONNECTED = "connected"
    FAILED = "failed"
    CLOSED = "closed"
    ENDED = "in an ended begin block"


class Kind(Enum):
    """Which of the two classes of sessions is run."""

    SYNC = "Session"
    ASYNC = "AsyncSession"


@dataclass
class Bench:
    """What a call may use. `loaded` and `bystander` are rows 1 and 2; `fresh` was never added."""

    database: Path
    engine: Any
    session: Any
    core: Session
    loaded: Any
    bystander: Any
    fresh: Any

    @property
    def connections(self) -> int:
        return int(getattr(self.engine, "sync_engine", self.engine).pool.checkedout())

    @property
    def in_transaction(self) -> bool:
        return self.core.in_transaction()

    def stored(self) -> list[tuple[Any, ...]]:
        """The rows that another connection sees."""
        connection = sqlite3.connect(self.database)
        try:
            return connection.execute("SELECT id, name FROM item ORDER BY id").fetchall()
        finally:
            connection.close()


async def settle(value: Any) -> Any:
    """`value`, or what it gives when it is awaited."""
    return await value if inspect.isawaitable(value) else value


def make_template(folder: Path) -> Path:
    """A database file with the two rows, to be copied for each run."""
    path = folder / "template.db"
    engine = sqlalchemy.create_engine(f"sqlite:///{path}")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all([Item(id=number, name=f"item {number}") for number in (1, 2, 3)])
        session.commit()
    engine.dispose()
    return path


@asynccontextmanager
async def opened(kind: Kind, template: Path, folder: Path) -> AsyncIterator[Bench]:
    """A bench whose session is idle and holds `loaded` and `bystander`, neither of them expired."""
    database = Path(shutil.copy(template, folder / "copy.db"))
    engine = _engine(kind, database)
    make = Session if kind is Kind.SYNC else AsyncSession
    # SQLAlchemy 1.4 has sessions of both behaviours; the rows speak of those with future=True.
    session: Any = make(engine, future=True, expire_on_commit=False)
    core = getattr(session, "sync_session", session)
    try:
        loaded, bystander = [await settle(session.get(Item, number)) for number in (1, 2)]
        await settle(session.commit())
        core.expire_on_commit = True
        yield Bench(database, engine, session, core, loaded, bystander, Item(name="fresh"))
    finally:
        await settle(session.close())
        await settle(engine.dispose())


async def bring(bench: Bench, state: State) -> None:
    """Takes an idle session to `state`. An ended block stays entered; the session's close leaves it."""
    match state:
        case State.IDLE:
            pass
        case State.BEGUN:
            await settle(bench.session.begin())
        case State.CONNECTED:
            await settle(bench.session.connection())
        case State.FAILED:
            await _fail(bench)
        case State.CLOSED:
            await settle(bench.session.close())
        case State.ENDED:
            bench.core.expire_on_commit = False
            block = bench.session.begin()
            await settle(getattr(block, "__aenter__", getattr(block, "__enter__", None))())
            await settle(bench.session.commit())
            bench.core.expire_on_commit = True


async def _fail(bench: Bench) -> None:
    bench.session.add(Item(id=9, name="item 1"))
    try:
        await settle(bench.session.flush())
    except exc.IntegrityError:
        return
    raise AssertionError("the flush should have failed")


def _engine(kind: Kind, database: Path) -> Any:
    """An engine whose pool counts, with a real BEGIN, which the driver would leave out."""
    if kind is Kind.ASYNC:
        engine: Any = create_async_engine(f"sqlite+aiosqlite:///{database}", poolclass=AsyncAdaptedQueuePool)
    else:
        engine = sqlalchemy.create_engine(f"sqlite:///{database}", poolclass=QueuePool, future=True)

    @event.listens_for(getattr(engine, "sync_engine", engine), "connect")
    def let_sqlalchemy_begin(connection: Any, record: Any) -> None:
        connection.isolation_level = None

    @event.listens_for(getattr(engine, "sync_engine", engine), "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine
