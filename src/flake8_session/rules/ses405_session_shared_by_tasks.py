"""
## What it does
Reports one session that is given to several tasks which run at the same time: by `asyncio.gather`,
by `TaskGroup.create_task`, or by tasks that are created in a loop.

Methods of an object that keeps the session share it, too. Tasks that each open a session of their own
are clean, and so are a task that is awaited before the next one begins, and tasks that work inside a
lock, or inside what may be one.

## Why is this bad?
A session is one conversation with the database. Two tasks that speak at once get
`InvalidRequestError` or `IllegalStateChangeError`, or, where timing is kind, each other's changes:
one task's `commit()` writes what the other has half done, and one task's failure fails both.

## Example

    import asyncio
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

    engine = create_async_engine("sqlite+aiosqlite://")

    async def both_counts() -> list[int]:
        async with AsyncSession(engine) as session:
            users, orders = await asyncio.gather(
                session.scalar(text("select count(*) from users")),
                session.scalar(text("select count(*) from orders")),
            )
        return [users, orders]

Use instead:

    import asyncio
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

    engine = create_async_engine("sqlite+aiosqlite://")

    async def both_counts() -> list[int]:
        async with AsyncSession(engine) as session:
            users = await session.scalar(text("select count(*) from users"))
            orders = await session.scalar(text("select count(*) from orders"))
        return [users, orders]

## Fix safety
No fix is offered: a session for each task means a transaction for each.

## References
- SQLAlchemy, Asynchronous I/O (asyncio): "Using AsyncSession with Concurrent Tasks"
- SQLAlchemy, Session Basics: "Is the Session thread-safe? Is AsyncSession safe to share in concurrent
  tasks?"
"""

from __future__ import annotations

from collections.abc import Iterator

from flake8_session.diagnostics import Diagnostic
from flake8_session.facts.sharing import Shared
from flake8_session.facts.solving import FunctionFacts
from flake8_session.facts.starts import Runs
from flake8_session.rules._rule import Rule, quoted
from flake8_session.rules._sharing import reports

RULE = Rule(
    code="SES405",
    name="session-shared-by-tasks",
    summary="one session is used by several tasks at the same time",
)


def check(facts: FunctionFacts) -> Iterator[Diagnostic]:
    """One report for each call that starts a task, or gathers several."""
    yield from reports(RULE, facts, (Runs.TASK,), _message)


def _message(found: Shared) -> str:
    name = quoted(found.solved.place, "the session")
    if found.other is None:
        return f"{name} is used by several tasks that run at the same time"
    return f"{name} is used by this task, and by others before anybody waits for it"
