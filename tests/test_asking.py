"""One answer about a helper serves for all instances that it is not given; it is what each would have got."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from flake8_session.checker import check_source
from flake8_session.diagnostics import Diagnostic
from flake8_session.linking.meanings import FunctionAt
from flake8_session.summaries import asking
from flake8_session.summaries.solved import Solved

START = """
from sqlalchemy import select
from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, sessionmaker

Keeping = sessionmaker(expire_on_commit=False)
Expiring = sessionmaker()

class Base(DeclarativeBase):
    pass

class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    posts: Mapped[list["Post"]] = relationship()

class Post(Base):
    __tablename__ = "posts"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    user: Mapped["User"] = relationship()
"""
HELPERS = {
    "commits": "    session.commit()\n",
    "loads posts": "    return session.scalars(select(Post)).all()\n",
    "loads users": "    return session.scalars(select(User)).all()\n",
    "loads something": "    return session.scalars(select(type(session))).all()\n",
    "ends a savepoint": "    savepoint = session.begin_nested()\n    savepoint.rollback()\n",
    "writes posts": "    session.add(Post(title='new'))\n    session.flush()\n",
    "calls": "    further(session)\n",
    "calls what calls": "    between(session)\n",
}
FURTHER = """
def further(session: Session):
    return session.get(User, 1)

def between(session: Session):
    something(session)

def something(session: Session):
    return session.scalars(select(type(session))).all()
"""
USERS = "".join(
    f"""
def use_{number}(engine, key):
    session = Session(engine)
    one = session.get({model}, key)
    {before}
    helper(session)
    session.close()
    return one.{attribute}
"""
    for number, (model, attribute, before) in enumerate(
        (model, attribute, before)
        for model, attribute in (("User", "name"), ("Post", "title"), ("User", "posts"))
        for before in ("pass", "session.commit()", "session.expire_all()", "session.rollback()")
    )
)


def found(body: str) -> list[Diagnostic]:
    return check_source(f"{START}{FURTHER}def helper(session: Session):\n{body}{USERS}")


@pytest.mark.parametrize("body", HELPERS.values(), ids=HELPERS)
def test_wide_answers_are_those_that_each_instance_would_have_got(
    monkeypatch: pytest.MonkeyPatch, body: str
) -> None:
    widely = found(body)
    monkeypatch.setattr(asking, "_wider", lambda start, inside: ())
    assert found(body) == widely


def questions(monkeypatch: pytest.MonkeyPatch, body: str) -> int:
    """How often the helper was solved with an instance that it is not given."""
    asked: set[object] = set()
    ask = Solved.ask

    def counted(self: Solved, key: tuple[object, ...], answer: Callable[[], Sequence[object]]) -> object:
        if key[0] == "call" and isinstance(key[1], FunctionAt) and key[1].qualname == "helper":
            asked.add(key)
        return ask(self, key, answer)

    monkeypatch.setattr(Solved, "ask", counted)
    found(body)
    return len(asked)


def test_what_meets_no_instance_is_asked_about_once_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    wide = questions(monkeypatch, HELPERS["commits"])
    monkeypatch.setattr(asking, "_wider", lambda start, inside: ())
    assert wide < questions(monkeypatch, HELPERS["commits"])


GIVING = """
def given(session: Session):
    one = session.get(User, 1)
    session.commit()
    return one
"""
USING = """
def use_{lower}():
    session = {maker}()
    one = given(session)
    session.close()
    return one.name
"""


@pytest.mark.parametrize("makers", [("Expiring", "Keeping"), ("Keeping", "Expiring")])
def test_what_a_helper_gives_is_as_its_callers_session_is(makers: tuple[str, str]) -> None:
    users = "".join(USING.format(lower=maker.lower(), maker=maker) for maker in makers)
    reports = check_source(f"{START}{GIVING}{users}")
    assert [each.function for each in reports if each.code == "SES201"] == ["use_expiring"]
