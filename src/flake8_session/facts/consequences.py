"""What comes of one step: a search forward from its very door, in worlds that are never merged.

Several steps may leave the session or the instance in the same state; behind them they are one
world, of which the solution remembers the first way only. So what is asked of each of them, a
handler, a use, a ``return``, is asked forward from it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from flake8_session.dataflow import Passage
from flake8_session.facts.agreement import Question, Step
from flake8_session.typestate.worlds import World

_FARTHEST = 4000
Came = dict[tuple[int, World], tuple[int, World, int] | None]


def leads_to(
    ways: Callable[[int, World], Iterable[Step]],
    step: int,
    world: World,
    reached: Question,
    goes_on: Question,
) -> list[Passage[World]] | None:
    """The shortest path from (`step`, `world`) to where `reached` holds, while `goes_on` does.

    None where there is none, or none within a sensible distance.
    """
    came: Came = {(step, world): None}
    queue = deque([(step, world)])
    while queue and len(came) < _FARTHEST:
        here, now = queue.popleft()
        if reached(here, now):
            return _walked(came, here, now)
        if not goes_on(here, now):
            continue
        for door, target, moved in ways(here, now):
            if (target, moved) not in came:
                came[target, moved] = (here, now, door)
                queue.append((target, moved))
    return None


def joined(before: list[Passage[World]], door: int, behind: list[Passage[World]]) -> list[Passage[World]]:
    """The path `before`, left by `door` at its last step, and the path `behind` that."""
    last = before[-1]
    return [*before[:-1], Passage(last.step, last.world, door), *behind]


def _walked(came: Came, step: int, world: World) -> list[Passage[World]]:
    passages = [Passage(step, world, -1)]
    before = came[step, world]
    while before is not None:
        passages.append(Passage(*before))
        before = came[before[0], before[1]]
    passages.reverse()
    return passages
