"""
## What it does
Reports `add()` or `delete()` of an instance that is attached to another open session, `refresh()`,
`expire()` or `expunge()` of an instance that is not in this session, and `delete()` of one that was
never written. Adding or deleting a detached instance is legal: it is attached anew.

## Why is this bad?
An instance belongs to one session at a time, and these calls raise `InvalidRequestError` at that
line.

## Example

    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session
    from shop.models import User

    source = create_engine("sqlite:///source.db")
    target = create_engine("sqlite:///target.db")

    def copy_user(user_id: int) -> None:
        with Session(source) as reading, Session(target) as writing:
            user = reading.get(User, user_id)
            writing.add(user)
            writing.commit()

Use instead:

    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session
    from shop.models import User

    source = create_engine("sqlite:///source.db")
    target = create_engine("sqlite:///target.db")

    def copy_user(user_id: int) -> None:
        with Session(source) as reading, Session(target) as writing:
            user = reading.get(User, user_id)
            writing.merge(user)
            writing.commit()

## Fix safety
No fix is offered: `merge()` into this session, `expunge()` from the other one, or one session instead
of two are different programs.

## References
- SQLAlchemy, State Management: "Merging", "Expunging"
- SQLAlchemy, Session Basics: "Is the Session thread-safe? Is AsyncSession safe to share in concurrent
  tasks?"
"""
