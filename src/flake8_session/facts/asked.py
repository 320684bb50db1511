"""What a session was asked for before a step, and what is asked of the database after one.

Only calls count: what an attribute loads is read of an instance that some call has given.
"""

from __future__ import annotations

from flake8_session.facts.solutions import Solved
from flake8_session.facts.solving import FunctionFacts
from flake8_session.flow.events import Call
from flake8_session.flow.ways import behind
from flake8_session.knowledge import sessions as tables
from flake8_session.knowledge.words import Gives, Role, ToInstance
from flake8_session.typestate.calls.receivers import split
from flake8_session.typestate.focus import arguments_holding
from flake8_session.typestate.worlds import World

_GETTING = ("get", "get_one")
_DELETING = ("delete", "delete_all")
_ROWS = {**tables.ASYNC_SESSION, **tables.SESSION}


def may_be_held(solved: Solved, step: int) -> bool:
    """Whether the step is a ``get()`` of what the session may have already: it runs no SQL then.

    Of a session that this function opens that can be told: nothing was asked of it before.
    """
    frame, birth = solved.frame, solved.focus.birth
    event = frame.graph.steps[step].event
    if not isinstance(event, Call) or event.method not in _GETTING:
        return False
    calls = solved.reached(Call)
    asking = {step, *(earlier for earlier, world in calls if _is_asked(solved, earlier, world))}
    return birth < 0 or any(step in behind(frame.graph, each, without=(birth,)) for each in asking)


def deletes_before(solved: Solved, end: int) -> bool:
    """Whether an instance may be deleted in front of `end`, by its session and not by a statement."""
    for step, world in solved.reached(Call):
        event = solved.graph.steps[step].event
        if not isinstance(event, Call):
            continue
        receiver, method = split(event, world)
        if method in _DELETING and Role.SESSION in world.roles(receiver):
            if end in behind(solved.graph, step):
                return True
    return False


def asks_again(facts: FunctionFacts, end: int) -> bool:
    """Whether a session is asked for rows, or given to somebody, behind `end` where nothing fails."""
    later = behind(facts.frame.graph, end)
    for session in facts.sessions:
        solved = session.alone
        if solved is None:
            return True
        for step, world in solved.reached(Call):
            event = solved.graph.steps[step].event
            if step in later and isinstance(event, Call) and _gives_rows(event, world):
                return True
    return False


def _is_asked(solved: Solved, step: int, world: World) -> bool:
    """Whether the session is asked for something, or given to somebody who may."""
    event = solved.graph.steps[step].event
    if not isinstance(event, Call):
        return False
    receiver, _ = split(event, world)
    return Role.SESSION in world.roles(receiver) or bool(
        arguments_holding(world, event.arguments, Role.SESSION)
    )


def _gives_rows(call: Call, world: World) -> bool:
    """Whether a session is asked for rows, or given to somebody, and no failure is about."""
    if world.flight is not None or world.caught is not None:
        return False
    receiver, method = split(call, world)
    if Role.SESSION in world.roles(receiver):
        row = _ROWS.get(method)
        return row is None or row.gives is not Gives.NOTHING or row.instance is ToInstance.REFRESH
    return bool(arguments_holding(world, call.arguments, Role.SESSION))
