"""Takes orders. Every function here is wrong."""

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from shop.models import Customer, Order, engine

SessionLocal = sessionmaker(engine)


def place_order(customer_id: int, article: str) -> int:
    session = SessionLocal()
    order = Order(customer_id=customer_id, article=article)
    session.add(order)
    session.commit()
    return order.id


def rename(customer_id: int, name: str) -> str:
    session = Session(engine)
    customer = session.get_one(Customer, customer_id)
    customer.name = name
    session.commit()
    session.close()
    return f"renamed to {customer.name}"


def import_customers(names: list[str]) -> None:
    with Session(engine) as session:
        for name in names:
            session.add(Customer(name=name))
            try:
                session.flush()
            except IntegrityError:
                print("already there:", name)
        session.commit()


def count_orders(customer_id: int) -> int:
    session = SessionLocal()
    orders = session.scalars(select(Order).where(Order.customer_id == customer_id)).all()
    session.close()
    return len(orders)
