"""
## What it does
Reports an attribute that is set on a detached instance which is never added or merged into a session
afterwards. This rule is off by default: an instance may well serve as a plain value after its session
is gone.

## Why is this bad?
Nothing watches a detached instance, so the change is never written, and no error says so.

## Example

    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session
    from shop.models import User

    engine = create_engine("sqlite://")

    def rename(user_id: int, name: str) -> None:
        with Session(engine) as session:
            user = session.get(User, user_id)
        user.name = name

Use instead:

    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session
    from shop.models import User

    engine = create_engine("sqlite://")

    def rename(user_id: int, name: str) -> None:
        with Session(engine) as session:
            user = session.get(User, user_id)
            user.name = name
            session.commit()

## Fix safety
No fix is offered: whether the change was meant for the database is for the author to say.

## References
- SQLAlchemy, State Management: "Quickie Intro to Object States", "Merging"
"""
