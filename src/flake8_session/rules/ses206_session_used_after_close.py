"""
## What it does
Reports the first call on a session that the function owns and has already closed, where some way
from there on, failures included, does not close it again. Closing, rolling back or resetting a
closed session is legal and not reported, and neither is a second use that is closed like the first.

`commit()` and `flush()` count although they then do nothing: what was not committed went with the close.

In tests only what raises is reported, unless `tests` is set: their sessions go with the process.

## Why is this bad?
A closed session is not dead. The next call quietly begins a new transaction on a connection that
no later `close()` gives back. The instances loaded before the close are not part of it: changes to
them are not written. Where the session was made with `close_resets_only=False` the call raises
`InvalidRequestError` instead.

## Example

    from sqlalchemy import create_engine, text
    from sqlalchemy.orm import Session

    engine = create_engine("sqlite://")

    def last_two() -> list[int]:
        with Session(engine) as session:
            newest = session.scalar(text("select max(id) from users"))
        oldest = session.scalar(text("select min(id) from users"))
        return [newest, oldest]

Use instead:

    from sqlalchemy import create_engine, text
    from sqlalchemy.orm import Session

    engine = create_engine("sqlite://")

    def last_two() -> list[int]:
        with Session(engine) as session:
            newest = session.scalar(text("select max(id) from users"))
            oldest = session.scalar(text("select min(id) from users"))
        return [newest, oldest]

## Fix safety
The fix moves the close below the use. It is safe only if nothing is pending or changed at the close
and nothing but an `expunge`, or an `add` of detached instances, follows it: otherwise the later
close would keep, write or load what the earlier one has let go.

No fix is offered where the use adds an instance of another session to one that may hold the same row,
which an open session refuses, nor where the work behind the close goes on outside of its block.

## References
- SQLAlchemy, Session Basics: "Closing"
- SQLAlchemy, Session API: "Session.close", "Session.reset", the parameter `close_resets_only`
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from flake8_session.diagnostics import Diagnostic, Span
from flake8_session.facts.circumstances import is_test
from flake8_session.facts.paths import told
from flake8_session.facts.solving import FunctionFacts
from flake8_session.facts.uses import Reuse, reuses
from flake8_session.rules._ending import for_reuse
from flake8_session.rules._rule import Rule, quoted

RULE = Rule(
    code="SES206",
    name="session-used-after-close",
    summary="a closed session is used again and not closed again",
    fixable="safe",
)


def check(facts: FunctionFacts) -> Iterator[Diagnostic]:
    """One report for each first use behind a close."""
    seen: set[Span] = set()
    for session in facts.sessions:
        for found in reuses(session):
            span = facts.step_span(found.step)
            if found.by_query or span in seen or not (found.raises or _minds(facts)):
                continue
            seen.add(span)
            path = told(facts, found.solved, found.path, leaves=not found.raises)
            yield RULE.at(facts, span, _message(found), path, partial(for_reuse, facts, session, found))


def _minds(facts: FunctionFacts) -> bool:
    """Whether an open session at the end is a fault: tests let theirs go with the process."""
    return facts.settings.tests or not is_test(facts)


def _message(found: Reuse) -> str:
    name = quoted(found.solved.place, "the session")
    if found.raises:
        return f"{name} was closed for good; `{found.method}()` raises InvalidRequestError"
    if found.method in ("commit", "flush"):
        lost = "what was not committed went at the close"
        return f"{name} was closed, so `{found.method}()` does nothing: {lost}"
    return f"{name} was closed; using it opens it again, and nothing closes it after that"
