"""
## What it does
Reports the read of a relationship, a deferred column or an association proxy that has never been
loaded, on an instance that no open session stands behind any more. Replacing such a collection, or
appending to it, counts as well: both load it first. So does the read of what a relationship leads to,
`post.user.team`, where nothing in the function can have loaded it.

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
the session may hold already, since that runs no SQL, and none for what a relationship leads to.

## References
- SQLAlchemy, Relationship Loading Techniques: "Lazy Loading"
- SQLAlchemy, Relationship Loading Techniques: "Preventing unwanted lazy loads using raiseload"
- SQLAlchemy, Error Messages: "Parent instance <x> is not bound to a Session; (lazy load/deferred
  load/refresh/etc.) operation cannot proceed"
"""

from __future__ import annotations

from collections.abc import Iterator

from flake8_session.diagnostics import Diagnostic
from flake8_session.facts.further import further_reads
from flake8_session.facts.paths import told
from flake8_session.facts.solving import FunctionFacts
from flake8_session.facts.spelling import attribute_of
from flake8_session.rules._reads import Verdict, verdicts
from flake8_session.rules._rule import Rule
from flake8_session.typestate.worlds import Tie

RULE = Rule(
    code="SES202",
    name="unloaded-attribute-after-close",
    summary="an attribute of a detached instance that was never loaded is read",
    fixable="safe",
)


def check(facts: FunctionFacts) -> Iterator[Diagnostic]:
    """One report for each read that must raise because nothing loaded the attribute."""
    problem = "was never loaded and its instance is detached"
    for found in verdicts(facts, Verdict.UNLOADED):
        message = f"{found.subject} {problem}; using it{found.within} raises DetachedInstanceError"
        yield RULE.at(facts, found.span, message, found.path, found.plan)
    for session in facts.sessions:
        for read in further_reads(session, Tie.DETACHED):
            subject = attribute_of(facts.frame, read.step, "", read.attribute)
            message = f"{subject} {problem}; using it raises DetachedInstanceError"
            path = told(facts, read.solved, read.path)
            yield RULE.at(facts, facts.step_span(read.step), message, path)
