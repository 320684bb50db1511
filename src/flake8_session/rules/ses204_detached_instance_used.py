"""
## What it does
Advises against reading, after an explicit `close()` in the same function, an attribute of an
instance of that session that happens to be loaded. With the setting `detached = "strict"` the same
is said after the end of a `with`. Of several such reads of one instance the first is reported.

## Why is this bad?
The read works, and only because nothing has expired the instance between the load and the close. A
`commit()` that is added there later, or an option that defers the column, turns it into a
`DetachedInstanceError` at a place that nobody has touched. The documentation's tip is to use
instances while their session is open.

## Example

    from sqlalchemy import create_engine
    from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

    engine = create_engine("sqlite://")

    class Base(DeclarativeBase):
        pass

    class User(Base):
        __tablename__ = "users"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str]

    def name_of(user_id: int) -> str:
        session = Session(engine)
        try:
            user = session.get_one(User, user_id)
        finally:
            session.close()
        return user.name

Use instead:

    from sqlalchemy import create_engine
    from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

    engine = create_engine("sqlite://")

    class Base(DeclarativeBase):
        pass

    class User(Base):
        __tablename__ = "users"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str]

    def name_of(user_id: int) -> str:
        with Session(engine) as session:
            user = session.get_one(User, user_id)
            return user.name

## Fix safety
As for SES201: the end of the session moves below the last read, safe only under the conditions
given there.

## References
- SQLAlchemy, Session Basics: "Closing"
- SQLAlchemy, State Management: "Quickie Intro to Object States"
"""

from __future__ import annotations

from collections.abc import Iterator

from flake8_session.diagnostics import Diagnostic
from flake8_session.facts.solving import FunctionFacts
from flake8_session.rules._reads import Verdict, verdicts
from flake8_session.rules._rule import Rule
from flake8_session.typestate.focus import Focus

RULE = Rule(
    code="SES204",
    name="detached-instance-used",
    summary="an instance is read after `close()`, which works only because nothing expired it",
    fixable="safe",
)


def check(facts: FunctionFacts) -> Iterator[Diagnostic]:
    """One report for each instance: its first read that works only because nothing has expired it.

    Whoever moves the close behind that read looks at the others as well.
    """
    seen: set[Focus] = set()
    for found in sorted(verdicts(facts, Verdict.LOADED), key=lambda found: found.span):
        if found.whose in seen:
            continue
        seen.add(found.whose)
        name = found.subject
        message = f"{name} is read after its session was closed, which works only because nothing expired it"
        yield RULE.at(facts, found.span, message, found.path, found.plan)
