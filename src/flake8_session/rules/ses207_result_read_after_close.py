"""
## What it does
Reports a `Query`, or an unread result of entities, that was made before its session was closed and
is run or read afterwards, or that leaves the function unread from inside the `with` of its session.
A generator expression or a lambda over it, which runs when somebody else asks, counts too.

`AsyncSession.execute` and `scalars` read all rows at once and are fine; `stream` is not.

## Why is this bad?
Results are read lazily. A `Query` that is iterated after the close quietly reopens the session, and
nobody closes it again. An unread result of `execute()` or `scalars()` raises `InvalidRequestError`,
because the session has thrown away the identity map that its rows belong in.

## Example

    from sqlalchemy import create_engine, select
    from sqlalchemy.orm import Session
    from shop.models import User

    engine = create_engine("sqlite://")

    def all_users():
        with Session(engine) as session:
            return session.scalars(select(User))

Use instead:

    from sqlalchemy import create_engine, select
    from sqlalchemy.orm import Session
    from shop.models import User

    engine = create_engine("sqlite://")

    def all_users():
        with Session(engine) as session:
            return session.scalars(select(User)).all()

## Fix safety
Unsafe: `.all()` before the close turns a stream into a list, which is another type and reads every
row into memory.

## References
- SQLAlchemy, Session Basics: "Querying"
- SQLAlchemy, ORM Querying Guide: "Fetching Large Result Sets with Yield Per"
- SQLAlchemy, Session API: "Session.close"
"""
