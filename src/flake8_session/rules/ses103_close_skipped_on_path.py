"""
## What it does
Reports a session that stays open on at least one undisturbed way out of the function, such as an
early `return`, a branch without `close()`, a `break`, a `continue` or a loop that runs zero times,
while another way closes it.

Conditions that belong together are followed: a function that opens a session only where it was
given none, and closes it under the same condition, is clean.

## Why is this bad?
Whoever wrote the `close()` knew that it was owed, and one way out was forgotten. On that way the
connection is missing from the pool until the garbage collector finds the session, and the
transaction stays open for as long.

## Example

    from sqlalchemy import create_engine, text
    from sqlalchemy.orm import Session

    engine = create_engine("sqlite://")

    def email_of(name: str) -> str | None:
        session = Session(engine)
        try:
            row = session.execute(text("select email from users where name = :n"), {"n": name}).first()
        except Exception:
            session.close()
            raise
        if row is None:
            return None
        session.close()
        return str(row.email)

Use instead:

    from sqlalchemy import create_engine, text
    from sqlalchemy.orm import Session

    engine = create_engine("sqlite://")

    def email_of(name: str) -> str | None:
        with Session(engine) as session:
            row = session.execute(text("select email from users where name = :n"), {"n": name}).first()
        if row is None:
            return None
        return str(row.email)

## Fix safety
As for SES102: a `with`, or a `finally` that closes; safe under the conditions of SES101. There is none
where another path hands the session on.

## References
- SQLAlchemy, Session Basics: "Opening and Closing a Session"
- SQLAlchemy, Session Basics: "Closing"
"""

from __future__ import annotations

from collections.abc import Iterator

from flake8_session.diagnostics import Diagnostic
from flake8_session.facts.solving import FunctionFacts
from flake8_session.facts.unclosed import Unclosed
from flake8_session.rules._leaks import leaks, subject
from flake8_session.rules._rule import Rule

RULE = Rule(
    code="SES103",
    name="close-skipped-on-path",
    summary="a session is not closed on some normal path",
    fixable="safe",
)


def check(facts: FunctionFacts) -> Iterator[Diagnostic]:
    """One report for each session that a path without a failure leaves open."""
    for found in leaks(facts, Unclosed.ON_PATH):
        yield RULE.at(
            facts,
            found.span,
            f"{subject(found)} is not closed on every path through this function",
            found.path,
            found.plan,
        )
