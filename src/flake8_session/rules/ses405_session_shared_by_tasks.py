"""
## What it does
Reports one session that is given to several tasks which run at the same time: by `asyncio.gather`,
by `TaskGroup.create_task`, or by tasks that are created in a loop.

Tasks that each open a session of their own are clean, and so is a task that is awaited before the
next one begins.

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
