"""
## What it does
Reports a session in a generator (a context manager, a framework's dependency, or a plain generator)
with a `yield` at which an exception that comes in by `throw()` or `close()` leads out of the
generator with the session unclosed. A generator that closes its session on no way at all counts, and
so does one that yields the session of a registry and calls the registry's `remove()` below.

Generators that pytest drives are not meant: pytest always resumes a fixture, and never throws into
it.

## Why is this bad?
At the `yield` the generator hands control to code that may fail. `contextlib.contextmanager` and
FastAPI then throw the exception in at that very place, and everything below the `yield` that is
not in a `finally`, a `with` or a fitting handler is skipped. A generator that is dropped early is
left by `GeneratorExit`, which `except Exception` does not catch.

## Example

    from collections.abc import Iterator
    from contextlib import contextmanager
    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session

    engine = create_engine("sqlite://")

    @contextmanager
    def session_scope() -> Iterator[Session]:
        session = Session(engine)
        yield session
        session.close()

Use instead:

    from collections.abc import Iterator
    from contextlib import contextmanager
    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session

    engine = create_engine("sqlite://")

    @contextmanager
    def session_scope() -> Iterator[Session]:
        with Session(engine) as session:
            yield session

## Fix safety
Safe: a `with`, or a `try` with the `close()` in its `finally`, around the `yield`. Nothing else runs
than before, only the `close()` is no longer skipped.

## References
- SQLAlchemy, Session Basics: "Opening and Closing a Session"
- Python, `contextlib.contextmanager`
- FastAPI, "Dependencies with yield"
"""

from __future__ import annotations

from collections.abc import Iterator

from flake8_session.diagnostics import Diagnostic
from flake8_session.facts.solving import FunctionFacts
from flake8_session.facts.unclosed import Unclosed
from flake8_session.rules._leaks import leaks, subject
from flake8_session.rules._rule import Rule

RULE = Rule(
    code="SES106",
    name="unguarded-yield",
    summary="a generator that is ended at its yield leaves its session open",
    fixable="safe",
)


def check(facts: FunctionFacts) -> Iterator[Diagnostic]:
    """One report for each session that a generator leaves open."""
    for found in leaks(facts, Unclosed.AT_YIELD):
        yield RULE.at(
            facts,
            found.span,
            f"{subject(found)} stays open when the generator is closed or thrown into at its `yield`",
            found.path,
            found.plan,
        )
