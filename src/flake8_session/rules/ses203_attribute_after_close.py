"""
## What it does
Reports, after an explicit `close()` in the same function, the read of an attribute of an instance
of that session where nothing shows that the attribute is loaded. Mostly the model is out of sight,
so that the attribute may be a column, which is loaded with the instance, or a relationship, which
is not.

Where it can be shown that the read raises, SES201 or SES202 speaks instead; where it can be shown
that the attribute is loaded, SES204 does.

## Why is this bad?
If the attribute is a relationship or a deferred column, the read raises `DetachedInstanceError`. If
it is a plain column, it works until somebody adds a `commit()` before the `close()`.

## Example

    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session
    from shop.models import User

    engine = create_engine("sqlite://")

    def owner_of(user_id: int) -> str:
        session = Session(engine)
        try:
            user = session.get(User, user_id)
        finally:
            session.close()
        return user.account

Use instead:

    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session
    from shop.models import User

    engine = create_engine("sqlite://")

    def owner_of(user_id: int) -> str:
        with Session(engine) as session:
            user = session.get(User, user_id)
            return user.account

## Fix safety
As for SES201: the end of the session moves below the last read, safe only under the conditions
given there.

## References
- SQLAlchemy, Session Basics: "Closing"
- SQLAlchemy, State Management: "Quickie Intro to Object States"
- SQLAlchemy, Error Messages: "Parent instance <x> is not bound to a Session; (lazy load/deferred
  load/refresh/etc.) operation cannot proceed"
"""

from __future__ import annotations

from collections.abc import Iterator

from flake8_session.diagnostics import Diagnostic
from flake8_session.facts.solving import FunctionFacts
from flake8_session.rules._reads import Verdict, verdicts
from flake8_session.rules._rule import Rule

RULE = Rule(
    code="SES203",
    name="attribute-after-close",
    summary="an attribute is read after `close()` that may not be loaded",
    fixable="safe",
)


def check(facts: FunctionFacts) -> Iterator[Diagnostic]:
    """One report for each read that may raise."""
    for found in verdicts(facts, Verdict.UNCERTAIN):
        name = found.subject
        message = f"{name} is read after its session was closed, and raises unless it happens to be loaded"
        yield RULE.at(facts, found.span, message, found.path, found.plan)
