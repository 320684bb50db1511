"""Which pieces of a file are parsed: those into which a session may come; nothing is lost by the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from flake8_session.checker import check_source
from flake8_session.flow import lower_module
from flake8_session.project.neighbours import Project
from flake8_session.settings import Settings
from flake8_session.source.slices import pieces_of
from flake8_session.summaries.mattering import Mattering

FOLDER = Path(__file__).parent / "fixtures"
FIXTURES = [path for path in sorted(FOLDER.rglob("*.py")) if "fixed" not in path.parts]

NEIGHBOURS = {
    "base.py": """\
from sqlalchemy.orm import Session, sessionmaker
from flask_sqlalchemy import SQLAlchemy

db = SQLAlchemy()
Maker = sessionmaker()


def opened():
    return Maker()


def counted():
    return 3


class Unit:
    def __init__(self):
        self.work = Maker()

    def __enter__(self):
        return self.work

    def __exit__(self, *exc):
        self.work.close()


class Store:
    def __init__(self, engine):
        self.engine = engine
        self.kept = Maker()

    def begun(self):
        return Maker()

    @property
    def current(self):
        return self.kept

    def size(self):
        return 3


def store():
    return Store(None)
""",
    "passed_on.py": """\
from typing import Annotated
from base import Maker as Passed, Session
Given = Annotated[Session, "of a framework"]
""",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {**NEIGHBOURS, "setup.py": ""}.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def wanted(folder: Path, text: str) -> list[str]:
    """The names of the pieces that are wanted, in order."""
    path, pieces = str(folder / "use.py"), pieces_of(text)
    listed = lower_module(text, lambda piece: False)
    module, effects = Project().effects(path, text, listed, Settings())
    sieve = Mattering(effects.linker, effects, module, pieces)
    return [piece.name for piece in pieces if sieve.wanted(piece)]


@pytest.mark.parametrize(
    "text",
    [
        "from sqlalchemy.orm import Session as S\ndef f(): return S()\n",
        "import sqlalchemy.orm as o\ndef f(): return o.Session()\n",
        "from base import Maker\ndef f(): return Maker()\n",
        "from passed_on import Passed\ndef f(): return Passed()\n",
        "from passed_on import *\ndef f(): return Passed()\n",
        "import base\ndef f(): return base.opened()\n",
        "def f():\n    from base import opened\n    return opened()\n",
        "from base import opened as o\ndef f(): return o()\n",
        "from passed_on import Given\ndef f(s: Given): return s\n",
        "from base import Unit\ndef f():\n    with Unit() as s: s.add(1)\n",
        "from base import Store\ndef f(e): return Store(e).begun()\n",
        "from base import Store\ndef f(s: Store): return s.current.flush()\n",
        "from base import Store\ndef f(s: 'Store'): return s.kept.flush()\n",
        "from base import store\ndef f(): return store().begun()\n",
        "from base import db\ndef f(): db.session.add(1)\n",
        "import sqlalchemy\ndef f(self):\n    s = self.get_session()\n    s.flush()\n",
        "@provide_session\ndef f(session): session.flush()\n",
    ],
)
def test_what_names_a_session_by_whatever_way_is_wanted(folder: Path, text: str) -> None:
    found = wanted(folder, f"def other(a): return a.b(c)\n{text}")
    assert "f" in found
    assert "other" not in found


@pytest.mark.parametrize(
    "text",
    [
        "from base import counted\ndef f(session): return counted() + session.id\n",
        "from base import Store\ndef f(s: Store): return s.size() + s.engine\n",
        "from requests import session\ndef f(): return session.get(1)\n",
        "import base\ndef f(): return base.counted()\n",
    ],
)
def test_what_only_looks_like_it_is_not(folder: Path, text: str) -> None:
    assert wanted(folder, text) == []


def test_methods_are_told_apart_and_their_class_is_wanted_with_them(folder: Path) -> None:
    text = """\
from base import Store, opened
class A(Store):
    def inherited(self): return self.begun()
    def stores(self): self.own = opened()
    def reads(self): return self.own
    def plain(self): return self.engine
def of_another(a): return a.own
def unrelated(a): return a.engine
"""
    assert wanted(folder, text) == ["A", "A.inherited", "A.stores", "A.reads", "of_another"]


def test_functions_of_the_module_itself_are_followed(folder: Path) -> None:
    text = """\
from base import opened
def second(): return first()
def third(): return second()
def first(): return opened()
def unrelated(): return 1
"""
    assert wanted(folder, text) == ["second", "third", "first"]


def test_a_helper_that_is_not_wanted_is_parsed_when_it_is_asked_for(folder: Path) -> None:
    text = """\
from base import Maker
def ended(it): it.close()
def f():
    s = Maker()
    ended(s)
    return s.scalar("1")
"""
    assert wanted(folder, text) == ["f"]
    reports = check_source(text, filename=str(folder / "use.py"), project=Project())
    assert {report.code for report in reports} == {"SES206"}


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_nothing_is_lost(path: Path) -> None:
    """With fixes everything is parsed."""
    text, found = path.read_bytes().decode(), []
    for fixes in (False, True):
        reports = check_source(text, filename=str(path), project=Project(), fixes=fixes)
        found.append([(each.code, each.span, each.message, each.path) for each in reports])
    assert found[0] == found[1]
