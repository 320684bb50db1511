"""
## What it does
Reports a coroutine method of an `AsyncSession` that is called and dropped: nothing awaits, returns,
stores or passes on what it gives. To ask the coroutine as if it were its result, as in
`session.execute(query).all()` or `if session.get(User, 1):`, is to drop it, too.

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
`flush()`, `delete()`, `execute()`, `merge()`. Where the call stands deep inside an expression there is
no fix.

## References
- SQLAlchemy, Asynchronous I/O (asyncio): "Synopsis - ORM"
- Python, "Coroutines and Tasks"
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from flake8_session.diagnostics import Diagnostic, Span
from flake8_session.editing.plans import AwaitCall
from flake8_session.facts.coroutines import Dropped, dropped
from flake8_session.facts.solving import FunctionFacts
from flake8_session.facts.spelling import written
from flake8_session.rules._rule import Rule

RULE = Rule(
    code="SES401",
    name="session-call-not-awaited",
    summary="a coroutine of an asynchronous session is never awaited",
    fixable="safe",
)


def check(facts: FunctionFacts) -> Iterator[Diagnostic]:
    """One report for each call whose coroutine is dropped."""
    seen: set[Span] = set()
    for found in dropped(facts):
        span = facts.step_span(found.step)
        if span not in seen:
            seen.add(span)
            yield RULE.at(facts, span, _message(facts, found), plan=partial(_awaiting, facts, found))


def _awaiting(facts: FunctionFacts, found: Dropped) -> tuple[AwaitCall, ...]:
    """The ``await``; what only cleans up takes nothing from anybody when it runs at last."""
    doubts = () if found.method in ("close", "rollback", "refresh") else ("it takes effect then",)
    return (AwaitCall(facts.frame.graph.steps[found.step].origin, doubts=doubts),)


def _message(facts: FunctionFacts, found: Dropped) -> str:
    name = written(facts.frame, found.place)
    call = f"{name}.{found.method}()" if name else f"{found.method}()"
    return f"`{call}` is not awaited, so it never runs"
