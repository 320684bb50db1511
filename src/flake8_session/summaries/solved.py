"""The project's functions, solved from the worlds in which they are entered, each question once.

Answers are remembered by function and entry world. The ends of a function that calls itself, directly
or not, grow from none until they are complete, so that they do not depend on the order of asking.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol, TypeVar, cast

from flake8_session.dataflow import Solution, TooManyWorlds, solve
from flake8_session.flow.events import Call, Place, Yield
from flake8_session.linking.frames import Frame
from flake8_session.linking.linker import Linker
from flake8_session.linking.meanings import ClassAt, FunctionAt, Options
from flake8_session.summaries.feeding import feeding
from flake8_session.summaries.frames import Frames
from flake8_session.summaries.raising import can_return, never_raises
from flake8_session.summaries.sites import Givers, made_foci
from flake8_session.summaries.wrappers import run_by
from flake8_session.typestate.focus import Effects, Focus
from flake8_session.typestate.known_ways import KnownWays
from flake8_session.typestate.movement import SessionMovement
from flake8_session.typestate.worlds import Flight, Kind, World

_MOST_KNOWN = 50
"""Functions of which it is kept what their steps do; a helper is mostly asked about many times in a row."""
T = TypeVar("T")
Key = tuple[object, ...]
End = tuple[World, Flight | None]
"""The world at a way out of a function, and what is raised there."""


class Ends(NamedTuple):
    """All ways out of a function. `merged`: some of its worlds were so many that they were merged."""

    found: tuple[End, ...] = ()
    merged: bool = False


_START: Mapping[object, object] = {
    "returns": True,
    "raises": False,
    "touches": False,
    "call": Ends(),
    "born": Ends(),
    "leave": Ends(),
    "exit": Ends(),
}
"""What a question about a function that comes back to itself starts from; every other one from no ends."""


class _Everything(Effects, Givers, Protocol):
    """What calls inside of a function do, and which of them give sessions."""


class Solved:
    """What comes out of functions that are entered in given worlds; `calls` tells of the calls in them."""

    def __init__(self, linker: Linker, calls: _Everything) -> None:
        self.linker = linker
        self.frames = Frames(linker)
        self._calls = calls
        self._calls_in: dict[tuple[str, str], list[tuple[Frame, Call]]] = {}
        """By module and name of what is called."""
        self._runs: dict[FunctionAt, FunctionAt | None] = {}
        self._known: dict[Frame, KnownWays] = {}
        """Of the functions that were asked about last."""

    def ends(self, frame: Frame, focus: Focus, starts: dict[int, tuple[World, ...]]) -> list[End] | None:
        """The worlds at the function's two exits; None: too many to follow."""
        ends = self.all_ends(frame, focus, starts)
        return None if ends is None else list(ends.found)

    def all_ends(self, frame: Frame, focus: Focus, starts: dict[int, tuple[World, ...]]) -> Ends | None:
        """The same, and whether worlds were merged on the way there."""
        solution = self._solution(frame, self._movement(frame, focus), starts)
        if solution is None:
            return None
        return Ends(tuple(dict.fromkeys(_exits(frame, solution))), solution.merged)

    def ends_of_call(
        self, question: Key, start: World, find: Callable[[World], Ends | None]
    ) -> Sequence[End] | None:
        """The ends that `find` gives of a callee that is entered in `start`; None: too many to follow.

        A path that has had its one assumed failure goes on like those that have none: so one answer serves
        both, where no worlds had to be merged, and where some path has none.
        """
        before = start._replace(spent=False) if start.spent else start
        ends = self.ask((*question, before), lambda: find(before))
        if start.spent:
            whole = ends.found if ends is not None and not ends.merged else ()
            found = [(end._replace(spent=True), flight) for end, flight in whole if not end.spent]
            if found:
                return found
            ends = self.ask((*question, start), lambda: find(start))
        return None if ends is None else ends.found

    def ends_through(
        self, frame: Frame, step: int, question: Key, start: World, focus: Focus
    ) -> Sequence[End] | None:
        """See `ends_of_call`: of a function that goes on in front of `step`."""
        return self.ends_of_call(
            question, start, lambda entered: self.all_ends(frame, focus, {step: (entered,)})
        )

    def stops(self, frame: Frame, start: World, focus: Focus) -> Iterator[tuple[int, World]]:
        """The worlds in front of every ``yield`` that is reached first, and at the exit by raising."""
        solution = self._solution(frame, self._movement(frame, focus, stops=True), {0: (start,)})
        if solution is None:
            return
        for step in solution.steps():
            if isinstance(frame.graph.steps[step].event, Yield) or step == frame.graph.raised:
                for world in solution.before(step):
                    yield step, world

    def own_foci(self, frame: Frame, leaving: Iterable[Place]) -> list[Focus]:
        """The sessions that the function makes or gets from a callee, and that may be among `leaving`."""
        return [focus for focus in made_foci(frame, self._calls, feeding(frame, leaving)) if not focus.driven]

    def all_foci(self, frame: Frame) -> list[Focus]:
        """The sessions that the function makes or gets from a callee."""
        return [focus for focus in made_foci(frame, self._calls, None) if not focus.driven]

    def fresh(self, at: FunctionAt) -> Options | None:
        """See `Givers.fresh`."""
        return self._calls.fresh(at)

    def lent(self, at: FunctionAt) -> Options | None:
        """See `Givers.lent`."""
        return self._calls.lent(at)

    def calls_of(self, at: FunctionAt) -> list[tuple[Frame, Call]]:
        """The calls of a function or method in its own module, with the functions that they stand in."""
        owner, _, name = at.qualname.rpartition(".")
        wanted: FunctionAt | ClassAt = at
        if name == "__init__":
            name, wanted = owner.rpartition(".")[2], ClassAt(at.module, owner)
        if (at.module, name) not in self._calls_in:
            self._calls_in[at.module, name] = list(self._calls_by_name(at.module, name))
        calls = self._calls_in[at.module, name]
        found = [(frame, call) for frame, call in calls if frame.callee(call) == wanted]
        return [(frame, _constructing(call)) for frame, call in found] if wanted != at else found

    def _calls_by_name(self, module: str, name: str) -> Iterator[tuple[Frame, Call]]:
        for function in self.linker.functions(module, naming=name):
            frame = self.frames.of(FunctionAt(module, function.qualname))
            for step in frame.graph.steps if frame is not None else ():
                if isinstance(step.event, Call) and frame is not None:
                    called = step.event.method or step.event.function.rpartition(".")[2].removeprefix("@")
                    if called == name:
                        yield frame, step.event

    def runs(self, at: FunctionAt) -> FunctionAt | None:
        """The function whose body a call of `at` runs; None where a decorator is not followed."""
        if at not in self._runs:
            self._runs[at] = run_by(self.linker, self.frames, at)
        return self._runs[at]

    def never_raises(self, at: FunctionAt) -> bool:
        """See `Effects.never_raises`."""
        return bool(self.ask(("raises", at), lambda: never_raises(self.frames, at)))

    def never_returns(self, at: FunctionAt) -> bool:
        """Whether the function always raises, or ends the process."""
        return self.ask(("returns", at), lambda: can_return(self.frames, at)) is False

    def _solution(
        self, frame: Frame, movement: SessionMovement, starts: Mapping[int, tuple[World, ...]]
    ) -> Solution[World] | None:
        """What `movement` comes to; None: too many worlds to follow. Its price is the number of worlds."""
        prices = self.linker.answers.prices
        prices.begin()
        solution = None
        try:
            solution = solve(movement, starts)
            worlds = solution.size()
        except TooManyWorlds as given_up:
            worlds = given_up.worlds
        prices.spend(worlds)
        return solution

    def _movement(self, frame: Frame, focus: Focus, *, stops: bool = False) -> SessionMovement:
        known = self._known.pop(frame, None) or KnownWays(frame.graph)
        self._known[frame] = known
        if len(self._known) > _MOST_KNOWN:
            del self._known[next(iter(self._known))]
        return SessionMovement(frame, focus, self._calls, stops=stops, known=known)

    def ask(self, key: Key, answer: Callable[[], T]) -> T | None:
        """The remembered answer; a function that calls itself is asked again until its ends are complete."""
        start = cast(T, _START.get(key[0]) if key[0] in _START else [])
        return self.linker.answers.ask(key, answer, start, beyond=None)


def _constructing(call: Call) -> Call:
    """The call of a class as one of its ``__init__`` on the new object."""
    return Call(call.result, receiver=call.result, method="__init__", arguments=call.arguments)


def _exits(frame: Frame, solution: Solution[World]) -> Iterator[End]:
    for world in solution.before(frame.graph.returned):
        yield world, None
    for world in solution.before(frame.graph.raised):
        yield world, world.flight or Flight(Kind.OTHER)
