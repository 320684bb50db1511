"""
## What it does
Reports a `Query`, or an unread result of entities, that was made before its session was closed and
is run or read afterwards, or that leaves the function unread from inside the `with` of its session.
A generator expression or a lambda over it, which runs when somebody else asks, counts too.

`AsyncSession.execute` and `scalars` read all rows at once and are fine; `stream` is not.

## Why is this bad?
Results are read lazily. A `Query` that is iterated after the close quietly reopens the session, and
nobody closes it again. An unread result of `execute()` or `scalars()` raises `InvalidRequestError`,
because the session has thrown away the identity map that its rows belong in.

## Example

    from sqlalchemy import create_engine, select
    from sqlalchemy.orm import Session
    from shop.models import User

    engine = create_engine("sqlite://")

    def all_users():
        with Session(engine) as session:
            return session.scalars(select(User))

Use instead:

    from sqlalchemy import create_engine, select
    from sqlalchemy.orm import Session
    from shop.models import User

    engine = create_engine("sqlite://")

    def all_users():
        with Session(engine) as session:
            return session.scalars(select(User)).all()

## Fix safety
Unsafe: `.all()` before the close turns a stream into a list, which is another type and reads every
row into memory.

## References
- SQLAlchemy, Session Basics: "Querying"
- SQLAlchemy, ORM Querying Guide: "Fetching Large Result Sets with Yield Per"
- SQLAlchemy, Session API: "Session.close"
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from flake8_session.diagnostics import Diagnostic, Span
from flake8_session.facts.paths import told
from flake8_session.facts.solving import FunctionFacts
from flake8_session.facts.uses import late_reads, reuses
from flake8_session.rules._late_reads import for_late_read
from flake8_session.rules._rule import Rule, quoted

RULE = Rule(
    code="SES207",
    name="result-read-after-close",
    summary="a query or result is read after its session was closed",
    fixable="unsafe",
)


def check(facts: FunctionFacts) -> Iterator[Diagnostic]:
    """One report for each late read, and for each result that leaves unread."""
    seen: set[Span] = set()
    for session in facts.sessions:
        for reuse in reuses(session):
            span = facts.step_span(reuse.step)
            if reuse.by_query and span not in seen:
                seen.add(span)
                name = quoted(reuse.solved.place, "its session")
                message = f"this query runs after {name} was closed, which opens the session again"
                path = told(facts, reuse.solved, reuse.path)
                yield RULE.at(facts, span, message, path, partial(for_late_read, facts, session, reuse))
        for late in late_reads(session):
            span = facts.step_span(late.step)
            if span in seen:
                continue
            seen.add(span)
            name = quoted(late.solved.place, "its session")
            does = "leaves unread from" if late.leaves else "is read after the close of"
            path = told(facts, late.solved, late.path)
            yield RULE.at(
                facts, span, f"this result {does} {name}", path, partial(for_late_read, facts, session, late)
            )
