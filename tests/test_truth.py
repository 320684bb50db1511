"""What the rules claim, seen to happen: the cases and random programs run on real SQLAlchemy.

``python -m tests.truth --n 10000`` does the same with many more programs and prints the table.
"""

from __future__ import annotations

import re
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flake8_session.checker import check_source
from tests.truth.cases import FIXTURES, examine, not_run, unborne, with_claims
from tests.truth.compare import Table, describe
from tests.truth.compare import examine as compare
from tests.truth.grammar import Dice, write_program
from tests.truth.running import Program
from tests.truth.shrinking import shrink
from tests.truth.verdicts import demands

CASES = sorted(FIXTURES.glob("*.py"))
HEAD = """\
from sqlalchemy.orm import Session
from sqlalchemy.ext.asyncio import AsyncSession
from models import U, cond, engine, items, work

"""


def runs_here(text: str) -> bool:
    """Whether a case can be run, and this Python reads it."""
    try:
        compile(text, "<case>", "exec", dont_inherit=True)
    except SyntaxError:
        return False
    return not not_run(text)


def seen(body: str) -> set[tuple[int, str]]:
    """What the runs of a program demand, by line of `body`."""
    with Program(HEAD + body) as program:
        told = program.stories()
    assert all(each.complete for each in told)
    offset = HEAD.count("\n")
    return {(each.line - offset, each.code) for each in demands(run for each in told for run in each.told)}


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_comments_of_a_case_are_what_its_runs_show(path):
    text = path.read_text(encoding="utf-8")
    if not runs_here(text):
        pytest.skip(not_run(text) or f"Python {sys.version_info[0]}.{sys.version_info[1]} does not read it")
    outcome = examine(text, path.name)
    assert outcome.unfinished == ()
    assert [(each.line, each.code, each.missing) for each in outcome.disagreements] == []


@pytest.mark.parametrize(
    "path", with_claims(), ids=lambda path: str(path.relative_to(FIXTURES / "projects"))
)
def test_some_run_bears_out_each_report_of_a_project(path):
    if reason := not_run(path.read_text(encoding="utf-8")):
        pytest.skip(reason)
    assert unborne(path) == set()


FAULTS = """
SES101 at 2
def f():
    s = Session(engine)
    work()
===
SES102 at 2
def f():
    s = Session(engine)
    work()
    s.close()
===
SES103 at 2
def f():
    s = Session(engine)
    if cond():
        s.close()
===
SES104 at 3
def f():
    for x in items():
        s = Session(engine)
===
SES105 at 2
def f():
    work(Session(engine).get(U, 1))
===
SES106 at 2
def f():
    s = Session(engine)
    yield s
    s.close()
===
nothing: closed in finally
def f():
    s = Session(engine)
    try:
        work()
    finally:
        s.close()
===
nothing: handed on
def f():
    return Session(engine)
===
SES201 at 5
def f():
    with Session(engine) as s:
        u = s.get(U, 1)
        s.commit()
    work(u.name)
===
nothing: loaded and never expired
def f():
    with Session(engine) as s:
        u = s.get(U, 1)
    work(u.name)
===
SES202 at 4
def f():
    with Session(engine) as s:
        u = s.get(U, 1)
    work(u.bio)
===
SES205 at 5
def f():
    with Session(engine) as s:
        u = s.get(U, 1)
        s.commit()
        return u
===
SES206 at 4
def f():
    with Session(engine) as s:
        pass
    s.get(U, 1)
===
SES301 at 5
def f(s: Session):
    try:
        s.add(U())
        s.commit()
    except Exception:
        pass
===
nothing: rolled back
def f(s: Session):
    try:
        s.add(U())
        s.commit()
    except Exception:
        s.rollback()
===
SES302 at 6
def f(s: Session):
    try:
        s.add(U())
        s.flush()
    except Exception:
        s.get(U, 1)
        raise
===
nothing: what the session holds is found without a question
def f(s: Session):
    u = s.get(U, 1)
    try:
        s.get(U, 1)
    except Exception:
        pass
    work(u.id)
===
SES301 at 6
def f(s: Session):
    u = s.get(U, 1)
    s.expire(u)
    try:
        s.get(U, 1)
    except Exception:
        pass
===
SES304 at 3
def f():
    with Session(engine) as s:
        s.add(U())
        s.flush()
===
nothing: committed
def f():
    with Session(engine) as s:
        s.add(U())
        s.commit()
===
SES304 at 3
def f():
    with Session(engine) as s, s.begin():
        s.add(U())
        s.rollback()
===
nothing: taken back
def f():
    with Session(engine) as s:
        s.add(U())
        s.rollback()
===
SES305 at 6
def f():
    with Session(engine) as s, s.begin():
        s.add(U())
        try:
            s.flush()
        except Exception:
            pass
===
SES401 at 2
async def f(s: AsyncSession):
    s.rollback()
===
nothing: awaited
async def f(s: AsyncSession):
    rollback = s.rollback()
    await rollback
"""


EXAMPLES = [each.strip() for each in FAULTS.split("===")]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda each: each.partition("\n")[0])
def test_a_fault_is_seen_where_the_rules_say(example):
    title, _, body = example.partition("\n")
    found = re.match(r"(SES\d+) at (\d+)", title)
    assert seen(body) == ({(int(found[2]), found[1])} if found else set())


TASKS = """\
import asyncio
from sqlalchemy.ext.asyncio import AsyncSession
from models_async import U


async def _one(session):
    await session.get(U, 1)


async def f(session: AsyncSession):
"""
CLAIMS = {
    "await asyncio.gather(_one(session), _one(session))  # error: SES405": set(),
    "await asyncio.gather(_one(session), _one(session))": {("SES405", True)},
    "await _one(session)  # error: SES405": {("SES405", False)},
    "await asyncio.gather(_one(session), asyncio.sleep(0))": set(),
    "with session: pass  # error: SES402": set(),
    "with session: pass": {("SES402", True)},
    "async with session: pass  # error: SES402": {("SES402", False)},
}


@pytest.mark.parametrize("line", CLAIMS)
def test_what_is_claimed_and_not_seen_is_told_and_what_is_seen_and_not_claimed(line):
    outcome = examine(f"{TASKS}    {line}\n", "case")
    assert {(each.code, each.missing) for each in outcome.disagreements} == CLAIMS[line]


def test_a_framework_that_ends_its_dependencies_later_bears_none_of_these_reports_out():
    text = (FIXTURES / "ses406_closed_before_the_background.py").read_text(encoding="utf-8")
    claimed = [number for number, line in enumerate(text.splitlines(), 1) if "# error: SES406" in line]
    outcome = examine(text.replace("fastapi_version=0.110", "fastapi_version=0.165"), "case")
    assert [(each.line, each.code, each.missing) for each in outcome.disagreements] == [
        (line, "SES406", False) for line in claimed
    ]


STYLE = """\
from sqlalchemy.orm import Session, scoped_session, sessionmaker
from models import U, engine

{}

"""
LASTING = {
    "shared = Session(engine)  # error: SES109": set(),
    "shared = sessionmaker(engine)  # error: SES109": {("SES109", False)},
    "R = scoped_session(sessionmaker(engine))  # error: SES108\ndef f(): return R.get(U, 1)": set(),
    "R = scoped_session(sessionmaker(engine))  # error: SES108\ndef f(): return R.remove()": {
        ("SES108", False)
    },
    "R = scoped_session(sessionmaker(engine))  # error: SES108\ndef f(): R.get(U, 1)\ndef g(): R.remove()": {
        ("SES108", False)
    },
    "class K:\n def __init__(self): self.s = Session(engine)  # error: SES107": set(),
    "class K:\n def __init__(self): self.s = Session(engine)  # error: SES107\n def f(k): k.s.close()": {
        ("SES107", False)
    },
    "def f(s: Session): s.commit()  # error: SES903": set(),
    "def f(s: Session): s.flush()  # error: SES903": {("SES903", False)},
    "def f():\n with Session(engine) as s: s.commit()  # error: SES903": {("SES903", False)},
    "def f():\n with Session(engine) as s: s.close()  # error: SES902": set(),
    "def f(s: Session):\n with Session(engine) as t: s.close()  # error: SES902": {("SES902", False)},
    "def f():\n s = Session(engine)  # error: SES901\n try: pass\n finally: s.close()": set(),
    "def f():\n s = Session(engine)  # error: SES901\n s.close()": {("SES901", False)},
}


@pytest.mark.parametrize("body", LASTING)
def test_what_lasts_and_what_is_style_is_seen_in_the_runs_of_a_module(body):
    outcome = examine(STYLE.format(body), "case")
    assert {(each.code, each.missing) for each in outcome.disagreements} == LASTING[body]


def test_methods_are_run_on_an_object_that_their_class_makes():
    body = "class _K:\n def __init__(self, session: Session): self.s = session\n def f(self): self.s.commit()"
    outcome = examine(STYLE.format(f"{body}  # error: SES903"), "case")
    assert {code for _, code in outcome.borne} == {"SES903"}


QUEUED = """\
from celery import shared_task
from sqlalchemy.orm import Session
from models import U, engine


@shared_task
def task(user):
    return user


def f():
    with Session(engine) as session:
        user = session.get(U, 1)
"""


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("task.delay(user)  # error: SES406", set()),
        ("task.delay(user)", {("SES406", True)}),
        ("task.delay(user.id)  # error: SES406", {("SES406", False)}),
        ("task.apply_async(args=(user.name,))", set()),
    ],
)
def test_a_queue_refuses_what_it_cannot_carry(line, told):
    # Celery knows tasks by the names of their modules.
    outcome = examine(f"{QUEUED}        {line}\n", f"case of {line}")
    assert {(each.code, each.missing) for each in outcome.disagreements} == told


def test_a_failure_is_put_at_every_call_but_never_into_the_close():
    body = "def f():\n    s = Session(engine)\n    s.get(U, 1)\n    s.close()\n"
    with Program(HEAD + body) as program:
        (stories,) = program.stories()
    assert {each.injected_line - HEAD.count("\n") for each in stories.told if each.injected} == {3}


def test_a_function_that_needs_more_runs_than_there_may_be_says_so():
    body = "def f():\n" + "    if cond():\n        work()\n" * 8
    with Program(HEAD + body) as program:
        (stories,) = program.stories(limit=20)
    assert not stories.complete


def test_the_next_run_finds_the_first_rows_again():
    body = "def f():\n    with Session(engine) as s:\n        s.add(U(name='new'))\n        s.commit()\n"
    body += "        return s.query(U).count()\n"
    with Program(HEAD + body) as program:
        for _ in range(2):
            (stories,) = program.stories()
            assert {each.how for each in stories.told if not each.injected} == {"returned int"}


def test_what_is_shrunk_keeps_what_it_showed_and_nothing_else():
    body = "def f():\n    work()\n    if cond():\n        s = Session(engine)\n    for x in items():\n"
    body += "        work()\n"
    smaller = shrink(HEAD + body, lambda text: "Session(engine)" in text)
    assert "Session(engine)" in smaller
    assert "work()" not in smaller
    assert "items()" not in smaller


class Drawn:
    """Chance that Hypothesis can shrink."""

    def __init__(self, data: st.DataObject) -> None:
        self._data = data

    def below(self, bound: int) -> int:
        return self._data.draw(st.integers(0, bound - 1))


@given(st.data())
@settings(max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck))
def test_every_program_that_can_be_written_can_be_run(data):
    text = write_program(Drawn(data), "develop")
    with Program(text) as program:
        told = program.stories(limit=50)
    assert told
    assert all(each.told for each in told)


LEAKY = HEAD + "def function():\n    s = Session(engine)\n    work()\n    s.close()\n"


def test_a_missed_fault_is_told_with_the_program_and_the_run(monkeypatch):
    monkeypatch.setattr("tests.truth.compare.check_source", lambda text: [])
    verdict = compare(LEAKY)
    (found,) = verdict.disagreements
    told = describe(verdict, found)
    assert found.key == ("missed", "SES102")
    assert "6>     s = Session(engine)" in told
    assert "run:    answers none; Unforeseen at the call, line 7" in told
    assert "run:    session of line 6: unclosed" in told
    assert "linter: silent here; says on this line: nothing" in told


def test_a_false_alarm_is_told_with_the_program_and_the_path(monkeypatch):
    text = LEAKY.replace("    work()\n", "")
    (report,) = check_source(LEAKY)
    monkeypatch.setattr("tests.truth.compare.check_source", lambda text: [report])
    verdict = compare(text)
    (found,) = verdict.disagreements
    told = describe(verdict, found)
    assert found.key == ("false", "SES102")
    assert "6>     s = Session(engine)" in told
    assert f"linter: {report.message}" in told
    assert [line for line in told.splitlines() if line.startswith("linter:   line ")][:1] == [
        "linter:   line 6: `s` is opened here"
    ]
    assert "run:    none shows it; runs demand on this line: nothing" in told


def test_random_programs_are_judged_as_they_run():
    table = Table()
    told = []
    for number in range(300):
        verdict = compare(write_program(Dice(number), "final"))
        table.add(verdict)
        told += [describe(verdict, each) for each in verdict.disagreements]
    assert table.crashes == 0
    agreed, differing = sum(table.met.values()), len(told)
    assert agreed >= 150
    assert differing <= (agreed + differing) // 50, "\n\n".join([str(table), *told])
