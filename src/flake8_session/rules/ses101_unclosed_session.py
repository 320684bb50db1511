"""
## What it does
Reports a session that no way through the function closes.

The function that opens a session owes it a `close()`, unless it hands the session on: returns it,
stores it where it outlives the function, enters it in an exit stack, registers its `close`, or
passes it to something that keeps it. A session that is never used counts as well. The message says
whether a connection is still checked out at the end, or was already given back by `commit()` or
`rollback()`.

## Why is this bad?
A session that has run SQL refers to itself in a circle, so dropping the last name does not give
its connection back: only a pass of the garbage collector does, at some later time. Until then the
connection is missing from the pool, and the transaction on it stays open. With a pool of five and
five to spare, the eleventh such call waits until the pool times out.

`commit()` and `rollback()` give the connection back, but the session goes on living: its instances
stay attached to it, and the next read of an expired attribute begins a new transaction that
nobody ends.

## Example

    from sqlalchemy import create_engine, text
    from sqlalchemy.orm import Session

    engine = create_engine("sqlite://")

    def count_users() -> int:
        session = Session(engine)
        return session.execute(text("select count(*) from users")).scalar_one()

Use instead:

    from sqlalchemy import create_engine, text
    from sqlalchemy.orm import Session

    engine = create_engine("sqlite://")

    def count_users() -> int:
        with Session(engine) as session:
            return session.execute(text("select count(*) from users")).scalar_one()

## Fix safety
The fix puts the stretch of statements in which the session lives into a `with`. Leaving a `with`
closes the session and never commits, so no row changes. The fix is safe only if

- that stretch is one run of statements,
- no instance, row of entities, query or unread result of the session is returned, yielded, stored,
  handed to what may keep it, or read after the block: it works today because the forgotten session
  still stands behind it, and would raise after the fix,
- the class of the session has no `__exit__` of its own, and
- an asynchronous session is opened in an `async def`.

Otherwise the fix is unsafe, or there is none. A session that is opened among other things, in a test or as
one of several names or values, is opened in front of the rest of its statement; that is unsafe where a
function opens it and something is called before. There is no fix for one that is opened in an `elif`, in the
test of a `while`, in one of two branches, or in a comprehension.

## References
- SQLAlchemy, Session Basics: "Opening and Closing a Session"
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
from flake8_session.rules._leaks import connection, leaks, one_shot_note, subject
from flake8_session.rules._rule import Rule

RULE = Rule(
    code="SES101",
    name="unclosed-session",
    summary="a session is never closed",
    fixable="safe",
)


def check(facts: FunctionFacts) -> Iterator[Diagnostic]:
    """One report for each session that no path closes."""
    for found in leaks(facts, Unclosed.NEVER):
        message = f"{subject(found)} is never closed; {connection(found)}{one_shot_note(facts)}"
        yield RULE.at(facts, found.span, message, found.path, found.plan)
