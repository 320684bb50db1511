"""
## What it does
Reports a session, or an instance that belongs to one, that is given to another thread while the
function that opened it goes on: `threading.Thread`, the `submit` or `map` of an executor,
`run_in_executor`, `asyncio.to_thread`, a task queue's `delay`. `BackgroundTasks` and
`StreamingResponse` count only where FastAPI closes the session before they run: for a dependency with
`scope="function"`, and for every dependency that yields in FastAPI 0.106 to 0.117. The version is that of
the project's lock or `requirements.txt`, else the installed one.

Waiting for the other thread at once, by `await` or `.result()`, is clean: then only one of the two
uses the session.

## Why is this bad?
A session belongs to one thread at a time. Two threads share its transaction and its connection: one
commits what the other has half done, or closes it in the middle of a query, and many drivers refuse a
connection that comes from another thread. A task queue runs the work in another process, where a
session cannot go at all, and where an instance arrives as a detached copy.

## Example

    from threading import Thread
    from sqlalchemy import create_engine, text
    from sqlalchemy.orm import Session

    engine = create_engine("sqlite://")

    def clean_up(session: Session) -> None:
        session.execute(text("delete from drafts"))
        session.commit()

    def publish() -> None:
        with Session(engine) as session:
            Thread(target=clean_up, args=(session,)).start()
            session.execute(text("update pages set published = 1"))
            session.commit()

Use instead:

    from threading import Thread
    from sqlalchemy import create_engine, text
    from sqlalchemy.orm import Session

    engine = create_engine("sqlite://")

    def clean_up() -> None:
        with Session(engine) as session:
            session.execute(text("delete from drafts"))
            session.commit()

    def publish() -> None:
        Thread(target=clean_up).start()
        with Session(engine) as session:
            session.execute(text("update pages set published = 1"))
            session.commit()

## Fix safety
No fix is offered: a session for each thread means a transaction for each.

## References
- SQLAlchemy, Session Basics: "Is the Session thread-safe? Is AsyncSession safe to share in concurrent
  tasks?"
- SQLAlchemy, Contextual/Thread-local Sessions: "Thread-Local Scope"
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
    code="SES406",
    name="session-shared-by-threads",
    summary="one session, or an instance of it, is used by several threads at the same time",
)


def check(facts: FunctionFacts) -> Iterator[Diagnostic]:
    """One report for each call that gives the session away."""
    yield from reports(RULE, facts, (Runs.THREAD, Runs.ELSEWHERE, Runs.LATER), _message)


def _message(found: Shared) -> str:
    name = quoted(found.instance or found.solved.place, "the session")
    if found.runs is Runs.ELSEWHERE:
        return f"{name} is given to another process, where its session is not"
    if found.runs is Runs.LATER:
        return f"{name} is given to work that runs when it is closed"
    if found.other is None:
        return f"{name} is used by several threads at the same time"
    if found.instance:
        return f"{name} is given to another thread while its session is still used in this one"
    return f"{name} is given to another thread while it is still used in this one"
