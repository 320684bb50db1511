"""Solving a function: one solution for each session, and for each instance of it.

`FunctionFacts` is what a rule is given. Everything in it is computed when it is first asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from functools import cached_property

from flake8_session.dataflow import TooManyWorlds, solve
from flake8_session.diagnostics import Span
from flake8_session.facts.agreement import Company
from flake8_session.facts.moving import taken_over
from flake8_session.facts.solutions import Solved
from flake8_session.facts.telling import Elsewhere, news_for, told_by
from flake8_session.flow.events import Call, Iterate
from flake8_session.linking.frames import Frame
from flake8_session.linking.meanings import FunctionAt
from flake8_session.settings import Settings
from flake8_session.summaries.budget import TooMuchToAsk
from flake8_session.summaries.effects import ProjectEffects
from flake8_session.summaries.instances import instance_foci
from flake8_session.summaries.sites import session_foci
from flake8_session.typestate import names
from flake8_session.typestate.births import entry_world
from flake8_session.typestate.calls.receivers import split
from flake8_session.typestate.focus import Arrivals, Focus
from flake8_session.typestate.known_ways import KnownWays
from flake8_session.typestate.movement import SessionMovement

Spans = Callable[[int], Span]
_ROUNDS = 4
_MOST_WORLDS = 150_000
"""How many worlds of instances a function may cost; past that they are not followed.

Only a function with dozens of sessions, one after the other, each with its instances, comes near.
"""


class Solver:
    """Solves the foci of one function, and again those that others have something to tell."""

    def __init__(
        self, frame: Frame, effects: ProjectEffects, followed: AbstractSet[Focus] | None = None
    ) -> None:
        """`followed`: the instances that are followed; None: all of them."""
        self.frame = frame
        self.told = Elsewhere()
        self.within_budget: set[Focus] = set()
        """The instances that were followed before something was refused."""
        self._followed = followed
        self._effects = effects
        self._solved: dict[Focus, tuple[Elsewhere, Solved | None]] = {}
        self._worlds = _MOST_WORLDS
        self._ways = KnownWays(frame.graph)

    def solved(self, focus: Focus) -> Solved | None:
        """The focus with what is told so far; None where there are too many worlds to tell anything."""
        if focus.instance >= 0 and self._followed is not None and focus not in self._followed:
            return None
        known = self._solved.get(focus)
        news = self.told
        if known is not None:
            used, solved = known
            if solved is None:
                return None
            news = news_for(solved, self.told)
            if news.is_part_of(used):
                return solved
        elif focus.instance >= 0 and self._worlds <= 0:
            return None
        found = self._solve(focus, news)
        if found is not None and focus.instance >= 0:
            self._worlds -= found.solution.size()
            if not _is_short(self._effects):
                self.within_budget.add(focus)
        self._solved[focus] = news, found
        return found

    def _solve(self, focus: Focus, told: Elsewhere) -> Solved | None:
        movement = SessionMovement(
            self.frame,
            focus,
            self._effects,
            raising=told.raising,
            failing=told.failing,
            arriving=_arriving(focus, told),
            hearsay=told.hearsay.get(focus.session),
            known=self._ways,
        )
        try:
            return Solved(self.frame, focus, movement, solve(movement, {0: (entry_world(focus),)}))
        except TooManyWorlds:
            return None
        except TooMuchToAsk:
            if focus.instance < 0:
                raise
            return None


class SessionFacts:
    """One session of a function, alone and together with each instance that may be its."""

    def __init__(self, frame: Frame, focus: Focus, solver: Solver) -> None:
        self.frame = frame
        self.focus = focus
        self._solver = solver

    @cached_property
    def alone(self) -> Solved | None:
        """The session by itself; None where there are too many worlds to tell anything."""
        return self._solver.solved(self.focus)

    @cached_property
    def with_instances(self) -> tuple[Solved, ...]:
        """The session with each of its instances, one at a time."""
        if self.alone is None:
            return ()
        alone = self.alone
        foci = [focus for focus in instance_foci(self.frame, self.focus) if _may_meet(alone, focus)]
        foci += taken_over(alone, self._solver.told.moves)
        found = [self._solver.solved(focus) for focus in foci]
        return tuple(solved for solved in found if solved is not None and _has_instance(solved))

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

        What is found of one is told to the others, until nothing new is found; then they keep
        company, so that no path is shown which one of them rules out. Where that leads to more questions
        than may be asked, it is done once more with the instances that came before, or with none.
        """
        solver = Solver(self.frame, self.effects)
        found = self._within_budget(solver)
        for followed in (solver.within_budget, frozenset[Focus]()):
            if found is None and self.effects.budget is not None:
                self.effects.budget.begin_again()
                found = self._within_budget(Solver(self.frame, self.effects, followed))
        if found is None:
            raise TooMuchToAsk
        return found

    def _within_budget(self, solver: Solver) -> tuple[SessionFacts, ...] | None:
        """The sessions; None where something was refused that is worth another try."""
        try:
            found = self._told(solver)
        except TooMuchToAsk:
            found = ()
        budget = self.effects.budget
        if budget is None or not budget.is_short:
            return found
        if not budget.is_last_round:
            raise TooMuchToAsk  # More may be asked in the next one.
        return None

    def _told(self, solver: Solver) -> tuple[SessionFacts, ...]:
        foci = session_foci(self.frame, self.effects)
        sessions: tuple[SessionFacts, ...] = ()
        for _ in range(_ROUNDS):
            sessions = tuple(SessionFacts(self.frame, focus, solver) for focus in foci)
            for session in sessions:
                session.alone  # noqa: B018 - before instances may have used up what may be asked.
            everything = [solved for session in sessions for solved in session.solutions]
            found = told_by(everything, solver.told, several=len(foci) > 1)
            if found == solver.told:
                break
            solver.told = found
        self._company = Company(solved for session in sessions for solved in session.solutions)
        for session in sessions:
            for solved in session.solutions:
                solved.company = self._company
        return sessions

    @property
    def qualname(self) -> str:
        """The function's qualified name."""
        return self.frame.function.qualname

    def step_span(self, step: int) -> Span:
        """Where a step stands in the text."""
        return self.span(self.frame.graph.steps[step].origin)


def _is_short(effects: ProjectEffects) -> bool:
    return effects.budget is not None and effects.budget.is_short


def _arriving(focus: Focus, told: Elsewhere) -> Arrivals:
    """What the instance's former session says of it."""
    move = told.moves.get(focus.instance) if focus.comes_from is not None else None
    return move.arrivals if move is not None and move.source == focus.comes_from else {}


def _may_meet(alone: Solved, focus: Focus) -> bool:
    """Whether the session, or what comes from it, is there where the instance comes out of it.

    A new instance may meet any session that is reached with it.
    """
    if focus.gone:
        return True
    event = alone.graph.steps[focus.instance].event
    worlds = alone.solution.before(focus.instance)
    if focus.constructed:
        return any(True for _ in worlds)
    if isinstance(event, Iterate):
        return any(world.roles(event.iterator) for world in worlds)
    if not isinstance(event, Call):
        return True
    callee = alone.frame.callee(event)
    if isinstance(callee, FunctionAt) and callee.module == alone.frame.module:
        if any(place.startswith("@") for place in focus.places):
            return True  # It may know the session by the same name.
    places = [argument.value for argument in event.arguments]
    return any(
        world.roles(place) or names.keeps_session(world, place)
        for world in worlds
        for place in (split(event, world)[0], *places)
        if place
    )


def _has_instance(solved: Solved) -> bool:
    return any(world.instance is not None for _, world in solved.reached())
