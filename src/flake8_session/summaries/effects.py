"""What calls of the project's own functions do, in one place: plain calls, generators, classes, names."""

from __future__ import annotations

from flake8_session.flow.events import Call, Place
from flake8_session.flow.outline import Parameter
from flake8_session.linking.frames import Frame
from flake8_session.linking.linker import Linker
from flake8_session.linking.meanings import Borrowed, ClassAt, FunctionAt, Meaning, Options
from flake8_session.summaries import classes, detached, generators, given, managers, taking
from flake8_session.summaries.budget import Budget
from flake8_session.summaries.captures import may_end
from flake8_session.summaries.fresh import fresh_options, fresh_part
from flake8_session.summaries.plain_calls import call_exits, construct_exits, seen_besides
from flake8_session.summaries.returning import rebound_meaning, returned_element, returned_meaning
from flake8_session.summaries.sites import Part
from flake8_session.summaries.solved import End, Solved
from flake8_session.typestate.focus import Exit, Focus
from flake8_session.typestate.worlds import Names, World


class ProjectEffects:
    """The `Effects` of the project's own functions, and `Givers` and `Bodies` as well.

    One per run; nothing in it depends on time.
    """

    def __init__(self, linker: Linker) -> None:
        self.linker = linker
        self.budget: Budget | None = None
        self._solved = Solved(linker, self)
        self.frames = self._solved.frames
        linker.bodies = self

    def within(self, budget: Budget | None) -> None:
        """From now on helpers are solved within `budget`; None: as many as it takes."""
        self.budget = budget
        self.linker.answers.prices.bill = budget

    # What bodies say about names.

    def attribute(self, at: ClassAt, name: str, *, on_class: bool) -> Meaning:
        """See `Bodies.attribute`."""
        return classes.attribute(self.frames, at, name, on_class=on_class)

    def returned(self, at: FunctionAt) -> Meaning:
        """See `Bodies.returned`."""
        return returned_meaning(self.frames, at)

    def element(self, at: FunctionAt, index: int) -> Meaning:
        """See `Bodies.element`."""
        return returned_element(self.frames, at, index)

    def parameter(self, at: FunctionAt, name: str) -> Meaning:
        """See `Bodies.parameter`."""
        return given.factory(self._solved, at, name)

    def rebound(self, at: FunctionAt, name: str) -> Meaning | None:
        """See `Bodies.rebound`."""
        return rebound_meaning(self.frames, at, name)

    # Which functions give a session.

    def fresh(self, at: FunctionAt) -> Options | None:
        """See `Givers.fresh`."""
        return fresh_options(self._solved, at)

    def fresh_part(self, at: FunctionAt) -> Part | None:
        """See `Givers.fresh_part`."""
        return fresh_part(self._solved, at)

    def lent(self, at: FunctionAt) -> Options | None:
        """See `Givers.lent`."""
        return generators.lent_options(self._solved, at)

    def detached(self, frame: Frame, call: Call, at: FunctionAt) -> Focus | None:
        """See `Givers.detached`."""
        return detached.detached_focus(self._solved, frame, call, at)

    def taking(self, frame: Frame, call: Call, at: FunctionAt) -> Focus | None:
        """See `Givers.taking`."""
        return taking.taking_focus(self._solved, frame, call, at)

    def takes(self, at: FunctionAt) -> bool:
        """See `Givers.takes`."""
        return taking.takes(self._solved, at)

    def gives_detached(self, at: FunctionAt) -> bool:
        """See `Givers.gives_detached`."""
        return detached.gives_detached(self._solved, at)

    def lent_by(self, at: ClassAt) -> Options | None:
        """See `Givers.lent_by`."""
        return managers.lent_options(self._solved, at)

    def borrowed(self, frame: Frame, parameter: Parameter) -> Borrowed | None:
        """See `Givers.borrowed`."""
        return given.borrowed(self._solved, frame, parameter)

    # What a call does.

    def call(self, frame: Frame, at: FunctionAt, call: Call, world: World, focus: Focus) -> list[Exit] | None:
        """See `Effects.call`."""
        return call_exits(self._solved, frame, at, call, world, focus)

    def sees(self, frame: Frame, at: FunctionAt, call: Call) -> tuple[Place, ...] | None:
        """See `Effects.sees`."""
        return seen_besides(self._solved, frame, at, call)

    def construct(
        self, frame: Frame, at: ClassAt, call: Call, world: World, focus: Focus
    ) -> list[Exit] | None:
        """See `Effects.construct`."""
        return construct_exits(self._solved, frame, at, call, world, focus)

    def enter(
        self, frame: Frame, at: FunctionAt, call: Call, manager: Place, world: World, focus: Focus, born: bool
    ) -> list[tuple[World, Names]] | None:
        """See `Effects.enter`."""
        return generators.enter(self._solved, frame, at, call, manager, world, focus, born)

    def enter_object(
        self, at: ClassAt, manager: Place, world: World, focus: Focus
    ) -> list[tuple[World, Names]]:
        """See `Effects.enter_object`."""
        return managers.enter(self._solved, at, manager, world, focus)

    def leave(self, manager: Place, world: World, focus: Focus, raising: bool) -> list[Exit] | None:
        """See `Effects.leave`."""
        held = next((held for held in world.suspended if held.manager == manager), None)
        if held is None:
            return None
        if held.step < 0:
            return managers.leave(self._solved, held, world, focus, raising)
        return generators.leave(self._solved, held, world, focus, raising)

    def never_raises(self, at: FunctionAt) -> bool:
        """See `Effects.never_raises`."""
        return self._solved.never_raises(at)

    def never_returns(self, at: FunctionAt) -> bool:
        """Whether the function always raises, or ends the process."""
        return self._solved.never_returns(at)

    def closes_captured(self, at: FunctionAt, places: frozenset[Place]) -> bool:
        """See `Effects.closes_captured`."""
        return may_end(self.frames, at, places)

    def ends(self, at: FunctionAt, start: World, focus: Focus) -> list[End] | None:
        """The worlds at the ends of a function that is entered in `start`; None: not known."""
        frame = self.frames.of(at)
        if frame is None:
            return None
        starts: dict[int, tuple[World, ...]] = {0: (start,)}
        return self._solved.ask(("ends", at, start, focus), lambda: self._solved.ends(frame, focus, starts))
