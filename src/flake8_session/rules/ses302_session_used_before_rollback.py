"""
## What it does
Reports, in a handler or a `finally` that a failure of the session has entered, database work before
the rollback, or the read of an attribute that the failure has expired.

A failed flush, autoflush or commit expires every instance that was in the database before it, so
that even the attributes that were loaded must be fetched again. Instances made in this transaction
keep what was set on them and can be read. In tests a `finally` is not reported, unless `tests` is set.

## Why is this bad?
The session answers with `PendingRollbackError` until it is rolled back. A log line that reads
`user.name` in the handler therefore raises by itself, and hides the error that it was to report.

## Example

    from sqlalchemy import create_engine
    from sqlalchemy.exc import IntegrityError
    from sqlalchemy.orm import Session
    from shop.models import User

    engine = create_engine("sqlite://")

    def rename(user_id: int, name: str) -> None:
        with Session(engine) as session:
            user = session.get(User, user_id)
            user.name = name
            try:
                session.commit()
            except IntegrityError:
                print("cannot rename", user.email)
                session.rollback()

Use instead:

    from sqlalchemy import create_engine
    from sqlalchemy.exc import IntegrityError
    from sqlalchemy.orm import Session
    from shop.models import User

    engine = create_engine("sqlite://")

    def rename(user_id: int, name: str) -> None:
        with Session(engine) as session:
            user = session.get(User, user_id)
            user.name = name
            try:
                session.commit()
            except IntegrityError:
                session.rollback()
                print("cannot rename", user.email)

## Fix safety
Safe where the rollback stands in the same handler and only has to move up. A rollback where the handler
has none is unsafe: it undoes what would have been left to whoever ends the transaction.

## References
- SQLAlchemy, Frequently Asked Questions, Sessions / Queries: "This Session's transaction has been
  rolled back due to a previous exception during flush. (or similar)"
- SQLAlchemy, Session Basics: "Rolling Back"
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from flake8_session.diagnostics import Diagnostic
from flake8_session.facts.circumstances import is_test
from flake8_session.facts.databases import aborts
from flake8_session.facts.failures import Stumble, stumbles
from flake8_session.facts.paths import told
from flake8_session.facts.solving import FunctionFacts
from flake8_session.facts.spelling import attribute_of
from flake8_session.rules._once import once
from flake8_session.rules._rolling_back import rolling_back_before
from flake8_session.rules._rule import Rule, quoted

RULE = Rule(
    code="SES302",
    name="session-used-before-rollback",
    summary="a failed session is used, or an instance that it expired is read, before the rollback",
    fixable="safe",
)


def check(facts: FunctionFacts) -> Iterator[Diagnostic]:
    """One report for each use or read that must raise; what a test tidies up at its end is left to it."""
    test = is_test(facts) and not facts.settings.tests
    for span, session, found in once(facts, stumbles):
        if test and found.path[-1].world.flight is not None:
            continue
        if not found.by_statement or aborts(facts.frame, session.focus.options):
            plan = partial(rolling_back_before, facts, session, found)
            yield RULE.at(facts, span, _message(facts, found), told(facts, found.solved, found.path), plan)


def _message(facts: FunctionFacts, found: Stumble) -> str:
    name = quoted(found.solved.place, "the session")
    read = attribute_of(facts.frame, found.step, "", found.attribute) if found.attribute else ""
    if found.by_statement and read:
        return f"a statement of {name} has failed; PostgreSQL refuses to load {read} before a rollback"
    if found.by_statement:
        return f"a statement of {name} has failed; PostgreSQL refuses more before a rollback"
    if read:
        return f"the failure has expired {read}; reading it before the rollback raises"
    return f"{name} has failed; using it before the rollback raises and hides the cause"
