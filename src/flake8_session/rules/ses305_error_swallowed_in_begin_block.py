"""
## What it does
Reports a handler that swallows a failed flush inside `with session.begin()`, `with factory.begin()` or
`with session.begin_nested()` while the block goes on.

## Why is this bad?
The failed flush has already rolled the transaction back. If nothing more happens in the block, it
ends as if all were well, and nothing is committed: neither the failed row nor those before it. If
more does happen, it raises `InvalidRequestError` or `PendingRollbackError`.

## Example

    from sqlalchemy import create_engine
    from sqlalchemy.exc import IntegrityError
    from sqlalchemy.orm import Session
    from shop.models import User

    engine = create_engine("sqlite://")

    def import_users(names: list[str]) -> None:
        with Session(engine) as session, session.begin():
            for name in names:
                session.add(User(name=name))
                try:
                    session.flush()
                except IntegrityError:
                    print("already there:", name)

Use instead:

    from sqlalchemy import create_engine
    from sqlalchemy.exc import IntegrityError
    from sqlalchemy.orm import Session
    from shop.models import User

    engine = create_engine("sqlite://")

    def import_users(names: list[str]) -> None:
        with Session(engine) as session, session.begin():
            for name in names:
                try:
                    with session.begin_nested():
                        session.add(User(name=name))
                except IntegrityError:
                    print("already there:", name)

## Fix safety
No fix is offered: a savepoint for each attempt, or giving up the whole block, are different programs.

## References
- SQLAlchemy, Transactions and Connection Management: "Using SAVEPOINT"
- SQLAlchemy, Frequently Asked Questions, Sessions / Queries: "But why does flush() insist on issuing
  a ROLLBACK?"
"""
