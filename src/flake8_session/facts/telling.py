"""What one focus knows of a function's steps that the others cannot know, and have to be told.

A step that needs an instance must raise where the instance is detached, whatever becomes of other
sessions; a call of one session may fail as sessions fail, which to the other sessions is a call of
something unknown. So each focus says at which steps nothing but an exception can come, and which
exceptions may come at the steps that it knows about. To its own session and the session's other instances
an instance says more, as `hearsay`: all ways out of a step, by the state of the session in front of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from flake8_session.facts.moving import Moves, moves
from flake8_session.facts.solutions import Solved
from flake8_session.flow.events import Call, Door, Drop, Leave, Place, Raise, Read, Write
from flake8_session.flow.graph import Graph
from flake8_session.knowledge.words import Role
from flake8_session.typestate.calls.loads import gives_same_row
from flake8_session.typestate.focus import Focus, Raised
from flake8_session.typestate.hearsay import (
    Circumstance,
    Heard,
    Hearsay,
    asked_of_instance,
    circumstance,
    heard,
    is_about_session,
)
from flake8_session.typestate.movement import concerns
from flake8_session.typestate.worlds import Flight, Kind, World

_NOTHING: frozenset[Raised] = frozenset()


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What other sessions and instances of the function say of its steps: see `focus.Context`."""

    raising: Mapping[int, Flight] = field(default_factory=dict)
    failing: Mapping[int, frozenset[Raised]] = field(default_factory=dict)
    hearsay: Mapping[Focus, Hearsay] = field(default_factory=dict)
    """By session: what its instances say of what is done with them."""
    moves: Moves = field(default_factory=dict)
    """By call: what a session is given that another one has let go."""

    def is_part_of(self, other: Elsewhere) -> bool:
        """Whether `other` says all of this."""
        same = self.hearsay == other.hearsay
        return (
            same
            and self.moves.items() <= other.moves.items()
            and self.raising.items() <= other.raising.items()
            and self.failing.items() <= other.failing.items()
        )


def told_by(solutions: Sequence[Solved], known: Elsewhere, *, several: bool) -> Elsewhere:
    """What is known of the steps after these solutions; `several`: the function has several sessions.

    With a single one, failures of loads that only an instance knows of are not told: whether the
    session is closed behind them is asked of the instance's own solution.
    """
    raising = dict(known.raising)
    failing = dict(known.failing)
    by_session: dict[Focus, list[Solved]] = {}
    for solved in solutions:
        by_session.setdefault(solved.focus.session, []).append(solved)
    hearsay = {focus: _hearsay(alone, instances) for focus, (alone, *instances) in by_session.items()}
    hearsay = {focus: said for focus, said in hearsay.items() if said}
    for solved in (each for those in by_session.values() for each in those):
        if _heard_by(solved, hearsay) == solved.movement.hearsay:
            # What must raise is not known before all is heard of the session's state.
            raising.update(_must_raise(solved))
        for step, raised in solved.movement.raised.items():
            if not several:
                raised = {each for each in raised if not each.assumed}
            if raised:
                failing[step] = failing.get(step, _NOTHING) | raised
    return Elsewhere(raising, failing, hearsay, moves(solutions, known.moves) if several else {})


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
        if step not in raising and any(_is_untold(solved, step, raised, world) for world in before(step)):
            failing[step] = raised
    hearsay = _heard_by(solved, told.hearsay)
    moved = told.moves.get(solved.focus.instance) if solved.focus.comes_from is not None else None
    return Elsewhere(
        raising,
        failing,
        {solved.focus.session: hearsay} if hearsay else {},
        {solved.focus.instance: moved} if moved is not None else {},
    )


def _heard_by(solved: Solved, hearsay: Mapping[Focus, Hearsay]) -> Hearsay:
    """What the instances of its session say that this focus could not find out by itself."""
    said = hearsay.get(solved.focus.session, {})
    return {step: said[step] for step in said if _is_news(solved, step, said[step])}


class _Said(NamedTuple):
    """What one instance says of a step, in which it is meant, and in which something else is."""

    own: dict[Circumstance, frozenset[Heard]]
    others: dict[Circumstance, frozenset[Heard]]


def _handles(graph: Graph) -> bool:
    """Whether the function does anything about exceptions."""
    raised = {step.doors[Door.RAISED] for step in graph.steps if Door.RAISED in step.doors} - {graph.raised}
    return any(not isinstance(graph.steps[step].event, Drop) for step in raised)


def _hearsay(alone: Solved, instances: Sequence[Solved]) -> Hearsay:
    """What the instances of a session say of what is done with them, where that is news to the session."""
    found: dict[int, list[_Said]] = {}
    for solved in instances if _handles(alone.graph) else ():
        for step in solved.solution.steps():
            if _concerns(solved, step):
                found.setdefault(step, []).append(_said(solved, step))
    joined = {step: _joined(said) for step, said in found.items()}
    return {step: said for step, said in joined.items() if _is_news(alone, step, said)}


def _joined(all_of_them: Sequence[_Said]) -> dict[Circumstance, frozenset[Heard]]:
    """What several instances say that the step may be about: in every run it is one of them, or none."""
    joined: dict[Circumstance, frozenset[Heard]] = {}
    for said in all_of_them:
        for here, ways in said.own.items():
            joined[here] = joined.get(here, frozenset()) | ways
    for here, ways in all_of_them[0].others.items():
        if all(here in said.others for said in all_of_them):
            joined[here] = joined.get(here, frozenset()) | ways
    return joined


def _concerns(solved: Solved, step: int) -> bool:
    """Whether the step asks the instance for an attribute, gives it to its session, or asks for it again."""
    event = solved.frame.called(step)
    if event is solved.frame.called(solved.focus.instance):
        return False
    if _asks_again(solved, step):
        return True
    place = asked_of_instance(solved.frame, step)
    return any(Role.INSTANCE in world.roles(place) for world in solved.solution.before(step))


def _said(solved: Solved, step: int) -> _Said:
    """What the instance says of the step; where there is none, who asks for it again is presumed not to."""
    said = _Said({}, {})
    again = _asks_again(solved, step)
    only = again or _reads_only_the_instance(solved, step)
    place = asked_of_instance(solved.frame, step)
    for world in solved.solution.before(step):
        if not is_about_session(solved.frame, step, world):
            continue
        own = Role.INSTANCE in world.roles(place) or (again and world.instance is not None)
        ways = solved.movement.own_ways(step, world)
        if ways and (own or world.instance is not None or not only):
            told, here = said.own if own else said.others, circumstance(world)
            told[here] = told.get(here, frozenset()) | heard(ways)
    return said


def _asks_again(solved: Solved, step: int) -> bool:
    """Whether the step is a ``get()`` of the row that the instance came from."""
    event = solved.frame.called(step)
    if not isinstance(event, Call) or event.method not in ("get", "get_one"):
        return False
    return gives_same_row(solved.movement.context, step)


def _is_news(solved: Solved, step: int, said: Mapping[Circumstance, frozenset[Heard]]) -> bool:
    """Whether the focus by itself would not have known."""
    place = asked_of_instance(solved.frame, step)
    for world in solved.solution.before(step):
        told = said.get(circumstance(world))
        asked = Role.INSTANCE not in world.roles(place) and is_about_session(solved.frame, step, world)
        if told is not None and asked:
            if told != heard(solved.movement.own_ways(step, world)):
                return True
    return False


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


def _is_untold(solved: Solved, step: int, raised: frozenset[Raised], world: World) -> bool:
    """Whether the step asks for nothing of this focus in `world`, and does not raise what others say.

    A variable may hold the focus's session on one way to the step, and another one's on the next.
    """
    if concerns(solved.frame.called(step), world):
        return False
    own = {moved.flight for door, moved in solved.movement.own_ways(step, world) if door is Door.RAISED}
    return any(each.flight not in own and each.fits(world) for each in raised)


def _may_complete(solved: Solved, step: int, world: World) -> bool:
    return any(door is not Door.RAISED for door, _ in solved.movement.own_ways(step, world))


def _reads_only_the_instance(solved: Solved, step: int) -> bool:
    """Whether the step needs a variable that is bound to the instance and to nothing else.

    Where the query gave none, the variable is None, and reading an attribute of it, or refreshing
    it, raises as well.
    """
    event = solved.frame.called(step)
    if solved.focus.instance < 0 or not isinstance(event, Read | Write | Call):
        return False
    place = _refused_argument(event) if isinstance(event, Call) else event.object
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
