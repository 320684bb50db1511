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

from __future__ import annotations

from collections.abc import Iterator

from flake8_session.diagnostics import Diagnostic
from flake8_session.facts.paths import told
from flake8_session.facts.solving import FunctionFacts
from flake8_session.facts.vain_writes import VainWrite, vain_writes
from flake8_session.rules._once import once
from flake8_session.rules._rule import Rule

RULE = Rule(
    code="SES308",
    name="change-to-detached-instance",
    summary="an attribute of a detached instance is set, and goes nowhere",
    default=False,
)


def check(facts: FunctionFacts) -> Iterator[Diagnostic]:
    """One report for each attribute that is set."""
    for span, _, found in once(facts, vain_writes):
        yield RULE.at(facts, span, _message(found), told(facts, found.solved, found.path))


def _message(found: VainWrite) -> str:
    attribute = f"{found.name}.{found.attribute}" if found.name else found.attribute
    return f"`{attribute}` is set on a detached instance that goes to no session again; the change is lost"
