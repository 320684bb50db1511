"""The database of all programs: mapped classes, tables, rows, and the two engines."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import sqlalchemy as sa
import sqlalchemy.ext.asyncio as sa_async
import sqlalchemy.orm as sa_orm
from sqlalchemy.pool import NullPool

from tests.truth.database import AsyncLane, Lane, Store

MODELS = """\
class Base(DeclarativeBase):
    pass


class U(Base):
    __tablename__ = "u"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None] = mapped_column()
    email: Mapped[str | None] = mapped_column()
    bio: Mapped[str | None] = mapped_column(deferred=True)
    addresses: Mapped[list["A"]] = relationship(back_populates="user")


class A(Base):
    __tablename__ = "a"
    id: Mapped[int] = mapped_column(primary_key=True)
    street: Mapped[str | None] = mapped_column()
    user_id: Mapped[int | None] = mapped_column(ForeignKey("u.id"))
    user: Mapped["U | None"] = relationship(back_populates="addresses")
"""
"""The mapped classes of `models`. A program that holds this very text uses the same classes."""


STORE = Store()


ENGINE = sa.create_engine("sqlite://", creator=partial(Lane, STORE), poolclass=NullPool)


async def _async_lane(*_: object, **__: object) -> AsyncLane:
    return AsyncLane(Lane(STORE))


ASYNC_ENGINE = sa_async.create_async_engine(
    "sqlite+aiosqlite://", async_creator=_async_lane, poolclass=NullPool
)


def _standard_models() -> dict[str, Any]:
    names = "DeclarativeBase Mapped mapped_column relationship".split()
    space: dict[str, Any] = {"__name__": "models", "ForeignKey": sa.ForeignKey}
    space.update((name, getattr(sa_orm, name)) for name in names)
    exec(compile(MODELS, "<models>", "exec", dont_inherit=True), space)
    return {name: space[name] for name in ("Base", "U", "A")}


CLASSES = _standard_models()


U, A = CLASSES["U"], CLASSES["A"]


def rows_for(table: sa.Table, wanted: dict[str, list[str]]) -> Iterator[tuple[Any, ...]]:
    for number in range(1, 4 + max(map(len, wanted.values()), default=0)):
        yield tuple(_value_for(column, number, wanted.get(column.name, [])) for column in table.columns)


def _value_for(column: sa.Column[Any], number: int, wanted: list[str]) -> Any:
    if number <= len(wanted):
        return wanted[number - 1]
    if column.foreign_keys:
        return 1
    if isinstance(column.type, (sa.Integer, sa.Numeric)):
        return number
    return f"{column.name}{number}"


def seed_standard() -> None:
    CLASSES["Base"].metadata.drop_all(ENGINE)
    CLASSES["Base"].metadata.create_all(ENGINE)
    STORE.seed("u", [(i, n, f"{n}@example.org", f"bio{i}") for i, n in enumerate(["ann", "bob", "cid"], 1)])
    STORE.seed("a", [(1, "first", 1), (2, "second", 1), (3, "third", 2)])


seed_standard()


sa_orm.configure_mappers()
