"""A file in which helpers call one another in too many states is passed over, not waited for."""

from __future__ import annotations

import pytest

from flake8_session import checker
from flake8_session.checker import check_source
from flake8_session.linking.meanings import FunctionAt
from flake8_session.linking.prices import Answer
from flake8_session.summaries import budget
from flake8_session.summaries.budget import Budget, TooMuchToAsk
from flake8_session.summaries.frames import Frames

PROGRAM = """
from sqlalchemy.orm import Session

def closes(session):
    session.close()

def loud(engine):
    session = Session(engine)
    session.scalar("select 1")

def through_a_helper(engine):
    session = Session(engine)
    session.scalar("select 1")
    closes(session)
"""


def codes() -> list[tuple[str, int]]:
    return [(found.code, found.span.line) for found in check_source(PROGRAM)]


def test_within_the_budget_helpers_are_followed() -> None:
    assert codes() == [("SES101", 8), ("SES102", 12)]


def test_past_it_the_function_that_needs_them_is_silent_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checker, "SHARES", (0,))
    assert codes() == [("SES101", 8)]


def test_a_function_that_needs_more_than_the_first_share_is_asked_about_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(checker, "SHARES", (0, 1, budget.MOST_IN_FUNCTION))
    assert codes() == [("SES101", 8), ("SES102", 12)]


HELPERS = 10
DEAR = "\n".join(
    [f"def helper_{number}(session):\n    session.scalar('select {number}')\n" for number in range(HELPERS)]
    + ["def dear(engine):\n    session = Session(engine)"]
    + [f"    helper_{number}(session)" for number in range(HELPERS)]
    + ["    session.close()\n"]
)


@pytest.mark.parametrize(("shares", "codes_of"), [((1_000,), []), ((5, 1_000), ["SES102"])])
def test_what_needs_little_comes_before_what_uses_up_all(
    monkeypatch: pytest.MonkeyPatch, shares: tuple[int, ...], codes_of: list[str]
) -> None:
    monkeypatch.setattr(checker, "SHARES", shares)
    monkeypatch.setattr(budget, "MOST_IN_FILE", 20)
    start, _, helper = PROGRAM.partition("def closes")
    found = check_source(f"{start}{DEAR}\ndef closes{helper}")
    assert [each.code for each in found if each.function == "through_a_helper"] == codes_of


def dear(price: int, *needs: Answer) -> Answer:
    answer = Answer()
    answer.price, answer.is_known = price, True
    answer.needs.update(dict.fromkeys(needs))
    return answer


def test_each_function_has_its_own_share_of_the_files() -> None:
    budget_ = Budget()
    budget_.begin_round(budget.MOST_IN_FUNCTION)
    for _ in range(budget.MOST_IN_FILE // budget.MOST_IN_FUNCTION):
        budget_.begin_function()
        budget_.charge(dear(budget.MOST_IN_FUNCTION))
        with pytest.raises(TooMuchToAsk):
            budget_.charge(dear(1))
        budget_.end_function()
    budget_.begin_function()
    with pytest.raises(TooMuchToAsk):
        budget_.charge(dear(1))


def test_an_answer_costs_what_it_needs_and_each_of_that_once() -> None:
    shared = dear(4)
    budget_ = Budget()
    budget_.begin_round(15)
    budget_.begin_function()
    budget_.charge(dear(3, dear(1, shared), dear(2, shared)))
    budget_.charge(dear(5, shared))
    with pytest.raises(TooMuchToAsk):
        budget_.charge(dear(1))


def test_what_one_function_has_paid_for_the_next_one_has_for_nothing() -> None:
    shared = dear(4)
    budget_ = Budget()
    budget_.begin_round(5)
    for _ in range(3):
        budget_.begin_function()
        budget_.charge(dear(1, shared))
        budget_.end_function()
        assert not budget_.was_short


def test_after_a_refusal_nothing_dear_is_told_whoever_has_paid() -> None:
    cheap = dear(1)
    budget_ = Budget()
    budget_.begin_round(2)
    budget_.begin_function()
    budget_.charge(cheap)
    with pytest.raises(TooMuchToAsk):
        budget_.charge(dear(2))
    with pytest.raises(TooMuchToAsk):
        budget_.charge(cheap)


INSTANCES = """
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

class Base(DeclarativeBase):
    pass

class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]

def first(session):
    session.scalar("select 1")

def second(session):
    session.scalar("select 2")

def dear(session: Session):
    user = session.get(User, 1)
    session.commit()
    try:
        print(user.name)
        first(session)
    except Exception:
        print("failed")
    second(session)
    session.scalar("select 3")
"""


def test_a_session_is_told_about_where_nothing_is_left_for_its_instances(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is found of it with little is found with more, however much of that the instances use up."""
    found = []
    for share in range(40):
        monkeypatch.setattr(checker, "SHARES", (share,))
        found.append([each.code for each in check_source(INSTANCES)] == ["SES301"])
    assert not found[0]
    assert found[found.index(True) :] == [True] * found.count(True)


LAYERS = 5
CALLS = 8


def test_functions_that_call_one_another_in_many_places_are_looked_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """There are 8 calls of each layer in the one above it, and so 32,768 ways down to the last."""
    layers = "".join(
        f"def layer_{number}():\n" + f"    layer_{number + 1}()\n" * CALLS + "    return 1\n\n"
        for number in range(LAYERS)
    )
    last = f"def layer_{LAYERS}():\n    return work()\n\n"
    asked = 0
    of = Frames.of

    def counted(self: Frames, at: FunctionAt) -> object:
        nonlocal asked
        asked += 1
        return of(self, at)

    monkeypatch.setattr(Frames, "of", counted)
    text = (
        f"from elsewhere import work\n{PROGRAM}\n{layers}{last}"
        "def user(engine):\n    session = Session(engine)\n    layer_0()\n    session.close()\n"
    )
    found = [(each.code, each.function) for each in check_source(text)]
    assert ("SES102", "user") in found
    assert asked < 1_000
