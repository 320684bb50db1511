"""Failures that a test asks for: ``with pytest.raises(IntegrityError):``."""

from __future__ import annotations

from flake8_session.facts.solutions import Solved
from flake8_session.flow.events import Call, Leave
from flake8_session.knowledge import callees
from flake8_session.linking.meanings import External
from flake8_session.typestate.worlds import Flight, Kind

_ANY = (External("builtins.Exception"), External("builtins.BaseException"))


def expects(solved: Solved, step: int) -> bool:
    """Whether ``pytest.raises`` or its like took the failure: a test that asks for it, no more."""
    event = solved.graph.steps[step].event
    meaning = solved.frame.meaning(event.manager) if isinstance(event, Leave) else None
    name = meaning.name.removesuffix("()") if isinstance(meaning, External) else ""
    return callees.MANAGERS.get(name) is callees.Manager.EXPECTING


def asks_for_another(solved: Solved, step: int, flight: Flight) -> bool:
    """Whether the test asks for an exception of the program's own, or for one by its text.

    A ``raise`` of the program's makes it, of whatever came before. ``match=`` picks one out of all errors
    of a kind, and only where the kind is SQLAlchemy's own that is a failure of the database. Whoever asks for
    any error, and goes on with a session that the test is lent, says that this one does not mind.
    """
    if flight.kind is Kind.RAISED and not _is_sqlalchemys(flight.name):
        return True
    event = solved.graph.steps[step].event
    made = solved.frame.made_by.get(event.manager) if isinstance(event, Leave) else None
    call = solved.graph.steps[made].event if made is not None else None
    if not isinstance(call, Call):
        return False
    meanings = [solved.frame.meaning(each.value) for each in call.arguments if not each.keyword]
    if solved.focus.birth < 0 and not solved.focus.registry and all(each in _ANY for each in meanings):
        return True
    if all(each.keyword != "match" for each in call.arguments):
        return False
    return not any(isinstance(each, External) and _is_sqlalchemys(each.name) for each in meanings)


def _is_sqlalchemys(name: str) -> bool:
    return name.startswith("sqlalchemy.")
