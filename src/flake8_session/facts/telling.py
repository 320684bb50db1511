"""What one focus knows of a function's steps that the others cannot know, and have to be told.

A step that needs an instance must raise where the instance is detached, whatever becomes of other
sessions; a call of one session may fail as sessions fail, which to the other sessions is a call of
something unknown. So each focus says at which steps nothing but an exception can come, and which
exceptions may come at the steps that it knows about.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from flake8_session.facts.solutions import Solved
from flake8_session.flow.events import Call, Door, Leave, Place, Raise, Read
from flake8_session.typestate.focus import Raised
from flake8_session.typestate.movement import concerns
from flake8_session.typestate.worlds import Flight, Kind, World

_NOTHING: frozenset[Raised] = frozenset()


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What other sessions and instances of the function say of its steps: see `focus.Context`."""

    raising: Mapping[int, Flight] = field(default_factory=dict)
    failing: Mapping[int, frozenset[Raised]] = field(default_factory=dict)

    def is_part_of(self, other: Elsewhere) -> bool:
        """Whether `other` says all of this."""
        return self.raising.items() <= other.raising.items() and self.failing.items() <= other.failing.items()


def told_by(solutions: Iterable[Solved], known: Elsewhere, *, several: bool) -> Elsewhere:
    """What is known of the steps after these solutions; `several`: the function has several sessions.

    With a single one, failures of loads that only an instance knows of are not told: whether the
    session is closed behind them is asked of the instance's own solution.
    """
    raising = dict(known.raising)
    failing = dict(known.failing)
    for solved in solutions:
        raising.update(_must_raise(solved))
        for step, raised in solved.movement.raised.items():
            if not several:
                raised = {each for each in raised if not each.assumed}
            if raised:
                failing[step] = failing.get(step, _NOTHING) | raised
    return Elsewhere(raising, failing)


def news_for(solved: Solved, told: Elsewhere) -> Elsewhere:
    """The part of `told` that this focus could not find out by itself, and that changes something."""
    before = solved.solution.before
    raising = {
        step: flight
        for step, flight in told.raising.items()
        if any(_may_complete(solved, step, world) for world in before(step))
    }
    failing = {}
    for step, raised in told.failing.items():
        if step in raising or raised <= solved.movement.raised.get(step, _NOTHING):
            continue
        event = solved.frame.called(step)
        worlds = [world for world in before(step) if not concerns(event, world)]
        if any(not (each.assumed and world.spent) for each in raised for world in worlds):
            failing[step] = raised
    return Elsewhere(raising, failing)


def _must_raise(solved: Solved) -> Iterator[tuple[int, Flight]]:
    """The steps that no world gets through, because SQLAlchemy refuses or the instance is detached."""
    for step in solved.solution.steps():
        if step in solved.movement.context.raising or Door.RAISED not in solved.graph.steps[step].doors:
            continue
        if isinstance(solved.graph.steps[step].event, Raise | Leave):
            continue
        flight: Flight | None = None
        only = _reads_only_the_instance(solved, step)
        for world in solved.solution.before(step):
            if only and world.instance is None:
                continue
            ways = solved.movement.own_ways(step, world)
            if not ways:
                continue
            if any(door is not Door.RAISED for door, _ in ways):
                break
            flight = ways[0][1].flight
            if flight is None or flight.kind is not Kind.RAISED:
                break
        else:
            if flight is not None:
                yield step, flight


def _may_complete(solved: Solved, step: int, world: World) -> bool:
    return any(door is not Door.RAISED for door, _ in solved.movement.own_ways(step, world))


def _reads_only_the_instance(solved: Solved, step: int) -> bool:
    """Whether the step needs a variable that is bound to the instance and to nothing else.

    Where the query gave none, the variable is None, and reading an attribute of it, or refreshing
    it, raises as well.
    """
    event = solved.frame.called(step)
    if solved.focus.instance < 0 or not isinstance(event, Read | Call):
        return False
    place = event.object if isinstance(event, Read) else _refused_argument(event)
    bound = solved.frame.bindings.get(place, ())
    if len(bound) != 1:
        return False
    birth = solved.graph.steps[solved.focus.instance].event
    made = solved.frame.awaited.get(solved.focus.instance)
    results = {getattr(birth, "result", "")}
    if made is not None:
        results.add(getattr(solved.graph.steps[made].event, "result", ""))
    return bound[0] in results


def _refused_argument(call: Call) -> Place:
    """What a method that refuses None is given first."""
    refuses = call.method in ("refresh", "expire", "expunge", "delete", "add")
    return call.arguments[0].value if refuses and call.arguments else ""
