"""``--show-summary``: what is known of a module, in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from flake8_session.cli import main

DB = '''\
import sys
from contextlib import contextmanager

from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship
from sqlalchemy.orm import scoped_session, sessionmaker

Maker = None
registry = scoped_session(sessionmaker(expire_on_commit=False))


class User(DeclarativeBase):
    id: Mapped[int] = mapped_column(primary_key=True)
    photo: Mapped[bytes] = mapped_column(deferred=True)
    addresses: Mapped[list["Address"]] = relationship(lazy="selectin")
    kind = "user"


class Repository:
    def __init__(self, session: Session):
        self.session = session

    def add(self, user):
        self.session.add(user)


class Unit:
    def __enter__(self):
        self.session = Maker()
        return self.session

    def __exit__(self, *error):
        self.session.close()


def init(engine):
    global Maker
    Maker = sessionmaker(engine)


def opened():
    return Maker()


def shared():
    return registry()


@contextmanager
def scope():
    with Maker() as session:
        yield session
        session.commit()


def finish(session, keep=False):
    if not keep:
        session.commit()
    session.close()


def undo(session):
    session.rollback()


def stop():
    sys.exit(1)


def first(session: Session):
    return session.get(User, 1)


def unrelated(x):
    return x + 1
'''

OFFERED = {
    "Maker": "makes sessions (expires on commit)",
    "registry": "a registry of sessions (does not expire on commit)",
    "sessionmaker": "sqlalchemy.orm.sessionmaker",
    "init(engine)": "nothing about sessions",
    "opened()": "returns a new session, which its caller must close (expires on commit); cannot fail",
    "shared()": "returns a session that its caller need not close (does not expire on commit); cannot fail",
    "scope()": "lends a session to a with or a framework (expires on commit); may commit",
    "finish(session, keep)": "closes `session`; may have committed `session`",
    "undo(session)": "rolls back `session`; cannot fail",
    "stop()": "never returns",
    "first(session)": "returns an instance of User",
    "unrelated(x)": "nothing about sessions",
    "class User": "a class",
    "User.id": "a column",
    "User.photo": "loaded when it is read",
    "User.addresses": "loaded with the instance",
    "class Repository": "a class",
    "Repository.session": "a session (expires on commit)",
    "class Unit": "lends a session to a with (expires on commit)",
}


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "src" / "shop").mkdir(parents=True)
    (tmp_path / "src" / "shop" / "__init__.py").write_text("from shop.db import opened as open_session\n")
    (tmp_path / "src" / "shop" / "db.py").write_text(DB)
    (tmp_path / "src" / "shop" / "broken.py").write_text("def f(:\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("module", ["shop.db", "src/shop/db.py"])
def test_what_a_module_offers_is_told_name_by_name(
    shop: Path, capsys: pytest.CaptureFixture[str], module: str
) -> None:
    assert main(["--isolated", "--show-summary", module]) == 0
    first, *lines = capsys.readouterr().out.splitlines()
    assert first == f"# {shop / 'src' / 'shop' / 'db.py'}"
    told = dict(line.split("  ", 1) for line in lines)
    shown = {name: offer.strip() for name, offer in told.items()}
    assert {name: shown[name] for name in OFFERED} == OFFERED
    assert "User.kind" not in shown


def test_names_of_other_modules_are_told_by_what_they_are(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--isolated", "--show-summary", "shop"]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == ["open_session  the function opened of the project"]


@pytest.mark.parametrize("module", ["shop.nothing", "sqlalchemy", "shop.broken", "nowhere.py"])
def test_a_module_that_is_not_the_projects_is_an_error(
    shop: Path, capsys: pytest.CaptureFixture[str], module: str
) -> None:
    assert main(["--isolated", "--show-summary", module]) == 2
    assert capsys.readouterr().err == (
        f"session-lint: --show-summary: the project has no module `{module}` that can be read\n"
    )
