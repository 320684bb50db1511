"""
## What it does
Reports an instance that is both detached and expired when it leaves the function: it is returned,
yielded, put into what is returned, or passed to something that reads it, such as
`render_template`, `jsonify`, `model_validate` or `from_orm`.

## Why is this bad?
The instance has no values left and no session to fetch them with. The receiver's first read of any
column raises `DetachedInstanceError`, far away from the commit and the close that are to blame.

## Example

    from sqlalchemy import create_engine
    from sqlalchemy.orm import sessionmaker
    from shop.models import User

    SessionLocal = sessionmaker(create_engine("sqlite://"))

    def add_user(name: str) -> User:
        with SessionLocal() as session:
            user = User(name=name)
            session.add(user)
            session.commit()
            return user

Use instead:

    from sqlalchemy import create_engine
    from sqlalchemy.orm import sessionmaker
    from shop.models import User

    SessionLocal = sessionmaker(create_engine("sqlite://"))

    def add_user(name: str) -> User:
        with SessionLocal() as session:
            user = User(name=name)
            session.add(user)
            session.commit()
            session.refresh(user)
            return user

## Fix safety
Unsafe: `session.refresh(instance)` before the close runs one more SELECT, and
`expire_on_commit=False` changes every instance of the session. There is no `refresh` where changes
wait, since it would write them first, and the database may refuse them.

## References
- SQLAlchemy, State Management: "Refreshing / Expiring"
- SQLAlchemy, Session Basics: "Committing"
- SQLAlchemy, Error Messages: "Parent instance <x> is not bound to a Session; (lazy load/deferred
  load/refresh/etc.) operation cannot proceed"
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from flake8_session.diagnostics import Diagnostic
from flake8_session.facts.paths import told
from flake8_session.facts.reads import handed_out
from flake8_session.facts.solving import FunctionFacts
from flake8_session.rules._loading import for_handing_out
from flake8_session.rules._once import once
from flake8_session.rules._rule import Rule, quoted

RULE = Rule(
    code="SES205",
    name="expired-instance-handed-out",
    summary="a detached instance leaves the function with everything expired",
    fixable="unsafe",
)


def check(facts: FunctionFacts) -> Iterator[Diagnostic]:
    """One report for each place at which such an instance leaves."""
    for span, _, found in once(facts, handed_out):
        name = quoted(found.name, "the instance")
        message = f"{name} leaves detached and expired; the first attribute read from it raises"
        plan = partial(for_handing_out, facts, found)
        yield RULE.at(facts, span, message, told(facts, found.solved, found.path), plan)
