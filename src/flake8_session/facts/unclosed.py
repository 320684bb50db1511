"""Whether a session that a function owns is closed on every way out, and if not, how it is left open.

One construction gets one verdict, the first that fits in the order of `Unclosed`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum
from functools import partial
from itertools import pairwise
from typing import NamedTuple

from flake8_session.dataflow import Passage
from flake8_session.facts.paths import Path
from flake8_session.facts.solutions import Solved
from flake8_session.facts.solving import SessionFacts
from flake8_session.flow.events import (
    Bind,
    Call,
    Door,
    Enter,
    Extend,
    Raise,
    Return,
    SetItem,
    Unpack,
    Write,
    Yield,
)
from flake8_session.flow.ways import led_to
from flake8_session.knowledge.frameworks import Driver
from flake8_session.knowledge.words import Role
from flake8_session.typestate.worlds import Life, Transaction, World


class Unclosed(Enum):
    """How a session is left open; the first that fits counts."""

    TEMPORARY = "temporary"  # it never had a name
    AT_YIELD = "at yield"  # a generator may be ended at a yield
    OVERWRITTEN = "overwritten"  # it lost its last name
    NEVER = "never"  # no path closes it
    ON_PATH = "on path"  # a path without a failure
    ON_ERROR = "on error"  # only a path with a failure


class Leak(NamedTuple):
    """The verdict with its witness: the path on which the session is left open."""

    how: Unclosed
    solved: Solved
    path: Path

    @property
    def step(self) -> int:
        """Where it is reported: where the session is opened; one of a registry at the last ``yield``."""
        if self.solved.focus.birth >= 0:
            return self.solved.focus.birth
        steps = self.solved.graph.steps
        return [each.step for each in self.path if isinstance(steps[each.step].event, Yield)][-1]

    @property
    def leaves_by_exception(self) -> bool:
        """Whether the function is left by an exception at the end of the path."""
        return self.path[-1].step == self.solved.graph.raised

    @property
    def holds_connection(self) -> bool:
        """Whether a connection may still be checked out at the end of the path."""
        state = self.path[-1].world.session
        return state is not None and state.transaction not in (Transaction.IDLE, Transaction.BEGUN)


class _Ending(NamedTuple):
    """An exit that is reached with the session open; `path`: one that leads there through a `yield`."""

    solved: Solved
    step: int
    world: World
    path: Path | None = None


def constructions(sessions: Iterable[SessionFacts]) -> list[list[SessionFacts]]:
    """The sessions by the call that makes them.

    A call in a ``finally`` stands in the graph once for each way of leaving the ``try``.
    """
    found: dict[tuple[int, int], list[SessionFacts]] = {}
    for number, session in enumerate(sessions):
        birth = session.focus.birth
        key = (session.frame.graph.steps[birth].origin, -1) if birth >= 0 else (-1, number)
        found.setdefault(key, []).append(session)
    return list(found.values())


def leak(session: SessionFacts, *copies: SessionFacts) -> Leak | None:
    """How the session is left open, None where every way out closes it or hands it on.

    `copies`: the sessions that the same call makes where it stands in the graph more than once.
    """
    if not session.focus.owned and session.alone is not None:
        return _unremoved(session, session.alone)
    alone = [each.alone for each in (session, *copies) if each.focus.owned and each.alone is not None]
    if not alone:
        return None
    solutions = [solved for each in (session, *copies) for solved in each.solutions]
    endings = [ending for solved in solutions for ending in _open_endings(solved)]
    if not endings or any(map(_is_before_endless_loop, alone)):
        return None
    for how, chosen in _candidates(session, copies, endings):
        path = _first_path(chosen)
        if path is not None:
            return Leak(how, *path)
    return None


def _unremoved(session: SessionFacts, alone: Solved) -> Leak | None:
    """How a generator leaves the session of a registry that it yields, and removes where nobody ends it.

    One that leaves it open on some quiet way as well only lends it there: somebody else removes it.
    """
    frame, graph = session.frame, alone.graph
    if not session.focus.registry or not frame.function.generator or Driver.FIXTURE in frame.drivers:
        return None
    quiet = list(alone.solution.before(graph.returned))
    if not quiet or not all(map(_is_closed, quiet)):
        return None
    for world in alone.solution.before(graph.raised):
        path = None if _is_closed(world) else alone.path(graph.raised, world)
        if path is not None and any(_gives_it_away(alone, *passages) for passages in pairwise(path)):
            return Leak(Unclosed.AT_YIELD, alone, path)
    return None


def _is_closed(world: World) -> bool:
    return world.session is None or world.session.life is Life.CLOSED


def _gives_it_away(solved: Solved, before: Passage[World], after: Passage[World]) -> bool:
    event = solved.graph.steps[before.step].event
    thrown = _is_thrown(solved, before, after)
    return thrown and isinstance(event, Yield) and Role.SESSION in before.world.roles(event.value)


def _candidates(
    session: SessionFacts, copies: Iterable[SessionFacts], endings: list[_Ending]
) -> Iterator[tuple[Unclosed, list[_Ending]]]:
    never = not any(map(_ever_closed, (session, *copies)))
    if is_temporary(session):
        yield Unclosed.TEMPORARY, endings
        return
    if session.frame.function.generator and Driver.FIXTURE not in session.frame.drivers:
        at_yield = [ending for ending in endings if _leaves_at_yield(ending)]
        at_yield = at_yield or [ending for each in endings for ending in _thrown_to(each)][:1]
        if at_yield or (never and any(map(_is_lent, (session, *copies)))):
            yield Unclosed.AT_YIELD, at_yield or endings
    overwritten = [ending for ending in endings if ending.world.lost is Life.OPEN]
    if overwritten:
        yield Unclosed.OVERWRITTEN, overwritten
    if never:
        yield Unclosed.NEVER, sorted(endings, key=lambda ending: ending.world.spent)
    calm = [ending for ending in endings if not ending.world.spent]
    if calm:
        yield Unclosed.ON_PATH, calm
    yield Unclosed.ON_ERROR, endings


def _open_endings(solved: Solved) -> Iterator[_Ending]:
    for step, world in solved.exits():
        if world.lost is Life.OPEN or _is_open(world):
            yield _Ending(solved, step, world)


def _is_open(world: World) -> bool:
    if world.older is not None and world.older.state.life is Life.OPEN:
        return True
    return world.session is not None and world.session.life is Life.OPEN


def _ever_closed(session: SessionFacts) -> bool:
    """Whether some path ends the session or hands it on, and no instance rules all of those out."""
    return all(map(_may_be_closed, session.solutions))


def _may_be_closed(solved: Solved) -> bool:
    return any(
        world.session is not None and world.session.life in (Life.CLOSED, Life.REOPENED, Life.HANDED)
        for _, world in solved.reached()
    )


def _first_path(endings: list[_Ending]) -> tuple[Solved, Path] | None:
    for ending in endings[:64]:
        path = ending.path or ending.solved.path(ending.step, ending.world)
        if path is not None:
            return ending.solved, path
    return None


def _is_before_endless_loop(solved: Solved) -> bool:
    """Whether the session is opened in front of a loop that only an exception leaves."""
    birth = solved.focus.birth
    behind = _behind(solved, birth, birth)
    ends = {solved.graph.returned, solved.graph.raised}
    return not ends & behind and any(
        step in _behind(solved, step, birth) for step in behind if _loops_back(solved, step)
    )


def _loops_back(solved: Solved, step: int) -> bool:
    return any(target <= step for target in solved.graph.steps[step].doors.values())


def _behind(solved: Solved, start: int, barrier: int) -> frozenset[int]:
    """The steps behind `start` as long as nothing fails, not going through `barrier` again."""

    def goes_on(here: int, door: Door) -> bool:
        step = solved.graph.steps[here]
        fails = door is Door.RAISED and not isinstance(step.event, Raise)
        return not fails and step.doors[door] != barrier

    return led_to(solved.graph, start, goes_on)


def is_taken_out(solved: Solved) -> bool:
    """Whether the session comes in a tuple that is taken apart."""
    result = getattr(solved.graph.steps[solved.focus.birth].event, "result", "")
    return any(isinstance(step.event, Unpack) and step.event.source == result for step in solved.graph.steps)


def is_temporary(session: SessionFacts) -> bool:
    """Whether the session is used without ever having a name."""
    graph = session.frame.graph
    event = graph.steps[session.focus.birth].event
    if not isinstance(event, Call):
        return False
    result = event.result
    for step in graph.steps:
        other = step.event
        match other:
            case Bind(_, source) | Unpack(_, source) | Write(_, _, source) | SetItem(_, _, source) if (
                source == result
            ):
                return False
            case Extend(_, source) if source == result:
                return False
            case Enter(_, manager, _) if manager == result:
                return False
            case Return(value) | Yield(_, value, _) if value == result:
                return False
    awaited = session.frame.awaited.get(session.focus.birth)
    return awaited is None


def _leaves_at_yield(ending: _Ending) -> bool:
    path = ending.solved.solution.path(ending.step, ending.world)
    return any(
        before.world.session is not None and _is_thrown(ending.solved, before, after)
        for before, after in pairwise(path)
    )


def _thrown_to(ending: _Ending) -> Iterator[_Ending]:
    """The ending by a path that leaves the generator at a `yield`, where another one leads there first."""
    solved = ending.solved
    for step, world in solved.reached():
        if not isinstance(solved.graph.steps[step].event, Yield) or not _is_open(world) or world.spent:
            continue
        for onward in solved.ways(step, world):
            if onward[0] is Door.RAISED and onward[2].spent:
                path = solved.path_through(step, world, onward, partial(_is_at, ending), _goes_on)
                if path is not None:
                    yield ending._replace(path=path)


def _is_at(ending: _Ending, step: int, world: World) -> bool:
    return (step, world) == (ending.step, ending.world)


def _goes_on(step: int, world: World) -> bool:
    return True


def _is_lent(session: SessionFacts) -> bool:
    """Whether the session is there at some ``yield``; one that is opened behind the last was never lent."""
    alone = session.alone
    return alone is not None and any(
        world.session is not None and isinstance(alone.graph.steps[step].event, Yield)
        for step, world in alone.reached()
    )


def _is_thrown(solved: Solved, before: Passage[World], after: Passage[World]) -> bool:
    event = solved.graph.steps[before.step].event
    return isinstance(event, Yield) and before.door == Door.RAISED and after.world.spent
