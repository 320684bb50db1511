"""The third sieve: files that name no library of sessions are linted where the project gives them one."""

from __future__ import annotations

from pathlib import Path

import pytest

from flake8_session.checker import check_source
from flake8_session.project.neighbours import Project
from flake8_session.settings import Settings

GIVING = '''\
from contextlib import contextmanager

from sqlalchemy.orm import Session, scoped_session, sessionmaker

Maker = sessionmaker()
registry = scoped_session(Maker)
alias = Session


def opened():
    return Maker()


@contextmanager
def lent():
    with Maker() as each:
        yield each


class Held:
    def __init__(self):
        self.source = Maker


class Base:
    def start_session(self):
        return Maker()


class Derived(Base):
    pass


def unrelated(x):
    return x


class Plain:
    kind = 1

    def method(self):
        return self.kind


CONSTANT = 1
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "setup.py").touch()
    (tmp_path / "giving.py").write_text(GIVING)
    (tmp_path / "again.py").write_text("from giving import *\nfrom giving import opened as made\n")
    (tmp_path / "silent.py").write_text("def opened():\n    return 1\n")
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "__init__.py").write_text("from giving import Maker\n")
    return tmp_path


def may_matter(folder: Path, text: str, settings: Settings = Settings()) -> bool:
    return Project().may_matter(str(folder / "use.py"), text, settings)


@pytest.mark.parametrize(
    "text",
    [
        "import sqlalchemy as sa\n",
        "from sqlmodel import Session\n",
        "from giving import Maker\n",
        "from giving import registry as r\n",
        "from giving import opened\n",
        "from giving import lent\n",
        "from giving import alias\n",
        "from giving import Held\n",
        "from giving import Derived\n",
        "from giving import *\n",
        "from again import made\n",
        "from again import Maker\n",
        "from pack import Maker\n",
        "import giving\ngiving.opened()\n",
        "import pack\npack.Maker()\n",
        "from giving import unrelated\ndef f():\n    from giving import opened\n",
        "def f():\n    import giving as g\n",
        "from anywhere import provide_session\n",
        "try:\n    from giving import Maker\nexcept ImportError:\n    Maker = None\n",
        "if TYPE_CHECKING:\n    from giving import Held\n",
        "def f(:\n",
    ],
)
def test_a_file_that_may_get_a_session_is_linted(folder: Path, text: str) -> None:
    assert may_matter(folder, text)


@pytest.mark.parametrize(
    "text",
    [
        "session = 1\n",
        "import requests\nsession = requests.Session()\n",
        "from giving import unrelated, CONSTANT, Plain\nsession = unrelated(1)\n",
        "import giving\nsession = giving.unrelated(giving.CONSTANT)\n",
        "from silent import opened\nsession = opened()\n",
        "from silent import *\nsession = opened()\n",
        "def f(session):\n    import silent\n    session.get(1)\n",
    ],
)
def test_a_file_that_cannot_get_a_session_is_not_lowered(
    folder: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    assert not may_matter(folder, text)
    monkeypatch.setattr("flake8_session.checker.lower_module", pytest.fail)
    assert check_source(text, filename=str(folder / "use.py"), project=Project()) == []


def test_what_the_user_tells_counts(folder: Path) -> None:
    text = "from elsewhere import connect\nsession = connect()\n"
    assert not may_matter(folder, text)
    assert may_matter(folder, text, Settings(session_factories=("elsewhere.connect",)))
    assert may_matter(folder, text, Settings(closing_functions=("elsewhere.connect",)))


def test_a_file_that_was_passed_over_is_a_neighbour_like_any_other(folder: Path) -> None:
    project = Project()
    text = "from giving import Plain\nsession = Plain()\n\n\ndef helper(session):\n    session.close()\n"
    imports = "from giving import opened\nfrom closing import helper\n"
    closing = f"{imports}\n\ndef use():\n    s = opened()\n    helper(s)\n"
    leaking = closing.replace("helper(s)", "s.execute(1)")
    assert check_source(text, filename=str(folder / "closing.py"), project=project) == []
    assert check_source(closing, filename=str(folder / "use.py"), project=project) == []
    found = check_source(leaking, filename=str(folder / "use.py"), project=project)
    assert [each.code for each in found] == ["SES101"]
