"""
## What it does
Reports a `commit()` that a failure leads to: in a `finally`, or in a handler that has not rolled back
before.

## Why is this bad?
If the failure was the session's own, the commit raises `PendingRollbackError`, which hides the cause.
If it was anything else, the commit succeeds, and the half that was done before the failure becomes
permanent.

## Example

    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session
    from shop.models import Account

    engine = create_engine("sqlite://")

    def transfer(giver: int, taker: int, amount: int) -> None:
        with Session(engine) as session:
            try:
                session.get_one(Account, giver).balance -= amount
                session.get_one(Account, taker).balance += amount
            finally:
                session.commit()

Use instead:

    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session
    from shop.models import Account

    engine = create_engine("sqlite://")

    def transfer(giver: int, taker: int, amount: int) -> None:
        with Session(engine) as session:
            session.get_one(Account, giver).balance -= amount
            session.get_one(Account, taker).balance += amount
            session.commit()

## Fix safety
No fix is offered: whether the work done so far is to be kept is the author's decision.

## References
- SQLAlchemy, Session Basics: "Framing out a begin / commit / rollback block", "Committing"
"""
