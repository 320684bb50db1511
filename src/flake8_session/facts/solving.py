"""Solving a function: one solution for each session, and for each instance of it.

`FunctionFacts` is what a rule is given. Everything in it is computed when it is first asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property

from flake8_session.dataflow import Passage, Solution, TooManyWorlds, replays, solve
from flake8_session.diagnostics import Span
from flake8_session.flow.events import Door, Leave, Place, Raise
from flake8_session.flow.graph import Graph
from flake8_session.linking.frames import Frame
from flake8_session.settings import Settings
from flake8_session.summaries.effects import ProjectEffects
from flake8_session.summaries.sites import instance_foci, session_foci
from flake8_session.typestate import names
from flake8_session.typestate.focus import Focus
from flake8_session.typestate.movement import SessionMovement
from flake8_session.typestate.worlds import Flight, Kind, Life, SessionState, Transaction, World
from flake8_session.knowledge.words import Role

Spans = Callable[[int], Span]
Raising = Mapping[int, Flight]
_ROUNDS = 4


class Solved:
    """All worlds of one focus in front of every step of the function."""

    def __init__(self, frame: Frame, focus: Focus, movement: SessionMovement, solution: Solution[World]) -> None:
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

    def __init__(self, frame: Frame, focus: Focus, effects: ProjectEffects, raising: Raising) -> None:
        self.frame = frame
        self.focus = focus
        self._effects = effects
        self._raising = raising

    @cached_property
    def alone(self) -> Solved | None:
        """The session by itself; None where there are too many worlds to tell anything."""
        return _solved(self.frame, self.focus, self._effects, self._raising)

    @cached_property
    def with_instances(self) -> tuple[Solved, ...]:
        """The session with each of its instances, one at a time."""
        if self.alone is None:
            return ()
        foci = instance_foci(self.frame, self.focus)
        found = (_solved(self.frame, focus, self._effects, self._raising) for focus in foci)
        return tuple(solved for solved in found if solved is not None and _has_instance(solved))

    @cached_property
    def solutions(self) -> tuple[Solved, ...]:
        """All solutions in which the session is followed."""
        return (self.alone, *self.with_instances) if self.alone is not None else ()


class FunctionFacts:
    """A function, its sessions, and the settings under which it is judged."""

    def __init__(self, frame: Frame, effects: ProjectEffects, spans: Spans, settings: Settings, filename: str) -> None:
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
        raising: dict[int, Flight] = {}
        for _ in range(_ROUNDS):
            sessions = tuple(SessionFacts(self.frame, focus, self.effects, dict(raising)) for focus in foci)
            before = len(raising)
            for session in sessions:
                for solved in session.solutions:
                    raising.update(_must_raise(solved))
            if len(raising) == before:
                break
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
    held: frozenset[tuple[Place, Role]] = frozenset((place, Role.SESSION) for place in focus.places)
    return World(session=SessionState(Life.OPEN, Transaction.UNKNOWN), names=held)


def _must_raise(solved: Solved) -> Iterator[tuple[int, Flight]]:
    """The steps that no world gets through, because SQLAlchemy refuses or the instance is detached."""
    for step in solved.solution.steps():
        if step in solved.movement.context.raising or Door.RAISED not in solved.graph.steps[step].doors:
            continue
        if isinstance(solved.graph.steps[step].event, Raise | Leave):
            continue
        flight: Flight | None = None
        for world in solved.solution.before(step):
            ways = list(solved.movement.transfer(step, world))
            if not ways or any(door != Door.RAISED for door, _, _ in ways):
                break
            flight = ways[0][2].flight
            if flight is None or flight.kind is not Kind.RAISED:
                break
        else:
            if flight is not None:
                yield step, flight


def _solved(frame: Frame, focus: Focus, effects: ProjectEffects, raising: Raising) -> Solved | None:
    movement = SessionMovement(frame, focus, effects, raising=raising)
    try:
        return Solved(frame, focus, movement, solve(movement, {0: (start(focus),)}))
    except TooManyWorlds:
        return None


def _has_instance(solved: Solved) -> bool:
    return any(world.instance is not None for _, world in solved.reached())
