"""
## What it does
Reports `add()` or `delete()` of an instance that is attached to another open session, `refresh()`,
`expire()` or `expunge()` of an instance that is not in this session, and `delete()` of one that was
never written. Adding or deleting a detached instance is legal: it is attached anew.

## Why is this bad?
An instance belongs to one session at a time, and these calls raise `InvalidRequestError` at that
line.

## Example

    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session
    from shop.models import User

    source = create_engine("sqlite:///source.db")
    target = create_engine("sqlite:///target.db")

    def copy_user(user_id: int) -> None:
        with Session(source) as reading, Session(target) as writing:
            user = reading.get(User, user_id)
            writing.add(user)
            writing.commit()

Use instead:

    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session
    from shop.models import User

    source = create_engine("sqlite:///source.db")
    target = create_engine("sqlite:///target.db")

    def copy_user(user_id: int) -> None:
        with Session(source) as reading, Session(target) as writing:
            user = reading.get(User, user_id)
            writing.merge(user)
            writing.commit()

## Fix safety
No fix is offered: `merge()` into this session, `expunge()` from the other one, or one session instead
of two are different programs.

## References
- SQLAlchemy, State Management: "Merging", "Expunging"
- SQLAlchemy, Session Basics: "Is the Session thread-safe? Is AsyncSession safe to share in concurrent
  tasks?"
"""

from __future__ import annotations

from collections.abc import Iterator

from flake8_session.diagnostics import Diagnostic
from flake8_session.facts.belonging import Misplaced, misplaced
from flake8_session.facts.paths import told
from flake8_session.facts.solving import FunctionFacts
from flake8_session.facts.spelling import written
from flake8_session.rules._once import once
from flake8_session.rules._rule import Rule, quoted

RULE = Rule(
    code="SES208",
    name="instance-of-another-session",
    summary="an instance is given to a session that it does not belong to",
)


def check(facts: FunctionFacts) -> Iterator[Diagnostic]:
    """One report for each call."""
    for span, _, found in once(facts, misplaced):
        yield RULE.at(facts, span, _message(facts, found), told(facts, found.solved, found.path))


def _message(facts: FunctionFacts, found: Misplaced) -> str:
    instance = quoted(found.name, "the instance")
    receiver = written(facts.frame, found.receiver)
    call = quoted(f"{receiver}.{found.method}()" if receiver else f"{found.method}()", "")
    if found.elsewhere:
        return f"{instance} is attached to {quoted(found.solved.place, 'another session')}; {call} raises"
    return f"{instance} is not attached to this session; {call} raises InvalidRequestError"
