"""What makes a fix unsafe, or forbids it: each condition with a case that keeps it and one that breaks it.

A case is a function, the code that is reported in it, and what is said of the fix: "safe", words of
the reason why it is not, or None where there is none.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

import pytest

from flake8_session.diagnostics import Applicability, Fix
from flake8_session.linting import lint
from flake8_session.settings import Settings

HEAD = """\
from collections import deque
from contextlib import contextmanager, suppress
from sqlalchemy import ForeignKey, func, select, text, insert
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, sessionmaker
from elsewhere import Card, asynchronous, cond, engine, items, work

class Base(DeclarativeBase):
    pass

class Post(Base):
    __tablename__ = "post"
    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[int] = mapped_column(ForeignKey("user.id"))

class User(Base):
    __tablename__ = "user"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column()
    bio: Mapped[str] = mapped_column(deferred=True)
    posts: Mapped[list[Post]] = relationship()

class Auditing(Session):
    def __exit__(self, *error):
        work(error)

SessionLocal = sessionmaker(engine)
AsyncLocal = async_sessionmaker(asynchronous)
KEPT = []

"""


@dataclass(frozen=True)
class Case:
    """`said` is "safe", words of the reason, or None."""

    name: str
    code: str
    said: str | None
    function: str


CASES = [
    # SES101: one stretch of statements.
    Case(
        "one stretch",
        "SES101",
        "safe",
        """
        def f():
            session = SessionLocal()
            session.execute(text("select 1"))
    """,
    ),
    Case(
        "opened in one branch, used behind it",
        "SES101",
        None,
        """
        def f():
            if cond():
                session = SessionLocal()
            else:
                session = Session(engine)
            session.execute(text("select 1"))
    """,
    ),
    Case(
        "an instance is read behind the block that opens",
        "SES101",
        None,
        """
        def f():
            user = None
            if cond():
                session = SessionLocal()
                user = session.get(User, 1)
            work(user.posts)
    """,
    ),
    Case(
        "an instance is read in the block that opens",
        "SES101",
        "safe",
        """
        def f():
            session = SessionLocal()
            user = session.get(User, 1)
            work(user.posts)
    """,
    ),
    # SES101: nothing of it gets away.
    Case(
        "a column is returned",
        "SES101",
        "safe",
        """
        def f():
            session = SessionLocal()
            return session.get(User, 1).name
    """,
    ),
    Case(
        "a count is returned",
        "SES101",
        "safe",
        """
        def f():
            session = SessionLocal()
            return session.scalar(select(func.count(User.id)))
    """,
    ),
    Case(
        "names of a loop are returned",
        "SES101",
        "safe",
        """
        def f():
            session = SessionLocal()
            return [user.name for user in session.scalars(select(User))]
    """,
    ),
    Case(
        "an instance is returned",
        "SES101",
        "what is returned",
        """
        def f():
            session = SessionLocal()
            return session.get(User, 1)
    """,
    ),
    Case(
        "instances are returned in a list",
        "SES101",
        "what is returned",
        """
        def f():
            session = SessionLocal()
            found = []
            for user in session.scalars(select(User)):
                found.append(user)
            return found
    """,
    ),
    Case(
        "related instances are returned",
        "SES101",
        "what is returned",
        """
        def f():
            session = SessionLocal()
            return session.get(User, 1).posts
    """,
    ),
    Case(
        "rows of entities are returned",
        "SES101",
        "what is returned",
        """
        def f():
            session = SessionLocal()
            return session.execute(select(User)).all()
    """,
    ),
    Case(
        "a query is returned",
        "SES101",
        "what is returned",
        """
        def f():
            session = SessionLocal()
            return session.query(User)
    """,
    ),
    Case(
        "an unread result is returned",
        "SES101",
        "what is returned",
        """
        def f():
            session = SessionLocal()
            return session.scalars(select(User.name))
    """,
    ),
    Case(
        "what an unknown function makes of an instance is returned",
        "SES101",
        "what is returned",
        """
        def f():
            session = SessionLocal()
            return work(session.get(User, 1))
    """,
    ),
    Case(
        "an attribute of a model out of sight is returned",
        "SES101",
        "what is returned",
        """
        def f():
            session = SessionLocal()
            return session.get(Card, 1).holder
    """,
    ),
    Case(
        "a function over an instance is returned",
        "SES101",
        "what is returned",
        """
        def f():
            session = SessionLocal()
            user = session.get(User, 1)
            return lambda: user.posts
    """,
    ),
    Case(
        "an instance is stored",
        "SES101",
        "what is stored",
        """
        def f(holder):
            session = SessionLocal()
            holder.user = session.get(User, 1)
    """,
    ),
    Case(
        "an instance goes into a container from outside",
        "SES101",
        "what is passed on",
        """
        def f():
            session = SessionLocal()
            KEPT.append(session.get(User, 1))
    """,
    ),
    Case(
        "an instance goes into a container that dies here",
        "SES101",
        "safe",
        """
        def f():
            session = SessionLocal()
            kept = []
            kept.append(session.get(User, 1))
    """,
    ),
    Case(
        "an instance is passed to what may keep it",
        "SES101",
        "what is passed on",
        """
        def f():
            session = SessionLocal()
            Card(session.get(User, 1))
    """,
    ),
    Case(
        "an instance is passed to what does not keep it",
        "SES101",
        "safe",
        """
        def f():
            session = SessionLocal()
            work(session.get(User, 1))
    """,
    ),
    Case(
        "what got away had been detached already",
        "SES102",
        "safe",
        """
        def f():
            session = SessionLocal()
            user = session.get(User, 1)
            session.close()
            return user
    """,
    ),
    # SES101: the session's own end.
    Case(
        "a class with an end of its own",
        "SES101",
        "an end of its own",
        """
        def f():
            session = Auditing(engine)
            session.execute(text("select 1"))
    """,
    ),
    Case(
        "asynchronous in an async def",
        "SES101",
        "safe",
        """
        async def f():
            session = AsyncLocal()
            await session.execute(text("select 1"))
    """,
    ),
    Case(
        "asynchronous in a plain def",
        "SES101",
        None,
        """
        def f():
            session = AsyncLocal()
            session.add(User())
    """,
    ),
    # SES102: handlers around it.
    Case(
        "nothing outside reads it",
        "SES102",
        "safe",
        """
        def f():
            try:
                session = SessionLocal()
                session.execute(text("select 1"))
                session.close()
            except SQLAlchemyError:
                work()
    """,
    ),
    Case(
        "the handler reads it, and nothing is in the way of its opening",
        "SES102",
        "safe",
        """
        def f():
            try:
                session = SessionLocal()
                session.execute(text("select 1"))
                session.close()
            except SQLAlchemyError:
                session.rollback()
                raise
    """,
    ),
    Case(
        "the opening needs what the try makes",
        "SES102",
        None,
        """
        def f():
            try:
                bind = work()
                session = Session(bind)
                session.execute(text("select 1"))
                session.close()
            except SQLAlchemyError:
                session.rollback()
                raise
    """,
    ),
    Case(
        "the arguments of the opening call something",
        "SES102",
        None,
        """
        def f():
            try:
                session = Session(work())
                session.execute(text("select 1"))
                session.close()
            except SQLAlchemyError:
                session.rollback()
                raise
    """,
    ),
    Case(
        "the caller gets it where nothing fails",
        "SES102",
        None,
        """
        def f():
            session = SessionLocal()
            session.execute(text("select 1"))
            return session
    """,
    ),
    Case(
        "an object keeps it where nothing fails",
        "SES102",
        None,
        """
        def f(self):
            session = SessionLocal()
            session.execute(text("select 1"))
            self.session = session
    """,
    ),
    Case(
        "the caller gets it on one of two ways",
        "SES102",
        None,
        """
        def f():
            session = SessionLocal()
            if cond():
                session.close()
                return None
            return session
    """,
    ),
    Case(
        "what opens it is a function that may fail",
        "SES102",
        "runs earlier",
        """
        def connected():
            work()
            return SessionLocal()

        def f():
            try:
                session = connected()
                session.execute(text("select 1"))
                session.close()
            except Exception:
                session.rollback()
                raise
    """,
    ),
    # SES104, SES105, SES106.
    Case(
        "overwritten",
        "SES104",
        "second opening",
        """
        def f():
            for item in items():
                session = SessionLocal()
                session.execute(text("select 1"))
    """,
    ),
    Case(
        "temporary, and a value comes of it",
        "SES105",
        "safe",
        """
        def f():
            return SessionLocal().scalar(select(func.count(User.id)))
    """,
    ),
    Case(
        "temporary, and an instance comes of it",
        "SES105",
        "what is returned",
        """
        def f():
            return SessionLocal().get(User, 1)
    """,
    ),
    Case(
        "temporary, anew at each turn of a while",
        "SES105",
        None,
        """
        def f():
            while SessionLocal().scalar(select(func.count(User.id))):
                work()
    """,
    ),
    Case(
        "temporary, for each element of a comprehension",
        "SES105",
        None,
        """
        def f():
            return [SessionLocal().scalar(select(func.count(User.id))) for item in items()]
    """,
    ),
    Case(
        "a generator lends its session",
        "SES106",
        "safe",
        """
        @contextmanager
        def f():
            session = SessionLocal()
            yield session
            session.close()
    """,
    ),
    Case(
        "a generator gives instances and closes in the end",
        "SES106",
        "safe",
        """
        def f():
            session = SessionLocal()
            for user in session.scalars(select(User)):
                yield user
            session.close()
    """,
    ),
    Case(
        "a generator gives instances and never closes",
        "SES106",
        "what is yielded",
        """
        def f():
            session = SessionLocal()
            for user in session.scalars(select(User)):
                yield user
    """,
    ),
    Case(
        "a new session is yielded",
        "SES106",
        "safe",
        """
        @contextmanager
        def f():
            yield SessionLocal()
    """,
    ),
    Case(
        "opened and dropped",
        "SES105",
        None,
        """
        def f():
            SessionLocal()
    """,
    ),
    # SES201 to SES204: the end moves below the last read.
    Case(
        "a read behind the with",
        "SES201",
        "safe",
        """
        def f():
            with SessionLocal() as session:
                user = session.get_one(User, 1)
                session.commit()
            return user.name
    """,
    ),
    Case(
        "a read behind the finally",
        "SES201",
        "safe",
        """
        def f():
            session = SessionLocal()
            try:
                user = session.get_one(User, 1)
                session.commit()
            finally:
                session.close()
            return user.name
    """,
    ),
    Case(
        "a plain step stands between",
        "SES201",
        "safe",
        """
        def f():
            with SessionLocal() as session:
                user = session.get_one(User, 1)
                session.commit()
            prefix = "name: "
            return prefix + user.name
    """,
    ),
    Case(
        "a call stands between",
        "SES201",
        "something else is called",
        """
        def f():
            with SessionLocal() as session:
                user = session.get_one(User, 1)
                session.commit()
            work()
            return user.name
    """,
    ),
    Case(
        "an await stands between",
        "SES201",
        "something else is called",
        """
        async def f():
            with SessionLocal() as session:
                user = session.get_one(User, 1)
                session.commit()
            await work
            return user.name
    """,
    ),
    Case(
        "a yield stands between",
        "SES201",
        "something else is called",
        """
        def f():
            with SessionLocal() as session:
                user = session.get_one(User, 1)
                session.commit()
            yield 1
            yield user.name
    """,
    ),
    Case(
        "another session stands between",
        "SES201",
        "no instance of the session is expired",
        """
        def f():
            with SessionLocal() as session:
                user = session.get_one(User, 1)
                session.commit()
            with SessionLocal() as other:
                other.execute(text("select 1"))
            return user.name
    """,
    ),
    Case(
        "the read stands in another block",
        "SES201",
        "no instance of the session is expired",
        """
        def f():
            if cond():
                with SessionLocal() as session:
                    user = session.get_one(User, 1)
                    session.commit()
            else:
                user = User(name="new")
            return user.name
    """,
    ),
    Case(
        "a method of something else stands between",
        "SES204",
        "something else is called",
        """
        def f(session: Session, other):
            user = session.get_one(User, 1)
            session.close()
            other.tell(user.name)
            return 1
    """,
    ),
    Case(
        "an attribute of something else stands between",
        "SES201",
        "no instance of the session is expired",
        """
        def f(other):
            session = SessionLocal()
            user = session.get_one(User, 1)
            session.commit()
            session.close()
            other.name
            return [user.name, other.name]
    """,
    ),
    Case(
        "the close may find None",
        "SES202",
        "which SQL",
        """
        def f():
            session = SessionLocal()
            user = session.get_one(User, 1)
            try:
                work(user.name)
                session = None
            except ValueError:
                pass
            session.close()
            work(user.bio)
    """,
    ),
    Case(
        "a handler would see what fails before the end",
        "SES202",
        "which SQL",
        """
        def f():
            with SessionLocal() as session:
                user = session.get_one(User, 1)
                try:
                    session.close()
                    for post in user.posts:
                        pass
                except Exception:
                    session.get(User, 2)
    """,
    ),
    Case(
        "something is pending at the end",
        "SES202",
        "not committed",
        """
        def f():
            with SessionLocal() as session:
                user = session.get_one(User, 1)
                session.add(Post())
            return user.posts
    """,
    ),
    Case(
        "something is flushed and not committed at the end",
        "SES202",
        "not committed",
        """
        def f():
            with SessionLocal() as session:
                user = session.get_one(User, 1)
                session.execute(insert(Post).values(owner=1))
            return user.posts
    """,
    ),
    Case(
        "something was committed before the end",
        "SES202",
        "safe",
        """
        def f():
            with SessionLocal() as session:
                session.execute(insert(Post).values(owner=1))
                session.commit()
                user = session.get_one(User, 1)
            return user.posts
    """,
    ),
    Case(
        "an attribute is set on the way",
        "SES201",
        "what is set",
        """
        def f():
            with SessionLocal() as session:
                user = session.get_one(User, 1)
                session.commit()
            user.bio = "new"
            return user.name
    """,
    ),
    Case(
        "the with is that of a transaction",
        "SES201",
        None,
        """
        def f():
            with SessionLocal.begin() as session:
                user = session.get_one(User, 1)
            return user.name
    """,
    ),
    Case(
        "a handler lets the try go on",
        "SES204",
        None,
        """
        def f():
            session = SessionLocal()
            user = User(name="new")
            try:
                user = session.get_one(User, 1)
                work(user.name)
            except ValueError:
                work()
            finally:
                session.close()
            return user.name
    """,
    ),
    Case(
        "every handler leaves",
        "SES204",
        "safe",
        """
        def f():
            session = SessionLocal()
            try:
                user = session.get_one(User, 1)
            except ValueError:
                return None
            finally:
                session.close()
            return user.name
    """,
    ),
    Case(
        "the read handles errors, and would get those of the session",
        "SES202",
        "it changes which SQL",
        """
        def f():
            with SessionLocal() as session:
                user = session.get_one(User, 1)
            try:
                return user.posts
            except ValueError:
                return None
    """,
    ),
    Case(
        "an unloaded attribute of an expunged instance",
        "SES202",
        "it changes which SQL",
        """
        def f():
            with SessionLocal() as session:
                user = session.get_one(User, 1)
                session.expunge(user)
            return user.posts
    """,
    ),
    Case(
        "what is read late is asynchronous",
        "SES201",
        "no instance of the session is expired",
        """
        async def f():
            async with AsyncLocal() as session:
                user = await session.get_one(User, 1)
                await session.commit()
            return user.name
    """,
    ),
    Case(
        "what is read late is asynchronous and was rolled back",
        "SES201",
        "one more SELECT",
        """
        async def f():
            async with AsyncLocal() as session:
                user = await session.get_one(User, 1)
                await session.rollback()
            return user.name
    """,
    ),
    Case(
        "a relationship that is read late is asynchronous",
        "SES201",
        None,
        """
        async def f():
            async with AsyncLocal() as session:
                user = await session.get_one(User, 1)
                await session.commit()
            return user.posts
    """,
    ),
    Case(
        "a handler rolls back that no known failure enters",
        "SES205",
        None,
        """
        def f():
            with SessionLocal() as session:
                user = session.get(User, 1)
                try:
                    session.commit()
                except ValueError:
                    session.rollback()
            return user
    """,
    ),
    # SES205, SES206, SES207.
    Case(
        "an expired instance is handed out",
        "SES205",
        "one more SELECT",
        """
        def f():
            with SessionLocal() as session:
                user = User(name="new")
                session.add(user)
                session.commit()
            return user
    """,
    ),
    Case(
        "expired instances are handed out",
        "SES205",
        "no instance of the session is expired",
        """
        def f():
            with SessionLocal() as session:
                users = session.scalars(select(User)).all()
                session.commit()
            return users
    """,
    ),
    Case(
        "a rollback expired what is handed out",
        "SES205",
        None,
        """
        def f():
            with SessionLocal() as session:
                user = session.get(User, 1)
                session.rollback()
            return [user]
    """,
    ),
    Case(
        "an expunge behind the close",
        "SES206",
        "safe",
        """
        def f(flag):
            session = SessionLocal()
            user = session.get_one(User, 1)
            session.close()
            session.add(user)
            session.expunge(user)
    """,
    ),
    Case(
        "work behind the close",
        "SES206",
        "becomes part of its transaction",
        """
        def f():
            with SessionLocal() as session:
                session.execute(text("select 1"))
            session.execute(text("select 1"))
    """,
    ),
    Case(
        "something is pending at the close that the session is used behind",
        "SES206",
        "not committed",
        """
        def f():
            with SessionLocal() as session:
                session.add(User(name="new"))
            session.execute(text("select 1"))
    """,
    ),
    Case(
        "a detached instance is added behind the close",
        "SES206",
        "safe",
        """
        def f():
            with SessionLocal() as session:
                user = session.get_one(User, 1)
            session.add(user)
    """,
    ),
    Case(
        "a detached instance was changed before it is added behind the close",
        "SES206",
        "becomes part of its transaction",
        """
        def f():
            with SessionLocal() as session:
                user = session.get_one(User, 1)
            user.name = "new"
            session.add(user)
    """,
    ),
    Case(
        "an instance of another session is added, whose row the open session may hold",
        "SES206",
        None,
        """
        def f():
            with SessionLocal() as session:
                user = session.get_one(User, 1)
            with SessionLocal() as other:
                work(other.get_one(User, 1).name)
            other.add(user)
    """,
    ),
    Case(
        "an instance of another session is added to one that holds nothing",
        "SES206",
        "becomes part of its transaction",
        """
        def f():
            with SessionLocal() as session:
                user = session.get_one(User, 1)
            with SessionLocal() as other:
                other.execute(text("select 1"))
            other.add(user)
    """,
    ),
    Case(
        "work behind the close goes on in another block",
        "SES206",
        None,
        """
        def f():
            with Session(engine):
                with SessionLocal() as session:
                    user = session.get_one(User, 1)
                session.add(user)
            session.rollback()
            return user.name
    """,
    ),
    Case(
        "an unread result is handed out",
        "SES207",
        "gives another type",
        """
        def f():
            with SessionLocal() as session:
                return session.scalars(select(User))
    """,
    ),
    Case(
        "a method of the query is called behind the close",
        "SES207",
        "becomes part of its transaction",
        """
        def f():
            with SessionLocal() as session:
                query = session.query(User)
            return query.all()
    """,
    ),
    # SES301 and SES309: a rollback in the handler.
    Case(
        "the try does all the work",
        "SES301",
        "safe",
        """
        def f():
            with SessionLocal() as session:
                try:
                    session.add(User(name="new"))
                    session.commit()
                except IntegrityError:
                    work()
                session.execute(text("select 1"))
    """,
    ),
    Case(
        "work came before the try",
        "SES301",
        "from before the `try`",
        """
        def f():
            with SessionLocal() as session:
                session.add(Post())
                try:
                    session.flush()
                except IntegrityError:
                    work()
                session.commit()
    """,
    ),
    Case(
        "work came before the try and was committed",
        "SES301",
        "safe",
        """
        def f():
            with SessionLocal() as session:
                session.add(Post())
                session.commit()
                try:
                    session.add(User(name="new"))
                    session.flush()
                except IntegrityError:
                    work()
                session.commit()
    """,
    ),
    Case(
        "an earlier turn did work that is committed at the end",
        "SES301",
        "from before the `try`",
        """
        def f():
            with SessionLocal() as session:
                for item in items():
                    try:
                        session.add(User(name=item))
                        session.flush()
                    except IntegrityError:
                        work()
                session.commit()
    """,
    ),
    Case(
        "each turn commits its own",
        "SES301",
        "safe",
        """
        def f():
            with SessionLocal() as session:
                for item in items():
                    try:
                        session.add(User(name=item))
                        session.commit()
                    except IntegrityError:
                        session.info["failed"] = item
    """,
    ),
    Case(
        "the session is borrowed, with whatever the caller did",
        "SES301",
        "from before the `try`",
        """
        def f(session: Session):
            try:
                session.add(User(name="new"))
                session.flush()
            except IntegrityError:
                work()
    """,
    ),
    Case(
        "the program raises on purpose with work undone",
        "SES301",
        "on purpose",
        """
        def f():
            with SessionLocal() as session:
                try:
                    session.add(User(name="new"))
                    if cond():
                        raise ValueError
                    session.flush()
                except Exception:
                    work()
                session.commit()
    """,
    ),
    Case(
        "the name is not bound wherever the try can raise",
        "SES301",
        None,
        """
        def f():
            try:
                work()
                session = SessionLocal()
                session.add(User(name="new"))
                session.flush()
            except Exception:
                work()
            session.commit()
            session.close()
    """,
    ),
    Case(
        "a savepoint without a name",
        "SES301",
        "from before the `try`",
        """
        def f():
            with SessionLocal() as session:
                session.begin_nested()
                try:
                    session.add(User(name="new"))
                    session.flush()
                except IntegrityError:
                    work()
                session.commit()
    """,
    ),
    Case(
        "a savepoint with a name",
        "SES301",
        "savepoint",
        """
        def f():
            with SessionLocal() as session:
                savepoint = session.begin_nested()
                try:
                    session.add(User(name="new"))
                    session.flush()
                except IntegrityError:
                    work()
                session.commit()
                work(savepoint)
    """,
    ),
    Case(
        "swallowed by suppress",
        "SES301",
        "exception group",
        """
        def f():
            with SessionLocal() as session:
                with suppress(IntegrityError):
                    session.add(User(name="new"))
                    session.flush()
                session.commit()
    """,
    ),
    Case(
        "in a begin block",
        "SES305",
        None,
        """
        def f():
            with SessionLocal() as session, session.begin():
                try:
                    session.add(User(name="new"))
                    session.flush()
                except IntegrityError:
                    work()
    """,
    ),
    Case(
        "only a later close ends it, and the try did all the work",
        "SES309",
        "safe",
        """
        def f():
            with SessionLocal() as session:
                try:
                    session.add(User(name="new"))
                    session.commit()
                except IntegrityError:
                    work()
    """,
    ),
    Case(
        "the name is None until the session is opened",
        "SES309",
        "safe",
        """
        def f():
            session = None
            try:
                work()
                session = SessionLocal()
                session.execute(insert(User))
                session.commit()
            except IntegrityError:
                work()
            finally:
                if session is not None:
                    session.close()
    """,
    ),
    Case(
        "the name is something else until the session is opened",
        "SES309",
        None,
        """
        def f(session):
            try:
                work()
                session = SessionLocal()
                session.execute(insert(User))
                session.commit()
            except IntegrityError:
                work()
            finally:
                session.close()
    """,
    ),
    Case(
        "the handler reads what the rollback would throw out",
        "SES301",
        None,
        """
        def f():
            with SessionLocal() as session:
                user = User(name="new")
                session.add(user)
                session.flush()
                try:
                    session.execute(insert(Post))
                except SQLAlchemyError:
                    work(user.name)
                session.commit()
    """,
    ),
    # SES302: the rollback moves up.
    Case(
        "a read in front of the rollback",
        "SES302",
        "safe",
        """
        def f():
            with SessionLocal() as session:
                user = session.get_one(User, 1)
                try:
                    user.name = "new"
                    session.commit()
                except IntegrityError:
                    work(user.name)
                    session.rollback()
    """,
    ),
    Case(
        "work in front of the rollback, which would stay",
        "SES302",
        "no longer be rolled back",
        """
        def f():
            with SessionLocal() as session:
                session.add(User(name="new"))
                try:
                    session.commit()
                except IntegrityError:
                    session.execute(insert(Post).values(owner=1))
                    session.rollback()
    """,
    ),
    Case(
        "no rollback in the handler",
        "SES302",
        "rolls nothing back",
        """
        def f():
            with SessionLocal() as session:
                user = session.get_one(User, 1)
                try:
                    user.name = "new"
                    session.commit()
                except IntegrityError:
                    work(user.name)
                    raise
    """,
    ),
    Case(
        "in a finally, which is also entered when all went well",
        "SES302",
        None,
        """
        def f():
            with SessionLocal() as session:
                user = session.get_one(User, 1)
                try:
                    user.name = "new"
                    session.flush()
                finally:
                    work(user.name)
                    session.rollback()
    """,
    ),
    Case(
        "the handler rolls back on one of its ways",
        "SES302",
        None,
        """
        def f():
            with SessionLocal() as session:
                user = session.get_one(User, 1)
                user.name = "new"
                try:
                    session.commit()
                except SQLAlchemyError:
                    work(user.bio)
                    if cond():
                        session.rollback()
                    raise
    """,
    ),
    # SES304, SES401, SES402, SES403.
    Case(
        "the name is gone where the session ends",
        "SES304",
        None,
        """
        def f():
            with SessionLocal() as session:
                session.add(User(name="new"))
                session = None
    """,
    ),
    Case(
        "never committed",
        "SES304",
        "stays in the database",
        """
        def f():
            with SessionLocal() as session:
                session.add(User(name="new"))
    """,
    ),
    Case(
        "a close that is not awaited",
        "SES401",
        "safe",
        """
        async def f(session: AsyncSession):
            session.close()
    """,
    ),
    Case(
        "a commit that is not awaited",
        "SES401",
        "takes effect",
        """
        async def f(session: AsyncSession):
            session.commit()
    """,
    ),
    Case(
        "not awaited in a plain def",
        "SES401",
        None,
        """
        def f(session: AsyncSession):
            session.commit()
    """,
    ),
    Case(
        "a plain with in an async def",
        "SES402",
        "safe",
        """
        async def f():
            with AsyncLocal() as session:
                await session.execute(text("select 1"))
    """,
    ),
    Case(
        "a plain with that holds something else too",
        "SES402",
        None,
        """
        async def f():
            with AsyncLocal() as session, open("log") as log:
                await session.execute(text("select 1"))
    """,
    ),
    Case(
        "a plain with in a plain def",
        "SES402",
        None,
        """
        def f():
            with AsyncLocal() as session:
                work(session)
    """,
    ),
    Case(
        "expired in asynchronous code",
        "SES403",
        "one more SELECT",
        """
        async def f():
            async with AsyncLocal() as session:
                user = await session.get_one(User, 1)
                await session.commit()
                return user.name
    """,
    ),
    # SES110, SES901, SES902.
    Case(
        "a generator is driven by hand",
        "SES110",
        "clean-up of the generator",
        """
        def f():
            session = next(_lend())
            session.commit()

        def _lend():
            with SessionLocal() as session:
                yield session
    """,
    ),
    Case(
        "a loop over a generator is left",
        "SES110",
        "as soon as the block is left",
        """
        async def f():
            async for session in _lend():
                await session.execute(text("select 1"))
                return

        async def _lend():
            async with AsyncLocal() as session:
                yield session
    """,
    ),
    Case(
        "a loop over a generator is left by break",
        "SES110",
        None,
        """
        async def f():
            async for session in _lend():
                await session.execute(text("select 1"))
                if cond():
                    break

        async def _lend():
            async with AsyncLocal() as session:
                yield session
    """,
    ),
    Case(
        "a finally that closes",
        "SES901",
        "safe",
        """
        def f():
            session = SessionLocal()
            try:
                return session.get(User, 1)
            finally:
                session.close()
    """,
    ),
    # SES205: a refresh writes what waits.
    Case(
        "nothing waits in front of the refresh",
        "SES205",
        "one more SELECT",
        """
        def f():
            session = SessionLocal()
            user = session.get_one(User, 1)
            session.commit()
            session.close()
            return user
    """,
    ),
    Case(
        "a change waits in front of the refresh",
        "SES205",
        "no instance of the session is expired",
        """
        def f():
            session = SessionLocal()
            user = session.get_one(User, 1)
            session.commit()
            session.add(User(name="new"))
            session.close()
            return user
    """,
    ),
    # SES309: a name that is read no more is the session's still.
    Case(
        "nothing reads the name behind the handler",
        "SES309",
        "safe",
        """
        def f():
            with SessionLocal() as session:
                try:
                    session.execute(insert(User).values(name="new"))
                    session.commit()
                except SQLAlchemyError:
                    work()
    """,
    ),
    Case(
        "nothing reads the name, which may be another's",
        "SES309",
        None,
        """
        def f():
            opened = SessionLocal()
            with opened:
                try:
                    opened.execute(insert(User).values(name="new"))
                    opened.commit()
                    opened = None
                    work()
                except SQLAlchemyError:
                    work()
    """,
    ),
    # SES101: what gives back constants keeps nothing.
    Case(
        "a helper answers yes or no",
        "SES101",
        "safe",
        """
        def f():
            session = SessionLocal()
            session.add(User(name="new"))
            return saved(session)

        def saved(session):
            try:
                session.commit()
                return True
            except SQLAlchemyError:
                session.rollback()
            return False
    """,
    ),
    Case(
        "a helper may give back what it was given",
        "SES101",
        "what is returned",
        """
        def f():
            session = SessionLocal()
            user = session.get(User, 1)
            return shown(session, user)

        def shown(session, user):
            if cond():
                return user
            return None
    """,
    ),
    # SES403: a refresh needs a transaction that has not failed.
    Case(
        "refreshed behind the rollback",
        "SES403",
        "one more SELECT",
        """
        async def f():
            async with AsyncLocal() as session:
                user = await session.get(User, 1)
                try:
                    await session.commit()
                except Exception:
                    await session.rollback()
                    work(user.name)
    """,
    ),
    Case(
        "the commit that raised may have failed",
        "SES403",
        None,
        """
        async def f():
            async with AsyncLocal() as session:
                user = await session.get(User, 1)
                await session.commit()
                merged = await session.merge(user)
                try:
                    await session.commit()
                except Exception:
                    work(merged.name)
    """,
    ),
    # SES206: what is closed further down is still the session.
    Case(
        "the name may hold something else by then",
        "SES206",
        None,
        """
        def f():
            session = SessionLocal()
            session.close()
            if cond():
                session = None
            session.execute(text("select 1"))
            return None
    """,
    ),
    # SES304: the commit keeps the rows, and does nothing else.
    Case(
        "nothing but the rows is new",
        "SES304",
        "stays in the database",
        """
        def f():
            session = SessionLocal()
            session.add(User(name="new"))
            session.close()
    """,
    ),
    Case(
        "the database may refuse the deletion",
        "SES304",
        None,
        """
        def f():
            session = SessionLocal()
            user = session.get(User, 1)
            session.delete(user)
            session.close()
    """,
    ),
    Case(
        "the database has taken the deletion",
        "SES304",
        "stays in the database",
        """
        def f():
            session = SessionLocal()
            user = session.get(User, 1)
            session.delete(user)
            session.flush()
            session.close()
    """,
    ),
    Case(
        "another session would see the rows",
        "SES304",
        None,
        """
        def f():
            with SessionLocal() as session:
                session.add(User(name="new"))
            with SessionLocal() as session:
                work(session.scalars(select(User.name)).all())
    """,
    ),
    Case(
        "the next turn would see the rows",
        "SES304",
        None,
        """
        def f():
            for item in items():
                with SessionLocal() as session:
                    work(session.scalars(select(User.name)).all())
                    session.add(User(name=item))
    """,
    ),
    Case(
        "the next turn adds rows of its own",
        "SES304",
        "stays in the database",
        """
        def f():
            for item in items():
                with SessionLocal() as session:
                    session.add(User(name=item))
    """,
    ),
    # SES202: an eager option needs a query that runs.
    Case(
        "the get is the first that the session is asked for",
        "SES202",
        "which SQL is run",
        """
        def f():
            with SessionLocal() as session:
                user = session.get(User, 1)
                session.expunge(user)
            return user.posts
    """,
    ),
    Case(
        "the get may find what is there",
        "SES202",
        None,
        """
        def f():
            with SessionLocal() as session:
                users = session.scalars(select(User)).all()
                work(len(users))
                user = session.get(User, 1)
                session.expunge(user)
            return user.posts
    """,
    ),
    Case(
        "the get of a later turn may find what is there",
        "SES202",
        None,
        """
        def f():
            with SessionLocal() as session:
                for item in items():
                    user = session.get(User, item)
                    session.expunge(user)
                    work(user.posts)
    """,
    ),
    Case(
        "the caller may have left it in the session",
        "SES202",
        None,
        """
        def f(session: Session):
            user = session.get(User, 1)
            session.expunge(user)
            return user.posts
    """,
    ),
    Case(
        "a close that the end of the with repeats",
        "SES902",
        "safe",
        """
        def f():
            with SessionLocal() as session:
                session.commit()
                session.close()
    """,
    ),
    # An opening among other things comes first then.
    Case(
        "what opens it is a class, and a call stands in front of it",
        "SES101",
        "safe",
        """
        def f():
            name, session = work(), SessionLocal()
            session.scalar(select(name))
    """,
    ),
    Case(
        "what opens it is a function, and a call stands in front of it",
        "SES101",
        "runs earlier",
        """
        def opened():
            return SessionLocal()

        def f():
            name, session = work(), opened()
            session.scalar(select(name))
    """,
    ),
    Case(
        "what opens it is a function, and stands first",
        "SES101",
        "safe",
        """
        def opened():
            return SessionLocal()

        def f():
            session, name = opened(), work()
            session.scalar(select(name))
    """,
    ),
    Case(
        "temporary, of a function that runs behind a call",
        "SES105",
        "runs earlier",
        """
        def opened():
            return SessionLocal()

        def f():
            work(work(), opened().scalar(select(func.count(User.id))))
    """,
    ),
    Case(
        "temporary, of a function that runs first",
        "SES105",
        "safe",
        """
        def opened():
            return SessionLocal()

        def f():
            work(opened().scalar(select(func.count(User.id))), work())
    """,
    ),
    Case(
        "what the rollback would throw out is read behind the handler",
        "SES301",
        None,
        """
        def f(session: Session):
            user = User(name="new")
            session.add(user)
            session.flush()
            try:
                session.execute(text("select 1"))
                session.commit()
            except IntegrityError:
                work()
            print(user.name)
    """,
    ),
    Case(
        "each turn of the loop makes and reads one of its own",
        "SES301",
        "safe",
        """
        def f():
            with SessionLocal() as session:
                for item in items():
                    try:
                        user = User(name=item)
                        session.add(user)
                        session.flush()
                        work(user.name)
                        session.commit()
                    except IntegrityError:
                        work()
    """,
    ),
    # SES304: a commit expires.
    Case(
        "what waits would be expired where it is read",
        "SES304",
        None,
        """
        def f():
            session = SessionLocal()
            merged = session.merge(User(name="new"))
            session.close()
            work(merged.bio)
    """,
    ),
    Case(
        "what waits would be expired, and is handed out",
        "SES304",
        None,
        """
        def f():
            session = SessionLocal()
            merged = session.merge(User(name="new"))
            session.close()
            return merged
    """,
    ),
    Case(
        "what waits is not expired by a commit, and has attributes to be loaded all the same",
        "SES304",
        None,
        """
        def f():
            session = SessionLocal(expire_on_commit=False)
            merged = session.merge(User(name="new"))
            session.close()
            return merged
    """,
    ),
    Case(
        "what waits is read in front of the end",
        "SES304",
        "stays in the database",
        """
        def f():
            session = SessionLocal()
            merged = session.merge(User(name="new"))
            work(merged.bio)
            session.close()
    """,
    ),
    # SES103 is mended as SES102 is, under the same conditions.
    Case(
        "one way leaves it open",
        "SES103",
        "safe",
        """
        def f(flag):
            session = SessionLocal()
            if flag:
                return None
            session.close()
    """,
    ),
    Case(
        "one way leaves it open and gives an instance away",
        "SES103",
        "what is returned",
        """
        def f(flag):
            session = SessionLocal()
            user = session.get(User, 1)
            if flag:
                return user
            session.close()
    """,
    ),
    # SES203: what may have to be loaded.
    Case(
        "what may have to be loaded is read behind the close",
        "SES203",
        "safe",
        """
        def f():
            session = SessionLocal()
            card = session.get(Card, 1)
            session.close()
            print(card.name)
    """,
    ),
    Case(
        "what may have to be loaded is asynchronous, and would have to be awaited",
        "SES203",
        None,
        """
        async def f():
            session = AsyncLocal()
            card = await session.get(Card, 1)
            await session.close()
            print(card.name)
    """,
    ),
    # SES202: a read in front of the end writes what waits.
    Case(
        "changes wait at the end, and a handler would see that they cannot be written",
        "SES202",
        "which SQL",
        """
        def f():
            try:
                with SessionLocal() as session:
                    user = session.scalars(select(User)).one()
                    user.name = "new"
                len(user.posts)
            except SQLAlchemyError:
                pass
            print(user.name)
    """,
    ),
    Case(
        "nothing waits at the end in the body of a try",
        "SES202",
        "safe",
        """
        def f():
            try:
                with SessionLocal() as session:
                    user = session.scalars(select(User)).one()
                len(user.posts)
            except SQLAlchemyError:
                pass
    """,
    ),
    Case(
        "changes wait where a finally ends the session, and a handler is around",
        "SES202",
        "which SQL",
        """
        def f():
            session = SessionLocal()
            try:
                try:
                    user = session.scalars(select(User)).one()
                    user.name = "new"
                finally:
                    session.close()
                len(user.posts)
            except SQLAlchemyError:
                pass
    """,
    ),
    # SES401: what is awaited takes effect.
    Case(
        "a rollback that is not awaited",
        "SES401",
        "safe",
        """
        async def f(session: AsyncSession):
            session.rollback()
    """,
    ),
    Case(
        "a refresh that is not awaited",
        "SES401",
        "safe",
        """
        async def f(session: AsyncSession, user: User):
            session.refresh(user)
    """,
    ),
    *(
        Case(
            f"a {call} that is not awaited",
            "SES401",
            "takes effect",
            f"""
        async def f(session: AsyncSession, user: User):
            session.{call}
    """,
        )
        for call in ("flush()", "delete(user)", "merge(user)", 'execute(text("select 1"))')
    ),
    # SES404: an option at what gives the instance.
    Case(
        "unloaded in asynchronous code",
        "SES404",
        "which SQL",
        """
        async def f(session: AsyncSession):
            user = (await session.scalars(select(User))).one()
            print(user.posts)
    """,
    ),
    Case(
        "unloaded in asynchronous code, of a get that may find what is there",
        "SES404",
        None,
        """
        async def f(session: AsyncSession):
            user = await session.get(User, 1)
            print(user.posts)
    """,
    ),
    # SES901 is mended under the conditions of SES101; SES902 unless a comment would go.
    Case(
        "a finally that closes a class with an end of its own",
        "SES901",
        "an end of its own",
        """
        def f():
            session = Auditing(engine)
            try:
                session.commit()
            finally:
                session.close()
    """,
    ),
    Case(
        "an asynchronous session that works again behind its close",
        "SES204",
        None,
        """
        async def f(session: AsyncSession):
            user = User(name="x")
            session.add(user)
            await session.flush()
            await session.close()
            await session.commit()
            return user.name
    """,
    ),
    Case(
        "a close that a comment stands above",
        "SES902",
        None,
        """
        def f():
            with SessionLocal() as session:
                session.commit()
                # done
                session.close()
    """,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.code} {case.name}")
def test_the_fix_is_as_safe_as_it_says(case: Case) -> None:
    text = HEAD + textwrap.dedent(case.function)
    found = [
        each
        for each in lint(text, "case.py", Settings(extend_select=("SES901", "SES902")), fixes=True).reported
        if each.code == case.code
    ]
    assert found, "the case is not reported at all"
    fix = found[0].fix
    said = said_of(fix)
    assert said == case.said or (said is not None and case.said is not None and case.said in said), said


def said_of(fix: Fix | None) -> str | None:
    """What is said of a fix."""
    if fix is None:
        return None
    assert (fix.applicability is Applicability.SAFE) == (not fix.reason)
    return fix.reason or "safe"
