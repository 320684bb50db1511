"""What comes of a failure that a handler swallowed: the next use that must raise, or the way back.

Asked forward from the very handler, so that of several handlers that leave the session in the same
state each gets its own answer.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from flake8_session.dataflow import Passage
from flake8_session.facts.solving import Solved
from flake8_session.typestate.worlds import Transaction, World

_FARTHEST = 4000
Refused = Callable[[Solved, int, World], bool]


class Consequence(NamedTuple):
    """The session is used at `use`; None: the function returns with it failed. `path` begins behind the handler."""

    use: int | None
    path: list[Passage[World]]


def consequence(solved: Solved, step: int, world: World, refused: Refused, *, back: bool) -> Consequence | None:
    """The nearest use behind (`step`, `world`) that `refused` confirms; with `back`, a return counts as well."""
    came: dict[tuple[int, World], tuple[int, World, int] | None] = {(step, world): None}
    queue = deque([(step, world)])
    returning: tuple[int, World] | None = None
    while queue and len(came) < _FARTHEST:
        here, now = queue.popleft()
        if now.session is None or now.session.transaction is not Transaction.FAILED:
            continue
        if refused(solved, here, now):
            return Consequence(here, _walked(came, here, now))
        if here == solved.graph.returned and returning is None:
            returning = (here, now)
        for door, target, moved in solved.movement.transfer(here, now):
            if (target, moved) not in came:
                came[target, moved] = (here, now, door)
                queue.append((target, moved))
    if back and returning is not None:
        return Consequence(None, _walked(came, *returning))
    return None


def _walked(
    came: dict[tuple[int, World], tuple[int, World, int] | None], step: int, world: World
) -> list[Passage[World]]:
    passages = [Passage(step, world, -1)]
    before = came[step, world]
    while before is not None:
        passages.append(Passage(*before))
        before = came[before[0], before[1]]
    passages.reverse()
    return passages
