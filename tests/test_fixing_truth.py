"""Fixed programs run on real SQLAlchemy: what was mended no longer happens, and all else is as before.

The cases are all that can be run, each fixed safely and with unsafe fixes; then some random programs. More
of these: ``python -m tests.truth.fixing --n 2000``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytest.importorskip("aiosqlite")

from tests.test_fixtures import SINGLE_FILES, markers, settings_of
from tests.truth.cases import not_run
from tests.truth.fixing import examine, mend
from tests.truth.grammar import Dice, write_program

pytestmark = pytest.mark.filterwarnings("ignore")

RUNNABLE = [path for path in SINGLE_FILES if not not_run(path.read_text(encoding="utf-8"))]
PROGRAMS = 40


@pytest.mark.parametrize("unsafe", [False, True], ids=["safe", "unsafe"])
@pytest.mark.parametrize("path", RUNNABLE, ids=lambda path: path.stem)
def test_a_fixed_case_does_what_the_case_did(path: Path, unsafe: bool) -> None:
    text = path.read_text(encoding="utf-8")
    oldest = markers(text).get("python", "3.10")
    if sys.version_info < tuple(int(part) for part in oldest.split(".")):
        pytest.skip(f"needs Python {oldest}")
    result = examine(text, unsafe=unsafe, settings=settings_of(text))
    assert not result.faults, "\n".join(result.faults)
    assert result.fixed is None or result.compared


@pytest.mark.parametrize("unsafe", [False, True], ids=["safe", "unsafe"])
def test_fixed_random_programs_do_what_the_programs_did(unsafe: bool) -> None:
    changed = 0
    for number in range(PROGRAMS):
        result = examine(write_program(Dice(number), "develop"), unsafe=unsafe)
        assert not result.faults, f"program {number}: " + "\n".join(result.faults)
        changed += result.fixed is not None
    assert changed > PROGRAMS // 8


def test_a_fix_that_does_harm_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison itself: a fix that drops a call, and one that leaves its finding."""
    text = """\
from sqlalchemy.orm import Session
from models import engine, work


def function():
    session = Session(engine)
    session.execute(1)
    work(2)
"""
    text = text.replace("session.execute(1)", "session.rollback()")
    good = mend(text, unsafe=False)
    assert good.text != text
    for harm in (good.text.replace("work(2)", "pass"), good.text.replace("work(2)", "work(3)"), text + "\n"):
        fixed = type(good)(harm, good.keys)
        monkeypatch.setattr("tests.truth.fixing.mend", lambda *_, fixed=fixed, **__: fixed)
        assert examine(text, unsafe=False).faults, harm
