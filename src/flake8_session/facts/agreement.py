"""Whether everything that a function holds can go one way together.

The solver follows one session, or one instance, at a time. So a path may look possible to one focus
that another rules out::

    if done:
        session.close()
    user.addresses               # raises where `session` was closed: its focus alone cannot know
    session.execute(statement)   # so this never opens it again

A path that is to be shown is therefore walked by all other foci as well, door by door. If one of
them cannot follow, another path to the same fault is sought that all can walk. What two foci must
agree on is the way through the function and whether the one assumed failure is spent; of the
session's state each knows its own part. Where an instance has come from another session, both must agree
on the state that it came in.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple, Protocol

from flake8_session.dataflow import Passage
from flake8_session.typestate.focus import Focus
from flake8_session.typestate.worlds import World

Path = list[Passage[World]]
Question = Callable[[int, World], bool]
Step = tuple[int, int, World]
Way = tuple[int, int]
_Before = dict[tuple[int, World], list[tuple[int, World]]]
_MOST_PLACES = 2_000
_MOST_WORLDS = 64
_ROUNDS = 3


def anywhere(step: int, world: World) -> bool:
    """The question that every place answers with yes."""
    return True


class Walker(Protocol):
    """One focus: where it starts, and its ways out of a step."""

    @property
    def focus(self) -> Focus:
        """What it follows."""
        ...

    @property
    def first(self) -> World:
        """Its world at the entry of the function."""
        ...

    @property
    def lacking(self) -> frozenset[Way]:
        """The steps and doors by which some world of it cannot follow."""
        ...

    def ways(self, step: int, world: World) -> Sequence[Step]:
        """Door, next step and world there, for every way out of `step`."""
        ...

    def following(self, step: int, world: World, way: Step) -> Sequence[World]:
        """Its worlds behind `way`, which another focus takes out of `step`; empty where it rules that out."""
        ...

    def agrees(self, taker: Focus, step: int, world: World, way: Step) -> bool:
        """Whether `taker`, if it takes its instance over by that way, has it as it is in `world`."""
        ...


class Goal(NamedTuple):
    """A path goes to `step` in `world`; then, if `onward` is given, by it, and on until `reached` holds.

    Behind `onward` it leads only through places where `goes_on` holds.
    """

    step: int
    world: World
    onward: Step | None = None
    reached: Question = anywhere
    goes_on: Question = anywhere


class Company:
    """All foci of one function."""

    def __init__(self, walkers: Iterable[Walker]) -> None:
        self._walkers = list(walkers)
        self._before: dict[Walker, _Before] = {}
        """Of those that sought a detour."""

    def refusing(self, walker: Walker, path: Path) -> Walker | None:
        """The first of the others that cannot walk `path`."""
        taken = frozenset((passage.step, passage.door) for passage in path)
        doubtful = (
            other
            for other in self._walkers
            if other is not walker
            and (walker.focus.comes_from == other.focus or not taken.isdisjoint(other.lacking))
        )
        return next((other for other in doubtful if not _walks(other, walker.focus, path)), None)

    def detour(self, walker: Walker, goal: Goal, refusing: Walker) -> Path | None:
        """Another path of `walker` to `goal`, on which all can follow; None where none is found."""
        others = [refusing]
        if walker not in self._before:
            self._before[walker] = _before(walker)
        leading = _leading_to(goal, self._before[walker])
        for _ in range(_ROUNDS):
            path = _search(walker, goal, others, leading)
            refused = self.refusing(walker, path) if path is not None else None
            if refused is None:
                return path
            others.append(refused)
        return None


class _Place(NamedTuple):
    """Where a search has come to: `behind` the goal's step or not, with the worlds of the others."""

    behind: bool
    step: int
    world: World
    others: tuple[frozenset[World], ...]


def _walks(other: Walker, followed: Focus, path: Path) -> bool:
    worlds = _starts(other)
    for here, following in pairwise(path):
        worlds = _followed(other, worlds, followed, here.step, (here.door, following.step, following.world))
        if not worlds:
            return False
        if len(worlds) > _MOST_WORLDS:
            return True
    return True


def _starts(other: Walker) -> frozenset[World]:
    """The worlds of another focus at the entry: what a parameter would hold need not have been given."""
    return frozenset((other.first, World()))


def _followed(
    other: Walker, worlds: frozenset[World], followed: Focus, step: int, way: Step
) -> frozenset[World]:
    """The worlds of `other` behind the way out of `step` that what is `followed` takes."""
    return frozenset(
        moved
        for world in worlds
        if other.agrees(followed, step, world, way)
        for moved in other.following(step, world, way)
    )


def _search(
    walker: Walker, goal: Goal, others: Sequence[Walker], leading: set[tuple[int, World]]
) -> Path | None:
    start = _Place(False, 0, walker.first, tuple(map(_starts, others)))
    came: dict[_Place, tuple[_Place, int] | None] = {start: None}
    queue = deque((start,))
    while queue and len(came) < _MOST_PLACES:
        place = queue.popleft()
        if _is_there(place, goal):
            return _told(came, place)
        for behind, way in _onward(walker, place, goal, leading):
            moved = tuple(
                _followed(other, worlds, walker.focus, place.step, way)
                for other, worlds in zip(others, place.others, strict=True)
            )
            following = _Place(behind, way[1], way[2], moved)
            if all(moved) and following not in came:
                came[following] = (place, way[0])
                queue.append(following)
    return None


def _is_there(place: _Place, goal: Goal) -> bool:
    if goal.onward is None:
        return (place.step, place.world) == (goal.step, goal.world)
    return place.behind and goal.reached(place.step, place.world)


def _onward(
    walker: Walker, place: _Place, goal: Goal, leading: set[tuple[int, World]]
) -> Iterator[tuple[bool, Step]]:
    """The ways on from a place, and whether they lie behind the goal's step."""
    if place.behind:
        if goal.goes_on(place.step, place.world):
            yield from ((True, way) for way in walker.ways(place.step, place.world))
        return
    for way in walker.ways(place.step, place.world):
        if (place.step, place.world) == (goal.step, goal.world) and way == goal.onward:
            yield True, way
        if way[1:] in leading:
            yield False, way


def _leading_to(goal: Goal, before: _Before) -> set[tuple[int, World]]:
    """Every step and world from which the walker can come to the goal's step."""
    found = {(goal.step, goal.world)}
    queue = deque(found)
    while queue:
        for earlier in before.get(queue.popleft(), ()):
            if earlier not in found:
                found.add(earlier)
                queue.append(earlier)
    return found


def _before(walker: Walker) -> _Before:
    """From where the walker comes to every step and world that it can come to."""
    before: _Before = {(0, walker.first): []}
    queue = deque(before)
    while queue:
        here = queue.popleft()
        for _, target, moved in walker.ways(*here):
            if (target, moved) not in before:
                before[target, moved] = []
                queue.append((target, moved))
            before[target, moved].append(here)
    return before


def _told(came: dict[_Place, tuple[_Place, int] | None], place: _Place) -> Path:
    passages = [Passage(place.step, place.world, -1)]
    before = came[place]
    while before is not None:
        passages.append(Passage(before[0].step, before[0].world, before[1]))
        before = came[before[0]]
    passages.reverse()
    return passages
