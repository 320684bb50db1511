"""
## What it does
Reports a coroutine method of an `AsyncSession` that is called and dropped: nothing awaits, returns,
stores or passes on what it gives.

The session must be known to be asynchronous. Of a parameter that may be either kind, only the part of
the code counts in which `isinstance` has decided. `add`, `add_all`, `expire` and `expunge` are no
coroutines and need no `await`.

## Why is this bad?
Calling a coroutine function runs nothing. The commit does not commit, the close does not close, and
all that is left is a `RuntimeWarning`, raised when the collector finds the coroutine.

## Example

    from sqlalchemy.ext.asyncio import AsyncSession
    from shop.models import User

    async def add_user(session: AsyncSession, name: str) -> None:
        session.add(User(name=name))
        session.commit()

Use instead:

    from sqlalchemy.ext.asyncio import AsyncSession
    from shop.models import User

    async def add_user(session: AsyncSession, name: str) -> None:
        session.add(User(name=name))
        await session.commit()

## Fix safety
The fix is `await`, where the innermost function is an `async def`. It is safe for `close()`,
`rollback()` and `refresh()`, and unsafe for what then takes effect for the first time: `commit()`,
`flush()`, `delete()`, `execute()`, `merge()`.

## References
- SQLAlchemy, Asynchronous I/O (asyncio): "Synopsis - ORM"
- Python, "Coroutines and Tasks"
"""
