"""
## What it does
Reports a session that is opened in the body of a module or of one of its classes, or that the module
asks a registry for. This rule is off by default: a script that runs once may do so.

## Why is this bad?
The module is imported once, so there is one session for the whole process: every thread and every
task that uses the name shares its transaction, its instances and its failures, and a session is made
for one of them at a time. It is also opened whenever anything imports the module.

## Example

    from sqlalchemy import create_engine, text
    from sqlalchemy.orm import Session

    engine = create_engine("sqlite://")
    session = Session(engine)

    def names() -> list[str]:
        return list(session.scalars(text("select name from users")).all())

Use instead:

    from sqlalchemy import create_engine, text
    from sqlalchemy.orm import Session

    engine = create_engine("sqlite://")

    def names() -> list[str]:
        with Session(engine) as session:
            return list(session.scalars(text("select name from users")).all())

## Fix safety
No fix is offered: every function that uses the name has to change.

## References
- SQLAlchemy, Session Basics: "Is the Session thread-safe? Is AsyncSession safe to share in concurrent
  tasks?"
- SQLAlchemy, Session Basics: "When do I construct a Session, when do I commit it, and when do I
  close it?"
"""

from __future__ import annotations

from collections.abc import Iterator

from flake8_session.diagnostics import Diagnostic
from flake8_session.facts.circumstances import is_test
from flake8_session.facts.keeping import opened_at_import
from flake8_session.facts.solving import FunctionFacts
from flake8_session.rules._rule import Rule, quoted

RULE = Rule(
    code="SES109",
    name="session-opened-at-import",
    summary="a session is opened in the body of a module",
    default=False,
)


def check(facts: FunctionFacts) -> Iterator[Diagnostic]:
    """One report for each session that a module opens."""
    if is_test(facts) and not facts.settings.tests:
        return
    for step, place in opened_at_import(facts):
        name = quoted(place, "this session")
        message = f"{name} is opened when the module is imported, and shared by every thread"
        yield RULE.at(facts, facts.step_span(step), message)
