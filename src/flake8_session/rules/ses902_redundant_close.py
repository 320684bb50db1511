"""
## What it does
Reports `session.close()` as the last act of a `with` on that very session. This rule is off by
default. In a `begin()` block the same call is not redundant but harmful, and SES304 speaks.

## Why is this bad?
The end of the `with` closes the session anyway. The extra call makes readers wonder what it is for.

## Example

    from sqlalchemy import create_engine, text
    from sqlalchemy.orm import Session

    engine = create_engine("sqlite://")

    def delete_drafts() -> None:
        with Session(engine) as session:
            session.execute(text("delete from drafts"))
            session.commit()
            session.close()

Use instead:

    from sqlalchemy import create_engine, text
    from sqlalchemy.orm import Session

    engine = create_engine("sqlite://")

    def delete_drafts() -> None:
        with Session(engine) as session:
            session.execute(text("delete from drafts"))
            session.commit()

## Fix safety
Safe: the call is removed, and the end of the `with` does the same a moment later.

## References
- SQLAlchemy, Session Basics: "Opening and Closing a Session", "Closing"
"""
