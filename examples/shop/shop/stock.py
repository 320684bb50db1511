"""Does the same things rightly: nothing here is reported."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload, sessionmaker

from shop.models import Customer, Order, engine

SessionLocal = sessionmaker(engine)


def place_order(customer_id: int, article: str) -> int:
    with SessionLocal() as session:
        order = Order(customer_id=customer_id, article=article)
        session.add(order)
        session.commit()
        return order.id


def rename(customer_id: int, name: str) -> str:
    with Session(engine) as session:
        customer = session.get_one(Customer, customer_id)
        customer.name = name
        session.commit()
        return f"renamed to {customer.name}"


def import_customers(names: list[str]) -> None:
    with Session(engine) as session:
        for name in names:
            session.add(Customer(name=name))
            try:
                session.commit()
            except IntegrityError:
                session.rollback()
                print("already there:", name)


def customers_of(article: str) -> list[str]:
    with Session(engine) as session:
        customers = session.scalars(select(Customer).options(selectinload(Customer.orders))).all()
    return [customer.name for customer in customers if customer.orders]


def get_session() -> Iterator[Session]:
    with Session(engine) as session:
        yield session
