"""
## What it does
Reports a `commit()` that a failure leads to: in a `finally`, or in a handler that has not rolled back
before.

What a test commits to tidy up is not meant, unless the `tests` setting asks for it.

## Why is this bad?
If the failure was the session's own, the commit raises `PendingRollbackError`, which hides the cause.
If it was anything else, the commit succeeds, and the half that was done before the failure becomes
permanent.

## Example

    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session
    from shop.models import Account

    engine = create_engine("sqlite://")

    def transfer(giver: int, taker: int, amount: int) -> None:
        with Session(engine) as session:
            try:
                session.get_one(Account, giver).balance -= amount
                session.get_one(Account, taker).balance += amount
            finally:
                session.commit()

Use instead:

    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session
    from shop.models import Account

    engine = create_engine("sqlite://")

    def transfer(giver: int, taker: int, amount: int) -> None:
        with Session(engine) as session:
            session.get_one(Account, giver).balance -= amount
            session.get_one(Account, taker).balance += amount
            session.commit()

## Fix safety
No fix is offered: whether the work done so far is to be kept is the author's decision.

## References
- SQLAlchemy, Session Basics: "Framing out a begin / commit / rollback block", "Committing"
"""

from __future__ import annotations

from collections.abc import Iterator

from flake8_session.diagnostics import Diagnostic
from flake8_session.facts.circumstances import is_test
from flake8_session.facts.late_commits import LateCommit, late_commits
from flake8_session.facts.paths import told
from flake8_session.facts.solving import FunctionFacts
from flake8_session.rules._once import once
from flake8_session.rules._rule import Rule, quoted

RULE = Rule(
    code="SES307",
    name="commit-after-error",
    summary="a commit also runs after a failure",
)


def check(facts: FunctionFacts) -> Iterator[Diagnostic]:
    """One report for each commit; what a test tidies up at its end is its own business."""
    if is_test(facts) and not facts.settings.tests:
        return
    for span, _, found in once(facts, late_commits):
        yield RULE.at(facts, span, _message(found), told(facts, found.solved, found.path))


def _message(found: LateCommit) -> str:
    if found.failed:
        name = quoted(found.solved.place, "the session")
        return f"{name} has failed, so this commit raises PendingRollbackError, which hides the cause"
    return "this commit also runs after a failure, and makes the half that was done permanent"
