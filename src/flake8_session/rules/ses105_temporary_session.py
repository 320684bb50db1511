"""
## What it does
Reports a session that is used without ever having a name: `Session(engine).execute(...)`, a session
made in the argument of a call that does not keep it, or `with Session(engine).no_autoflush`, which
leaves without closing.

Sessions of a registry (`scoped_session`) are not meant: they belong to the registry.

## Why is this bad?
Without a name there is nothing to call `close()` on. The connection that the call has checked out
returns only when the garbage collector frees the session, and the changes of a session that
nothing can commit are lost.

## Example

    from sqlalchemy import create_engine, text
    from sqlalchemy.orm import sessionmaker

    SessionLocal = sessionmaker(create_engine("sqlite://"))

    def names() -> list[str]:
        return list(SessionLocal().scalars(text("select name from users")).all())

Use instead:

    from sqlalchemy import create_engine, text
    from sqlalchemy.orm import sessionmaker

    SessionLocal = sessionmaker(create_engine("sqlite://"))

    def names() -> list[str]:
        with SessionLocal() as session:
            return list(session.scalars(text("select name from users")).all())

## Fix safety
The fix names the session in a `with` around the statement. Safe under the conditions of SES101: in
particular, no instance or unread result of the session may outlive the statement. It is unsafe where a
function opens the session and something else in the statement is called before.

## References
- SQLAlchemy, Session Basics: "Opening and Closing a Session"
- SQLAlchemy, Session Basics: "Using a sessionmaker"
"""

from __future__ import annotations

from collections.abc import Iterator

from flake8_session.diagnostics import Diagnostic
from flake8_session.facts.solving import FunctionFacts
from flake8_session.facts.unclosed import Unclosed
from flake8_session.rules._leaks import leaks
from flake8_session.rules._rule import Rule

RULE = Rule(
    code="SES105",
    name="temporary-session",
    summary="a session is used without a name",
    fixable="safe",
)


def check(facts: FunctionFacts) -> Iterator[Diagnostic]:
    """One report for each session that never has a name."""
    for found in leaks(facts, Unclosed.TEMPORARY):
        yield RULE.at(
            facts,
            found.span,
            "this session is used without a name, so nothing can close it",
            found.path,
            found.plan,
        )
