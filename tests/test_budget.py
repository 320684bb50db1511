"""A file in which helpers call one another in too many states is passed over, not waited for."""

from __future__ import annotations

import pytest

from flake8_session.checker import check_source
from flake8_session.summaries import budget
from flake8_session.summaries.budget import Budget, TooMuchToAsk

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
    monkeypatch.setattr(budget, "MOST_IN_FUNCTION", 0)
    assert codes() == [("SES101", 8)]


def test_each_function_has_its_own_share_of_the_files() -> None:
    spent = Budget()
    for _ in range(budget.MOST_IN_FILE // budget.MOST_IN_FUNCTION):
        spent.begin_function()
        spent.check()
        spent.spend(budget.MOST_IN_FUNCTION)
        with pytest.raises(TooMuchToAsk):
            spent.check()
    spent.begin_function()
    with pytest.raises(TooMuchToAsk):
        spent.check()
