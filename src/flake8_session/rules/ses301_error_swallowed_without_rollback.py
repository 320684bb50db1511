"""
## What it does
Reports an `except` clause, a `contextlib.suppress` or a `pytest.raises` that catches a failure of
the session and ends without rolling it back or closing it, where the session is then used again,
the next turn of a loop included, or goes back to a caller who handed it in.

Only what can catch a database error is meant: a bare `except`, `BaseException`, `Exception`,
`SQLAlchemyError` and what descends from it on that side, but not `NoResultFound`. A handler that
re-raises, or a `with` or `finally` that closes the session on every way out, needs no rollback.
Parameters of functions that a framework calls, and sessions of a registry, are looked after by
others. A test that asks for any exception at all, `pytest.raises(Exception)`, and goes on with a
session that it is lent, is not reported: that session does not mind.

## Why is this bad?
After a failed flush or commit the session refuses all further work with `PendingRollbackError`
until somebody rolls it back. So the error that was swallowed here comes back at a place that has
nothing to do with it, and every turn of a loop after the first failure fails as well. PostgreSQL
refuses every statement after any failed statement, a plain query included; that is left out in a module
that imports only other dialects of SQLAlchemy's, and for sessions that commit each statement.

## Example

    from sqlalchemy import create_engine
    from sqlalchemy.exc import IntegrityError
    from sqlalchemy.orm import Session
    from shop.models import User

    engine = create_engine("sqlite://")

    def import_users(names: list[str]) -> None:
        with Session(engine) as session:
            for name in names:
                session.add(User(name=name))
                try:
                    session.commit()
                except IntegrityError:
                    print("already there:", name)

Use instead:

    from sqlalchemy import create_engine
    from sqlalchemy.exc import IntegrityError
    from sqlalchemy.orm import Session
    from shop.models import User

    engine = create_engine("sqlite://")

    def import_users(names: list[str]) -> None:
        with Session(engine) as session:
            for name in names:
                session.add(User(name=name))
                try:
                    session.commit()
                except IntegrityError:
                    session.rollback()
                    print("already there:", name)

## Fix safety
The fix is `rollback()` as the first statement of the handler, with `if session is not None:` in
front where the name is None until the session is opened. It is safe only if the name is bound
wherever the `try` can raise, no `begin()`, `begin_nested()` or savepoint is open, and the session
holds no transaction on entry to the `try` on any way there, turns of a loop included: otherwise
earlier rows, flushed and not yet committed, would be dropped with the failed ones. In a savepoint
the fix is the rollback of the savepoint, and unsafe; in a `begin()` block there is none, nor where the
rollback would throw out a new instance that is read in the handler or behind it. A `suppress`
becomes a `try` with a handler, which is unsafe as well: from Python 3.12 on a `suppress` takes
exception groups apart, and an `except` does not. `pytest.raises` has no fix.

## References
- SQLAlchemy, Session Basics: "Rolling Back"
- SQLAlchemy, Frequently Asked Questions, Sessions / Queries: "This Session's transaction has been
  rolled back due to a previous exception during flush. (or similar)"
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from flake8_session.diagnostics import Diagnostic, Span
from flake8_session.facts.circumstances import is_framework_called
from flake8_session.facts.databases import aborts
from flake8_session.facts.failures import Swallowed, swallowed
from flake8_session.facts.paths import told
from flake8_session.facts.solving import FunctionFacts, SessionFacts
from flake8_session.linking.spelling import last_name
from flake8_session.rules._rolling_back import rolling_back
from flake8_session.rules._rule import Rule, quoted

RULE = Rule(
    code="SES301",
    name="error-swallowed-without-rollback",
    summary="a handler swallows a failure of the session without a rollback",
    fixable="safe",
)
_LENDING_NOTHING = frozenset(
    {"asynccontextmanager", "classmethod", "contextmanager", "override", "property", "staticmethod"}
)


def check(facts: FunctionFacts) -> Iterator[Diagnostic]:
    """One report for each handler behind which the failed session goes on."""
    best: dict[Span, tuple[SessionFacts, Swallowed]] = {}
    for session in facts.sessions:
        refuses = aborts(facts.frame, session.focus.options)
        for found in swallowed(session):
            span = facts.step_span(found.step)
            if (found.use is None and not _is_callers(facts, found)) or (found.by_statement and not refuses):
                continue
            if span not in best or _weight(found) > _weight(best[span][1]):
                best[span] = (session, found)
    for span, (session, found) in best.items():
        path = told(facts, found.solved, found.path, leaves=found.use is None)
        yield RULE.at(facts, span, _message(found), path, partial(rolling_back, facts, session, found))


def _weight(found: Swallowed) -> tuple[bool, bool]:
    """Of several failures that one handler takes, that is told which SQLAlchemy itself does not get over."""
    return not found.by_statement, found.use is not None


def _is_callers(facts: FunctionFacts, found: Swallowed) -> bool:
    """Whether the caller goes on with the session, and minds how it left.

    A decorator that lends the session ends its transaction; an aborted one, after a statement that
    failed, ends without an error.
    """
    if is_framework_called(facts):
        return False
    lending = (each for each in facts.frame.function.decorators if last_name(each) not in _LENDING_NOTHING)
    return not (found.by_statement and any(True for _ in lending))


def _message(found: Swallowed) -> str:
    swallowing = f"the failure of {quoted(found.solved.place, 'the session')} is swallowed without a rollback"
    if found.by_statement:
        if found.use is None:
            return f"{swallowing}, and the caller gets it back in a transaction that PostgreSQL has aborted"
        return f"{swallowing}; PostgreSQL refuses all that comes next"
    if found.use is None:
        return f"{swallowing}, and the caller gets it back failed"
    return f"{swallowing}; its next use raises PendingRollbackError"
