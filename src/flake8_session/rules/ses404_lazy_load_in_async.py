"""
## What it does
Reports, for an instance that is attached to an `AsyncSession`, the plain read of a relationship or a
deferred column that has never been loaded. The model must be known. Replacing such a collection, or
appending to it, counts as well. So does the read of what a relationship leads to, `post.user.team`, where
nothing in the function can have loaded it.

A relationship to a single instance is not reported where that instance may be in the session already: then
its read needs no SQL. What the function selects, makes or is given, and the helpers that it gives the
session, may have brought it there; so may have whoever keeps the session, where it is an attribute.

Eager options, `refresh()` with the attribute's name, `awaitable_attrs`, `run_sync()` and an assignment
count as loads. So does a relationship's own `lazy="selectin"`, but for an instance that its class has just
made: what comes with queries comes with the first one, or with `refresh()`.

## Why is this bad?
Loading the attribute needs the database, and a plain read cannot be awaited: it raises
`MissingGreenlet` (with SQLAlchemy 2.1 wrapped in a `StatementError`).

## Example

    from sqlalchemy import ForeignKey
    from sqlalchemy.ext.asyncio import AsyncSession
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

    class Base(DeclarativeBase):
        pass

    class Address(Base):
        __tablename__ = "addresses"
        id: Mapped[int] = mapped_column(primary_key=True)
        user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))

    class User(Base):
        __tablename__ = "users"
        id: Mapped[int] = mapped_column(primary_key=True)
        addresses: Mapped[list[Address]] = relationship()

    async def count_addresses(session: AsyncSession, user_id: int) -> int:
        user = await session.get_one(User, user_id)
        return len(user.addresses)

Use instead:

    from sqlalchemy import ForeignKey
    from sqlalchemy.ext.asyncio import AsyncSession
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, selectinload

    class Base(DeclarativeBase):
        pass

    class Address(Base):
        __tablename__ = "addresses"
        id: Mapped[int] = mapped_column(primary_key=True)
        user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))

    class User(Base):
        __tablename__ = "users"
        id: Mapped[int] = mapped_column(primary_key=True)
        addresses: Mapped[list[Address]] = relationship()

    async def count_addresses(session: AsyncSession, user_id: int) -> int:
        user = await session.get_one(User, user_id, options=[selectinload(User.addresses)])
        return len(user.addresses)

## Fix safety
Unsafe: an eager option changes which SQL runs, and when. There is none for a `get()` of what the
session may hold already, since that runs no SQL.

## References
- SQLAlchemy, Asynchronous I/O (asyncio): "Preventing Implicit IO when Using AsyncSession"
- SQLAlchemy, Relationship Loading Techniques: "Select IN loading"
"""

from __future__ import annotations

from collections.abc import Iterator

from flake8_session.diagnostics import Diagnostic
from flake8_session.facts.further import further_reads
from flake8_session.facts.paths import told
from flake8_session.facts.solving import FunctionFacts
from flake8_session.facts.spelling import attribute_of
from flake8_session.rules._rule import Rule
from flake8_session.rules._waits import reports
from flake8_session.typestate.worlds import Tie

RULE = Rule(
    code="SES404",
    name="lazy-load-in-async",
    summary="an unloaded relationship or deferred column is read in asynchronous code",
    fixable="unsafe",
)


def check(facts: FunctionFacts) -> Iterator[Diagnostic]:
    """One report for each read of what was never loaded, of an instance or of what it leads to."""
    problem = "is not loaded, and nothing waits for its load"
    yield from reports(RULE, facts, expired=False, problem=problem)
    for session in facts.sessions:
        if session.focus.options.asynchronous:
            for found in further_reads(session, Tie.ATTACHED):
                subject = attribute_of(facts.frame, found.step, "", found.attribute)
                message = f"{subject} {problem}; reading it raises MissingGreenlet"
                path = told(facts, found.solved, found.path)
                yield RULE.at(facts, facts.step_span(found.step), message, path)
