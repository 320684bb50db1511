"""
## What it does
Reports a handler that swallows a failed flush inside `with session.begin()`, `with factory.begin()` or
`with session.begin_nested()` while the block goes on.

## Why is this bad?
The failed flush has already rolled the transaction back. If nothing more happens in the block, it
ends as if all were well, and nothing is committed: neither the failed row nor those before it. If
more does happen, it raises `InvalidRequestError` or `PendingRollbackError`.

## Example

    from sqlalchemy import create_engine
    from sqlalchemy.exc import IntegrityError
    from sqlalchemy.orm import Session
    from shop.models import User

    engine = create_engine("sqlite://")

    def import_users(names: list[str]) -> None:
        with Session(engine) as session, session.begin():
            for name in names:
                session.add(User(name=name))
                try:
                    session.flush()
                except IntegrityError:
                    print("already there:", name)

Use instead:

    from sqlalchemy import create_engine
    from sqlalchemy.exc import IntegrityError
    from sqlalchemy.orm import Session
    from shop.models import User

    engine = create_engine("sqlite://")

    def import_users(names: list[str]) -> None:
        with Session(engine) as session, session.begin():
            for name in names:
                try:
                    with session.begin_nested():
                        session.add(User(name=name))
                except IntegrityError:
                    print("already there:", name)

## Fix safety
No fix is offered: a savepoint for each attempt, or giving up the whole block, are different programs.

## References
- SQLAlchemy, Transactions and Connection Management: "Using SAVEPOINT"
- SQLAlchemy, Frequently Asked Questions, Sessions / Queries: "But why does flush() insist on issuing
  a ROLLBACK?"
"""

from __future__ import annotations

from collections.abc import Iterator

from flake8_session.diagnostics import Diagnostic, Related
from flake8_session.facts.failures import Swallowed, swallowed_in_block
from flake8_session.facts.paths import told
from flake8_session.facts.solving import FunctionFacts
from flake8_session.flow.events import Leave
from flake8_session.rules._once import once
from flake8_session.rules._rule import Rule, quoted

RULE = Rule(
    code="SES305",
    name="error-swallowed-in-begin-block",
    summary="a handler swallows a failed flush inside a `begin()` block, which goes on",
)


def check(facts: FunctionFacts) -> Iterator[Diagnostic]:
    """One report for each handler."""
    for span, _, found in once(facts, swallowed_in_block):
        path = told(facts, found.solved, found.path)
        yield RULE.at(facts, span, _message(found), (*path, *_then(facts, found)))


def _message(found: Swallowed) -> str:
    name = quoted(found.solved.place, "the session")
    return f"the failed flush of {name} is swallowed here; the block around it can commit nothing any more"


def _then(facts: FunctionFacts, found: Swallowed) -> Iterator[Related]:
    if found.use is not None:
        leaves = isinstance(found.solved.graph.steps[found.use].event, Leave)
        message = "the block ends as if all were well" if leaves else "this raises: the transaction is gone"
        yield Related(facts.step_span(found.use), message)
