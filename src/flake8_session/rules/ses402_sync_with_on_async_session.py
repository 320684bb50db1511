"""
## What it does
Reports `with` where `async with` is needed: on an `AsyncSession`, on what an `async_sessionmaker`
makes, on its `begin()`, and on the session's `begin()` and `begin_nested()`.

## Why is this bad?
These objects have no `__enter__`. The `with` raises `TypeError` (`AttributeError` on Python 3.10)
before anything happens.

## Example

    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

    engine = create_async_engine("sqlite+aiosqlite://")

    async def count_users() -> int:
        with AsyncSession(engine) as session:
            return await session.scalar(text("select count(*) from users"))

Use instead:

    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

    engine = create_async_engine("sqlite+aiosqlite://")

    async def count_users() -> int:
        async with AsyncSession(engine) as session:
            return await session.scalar(text("select count(*) from users"))

## Fix safety
Safe in an `async def`, where the `with` has no other item that needs a plain `with`: the code cannot
have worked before.

## References
- SQLAlchemy, Asynchronous I/O (asyncio): "Synopsis - ORM"
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from flake8_session.diagnostics import Diagnostic, Span
from flake8_session.editing.plans import EnterAsynchronously
from flake8_session.facts.coroutines import sync_entries
from flake8_session.facts.solving import FunctionFacts
from flake8_session.rules._rule import Rule

RULE = Rule(
    code="SES402",
    name="sync-with-on-async-session",
    summary="an asynchronous session is entered by a plain `with`",
    fixable="safe",
)


def check(facts: FunctionFacts) -> Iterator[Diagnostic]:
    """One report for each item of a ``with``."""
    seen: set[Span] = set()
    for step in sync_entries(facts):
        span = facts.step_span(step)
        if span not in seen:
            seen.add(span)
            message = "an asynchronous session needs `async with`; `with` raises TypeError"
            yield RULE.at(facts, span, message, plan=partial(_entering, facts, step))


def _entering(facts: FunctionFacts, step: int) -> tuple[EnterAsynchronously, ...]:
    """``async with``, where all items of the statement need it."""
    steps = facts.frame.graph.steps
    items = tuple(steps[each].origin for each in sync_entries(facts))
    return (EnterAsynchronously(steps[step].origin, items),)
