"""
## What it does
Reports, for an instance that is attached to an `AsyncSession`, the plain read of an attribute that must
be fetched again: after a `commit()` (unless the session has `expire_on_commit=False`), after a
`rollback()` (which that setting does not prevent; that to a savepoint expires what was changed behind
it), or, after a flush, of a value that the database computes and does not give back at once: an
`onupdate`, with older versions a server-side default.

Reads inside `run_sync()` and by `awaitable_attrs` are clean, and so is what `refresh()`, a new query
or an assignment has loaded. In tests it is not reported what a function under test has expired, unless
`tests` is set.

## Why is this bad?
Fetching the attribute needs the database, and a plain read cannot be awaited: it raises
`MissingGreenlet` (with SQLAlchemy 2.1 wrapped in a `StatementError`). The commonest place is the log
line of a handler, after `await session.rollback()`, where it hides the error that it was to report.

## Example

    from sqlalchemy.exc import IntegrityError
    from sqlalchemy.ext.asyncio import AsyncSession
    from shop.models import User

    async def rename(session: AsyncSession, user_id: int, name: str) -> None:
        user = await session.get(User, user_id)
        user.name = name
        try:
            await session.commit()
        except IntegrityError:
            await session.rollback()
            print("cannot rename", user.email)

Use instead:

    from sqlalchemy.exc import IntegrityError
    from sqlalchemy.ext.asyncio import AsyncSession
    from shop.models import User

    async def rename(session: AsyncSession, user_id: int, name: str) -> None:
        user = await session.get(User, user_id)
        email = user.email
        user.name = name
        try:
            await session.commit()
        except IntegrityError:
            await session.rollback()
            print("cannot rename", email)

## Fix safety
Unsafe: `await session.refresh(instance)` before the read runs one more SELECT, and fails if the row
is gone. There is none where changes wait, since it would write them first, and none in a handler in
front of the rollback, where the session refuses it.

## References
- SQLAlchemy, Asynchronous I/O (asyncio): "Preventing Implicit IO when Using AsyncSession"
- SQLAlchemy, Error Messages: "greenlet_spawn has not been called; can't call await_only() here"
"""

from __future__ import annotations

from collections.abc import Iterator

from flake8_session.diagnostics import Diagnostic
from flake8_session.facts.solving import FunctionFacts
from flake8_session.rules._rule import Rule
from flake8_session.rules._waits import reports

RULE = Rule(
    code="SES403",
    name="expired-attribute-in-async",
    summary="an expired attribute of an attached instance is read in asynchronous code",
    fixable="unsafe",
)


def check(facts: FunctionFacts) -> Iterator[Diagnostic]:
    """One report for each read of what a commit, rollback or flush has expired."""
    yield from reports(RULE, facts, expired=True, problem="must be fetched anew, for which nothing waits")
