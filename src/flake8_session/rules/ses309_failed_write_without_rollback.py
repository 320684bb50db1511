"""
## What it does
Advises a rollback in a handler that swallows the failure of a session's writes (a commit, a flush,
an INSERT, UPDATE or DELETE) where only a later `close()`, or the end of the `with` of the same
function, ends the failed transaction.

Not where the `with` of the session lies inside the `try`, since its end has run before the handler;
not for work that only reads, which needs no rollback; not where the handler re-raises or leaves the
function; not for sessions of a registry.

## Why is this bad?
It works today, because nothing happens between the handler and the close. The session is in its
failed state there: whatever somebody adds between the two raises `PendingRollbackError`. The
documentation's recipe rolls back in the handler.

## Example

    from sqlalchemy import create_engine
    from sqlalchemy.exc import IntegrityError
    from sqlalchemy.orm import Session
    from shop.models import User

    engine = create_engine("sqlite://")

    def add_user(name: str) -> None:
        with Session(engine) as session:
            session.add(User(name=name))
            try:
                session.commit()
            except IntegrityError:
                print("already there:", name)

Use instead:

    from sqlalchemy import create_engine
    from sqlalchemy.exc import IntegrityError
    from sqlalchemy.orm import Session
    from shop.models import User

    engine = create_engine("sqlite://")

    def add_user(name: str) -> None:
        with Session(engine) as session:
            session.add(User(name=name))
            try:
                session.commit()
            except IntegrityError:
                session.rollback()
                print("already there:", name)

## Fix safety
As for SES301.

## References
- SQLAlchemy, Session Basics: "Framing out a begin / commit / rollback block", "Rolling Back"
"""
