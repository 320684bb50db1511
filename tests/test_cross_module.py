"""Functions of several modules: what is found does not depend on who asks first, nor on the process."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flake8_session import checker
from flake8_session.checker import check_source
from flake8_session.diagnostics import Diagnostic
from flake8_session.flow import lower_module
from flake8_session.linking.answers import DEEPEST, Answers
from flake8_session.linking.meanings import FunctionAt
from flake8_session.project import Neighbourhood
from flake8_session.project.neighbours import Project
from flake8_session.settings import Settings
from flake8_session.summaries import budget

MODULES = ("a", "b", "c")
GIVING = [f"{module}_give{number}" for module in MODULES for number in range(2)]
TAKING = [f"{module}_take{number}" for module in MODULES for number in range(2)]
LENDING = [f"{module}_lend" for module in MODULES]
give, take, lend = map(st.sampled_from, (GIVING, TAKING, LENDING))

giving_bodies = st.one_of(
    st.just("    return Maker()\n"),
    st.just("    return registry\n"),
    st.builds("    return {}(x)\n".format, give),
    st.builds("    if x:\n        return {}(x)\n    return {}(x)\n".format, give, give),
    st.builds("    s = {}(x)\n    {}(s)\n    return s\n".format, give, take),
    st.builds("    with {}(x) as s:\n        s.execute(Q)\n    return Maker()\n".format, lend),
)
taking_bodies = st.one_of(
    st.just("    s.close()\n"),
    st.just("    s.commit()\n"),
    st.just("    s.rollback()\n    raise ValueError\n"),
    st.builds("    {}(s)\n".format, take),
    st.builds("    if Q:\n        {}(s)\n    else:\n        {}(s)\n".format, take, take),
    st.builds("    try:\n        {}(s)\n    finally:\n        {}(s)\n".format, take, take),
)
lending_bodies = st.one_of(
    st.just("    with Maker() as s:\n        yield s\n"),
    st.just("    s = Maker()\n    yield s\n    s.close()\n"),
    st.builds("    s = {}(x)\n    try:\n        yield s\n    finally:\n        {}(s)\n".format, give, take),
    st.builds("    with {}(x) as s:\n        yield s\n".format, lend),
)
USING = """\
def {module}_use{number}():
    s = {give}(1)
    {take}(s)
    s.execute(Q)
    {take}(s)
"""


def functions_of(module: str) -> list[str]:
    return [name for name in (*GIVING, *TAKING, *LENDING) if name.startswith(module)]


@st.composite
def projects(draw: st.DrawFn) -> dict[str, str]:
    """Modules whose functions give, take and lend sessions, and call each other in circles."""
    texts = {}
    for module in MODULES:
        text = "from contextlib import contextmanager\n"
        text += "from sqlalchemy.orm import scoped_session, sessionmaker\n"
        text += "".join(f"from {other} import *\n" for other in MODULES if other != module)
        text += "Q = 1\nMaker = sessionmaker()\nregistry = scoped_session(Maker)\n"
        for name in functions_of(module):
            if name in GIVING:
                text += f"def {name}(x):\n{draw(giving_bodies)}"
            elif name in TAKING:
                text += f"def {name}(s):\n{draw(taking_bodies)}"
            else:
                text += f"@contextmanager\ndef {name}(x):\n{draw(lending_bodies)}"
        for number, (giver, taker) in enumerate(zip(GIVING, TAKING)):
            text += USING.format(module=module, number=number, give=giver, take=taker)
        texts[module] = text
    return texts


def write(folder: Path, texts: dict[str, str]) -> None:
    (folder / "setup.py").touch()
    for module, text in texts.items():
        (folder / f"{module}.py").write_text(text)


def linted(
    folder: Path, texts: dict[str, str], order: Sequence[str], *, one_run: bool
) -> dict[str, list[Diagnostic]]:
    """What is reported in each module, asked for in this order, by one run or by a run for each."""
    shared = Project()
    return {
        module: check_source(
            texts[module], filename=str(folder / f"{module}.py"), project=shared if one_run else Project()
        )
        for module in order
    }


relaxed = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@given(texts=projects(), seed=st.integers(0, 1000))
@relaxed
def test_summaries_are_equal_in_every_order_of_asking(
    tmp_path: Path, texts: dict[str, str], seed: int
) -> None:
    write(tmp_path, texts)
    ats = [FunctionAt(str(tmp_path / f"{name[0]}.py"), name) for name in (*GIVING, *TAKING, *LENDING)]
    random.Random(seed).shuffle(ats)
    backwards = answers(tmp_path, texts, ats[::-1])
    assert answers(tmp_path, texts, ats) == {at: backwards[at] for at in ats}


def answers(folder: Path, texts: dict[str, str], ats: Sequence[FunctionAt]) -> dict[FunctionAt, object]:
    project = Project()
    lowered = lower_module(texts["a"])
    _, effects = project.effects(str(folder / "a.py"), texts["a"], lowered, Settings())
    return {
        at: (
            effects.fresh(at),
            effects.lent(at),
            effects.never_raises(at),
            effects.linker.call(at, ()),
        )
        for at in ats
    }


@given(texts=projects())
@settings(relaxed, max_examples=6)
def test_files_are_judged_alike_in_every_order_and_process(tmp_path: Path, texts: dict[str, str]) -> None:
    write(tmp_path, texts)
    alone = linted(tmp_path, texts, MODULES, one_run=False)
    for order in (("a", "b", "c"), ("c", "a", "b"), ("b", "c", "a")):
        together = linted(tmp_path, texts, order, one_run=True)
        assert {module: together[module] for module in MODULES} == alone


@given(texts=projects(), shares=st.sampled_from([(20,), (40, 90), (60, 150, 400), (200,)]))
@settings(relaxed, max_examples=12)
def test_what_is_too_much_to_ask_does_not_depend_on_who_has_asked_before(
    tmp_path: Path, texts: dict[str, str], shares: tuple[int, ...]
) -> None:
    write(tmp_path, texts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checker, "SHARES", shares)
        patch.setattr(budget, "MOST_IN_FILE", 3 * shares[-1])
        alone = linted(tmp_path, texts, MODULES, one_run=False)
        for order in (("c", "a", "b"), ("b", "c", "a")):
            together = linted(tmp_path, texts, order, one_run=True)
            assert {module: together[module] for module in MODULES} == alone


@given(texts=projects())
@settings(relaxed, max_examples=4)
def test_a_cache_changes_nothing(tmp_path: Path, texts: dict[str, str]) -> None:
    write(tmp_path, texts)
    alone = linted(tmp_path, texts, MODULES, one_run=False)
    for _ in range(2):
        around = Neighbourhood((), str(tmp_path / "cache"))
        for module in MODULES:
            filename = str(tmp_path / f"{module}.py")
            assert check_source(texts[module], filename=filename, project=around.project) == alone[module]
            around.keep(at_end=True)


EVIDENT = """\
from sqlalchemy import select

class Handler:
    def opened(self):
        session = self.session_factory()
        session.add_all([1])
        return session

    def closed(self):
        session = self.session_factory()
        session.close()
"""
USING_EVIDENT = """\
from evident import Handler

def leaks():
    session = Handler().opened()
    session.execute(1)
"""


def test_what_stands_elsewhere_in_a_module_counts_the_same_from_inside_and_outside(tmp_path: Path) -> None:
    texts = {"evident": EVIDENT, "using": USING_EVIDENT}
    write(tmp_path, texts)
    alone = linted(tmp_path, texts, ("evident", "using"), one_run=False)
    assert [found.code for found in alone["using"]] == ["SES101"]
    for order in (("evident", "using"), ("using", "evident")):
        assert linted(tmp_path, texts, order, one_run=True) == alone


KEEPING = """\
from sqlalchemy.orm import Session
from base import engine

def kept(row):
    with Session(engine) as session:
        session.add(row)
        session.commit()
"""
HANDING = """\
from keeping import kept

def handed(row):
    kept(row)
"""
USING_HANDED = """\
from handing import handed
from models import User

def used():
    user = User(name="new")
    handed(user)
    return user.name
"""
MODELS = """\
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

class Base(DeclarativeBase):
    pass

class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
"""


def test_a_text_is_asked_the_same_once_its_module_is_linted(tmp_path: Path) -> None:
    texts = {"keeping": KEEPING, "handing": HANDING, "using": USING_HANDED, "models": MODELS}
    write(tmp_path, texts)
    alone = linted(tmp_path, texts, ("keeping", "handing", "using"), one_run=False)
    for order in (("keeping", "handing", "using"), ("handing", "using", "keeping")):
        assert linted(tmp_path, texts, order, one_run=True) == alone


# Chains and circles, one by one.


def leaks(folder: Path, texts: dict[str, str]) -> list[str]:
    """What is reported in the first module."""
    write(folder, texts)
    first = next(iter(texts))
    found = check_source(texts[first], filename=str(folder / f"{first}.py"), project=Project())
    return [f"{each.span.line} {each.code}" for each in found]


USE = "from m0 import give\ndef use():\n    s = give()\n    s.execute(1)\n"
MAKER = "from sqlalchemy.orm import sessionmaker\nMaker = sessionmaker()\ndef give():\n    return Maker()\n"


@pytest.mark.parametrize("length", [1, 6, 100])
def test_a_session_is_followed_through_a_chain_of_helpers(tmp_path: Path, length: int) -> None:
    texts = {"use": USE}
    for number in range(length):
        texts[f"m{number}"] = f"import m{number + 1}\ndef give():\n    return m{number + 1}.give()\n"
    texts[f"m{length}"] = MAKER
    assert leaks(tmp_path, texts) == ["3 SES101"]


def test_a_session_is_followed_through_a_chain_of_imports(tmp_path: Path) -> None:
    texts = {"use": USE}
    for number in range(100):
        texts[f"m{number}"] = f"from m{number + 1} import give\n"
    texts["m100"] = MAKER
    assert leaks(tmp_path, texts) == ["3 SES101"]


def test_a_helper_that_calls_itself_gives_what_its_other_way_gives(tmp_path: Path) -> None:
    again = MAKER.replace("    return", "    if Maker:\n        return give()\n    return")
    assert leaks(tmp_path, {"use": USE, "m0": again}) == ["3 SES101"]


def test_helpers_that_only_call_each_other_give_nothing(tmp_path: Path) -> None:
    texts = {"use": USE, "m0": "from m1 import give\n", "m1": "from m0 import give\n"}
    assert leaks(tmp_path, texts) == []
    texts["m0"] = "import m1\ndef give():\n    return m1.give()\n"
    texts["m1"] = "import m0\ndef give():\n    return m0.give()\n"
    assert leaks(tmp_path, texts) == []


# Questions that lead back to themselves.


def test_answers_of_a_circle_grow_until_they_are_complete() -> None:
    edges = {"a": "b", "b": "c", "c": "ad", "d": "d", "e": "a"}
    for start in edges:
        asked = Answers()

        def reached(node: str, asked: Answers = asked) -> frozenset[str]:
            def answer() -> frozenset[str]:
                return frozenset(edges[node]).union(*(reached(each) for each in edges[node]))

            return asked.ask(node, answer, frozenset(), frozenset("?"))

        reached(start)
        assert [sorted(reached(each)) for each in "abcde"] == [list("abcd")] * 3 + [["d"], list("abcd")]


def test_an_answer_that_never_settles_is_given_up() -> None:
    asked = Answers()

    def swings() -> int:
        return -asked.ask("swings", swings, 1, 0)

    assert asked.ask("swings", swings, 1, 0) == 0


def test_a_chain_of_any_length_is_answered_once() -> None:
    asked, times = Answers(), 0

    def descend(depth: int) -> int:
        def answer() -> int:
            nonlocal times
            times += 1
            return descend(depth - 1) + 1 if depth else 0

        return asked.ask(depth, answer, 0, -1)

    assert descend(3_000) == 3_000
    assert times < 2 * 3_000 + 2 * DEEPEST


def test_a_long_cycle_is_cut() -> None:
    asked = Answers()

    def around(number: int) -> int:
        return asked.ask(number, lambda: max(number, around((number + 1) % 100)), 0, -1)

    assert [around(number) for number in range(100)] == [around(number) for number in range(100)]
    assert max(around(number) for number in range(100)) == 99


def test_an_answer_that_raises_leaves_nothing_behind() -> None:
    asked = Answers()

    def fails() -> int:
        asked.ask("inner", lambda: asked.ask("outer", fails, 0, 0), 0, 0)
        raise ValueError

    for _ in range(2):
        with pytest.raises(ValueError):
            asked.ask("outer", fails, 0, 0)
    assert asked.ask("inner", lambda: 5, 0, 0) == 5
