"""
## What it does
Reports `session.begin()` at a place where the session's work has already begun a transaction: after a
query, an `add()`, the read of an expired attribute, or another `begin()`. `begin(nested=True)` and
`begin_nested()` are not meant.

## Why is this bad?
A session begins its transaction by itself with the first work. A second `begin()` raises
`InvalidRequestError`: "A transaction is already begun on this Session".

## Example

    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session
    from shop.models import User

    engine = create_engine("sqlite://")

    def rename(user_id: int, name: str) -> None:
        with Session(engine) as session:
            user = session.get(User, user_id)
            with session.begin():
                user.name = name

Use instead:

    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session
    from shop.models import User

    engine = create_engine("sqlite://")

    def rename(user_id: int, name: str) -> None:
        with Session(engine) as session:
            with session.begin():
                user = session.get(User, user_id)
                user.name = name

## Fix safety
No fix is offered: whether the earlier work belongs into the block, or should end by a commit before
it, is the author's decision.

## References
- SQLAlchemy, Session Basics: "Auto Begin"
- SQLAlchemy, Transactions and Connection Management: "Explicit Begin"
"""

from __future__ import annotations

from collections.abc import Iterator

from flake8_session.diagnostics import Diagnostic, Related
from flake8_session.facts.paths import told
from flake8_session.facts.solving import FunctionFacts
from flake8_session.facts.transactions import SecondBegin, second_begins
from flake8_session.rules._once import once
from flake8_session.rules._rule import Rule, quoted

RULE = Rule(
    code="SES306",
    name="begin-inside-transaction",
    summary="a transaction is begun where one has begun already",
)


def check(facts: FunctionFacts) -> Iterator[Diagnostic]:
    """One report for each ``begin()``."""
    for span, _, found in once(facts, second_begins):
        path = told(facts, found.solved, found.path)
        yield RULE.at(facts, span, _message(found), (*path, *_first(facts, found)))


def _message(found: SecondBegin) -> str:
    name = quoted(found.solved.place, "the session")
    return f"{name} has begun a transaction already; `begin()` raises InvalidRequestError"


def _first(facts: FunctionFacts, found: SecondBegin) -> Iterator[Related]:
    if found.first is not None:
        yield Related(facts.step_span(found.first), "the transaction begins here")
