"""
## What it does
Reports a session that is opened in front of a `try` and closed in its `finally`, where the `try` has
no handlers and the `finally` does nothing else: a `with` says the same. This rule is off by default.

## Why is this bad?
It is correct, and longer than it has to be. With `with` the close cannot be separated from the
opening when somebody edits the code between them.

## Example

    from sqlalchemy import create_engine, text
    from sqlalchemy.orm import Session

    engine = create_engine("sqlite://")

    def delete_drafts() -> None:
        session = Session(engine)
        try:
            session.execute(text("delete from drafts"))
            session.commit()
        finally:
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
Safe under the conditions of SES101.

## References
- SQLAlchemy, Session Basics: "Opening and Closing a Session"
"""
