"""
## What it does
Reports a function that commits a session which it was given. This rule is off by default: it is a
convention of some projects, not a fault.

Clean are a commit that the caller asks for by a flag, `commit: bool`, `auto_commit=True` or
`options.commit`, or by the function's name, `save_and_commit`; one in a function that closes the session
as well, since it was given it for good; and one behind the block of a context manager: whoever enters it
asks for the commit.

## Why is this bad?
Where a transaction ends is for the code that began it to say. A helper that commits makes permanent
what its caller has half done, expires the caller's instances, and cannot be used as a part of a larger
transaction.

## Example

    from sqlalchemy.orm import Session
    from shop.models import User

    def add_user(session: Session, name: str) -> None:
        session.add(User(name=name))
        session.commit()

Use instead:

    from sqlalchemy.orm import Session
    from shop.models import User

    def add_user(session: Session, name: str) -> None:
        session.add(User(name=name))
        session.flush()

## Fix safety
No fix is offered: the callers would have to commit instead.

## References
- SQLAlchemy, Session Basics: "When do I construct a Session, when do I commit it, and when do I
  close it?"
"""

from __future__ import annotations

from collections.abc import Iterator

from flake8_session.diagnostics import Diagnostic, Span
from flake8_session.facts.circumstances import is_framework_called, is_test
from flake8_session.facts.solving import FunctionFacts
from flake8_session.facts.style import commits_of_borrowed
from flake8_session.rules._rule import Rule, quoted

RULE = Rule(
    code="SES903",
    name="commit-of-borrowed-session",
    summary="a function commits a session that it was given",
    default=False,
)


def check(facts: FunctionFacts) -> Iterator[Diagnostic]:
    """One report for each commit, in functions that neither a framework nor a runner of tests calls."""
    if is_framework_called(facts) or (is_test(facts) and not facts.settings.tests):
        return
    seen: set[Span] = set()
    for session in facts.sessions:
        for step in commits_of_borrowed(session):
            span = facts.step_span(step)
            if span not in seen and session.alone is not None:
                seen.add(span)
                name = quoted(session.alone.place, "the session")
                yield RULE.at(facts, span, f"{name} is the caller's, who is to say when it is committed")
