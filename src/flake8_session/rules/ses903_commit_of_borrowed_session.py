"""
## What it does
Reports a function that commits a session which it was given. This rule is off by default: it is a
convention of some projects, not a fault.

## Why is this bad?
Where a transaction ends is for the code that began it to say. A helper that commits makes permanent
what its caller has half done, expires the caller's instances, and cannot be used as a part of a larger
transaction.

## Example

    from sqlalchemy.orm import Session
    from shop.models import User

    def add_user(session: Session, name: str) -> None:
        session.add(User(name=name))
        session.commit()

Use instead:

    from sqlalchemy.orm import Session
    from shop.models import User

    def add_user(session: Session, name: str) -> None:
        session.add(User(name=name))
        session.flush()

## Fix safety
No fix is offered: the callers would have to commit instead.

## References
- SQLAlchemy, Session Basics: "When do I construct a Session, when do I commit it, and when do I
  close it?"
"""
