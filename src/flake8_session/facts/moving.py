"""Instances that go from one session of the function to another one, which is given them by a call.

The first session has let the instance go. What it has left of it is what the second one gets: what had
expired is loaded there, and goes with its close::

    with Session(engine) as session:
        user = session.get(User, 1)
    with Session(engine) as other:
        other.add(user)              # the focus of `other` takes the instance over, as it is
        other.commit()
    user.name                        # so it has expired, and is detached

Two sessions are different objects for certain only where the function makes one of them, or a function
of the project made and ended it. Not followed: an instance that may come from more than one of them, and
one that a cascade brings along.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from flake8_session.facts.solutions import Solved
from flake8_session.flow.events import Call
from flake8_session.knowledge.words import Role
from flake8_session.linking.frames import Frame
from flake8_session.linking.meanings import Holds
from flake8_session.typestate.calls.receivers import split
from flake8_session.typestate.focus import Arrival, Arrivals, Focus

_GIVING = ("add", "add_all", "delete")
_MOST_ARRIVALS = 8


class Move(NamedTuple):
    """What one focus says of a call by which another session may be given its instance."""

    source: Focus
    arrivals: Arrivals


Moves = Mapping[int, Move | None]
"""By call; None where more than one focus has something to say."""


def moves(solutions: Iterable[Solved], known: Moves) -> Moves:
    """The calls that give a session what another one has let go; `known` of earlier rounds."""
    found: dict[int, Move | None] = {call: None for call, move in known.items() if move is None}
    for solved in solutions:
        for call in _calls(solved.frame) if solved.focus.instance >= 0 else ():
            arrivals = _arrivals(solved, call)
            if arrivals is not None:
                found[call] = None if call in found else Move(solved.focus, arrivals)
    return found


def taken_over(alone: Solved, moves: Moves) -> Iterator[Focus]:
    """The session of `alone` with each instance that it may be given after another one has let it go."""
    own = alone.focus
    for call, move in moves.items():
        if move is None or move.source.selected is None or move.source.session == own:
            continue
        if (_is_new(own) or _is_new(move.source)) and not own.gone and _receives(alone, call):
            selected = replace(move.source.selected, holds=Holds.INSTANCE)
            yield replace(own, instance=call, selected=selected, comes_from=move.source)


def _calls(frame: Frame) -> Iterator[int]:
    for index, step in enumerate(frame.graph.steps):
        event = step.event
        if isinstance(event, Call) and (event.method or event.function.rpartition(".")[2]) in _GIVING:
            yield index


def _arrivals(solved: Solved, call: int) -> Arrivals | None:
    """What may come by the call; None where this focus has nothing for another session."""
    found: dict[bool, dict[Arrival | None, None]] = {}
    step = solved.frame.awaited.get(call, call)
    for world in solved.solution.before(step):
        for arrival in solved.given_on(step, world):
            found.setdefault(world.spent, {})[arrival] = None
    known = [arrival for each in found.values() for arrival in each if arrival is not None]
    if not known or len(known) > _MOST_ARRIVALS:
        return None
    return {spent: tuple(each) for spent, each in found.items()}


def _is_new(focus: Focus) -> bool:
    return focus.gone or (focus.birth >= 0 and (focus.owned or focus.lent))


def _receives(alone: Solved, call: int) -> bool:
    event = alone.graph.steps[call].event
    step = alone.frame.awaited.get(call, call)
    return isinstance(event, Call) and any(
        Role.SESSION in world.roles(split(event, world)[0]) for world in alone.solution.before(step)
    )
