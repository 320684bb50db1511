"""
## What it does
Reports a session whose last name is bound anew or deleted while the session is open. The next turn
of a loop that opens a session under the same name counts.

## Why is this bad?
From that moment no code can close the session any more. Its connection comes back only when the
garbage collector frees the session, and a loop does not wait for that: with a pool of five and five
to spare, the eleventh turn raises `TimeoutError`.

## Example

    from sqlalchemy import create_engine, text
    from sqlalchemy.orm import Session

    engine = create_engine("sqlite://")

    def rename_all(names: dict[int, str]) -> None:
        for key, name in names.items():
            session = Session(engine)
            session.execute(text("update users set name = :n where id = :k"), {"n": name, "k": key})
            session.commit()
        session.close()

Use instead:

    from sqlalchemy import create_engine, text
    from sqlalchemy.orm import Session

    engine = create_engine("sqlite://")

    def rename_all(names: dict[int, str]) -> None:
        for key, name in names.items():
            with Session(engine) as session:
                session.execute(text("update users set name = :n where id = :k"), {"n": name, "k": key})
                session.commit()

## Fix safety
Unsafe: closing the first session before the second is opened detaches its instances earlier than
today. Where the two were meant to be one, the second opening is what should go.

## References
- SQLAlchemy, Session Basics: "When do I construct a Session, when do I commit it, and when do I
  close it?"
- SQLAlchemy, Error Messages: "QueuePool limit of size <x> overflow <y> reached, connection timed
  out, timeout <z>"
"""

from __future__ import annotations

from collections.abc import Iterator

from flake8_session.diagnostics import Diagnostic
from flake8_session.facts.solving import FunctionFacts
from flake8_session.facts.unclosed import Unclosed
from flake8_session.rules._leaks import leaks, subject
from flake8_session.rules._rule import Rule

RULE = Rule(
    code="SES104",
    name="session-overwritten",
    summary="a session loses its last name while it is open",
    fixable="unsafe",
)


def check(facts: FunctionFacts) -> Iterator[Diagnostic]:
    """One report for each session whose last name is bound anew or deleted."""
    for found in leaks(facts, Unclosed.OVERWRITTEN):
        yield RULE.at(
            facts,
            found.span,
            f"{subject(found)} is bound anew or deleted while its session is open",
            found.path,
            found.plan,
        )
