"""
## What it does
Reports the first write of a session that the function owns where no way from there leads through a
commit before the session is closed. Writes are `add()` of an instance made in the function,
`merge()`, `delete()`, the bulk methods, INSERT, UPDATE and DELETE statements, those of a table and of a
short literal `text()` among them, and setting a mapped attribute. A `close()` or `rollback()` after writes
inside a `begin()` block counts as well: the block then commits nothing. Nor does a `commit()` that comes
behind the close, which SES206 reports at its own line. A function of the project that is given the session
writes where it does so on every way, and can be shown to end no transaction and to hand the session to
nobody; one of which that cannot be shown may commit.

Not meant are a dry run that calls `rollback()`, ways out by an exception, an instance that was only
added again, a session that is bound to somebody's connection or given to a function out of sight,
and engines that commit by themselves (`isolation_level="AUTOCOMMIT"`).

## Why is this bad?
Neither `close()` nor the end of `with Session(...)` commits, and a `flush()` is no commit. What was
written is rolled back without a word: the row is not there.

## Example

    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session
    from shop.models import User

    engine = create_engine("sqlite://")

    def add_user(name: str) -> None:
        with Session(engine) as session:
            session.add(User(name=name))
            session.flush()

Use instead:

    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session
    from shop.models import User

    engine = create_engine("sqlite://")

    def add_user(name: str) -> None:
        with Session(engine) as session:
            session.add(User(name=name))
            session.commit()

## Fix safety
Unsafe: a `commit()` before the close writes what was not written before, which is its purpose. There
is no fix where the function asks the database again behind it, since it would see other rows then, and
none for a deletion that was not flushed, since the database may refuse it. Nor is there one where what
the session has given is used behind its end: the commit would expire it, or leave attributes to be loaded
that were None so far.

## References
- SQLAlchemy, Session Basics: "Committing", "Flushing", "Opening and Closing a Session"
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from flake8_session.diagnostics import Diagnostic
from flake8_session.facts.circumstances import is_test
from flake8_session.facts.coroutines import sync_entries
from flake8_session.facts.lost_writes import LostWrite, lost_writes
from flake8_session.facts.paths import told
from flake8_session.facts.solving import FunctionFacts
from flake8_session.rules._committing import committing
from flake8_session.rules._rule import Rule, quoted

RULE = Rule(
    code="SES304",
    name="changes-never-committed",
    summary="what a session writes is never committed",
    fixable="unsafe",
)


def check(facts: FunctionFacts) -> Iterator[Diagnostic]:
    """One report for each session: its first lost write."""
    if is_test(facts) and not facts.settings.tests:
        return
    never_entered = any(True for _ in sync_entries(facts))
    for session in facts.sessions:
        if never_entered and session.focus.options.asynchronous:
            continue
        first = min(lost_writes(session), key=lambda found: facts.step_span(found.step), default=None)
        if first is not None:
            path = told(facts, first.solved, first.path)
            plan = partial(committing, facts, session, first)
            yield RULE.at(facts, facts.step_span(first.step), _message(first), path, plan)


def _message(found: LostWrite) -> str:
    name = quoted(found.solved.place, "the session")
    if found.discarded:
        return f"{name} is rolled back or closed in the block that would have committed this; it is lost"
    return f"nothing commits this before {name} is closed, which rolls it back"
