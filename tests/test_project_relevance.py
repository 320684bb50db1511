"""The third sieve: files that name no library of sessions are linted where their imports lead to one."""

from __future__ import annotations

from pathlib import Path

import pytest

from flake8_session.checker import check_source
from flake8_session.project.neighbours import Project
from flake8_session.project.relevance import imports_of
from flake8_session.settings import Settings
from flake8_session.source.text import SyntaxRefused

GIVING = '''\
from sqlalchemy.orm import sessionmaker

Maker = sessionmaker()


def opened():
    return Maker()
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project in which ``giving`` names SQLAlchemy, and ``silent`` and ``circle`` lead nowhere."""
    (tmp_path / "setup.py").touch()
    (tmp_path / "giving.py").write_text(GIVING)
    (tmp_path / "one.py").write_text("from giving import opened\n")
    (tmp_path / "two.py").write_text("import one\n")
    (tmp_path / "pack" / "deep").mkdir(parents=True)
    (tmp_path / "pack" / "__init__.py").write_text("from .deep import inner\n")
    (tmp_path / "pack" / "deep" / "__init__.py").touch()
    (tmp_path / "pack" / "deep" / "inner.py").write_text("def f():\n    from two import one\n")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "member.py").write_text("import giving\n")
    (tmp_path / "silent.py").write_text("import os, circle\n\n\ndef opened():\n    return 1\n")
    (tmp_path / "circle.py").write_text("import silent, circle, missing, requests\n")
    (tmp_path / "broken.py").write_bytes(b"\xff\xff")
    return tmp_path


def may_matter(folder: Path, text: str, settings: Settings = Settings()) -> bool:
    return Project().may_matter(str(folder / "use.py"), text, settings)


@pytest.mark.parametrize(
    "text",
    [
        "import sqlalchemy as sa\n",
        "from sqlmodel import Session\n",
        "from giving import Maker\n",
        "from giving import *\n",
        "import giving as g\n",
        "import os, two\n",
        "import os, \\\n    two\n",
        "from pack.deep.inner import f\n",
        "import pack\n",
        "import pack.deep\n",
        "from folder import member\n",
        "from folder import (\n    nothing,\n    member as m,\n)\n",
        "from . import giving\n",
        "from .one import opened\n",
        "def f():\n    from two import one\n",
        "if TYPE_CHECKING: from giving import Maker\n",
        "try: import giving\nexcept ImportError: giving = None\n",
        "x = 1; import giving\n",
        "from anywhere import provide_session\n\n\n@provide_session\ndef f(session): ...\n",
        "import anywhere\n\n\n@anywhere.with_session()\ndef f(session): ...\n",
    ],
)
def test_a_file_whose_imports_lead_to_a_library_is_linted(folder: Path, text: str) -> None:
    assert may_matter(folder, text)


@pytest.mark.parametrize(
    "text",
    [
        "session = 1\n",
        "import requests\nsession = requests.Session()\n",
        "import silent\nsession = silent.opened()\n",
        "from circle import *\nfrom silent import opened\nsession = opened()\n",
        "from folder import nothing\nsession = nothing()\n",
        "from broken import opened\nsession = opened()\n",
        "from use import opened\nsession = opened()\n",
        "def f(session):\n    import silent\n    session.get(1)\n",
    ],
)
def test_a_file_whose_imports_lead_to_none_is_not_parsed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    assert not may_matter(folder, text)
    monkeypatch.setattr("flake8_session.flow.parsing.parse", pytest.fail)
    assert check_source(text, filename=str(folder / "use.py"), project=Project()) == []


def test_what_is_no_python_is_refused_all_the_same(folder: Path) -> None:
    for text in ("session = (\n", "session = '\0'\n"):
        with pytest.raises(SyntaxRefused):
            check_source(text, filename=str(folder / "use.py"), project=Project())


def test_what_the_user_tells_counts(folder: Path) -> None:
    text = "from elsewhere import connect\nsession = connect()\n"
    assert not may_matter(folder, text)
    assert may_matter(folder, text, Settings(session_factories=("elsewhere.connect",)))


def test_a_buffer_that_begins_to_name_a_library_is_seen(folder: Path) -> None:
    project = Project()
    use = "from silent import opened\n\n\ndef use():\n    session = opened()\n    session.execute(1)\n"
    changed = GIVING
    assert check_source(use, filename=str(folder / "use.py"), project=project) == []
    check_source(changed, filename=str(folder / "silent.py"), project=project)
    found = check_source(use, filename=str(folder / "use.py"), project=project)
    assert [each.code for each in found] == ["SES101"]


def test_a_file_that_was_passed_over_is_a_neighbour_like_any_other(folder: Path) -> None:
    project = Project()
    closing = "import silent\n\n\ndef helper(session):\n    session.close()\n"
    imports = "from giving import opened\nfrom closing import helper\n"
    use = f"{imports}\n\ndef use():\n    s = opened()\n    helper(s)\n"
    (folder / "closing.py").write_text(closing)
    assert check_source(closing, filename=str(folder / "closing.py"), project=project) == []
    assert check_source(use, filename=str(folder / "use.py"), project=project) == []
    leaking = use.replace("helper(s)", "s.execute(1)")
    found = check_source(leaking, filename=str(folder / "use.py"), project=project)
    assert [each.code for each in found] == ["SES101"]


def test_imports_are_read_from_the_text() -> None:
    text = "import a.b as c, d\nfrom ..e import (f, # why\n    g as h)\nfrom . import i\nyield from x\n"
    assert sorted(imports_of(text)) == [
        ("", 1, ("i",)),
        ("a", 0, ()),
        ("a.b", 0, ()),
        ("as", 0, ()),
        ("c", 0, ()),
        ("d", 0, ()),
        ("e", 2, ("f", "why", "g", "as", "h")),
    ]
