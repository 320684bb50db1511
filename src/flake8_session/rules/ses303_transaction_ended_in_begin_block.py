"""
## What it does
Reports a `commit()`, `rollback()` or `close()` inside `with session.begin()`, `with factory.begin()`
or `with session.begin_nested()`, when more work with the session follows inside the block: a query,
`add()`, `delete()`, another `commit()`, and also setting an attribute, or reading an expired one, of
an attached instance. As the last act of the block it is legal, and so is a second `rollback()` or
`close()` after it.

## Why is this bad?
The block owns the transaction. Once the transaction has ended, the session refuses all work until the
block is over, with `InvalidRequestError`: "Can't operate on closed transaction inside context
manager".

## Example

    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session
    from shop.models import User

    engine = create_engine("sqlite://")

    def add_two(first: str, second: str) -> None:
        with Session(engine) as session:
            with session.begin():
                session.add(User(name=first))
                session.commit()
                session.add(User(name=second))

Use instead:

    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session
    from shop.models import User

    engine = create_engine("sqlite://")

    def add_two(first: str, second: str) -> None:
        with Session(engine) as session:
            with session.begin():
                session.add(User(name=first))
            with session.begin():
                session.add(User(name=second))

## Fix safety
No fix is offered: whether the block should be two, or the `commit()` a `flush()`, changes what is
written together.

## References
- SQLAlchemy, Transactions and Connection Management: "Managing Transactions", "Explicit Begin"
- SQLAlchemy, Session Basics: "Framing out a begin / commit / rollback block"
"""

from __future__ import annotations

from collections.abc import Iterator

from flake8_session.diagnostics import Diagnostic, Related
from flake8_session.facts.paths import told
from flake8_session.facts.solving import FunctionFacts
from flake8_session.facts.transactions import EndedInside, ended_inside
from flake8_session.rules._once import once
from flake8_session.rules._rule import Rule, quoted

RULE = Rule(
    code="SES303",
    name="transaction-ended-in-begin-block",
    summary="a transaction is ended inside its own `begin()` block, and work follows",
)


def check(facts: FunctionFacts) -> Iterator[Diagnostic]:
    """One report for each call that ends the transaction of the block around it."""
    for span, _, found in once(facts, ended_inside):
        refused = Related(facts.step_span(found.work), "this raises InvalidRequestError")
        yield RULE.at(facts, span, _message(found), (*told(facts, found.solved, found.path), refused))


def _message(found: EndedInside) -> str:
    name = quoted(found.solved.place, "the session")
    return f"the transaction of the block around this ends here; {name} refuses the work that follows in it"
