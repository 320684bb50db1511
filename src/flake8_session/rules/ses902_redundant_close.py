"""
## What it does
Reports `session.close()` as the last act of a `with` on that very session. This rule is off by
default. In a `begin()` block the same call is not redundant but harmful, and SES304 speaks.

## Why is this bad?
The end of the `with` closes the session anyway. The extra call makes readers wonder what it is for.

## Example

    from sqlalchemy import create_engine, text
    from sqlalchemy.orm import Session

    engine = create_engine("sqlite://")

    def delete_drafts() -> None:
        with Session(engine) as session:
            session.execute(text("delete from drafts"))
            session.commit()
            session.close()

Use instead:

    from sqlalchemy import create_engine, text
    from sqlalchemy.orm import Session

    engine = create_engine("sqlite://")

    def delete_drafts() -> None:
        with Session(engine) as session:
            session.execute(text("delete from drafts"))
            session.commit()

## Fix safety
Safe: the call is removed, and the end of the `with` does the same a moment later.

## References
- SQLAlchemy, Session Basics: "Opening and Closing a Session", "Closing"
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from flake8_session.diagnostics import Diagnostic, Span
from flake8_session.editing.plans import Drop
from flake8_session.facts.ends import call_origin
from flake8_session.facts.solutions import Solved
from flake8_session.facts.solving import FunctionFacts
from flake8_session.facts.style import redundant_closes
from flake8_session.rules._rule import Rule, quoted

RULE = Rule(
    code="SES902",
    name="redundant-close",
    summary="a close repeats what the end of the `with` does",
    default=False,
    fixable="safe",
)


def check(facts: FunctionFacts) -> Iterator[Diagnostic]:
    """One report for each close."""
    seen: set[Span] = set()
    for session in facts.sessions:
        for step in redundant_closes(session):
            span = facts.step_span(step)
            if span not in seen and session.alone is not None:
                seen.add(span)
                name = quoted(session.alone.place, "the session")
                message = f"the end of the `with` closes {name} anyway"
                plan = partial(_dropping, session.alone, step)
                yield RULE.at(facts, span, message, plan=plan)


def _dropping(solved: Solved, step: int) -> tuple[Drop, ...]:
    """The call taken away: the end of the ``with`` does the same a moment later."""
    return (Drop(call_origin(solved, step)),)
