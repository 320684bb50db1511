"""Solving a function: one solution for each session, and for each instance of it.

`FunctionFacts` is what a rule is given. Everything in it is computed when it is first asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from flake8_session.dataflow import Passage, Solution, TooManyWorlds, replays, solve
from flake8_session.diagnostics import Span
from flake8_session.flow.events import Call, Door, Iterate, Leave, Place, Raise, Read
from flake8_session.flow.graph import Graph
from flake8_session.knowledge.words import Role
from flake8_session.linking.frames import Frame
from flake8_session.settings import Settings
from flake8_session.summaries.effects import ProjectEffects
from flake8_session.summaries.sites import instance_foci, session_foci
from flake8_session.typestate import names
from flake8_session.typestate.calls.receivers import split
from flake8_session.typestate.focus import Focus
from flake8_session.typestate.known_ways import KnownWays
from flake8_session.typestate.movement import SessionMovement
from flake8_session.typestate.worlds import Flight, Kind, Life, SessionState, Transaction, World

Spans = Callable[[int], Span]
_ROUNDS = 4


@dataclass(slots=True)
class Allowance:
    """How many worlds of instances a function may still cost; past that they are not followed.

    Only a function with dozens of sessions, one after the other, each with its instances, comes near.
    """

    worlds: int = 150_000


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What other sessions and instances of the function say of its steps: see `focus.Context`."""

    raising: Mapping[int, Flight] = field(default_factory=dict)
    loading: frozenset[int] = frozenset()


class Solved:
    """All worlds of one focus in front of every step of the function."""

    def __init__(
        self, frame: Frame, focus: Focus, movement: SessionMovement, solution: Solution[World]
    ) -> None:
        self.frame = frame
        self.focus = focus
        self.movement = movement
        self.solution = solution

    @property
    def graph(self) -> Graph:
        """The function's graph."""
        return self.frame.graph

    def exits(self) -> Iterator[tuple[int, World]]:
        """Every world at the two exits, with the exit: first where the function returns."""
        for step in (self.graph.returned, self.graph.raised):
            for world in self.solution.before(step):
                yield step, world

    def reached(self) -> Iterator[tuple[int, World]]:
        """Every step that is reached, with every world in front of it."""
        for step in self.solution.steps():
            for world in self.solution.before(step):
                yield step, world

    def path(self, step: int, world: World) -> list[Passage[World]] | None:
        """How `world` gets in front of `step`; None where no single world can walk that way."""
        passages = self.solution.path(step, world)
        if self.solution.merged and not replays(self.movement, passages):
            return None
        return passages

    @cached_property
    def place(self) -> str:
        """What the function calls the session; `""` where it has no name."""
        for _, world in self.reached():
            for place in names.session_places(world):
                if not place.startswith("%"):
                    return place.removeprefix("@").partition("'")[0]
        return ""

    def instance_place(self, world: World) -> str:
        """What the function calls the instance in `world`."""
        places = sorted(p for p, holding in world.names if holding is Role.INSTANCE and p[0] not in "%<")
        return places[0].partition("'")[0] if places else ""


class SessionFacts:
    """One session of a function, alone and together with each instance that may be its."""

    def __init__(
        self,
        frame: Frame,
        focus: Focus,
        effects: ProjectEffects,
        elsewhere: Elsewhere,
        allowance: Allowance,
        known: KnownWays,
    ) -> None:
        self.frame = frame
        self.focus = focus
        self._effects = effects
        self._elsewhere = elsewhere
        self._allowance = allowance
        self._known = known

    @cached_property
    def alone(self) -> Solved | None:
        """The session by itself; None where there are too many worlds to tell anything."""
        return _solved(self.frame, self.focus, self._effects, self._elsewhere, self._known)

    @cached_property
    def with_instances(self) -> tuple[Solved, ...]:
        """The session with each of its instances, one at a time."""
        if self.alone is None:
            return ()
        alone = self.alone
        foci = [focus for focus in instance_foci(self.frame, self.focus) if _may_meet(alone, focus)]
        found = []
        for focus in foci:
            if self._allowance.worlds <= 0:
                break
            solved = _solved(self.frame, focus, self._effects, self._elsewhere, self._known)
            if solved is not None:
                self._allowance.worlds -= solved.solution.size()
                found.append(solved)
        return tuple(solved for solved in found if _has_instance(solved))

    @cached_property
    def solutions(self) -> tuple[Solved, ...]:
        """All solutions in which the session is followed."""
        return (self.alone, *self.with_instances) if self.alone is not None else ()


class FunctionFacts:
    """A function, its sessions, and the settings under which it is judged."""

    def __init__(
        self, frame: Frame, effects: ProjectEffects, spans: Spans, settings: Settings, filename: str
    ) -> None:
        self.frame = frame
        self.effects = effects
        self.span = spans
        self.settings = settings
        self.filename = filename

    @cached_property
    def sessions(self) -> tuple[SessionFacts, ...]:
        """The sessions of the function, in order of the text.

        A step that must raise because of one session or instance raises for all others too: so
        what is found of one is told to the others, until nothing new is found.
        """
        foci = session_foci(self.frame, self.effects)
        told = Elsewhere()
        sessions: tuple[SessionFacts, ...] = ()
        allowance, known = Allowance(), KnownWays(self.frame)
        for _ in range(_ROUNDS):
            sessions = tuple(
                SessionFacts(self.frame, focus, self.effects, told, allowance, known) for focus in foci
            )
            found = _told_to_others(sessions, told)
            if found == told:
                break
            told = found
        return sessions

    @property
    def qualname(self) -> str:
        """The function's qualified name."""
        return self.frame.function.qualname

    def step_span(self, step: int) -> Span:
        """Where a step stands in the text."""
        return self.span(self.frame.graph.steps[step].origin)


def start(focus: Focus) -> World:
    """The world at the entry of a function."""
    if focus.birth >= 0:
        return World()
    held = {(place, Role.SESSION) for place in focus.places} | {
        (place, Role.QUERY) for place in focus.queries
    }
    return World(session=SessionState(Life.OPEN, Transaction.UNKNOWN), names=frozenset(held))


def _told_to_others(sessions: tuple[SessionFacts, ...], told: Elsewhere) -> Elsewhere:
    raising, loading = dict(told.raising), set(told.loading)
    for session in sessions:
        for solved in session.solutions:
            raising.update(_must_raise(solved))
            if len(sessions) > 1:
                loading.update(_may_load(solved))
    return Elsewhere(raising, frozenset(loading))


def _may_load(solved: Solved) -> Iterator[int]:
    """The reads that may run SQL, and so may fail."""
    for step, world in solved.reached():
        if isinstance(solved.graph.steps[step].event, Read) and not world.spent:
            if any(moved.spent for _, _, moved in solved.movement.transfer(step, world)):
                yield step


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
            if not ways or any(door is not Door.RAISED for door, _ in ways):
                break
            flight = ways[0][1].flight
            if flight is None or flight.kind is not Kind.RAISED:
                break
        else:
            if flight is not None:
                yield step, flight


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


def _solved(
    frame: Frame, focus: Focus, effects: ProjectEffects, told: Elsewhere, known: KnownWays
) -> Solved | None:
    movement = SessionMovement(
        frame, focus, effects, raising=told.raising, loading=told.loading, known=known
    )
    try:
        return Solved(frame, focus, movement, solve(movement, {0: (start(focus),)}))
    except TooManyWorlds:
        return None


def _may_meet(alone: Solved, focus: Focus) -> bool:
    """Whether the session, or what comes from it, is there where the instance comes out of it.

    A new instance may meet any session that is reached with it.
    """
    event = alone.graph.steps[focus.instance].event
    worlds = alone.solution.before(focus.instance)
    if focus.constructed:
        return any(True for _ in worlds)
    if isinstance(event, Iterate):
        return any(world.roles(event.iterator) for world in worlds)
    if not isinstance(event, Call):
        return True
    places = [argument.value for argument in event.arguments]
    return any(world.roles(place) for world in worlds for place in (split(event, world)[0], *places) if place)


def _has_instance(solved: Solved) -> bool:
    return any(world.instance is not None for _, world in solved.reached())
