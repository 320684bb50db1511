"""Every case below `fixtures/` is fixed, and the outcome must be what lies in `fixtures/fixed/`.

`fixed/<name>.py` is what safe fixes make of a case, `fixed/unsafe/<name>.py` what unsafe ones make of it
besides. A case that no fix changes has no such file. After a change that is meant to be::

    WRITE_FIXED=1 python -m pytest tests/test_fixes.py

writes them anew, and the difference is read by a person.
"""

from __future__ import annotations

import ast
import functools
import io
import os
import re
import sys
import tokenize
from collections import Counter
from pathlib import Path

import pytest

from flake8_session.fixing import Fixed, Wanted, fix_source
from flake8_session.linting import lint
from flake8_session.settings import Settings
from tests.test_fixtures import FIXTURES, SINGLE_FILES, markers, settings_of

FIXED = FIXTURES / "fixed"
WRITES = bool(os.environ.get("WRITE_FIXED"))
SAFE, UNSAFE = Wanted(), Wanted(unsafe=True)
BOTH = pytest.mark.parametrize(
    ("wanted", "folder"), [(SAFE, FIXED), (UNSAFE, FIXED / "unsafe")], ids=["safe", "unsafe"]
)


@pytest.fixture(scope="module", params=SINGLE_FILES, ids=lambda path: path.stem)
def path(request: pytest.FixtureRequest) -> Path:
    """Each case; that its tests come one after the other spares them to fix it more than once."""
    found: Path = request.param
    return found


@functools.lru_cache(maxsize=2)
def fixed(path: Path, wanted: Wanted) -> Fixed:
    """What the wanted fixes make of a case."""
    text = path.read_text(encoding="utf-8")
    return fix_source(text, filename=path.name, settings=settings_of(text), wanted=wanted)


def needs_newer_python(path: Path) -> bool:
    oldest = markers(path.read_text(encoding="utf-8")).get("python", "3.10")
    return sys.version_info < tuple(int(part) for part in oldest.split("."))


@BOTH
def test_the_fixed_case_is_as_it_was_read(path: Path, wanted: Wanted, folder: Path) -> None:
    if needs_newer_python(path):
        pytest.skip("needs a newer Python")
    golden = folder / path.name
    text = fixed(path, wanted).text
    base = path.read_text(encoding="utf-8") if wanted == SAFE else fixed(path, SAFE).text
    if WRITES:
        golden.unlink(missing_ok=True)
        if text != base:
            golden.write_text(text, encoding="utf-8")
    expected = golden.read_text(encoding="utf-8") if golden.exists() else base
    assert text == expected


@BOTH
def test_what_was_mended_is_gone_and_nothing_has_come(path: Path, wanted: Wanted, folder: Path) -> None:
    if needs_newer_python(path):
        pytest.skip("needs a newer Python")
    before = path.read_text(encoding="utf-8")
    after = fixed(path, wanted)
    ast.parse(after.text)
    was = Counter(each.code for each in lint(before, path.name, settings_of(before)).reported)
    now = Counter(each.code for each in after.left)
    assert not now - (was - Counter(each.code for each in after.mended))
    again = fix_source(after.text, filename=path.name, settings=settings_of(before), wanted=wanted)
    assert again.text == after.text, "a second time changes something"
    of_closes = Counter(
        comment for line in before.splitlines() for comment in re.findall(r"\.close\(\)\s*(#.*)", line)
    )
    assert not comments(before) - of_closes - comments(after.text), "a comment is lost"


def test_no_file_is_left_of_a_case_that_is_gone() -> None:
    names = {path.name for path in SINGLE_FILES}
    for folder in (FIXED, FIXED / "unsafe"):
        assert {path.name for path in folder.glob("*.py")} <= names


def test_cases_with_a_fix_are_fixed() -> None:
    """The files are there: a mistake that fixes nothing at all would pass everything above."""
    assert len(list(FIXED.glob("*.py"))) > 15
    assert len(list((FIXED / "unsafe").glob("*.py"))) > 10


def test_what_a_comment_silences_is_not_fixed() -> None:
    text = (
        "from sqlalchemy.orm import Session\ndef f(e):\n    s = Session(e)  # noqa: SES101\n    s.commit()\n"
    )
    assert fix_source(text).text == text
    assert fix_source(text.replace("  # noqa: SES101", "")).text != text.replace("  # noqa: SES101", "")


def test_text_without_findings_is_given_back_as_it_is() -> None:
    assert fix_source("x = 1\n", settings=Settings()) == Fixed("x = 1\n")


def comments(text: str) -> Counter[str]:
    """The comments of a text, each as often as it stands there."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return Counter(token.string for token in tokens if token.type == tokenize.COMMENT)
