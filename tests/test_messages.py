"""Messages name what they speak of as it stands in the text."""

from __future__ import annotations

import pytest

from flake8_session.checker import check_source

PROGRAM = """
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker
from shop.models import User

SessionLocal = sessionmaker()

def report():
    with SessionLocal() as session:
        users = session.scalars(select(User)).all()
        by_id = {{user.id: user for user in users}}
        user = users[0]
        session.commit()
    return {read}
"""


@pytest.mark.parametrize(
    ("read", "named"),
    [
        ("user.name", "`user.name`"),
        ("users[0].name", "`users[0].name`"),
        ("by_id[7].name", "`by_id[7].name`"),
        ("by_id[int('7')].name", "`by_id[…].name`"),
        ("(user or users[0]).name", "`name` of an instance"),
    ],
)
def test_what_is_read_is_named_as_it_is_written(read: str, named: str) -> None:
    messages = [found.message for found in check_source(PROGRAM.format(read=read)) if found.code == "SES201"]
    assert [message.partition(" is expired")[0] for message in messages] == [named]


LAZY = """
from sqlalchemy import ForeignKey
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

class Base(DeclarativeBase): ...

class Address(Base):
    __tablename__ = "address"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))

class User(Base):
    __tablename__ = "user"
    id: Mapped[int] = mapped_column(primary_key=True)
    addresses: Mapped[list[Address]] = relationship()

async def addresses(session: AsyncSession):
    return (await session.get_one(User, 1)).addresses
"""


def test_what_a_call_gives_is_named_by_the_call() -> None:
    messages = [found.message for found in check_source(LAZY) if found.code == "SES404"]
    assert [message.partition(" is not loaded")[0] for message in messages] == [
        "`session.get_one(…).addresses`"
    ]
