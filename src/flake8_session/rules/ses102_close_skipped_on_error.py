"""
## What it does
Reports a session that every undisturbed way through the function closes, while a failure between
the opening and the `close()` skips it.

Every call, `await`, `yield` and iteration may fail, and so may the read of an attribute that needs
SQL. Opening, closing and rolling back a session are taken to succeed, as are lines in a log, `print`
and a look at the clock, and a handler that one failure has entered is not expected to fail a second
time. Cancellation, `KeyboardInterrupt` and `GeneratorExit` are expected only at `await` and `yield`, so
`except Exception: session.close(); raise` around ordinary calls is enough.

## Why is this bad?
The exception leaves the function, the session stays. Its connection returns to the pool only when
the garbage collector comes by, and even that waits for as long as somebody holds the traceback.
It happens when the database is in trouble already, which is when connections are dear.

## Example

    from sqlalchemy import create_engine, text
    from sqlalchemy.orm import Session

    engine = create_engine("sqlite://")

    def delete_drafts() -> None:
        session = Session(engine)
        session.execute(text("delete from drafts"))
        session.commit()
        session.close()

Use instead:

    from sqlalchemy import create_engine, text
    from sqlalchemy.orm import Session

    engine = create_engine("sqlite://")

    def delete_drafts() -> None:
        with Session(engine) as session:
            session.execute(text("delete from drafts"))
            session.commit()

## Fix safety
Where no handler or `finally` around the session reads it or its instances, the fix is a `with`.
Otherwise the `close()` goes into the `finally` of the outermost such `try`, and the opening moves
in front of it. Safe under the conditions of SES101, otherwise unsafe. Moving is unsafe as well where
something else than a class or factory of SQLAlchemy opens the session: it then runs earlier, and no
handler of the `try` sees it fail.

There is no fix where the session is handed on when nothing fails, returned for example: the new owner
needs it open.

## References
- SQLAlchemy, Session Basics: "Framing out a begin / commit / rollback block"
- SQLAlchemy, Session Basics: "Closing"
"""

from __future__ import annotations

from collections.abc import Iterator

from flake8_session.diagnostics import Diagnostic
from flake8_session.facts.solving import FunctionFacts
from flake8_session.facts.unclosed import Unclosed
from flake8_session.rules._leaks import leaks, subject
from flake8_session.rules._rule import Rule

RULE = Rule(
    code="SES102",
    name="close-skipped-on-error",
    summary="a session is not closed when something raises",
    fixable="safe",
)


def check(facts: FunctionFacts) -> Iterator[Diagnostic]:
    """One report for each session that only a failure leaves open."""
    for found in leaks(facts, Unclosed.ON_ERROR):
        how = "is left by" if found.leak.leaves_by_exception else "has caught"
        message = f"{subject(found)} is not closed when this function {how} an exception"
        yield RULE.at(facts, found.span, message, found.path, found.plan)
