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

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from flake8_session.diagnostics import Diagnostic
from flake8_session.facts.solving import FunctionFacts
from flake8_session.facts.style import is_closed_in_finally
from flake8_session.rules._enclosing import enclosing
from flake8_session.rules._rule import Rule, quoted

RULE = Rule(
    code="SES901",
    name="try-finally-instead-of-with",
    summary="a `try` and a `finally` do what a `with` would",
    default=False,
    fixable="safe",
)


def check(facts: FunctionFacts) -> Iterator[Diagnostic]:
    """One report for each session, where it is opened."""
    for session in facts.sessions:
        if is_closed_in_finally(session) and session.alone is not None:
            name = quoted(session.alone.place, "this session")
            span = facts.step_span(session.focus.birth)
            message = f"{name} is closed by a `finally` that does nothing else; use `with`"
            yield RULE.at(facts, span, message, plan=partial(enclosing, facts, session.alone))
