"""
## What it does
Reports `session.begin()` at a place where the session's work has already begun a transaction: after a
query, an `add()`, the read of an expired attribute, or another `begin()`. `begin(nested=True)` and
`begin_nested()` are not meant.

## Why is this bad?
A session begins its transaction by itself with the first work. A second `begin()` raises
`InvalidRequestError`: "A transaction is already begun on this Session".

## Example

    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session
    from shop.models import User

    engine = create_engine("sqlite://")

    def rename(user_id: int, name: str) -> None:
        with Session(engine) as session:
            user = session.get(User, user_id)
            with session.begin():
                user.name = name

Use instead:

    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session
    from shop.models import User

    engine = create_engine("sqlite://")

    def rename(user_id: int, name: str) -> None:
        with Session(engine) as session:
            with session.begin():
                user = session.get(User, user_id)
                user.name = name

## Fix safety
No fix is offered: whether the earlier work belongs into the block, or should end by a commit before
it, is the author's decision.

## References
- SQLAlchemy, Session Basics: "Auto Begin"
- SQLAlchemy, Transactions and Connection Management: "Explicit Begin"
"""
