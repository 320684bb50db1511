"""Writes reports. Every function here is wrong."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.models import Customer, engine


def customers_of(article: str) -> list[str]:
    with Session(engine) as session:
        customers = session.scalars(select(Customer)).all()
    return [customer.name for customer in customers if customer.orders]


def get_session() -> Iterator[Session]:
    session = Session(engine)
    yield session
    session.close()


def first_customer() -> str:
    return Session(engine).scalars(select(Customer)).first().name
