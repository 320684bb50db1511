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

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from flake8_session.diagnostics import Diagnostic, Span
from flake8_session.facts.failures import swallowed, tolerated
from flake8_session.facts.paths import told
from flake8_session.facts.solving import FunctionFacts
from flake8_session.rules._rolling_back import rolling_back
from flake8_session.rules._rule import Rule, quoted

RULE = Rule(
    code="SES309",
    name="failed-write-without-rollback",
    summary="a handler swallows a failed write, which only a later close rolls back",
    fixable="safe",
)


def check(facts: FunctionFacts) -> Iterator[Diagnostic]:
    """One report for each such handler."""
    seen: set[Span] = set()
    for session in facts.sessions:
        seen.update(facts.step_span(found.step) for found in swallowed(session))
    for session in facts.sessions:
        for found in tolerated(session):
            span = facts.step_span(found.step)
            if span in seen:
                continue
            seen.add(span)
            name = quoted(found.solved.place, "the session")
            message = (
                f"the failed write of {name} is not rolled back here; only its close ends the transaction"
            )
            plan = partial(rolling_back, facts, session, found)
            yield RULE.at(facts, span, message, told(facts, found.solved, found.path), plan)
