"""A worklist solver over sets of worlds. It knows neither Python nor sessions.

A *world* is one hashable description of what may hold in front of a step. The solver keeps, for
every step, all worlds that reach it, in the order of their arrival, and beside each world where it
came from: a step is never part of a world, so that two paths that agree on the state are one world.

Worlds are never joined while there are few of them. Past `MERGE_ABOVE` worlds in front of a step,
worlds that agree but for what `Movement.coarse` leaves out are merged by `Movement.merge` (the
merge of property simulation: Das, Lerner, Seigle, PLDI 2002). Past `GIVE_UP_ABOVE` the solver
raises `TooManyWorlds`, and the caller is silent about this focus.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, Protocol, TypeAlias, TypeVar

MERGE_ABOVE = 64
GIVE_UP_ABOVE = 256

W = TypeVar("W", bound=Hashable)
Arrival: TypeAlias = tuple[int, W, int]
"""How a world came in front of a step: from which step, in which world, by which door."""


class Movement(Protocol[W]):
    """How worlds move. `transfer` is a pure function of its arguments."""

    def transfer(self, step: int, world: W) -> Iterable[tuple[int, int, W]]:
        """Give (door, next step, world there) for every way out of `step` that is possible."""
        ...

    def coarse(self, world: W) -> Hashable:
        """What must agree for two worlds to be merged."""
        ...

    def merge(self, left: W, right: W) -> W:
        """The world that says no more than both do. Associative, commutative, idempotent."""
        ...


class TooManyWorlds(Exception):
    """A step is reached in more worlds than can be told apart at a sensible cost."""

    def __init__(self, worlds: int) -> None:
        super().__init__(worlds)
        self.worlds = worlds
        """How many worlds there were in all."""


@dataclass(frozen=True, slots=True)
class Passage(Generic[W]):
    """One step of a path: `world` stood in front of `step`, which was left by `door` (-1: the end)."""

    step: int
    world: W
    door: int


@dataclass(slots=True)
class Solution(Generic[W]):
    """All worlds in front of every step that is reached."""

    _arrivals: dict[int, dict[W, Arrival[W] | None]]
    merged: bool

    def before(self, step: int) -> Iterable[W]:
        """The worlds in front of `step`, in order of arrival; empty where no path gets there."""
        return self._arrivals.get(step, {})

    def size(self) -> int:
        """How many worlds there are in all."""
        return sum(map(len, self._arrivals.values()))

    def steps(self) -> Iterator[int]:
        """The steps that some path reaches, in order of their numbers."""
        return iter(sorted(self._arrivals))

    def path(self, step: int, world: W) -> list[Passage[W]]:
        """The first path found that puts `world` in front of `step`, from the entry on."""
        passages = [Passage(step, world, -1)]
        arrival = self._arrivals[step][world]
        while arrival is not None:
            passages.append(Passage(*arrival))
            arrival = self._arrivals[arrival[0]][arrival[1]]
        passages.reverse()
        return passages


def solve(movement: Movement[W], starts: Mapping[int, Iterable[W]]) -> Solution[W]:
    """Run `movement` from the worlds in `starts` (by step) until no new world appears.

    Raises `TooManyWorlds`.
    """
    arrivals: dict[int, dict[W, Arrival[W] | None]] = {}
    merging: dict[int, dict[Hashable, W]] = {}
    queue: deque[tuple[int, W]] = deque()

    def arrive(step: int, world: W, came: Arrival[W] | None) -> None:
        here = arrivals.setdefault(step, {})
        if step not in merging and len(here) >= MERGE_ABOVE:
            merging[step] = _merged(movement, here)
        if step in merging:
            key = movement.coarse(world)
            known = merging[step].get(key)
            if known is not None:
                world = movement.merge(known, world)
                if world in here:
                    return
            merging[step][key] = world
        if len(here) >= GIVE_UP_ABOVE:
            raise TooManyWorlds(sum(map(len, arrivals.values())))
        here[world] = came
        queue.append((step, world))

    for step, worlds in starts.items():
        for world in worlds:
            if world not in arrivals.setdefault(step, {}):
                arrive(step, world, None)
    while queue:
        step, world = queue.popleft()
        for door, target, moved in movement.transfer(step, world):
            there = arrivals.get(target)
            if there is None or moved not in there:
                arrive(target, moved, (step, world, door))
    return Solution(arrivals, merged=bool(merging))


def replays(movement: Movement[W], path: list[Passage[W]]) -> bool:
    """Whether a single world, never merged, can walk `path`, step by step and door by door."""
    walking: list[W] = [path[0].world]
    for here, following in zip(path, path[1:]):
        walking = _unique(
            moved
            for world in walking
            for door, target, moved in movement.transfer(here.step, world)
            if door == here.door
            and target == following.step
            and movement.coarse(moved) == movement.coarse(following.world)
        )
        if not walking or len(walking) > MERGE_ABOVE:
            return False
    return True


def _merged(movement: Movement[W], worlds: Iterable[W]) -> dict[Hashable, W]:
    merged: dict[Hashable, W] = {}
    for world in worlds:
        key = movement.coarse(world)
        merged[key] = movement.merge(merged[key], world) if key in merged else world
    return merged


def _unique(worlds: Iterable[W]) -> list[W]:
    return list(dict.fromkeys(worlds))
