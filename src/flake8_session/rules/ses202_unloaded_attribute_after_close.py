"""
## What it does
Reports the read of a relationship, a deferred column or an association proxy that has never been
loaded, on an instance that no open session stands behind any more. Replacing such a collection, or
appending to it, counts as well: both load it first.

The model must be known, from this file or from a module of the project. Eager loading, by an option
of the query or by the relationship's own `lazy=`, an earlier read and an assignment count as loads.
Relationships with `lazy="dynamic"`, `"write_only"`, `"noload"` or `"raise"` are not meant: they do
not load when they are read.

## Why is this bad?
An unloaded attribute is fetched when it is first read. A detached instance has no session to fetch
it with, so the read raises `DetachedInstanceError`. It does so even for a many-to-one relationship
whose foreign key is empty, where an attached instance would need no SQL at all.

## Example

    from sqlalchemy import ForeignKey, create_engine
    from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

    engine = create_engine("sqlite://")

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

    def count_addresses(user_id: int) -> int:
        with Session(engine) as session:
            user = session.get_one(User, user_id)
        return len(user.addresses)

Use instead:

    from sqlalchemy import ForeignKey, create_engine
    from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, selectinload

    engine = create_engine("sqlite://")

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

    def count_addresses(user_id: int) -> int:
        with Session(engine) as session:
            user = session.get_one(User, user_id, options=[selectinload(User.addresses)])
        return len(user.addresses)

## Fix safety
Moving the end of the session below the last read is safe under the conditions of SES201. An eager
option on the query is unsafe: it changes which SQL runs, and when. There is none for a `get()` of what
the session may hold already, since that runs no SQL.

## References
- SQLAlchemy, Relationship Loading Techniques: "Lazy Loading"
- SQLAlchemy, Relationship Loading Techniques: "Preventing unwanted lazy loads using raiseload"
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
    code="SES202",
    name="unloaded-attribute-after-close",
    summary="an attribute of a detached instance that was never loaded is read",
    fixable="safe",
)


def check(facts: FunctionFacts) -> Iterator[Diagnostic]:
    """One report for each read that must raise because nothing loaded the attribute."""
    for found in verdicts(facts, Verdict.UNLOADED):
        problem = "was never loaded and its instance is detached; using it raises DetachedInstanceError"
        message = f"{found.subject} {problem}"
        yield RULE.at(facts, found.span, message, found.path, found.plan)
