"""
## What it does
Reports the read of a mapped attribute of an instance that a commit, a rollback, an `expire` or a
failed flush has expired, and that no open session stands behind any more.

The session is gone after `close()`, after the end of its `with`, after `expunge`, and after the end
of `with factory.begin()`. The read is clean if the attribute has been loaded again or set since it
expired, or if the instance was added to an open session. The bodies of methods, properties and
`__repr__` that are in sight are looked into. Of a model that is out of sight, every plain attribute
that is not called counts as mapped.

## Why is this bad?
`commit()` and `rollback()` throw away the loaded values of every instance of the session, and the
next read fetches them again. Without a session there is nothing to fetch them with, and the read
raises `DetachedInstanceError`. This holds for every column, the primary key included.

## Example

    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session
    from shop.models import User

    engine = create_engine("sqlite://")

    def add_user(name: str) -> int:
        with Session(engine) as session:
            user = User(name=name)
            session.add(user)
            session.commit()
        return user.id

Use instead:

    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session
    from shop.models import User

    engine = create_engine("sqlite://")

    def add_user(name: str) -> int:
        with Session(engine) as session:
            user = User(name=name)
            session.add(user)
            session.commit()
            return user.id

## Fix safety
The fix moves the end of the session below the last read. It is safe only if the close and the read
stand in one block with nothing between them but reads of that session's own instances and plain
steps (no call, `await`, `yield` or other session), nothing is pending or flushed and uncommitted,
and the close stays inside its `with` or `finally`. `expire_on_commit=False`, where it is offered
instead, is unsafe: it changes every instance of the session. Of an asynchronous session the end
does not move, since what is to be loaded must be awaited: the fix is `expire_on_commit=False`, or a
`refresh()` before the end, which runs one more SELECT. An explicit `close()` stays where it is if
an attribute of anything else is read on the way, or a handler around it would see what fails there;
where changes wait for a flush, so does the end by a `with` or `finally` in such a handler's `try`.

## References
- SQLAlchemy, State Management: "Refreshing / Expiring"
- SQLAlchemy, Session Basics: "Committing", "Closing"
- SQLAlchemy, Error Messages: "Parent instance <x> is not bound to a Session; (lazy load/deferred
  load/refresh/etc.) operation cannot proceed"
"""

from __future__ import annotations

from collections.abc import Iterator

from flake8_session.diagnostics import Diagnostic
from flake8_session.facts.solving import FunctionFacts
from flake8_session.rules._reads import Verdict, verdicts
from flake8_session.rules._rule import Rule

RULE = Rule(
    code="SES201",
    name="expired-attribute-after-close",
    summary="an expired attribute of a detached instance is read",
    fixable="safe",
)


def check(facts: FunctionFacts) -> Iterator[Diagnostic]:
    """One report for each read that must raise because everything was expired."""
    for found in verdicts(facts, Verdict.EXPIRED):
        raising = f"reading it{found.within} raises DetachedInstanceError"
        message = f"{found.subject} is expired and its instance detached; {raising}"
        yield RULE.at(facts, found.span, message, found.path, found.plan)
