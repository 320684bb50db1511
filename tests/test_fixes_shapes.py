"""What fixed code looks like, shape by shape: before, and after all fixes, the unsafe ones included."""

from __future__ import annotations

import textwrap

import pytest

from flake8_session.fixing import Wanted, fix_source
from flake8_session.settings import Settings

HEAD = """\
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, sessionmaker
from elsewhere import asynchronous, cond, engine, items, work

SessionLocal = sessionmaker(engine)
AsyncLocal = async_sessionmaker(asynchronous)

"""

STYLE = Settings(extend_select=("SES901",))
SHAPES = {
    "the parts of a result are none, and need no session": (
        """
        def f():
            session = SessionLocal()
            name, age = session.execute(select(1))
            session.close()
            work(name)
        """,
        """
        def f():
            with SessionLocal() as session:
                name, age = session.execute(select(1))
            work(name)
        """,
    ),
    "the parts of what holds the session need it": (
        """
        def f():
            session = SessionLocal()
            first, name = session, "x"
            other, _ = first, name
            work(name)
            other.commit()
        """,
        """
        def f():
            with SessionLocal() as session:
                first, name = session, "x"
                other, _ = first, name
                work(name)
                other.commit()
        """,
    ),
    "bound in a test": (
        """
        def f():
            # why
            if (session := SessionLocal()).scalar(select(1)):  # note
                session.rollback()
            work()
        """,
        """
        def f():
            # why
            with SessionLocal() as session:
                if session.scalar(select(1)):  # note
                    session.rollback()
            work()
        """,
    ),
    "bound in a test of its own": (
        """
        def f():
            if (session := SessionLocal()):
                session.rollback()
            else:
                work()
        """,
        """
        def f():
            with SessionLocal() as session:
                if session:
                    session.rollback()
                else:
                    work()
        """,
    ),
    "bound in each turn, or where another test has failed: left as it is": (
        """
        def f(name):
            if name:
                work()
            elif (session := SessionLocal()).scalar(select(1)):
                session.rollback()
            while (session := SessionLocal()).scalar(select(1)):
                session.rollback()
        """,
        """
        def f(name):
            if name:
                work()
            elif (session := SessionLocal()).scalar(select(1)):
                session.rollback()
            while (session := SessionLocal()).scalar(select(1)):
                session.rollback()
        """,
    ),
    "the name is read in front of its binding: left as it is": (
        """
        def f(session):
            work(session, (session := SessionLocal()).scalar(select(1)))
            session.rollback()
        """,
        """
        def f(session):
            work(session, (session := SessionLocal()).scalar(select(1)))
            session.rollback()
        """,
    ),
    "one of two": (
        """
        def f():
            work(); session, name = SessionLocal(), "ann"; session.scalar(select(name))
            session.close()
        """,
        """
        def f():
            work()
            with SessionLocal() as session:
                name = "ann"
                session.scalar(select(name))
        """,
    ),
    "one of three, in brackets": (
        """
        def f():
            (name, session, count) = ("ann", SessionLocal(), work())  # all
            session.scalar(select(name, count))
        """,
        """
        def f():
            with SessionLocal() as session:
                (name, count) = ("ann", work())  # all
                session.scalar(select(name, count))
        """,
    ),
    "one of several names": (
        """
        def f():
            first = second = third = SessionLocal()
            first.scalar(select(1))
            second.close()
            work(third)
        """,
        """
        def f():
            with SessionLocal() as first:
                second = third = first
                first.scalar(select(1))
                second.close()
                work(third)
        """,
    ),
    "one of two, asynchronous": (
        """
        async def f():
            session, name = AsyncLocal(), "ann"
            await session.scalar(select(name))
        """,
        """
        async def f():
            async with AsyncLocal() as session:
                name = "ann"
                await session.scalar(select(name))
        """,
    ),
    "an annotation goes with the assignment": (
        """
        def f():
            session: Session = SessionLocal()
            session.commit()
        """,
        """
        def f():
            with SessionLocal() as session:
                session.commit()
        """,
    ),
    "comments stay with their statements": (
        """
        def f():
            # open
            session = SessionLocal()  # here

            # work
            session.commit()  # done
            # the end
        """,
        """
        def f():
            # open
            with SessionLocal() as session:  # here
                # work
                session.commit()  # done
            # the end
        """,
    ),
    "what comes before and behind stays outside": (
        """
        def f():
            work(1)
            session = SessionLocal()
            session.commit()
            session.close()
            work(2)
        """,
        """
        def f():
            work(1)
            with SessionLocal() as session:
                session.commit()
            work(2)
        """,
    ),
    "a name that is used behind it is bound as before": (
        """
        def f():
            session = SessionLocal()
            count = len(session.scalars(select(1)).all())
            session.close()
            return count
        """,
        """
        def f():
            with SessionLocal() as session:
                count = len(session.scalars(select(1)).all())
            return count
        """,
    ),
    "a finally that only closed goes, and its try": (
        """
        def f():
            session = SessionLocal()
            work()
            try:
                session.commit()
            finally:
                session.close()
        """,
        """
        def f():
            with SessionLocal() as session:
                work()
                session.commit()
        """,
    ),
    "a finally that does more stays": (
        """
        def f():
            session = SessionLocal()
            work(0)
            try:
                session.commit()
            finally:
                work(1)
                session.close()
        """,
        """
        def f():
            with SessionLocal() as session:
                work(0)
                try:
                    session.commit()
                finally:
                    work(1)
        """,
    ),
    "a handler that only closed and raised again goes": (
        """
        def f():
            session = SessionLocal()
            try:
                session.commit()
            except IntegrityError:
                session.close()
                raise
            session.close()
        """,
        """
        def f():
            with SessionLocal() as session:
                session.commit()
        """,
    ),
    "a handler that does more stays": (
        """
        def f():
            session = SessionLocal()
            try:
                session.commit()
            except IntegrityError:
                session.rollback()
                session.close()
                raise
            session.close()
        """,
        """
        def f():
            with SessionLocal() as session:
                try:
                    session.commit()
                except IntegrityError:
                    session.rollback()
                    raise
        """,
    ),
    "an else that only closed goes": (
        """
        def f():
            session = SessionLocal()
            for item in items():
                if cond(item):
                    break
            else:
                session.close()
        """,
        """
        def f():
            with SessionLocal() as session:
                for item in items():
                    if cond(item):
                        break
        """,
    ),
    "a test of the session that only closed goes": (
        """
        def f():
            session = SessionLocal()
            work()
            if session is not None:
                session.close()
        """,
        """
        def f():
            with SessionLocal() as session:
                work()
        """,
    ),
    "a close that something follows stays": (
        """
        def f():
            session = SessionLocal()
            if cond():
                session.close()
                work()
                return
            session.commit()
        """,
        """
        def f():
            with SessionLocal() as session:
                if cond():
                    session.close()
                    work()
                    return
                session.commit()
        """,
    ),
    "a close that is all of a branch stays": (
        """
        def f():
            session = SessionLocal()
            if cond():
                session.close()
            else:
                session.rollback()
        """,
        """
        def f():
            with SessionLocal() as session:
                if cond():
                    session.close()
                else:
                    session.rollback()
        """,
    ),
    "a close of what may be something else stays": (
        """
        def f():
            session = SessionLocal()
            try:
                session.commit()
                session = None
            finally:
                session.close()
        """,
        """
        def f():
            with SessionLocal() as session:
                try:
                    session.commit()
                    session = None
                finally:
                    session.close()
        """,
    ),
    "a close that is the last of all stays for the sake of a comment above it": (
        """
        def f():
            session = SessionLocal()
            session.commit()
            # the end of it
            session.close()
            return 1
        """,
        """
        def f():
            with SessionLocal() as session:
                session.commit()
                # the end of it
                session.close()
            return 1
        """,
    ),
    "a finally with a comment stays for its sake": (
        """
        def f():
            session = SessionLocal()
            work()
            try:
                session.commit()
            finally:
                # always
                session.close()
        """,
        """
        def f():
            with SessionLocal() as session:
                work()
                try:
                    session.commit()
                finally:
                    # always
                    session.close()
        """,
    ),
    "an early return needs no close": (
        """
        def f():
            session = SessionLocal()
            if cond():
                session.close()
                return None
            session.commit()
            session.close()
            return 1
        """,
        """
        def f():
            with SessionLocal() as session:
                if cond():
                    return None
                session.commit()
            return 1
        """,
    ),
    "the handler reads it: the try closes it": (
        """
        def f():
            try:
                session = SessionLocal()
                session.commit()
            except IntegrityError:
                session.rollback()
                raise
        """,
        """
        def f():
            session = SessionLocal()
            try:
                session.commit()
            except IntegrityError:
                session.rollback()
                raise
            finally:
                session.close()
        """,
    ),
    "the handler reads it, and the finally does more": (
        """
        def f():
            try:
                session = SessionLocal()
                session.commit()
            except IntegrityError:
                session.rollback()
                raise
            finally:
                work()
        """,
        """
        def f():
            with SessionLocal() as session:
                try:
                    session.commit()
                except IntegrityError:
                    session.rollback()
                    raise
                finally:
                    work()
        """,
    ),
    "the handler reads it, and so does what is behind the try": (
        """
        def f():
            try:
                session = SessionLocal()
                session.commit()
            except IntegrityError:
                session.rollback()
                raise
            session.rollback()
        """,
        """
        def f():
            with SessionLocal() as session:
                try:
                    session.commit()
                except IntegrityError:
                    session.rollback()
                    raise
                session.rollback()
        """,
    ),
    "a temporary one gets a name that is free": (
        """
        def f(session):
            work(SessionLocal().scalar(select(1)))
        """,
        """
        def f(session):
            with SessionLocal() as db_session:
                work(db_session.scalar(select(1)))
        """,
    ),
    "a temporary one and its transaction share a with": (
        """
        def f():
            with SessionLocal().begin():
                work()
        """,
        """
        def f():
            with SessionLocal() as session, session.begin():
                work()
        """,
    ),
    "a pause of autoflush gives the session its name": (
        """
        def f():
            with SessionLocal().no_autoflush as session:
                work(session)
        """,
        """
        def f():
            with SessionLocal() as session, session.no_autoflush:
                work(session)
        """,
    ),
    "asynchronous": (
        """
        async def f():
            session = AsyncLocal()
            try:
                await session.commit()
                await session.close()
            except IntegrityError:
                await session.rollback()
                raise
        """,
        """
        async def f():
            async with AsyncLocal() as session:
                try:
                    await session.commit()
                except IntegrityError:
                    await session.rollback()
                    raise
        """,
    ),
    "asynchronous, and the handler reads it": (
        """
        async def f():
            try:
                session = AsyncLocal()
                await session.commit()
            except IntegrityError:
                await session.rollback()
                raise
        """,
        """
        async def f():
            session = AsyncLocal()
            try:
                await session.commit()
            except IntegrityError:
                await session.rollback()
                raise
            finally:
                await session.close()
        """,
    ),
    "a handler that held a pass": (
        """
        def f(session: Session):
            try:
                session.commit()
            except IntegrityError: pass
        """,
        """
        def f(session: Session):
            try:
                session.commit()
            except IntegrityError:
                session.rollback()
        """,
    ),
    "a rollback in front of comments": (
        """
        def f(session: Session):
            try:
                session.commit()
            except IntegrityError:
                # it may happen
                work()
        """,
        """
        def f(session: Session):
            try:
                session.commit()
            except IntegrityError:
                session.rollback()
                # it may happen
                work()
        """,
    ),
    "lines behind a backslash move with their statement": (
        """
        def f():
            session = SessionLocal()
            found = session.execute(select(1)) \\
                .unique() \\
                .scalars(
                    0
                ).all()
            if found \\
                    or cond():
                work()
            session.close()
        """,
        """
        def f():
            with SessionLocal() as session:
                found = session.execute(select(1)) \\
                    .unique() \\
                    .scalars(
                        0
                    ).all()
                if found \\
                        or cond():
                    work()
        """,
    ),
    "they stay where they are if a try goes and a with comes": (
        """
        def f():
            session = SessionLocal()
            work()
            try:
                count = 1 + \\
                    session.scalar(select(1))
            finally:
                session.close()
        """,
        """
        def f():
            with SessionLocal() as session:
                work()
                count = 1 + \\
                    session.scalar(select(1))
        """,
    ),
    "they move into the with in which they are needed": (
        """
        def f():
            with SessionLocal() as session:
                user = session.merge(work())
                session.commit()
            return "called " \\
                + user.name
        """,
        """
        def f():
            with SessionLocal() as session:
                user = session.merge(work())
                session.commit()
                return "called " \\
                    + user.name
        """,
    ),
    "the blank line in front of a close that goes": (
        """
        def f():
            session = SessionLocal()
            session.execute(select(1))

            session.close()
            work()
        """,
        """
        def f():
            with SessionLocal() as session:
                session.execute(select(1))

            work()
        """,
    ),
    "a try that does nothing else goes with its finally": (
        """
        def f():
            # above
            try:
                # open
                session = SessionLocal()  # here
                # work
                session.commit()
                return True
            finally:
                session.close()
        """,
        """
        def f():
            # above
            # open
            with SessionLocal() as session:  # here
                # work
                session.commit()
                return True
        """,
    ),
    "a close with a comment above it stays": (
        """
        def f():
            session = SessionLocal()
            session.commit()
            # close
            session.close()
        """,
        """
        def f():
            with SessionLocal() as session:
                session.commit()
                # close
                session.close()
        """,
    ),
    "a session that may not be there yet is rolled back if it is": (
        """
        def f():
            session = None
            try:
                work()
                session = SessionLocal()
                session.merge(work())
                session.commit()
            except IntegrityError:
                pass
            finally:
                if session:
                    session.close()
        """,
        """
        def f():
            session = None
            try:
                work()
                session = SessionLocal()
                session.merge(work())
                session.commit()
            except IntegrityError:
                if session is not None:
                    session.rollback()
            finally:
                if session:
                    session.close()
        """,
    ),
    "a read behind what seems to fail for sure stays inside": (
        """
        class Base(DeclarativeBase):
            pass

        class User(Base):
            __tablename__ = "user"
            id: Mapped[int] = mapped_column(primary_key=True)
            bio: Mapped[str] = mapped_column(deferred=True)

        def f():
            session = SessionLocal()
            user = User()
            session.add(user)
            merged = session.merge(user)
            session.refresh(merged)
            return user.bio
        """,
        """
        class Base(DeclarativeBase):
            pass

        class User(Base):
            __tablename__ = "user"
            id: Mapped[int] = mapped_column(primary_key=True)
            bio: Mapped[str] = mapped_column(deferred=True)

        def f():
            with SessionLocal() as session:
                user = User()
                session.add(user)
                merged = session.merge(user)
                session.refresh(merged)
                session.commit()
                return user.bio
        """,
    ),
    "an instance that was added in a list is read inside": (
        """
        def f():
            session = SessionLocal()
            user = make()
            session.add_all([user])
            session.commit()
            work(user.bio)
        """,
        """
        def f():
            with SessionLocal() as session:
                user = make()
                session.add_all([user])
                session.commit()
                work(user.bio)
        """,
    ),
    "a rollback takes the place of a pass, and its comments": (
        """
        def f(session: Session):
            try:
                session.commit()
            except IntegrityError:
                # it is there already
                pass  # and stays
        """,
        """
        def f(session: Session):
            try:
                session.commit()
            except IntegrityError:
                # it is there already
                session.rollback()  # and stays
        """,
    ),
}


def laid_out(text: str) -> str:
    return HEAD + textwrap.dedent(text)


@pytest.mark.parametrize("name", SHAPES)
def test_the_fixed_code_looks_like_this(name: str) -> None:
    before, after = map(laid_out, SHAPES[name])
    assert fix_source(before, settings=STYLE, wanted=Wanted(unsafe=True)).text == after


MODELS = """\
class Base(DeclarativeBase):
    pass

class User(Base):
    __tablename__ = "user"
    id: Mapped[int] = mapped_column(primary_key=True)
    bio: Mapped[str] = mapped_column(deferred=True)
    posts: Mapped[list["Post"]] = relationship()

def load():
    with Session() as session:
        user = session.scalars(select(User)).one()
        session.expunge(user)
    return user.posts
"""


ON_ONE_LINE = "from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship"
IN_BRACKETS = """\
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    mapped_column,
    relationship,
    undefer,
)
"""
IN_ANOTHER_ORDER = ON_ONE_LINE.replace("Mapped, ", "Mapped, selectinload, ")
IMPORTS = {
    "added": (f"{ON_ONE_LINE}\n", f"{ON_ONE_LINE}, selectinload\n"),
    "in its place": (IN_BRACKETS, IN_BRACKETS.replace("undefer", "selectinload,\n    undefer")),
    "there already": (f"{IN_ANOTHER_ORDER}\n", f"{IN_ANOTHER_ORDER}\n"),
    "behind a star": (
        "from sqlalchemy.orm import *\n",
        "from sqlalchemy.orm import *\nfrom sqlalchemy.orm import selectinload\n",
    ),
}


@pytest.mark.parametrize(("imports", "becomes"), IMPORTS.values(), ids=IMPORTS)
def test_an_eager_option_is_imported(imports: str, becomes: str) -> None:
    first = "from sqlalchemy import select\n"
    fixed = fix_source(f"{first}{imports}\n{MODELS}", wanted=Wanted(unsafe=True)).text
    option = MODELS.replace("select(User)", "select(User).options(selectinload(User.posts))")
    assert fixed == f"{first}{becomes}\n{option}"
