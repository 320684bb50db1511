"""Sessions lent by a generator that has no name and is driven by hand.

Such a generator is collected as soon as ``next()`` has returned, so that its clean-up closes the session
before the first use; an asynchronous one that a loop is left from is closed at some later time.
"""

from __future__ import annotations

from typing import NamedTuple

from flake8_session.facts.paths import Path
from flake8_session.facts.solutions import Solved
from flake8_session.facts.solving import SessionFacts
from flake8_session.flow.events import Iterate
from flake8_session.typestate.worlds import Life


class Driven(NamedTuple):
    """A session that is open at the end of `path`; `loop`: an ``async for`` was left before its end."""

    solved: Solved
    step: int
    loop: bool
    path: Path


def driven_by_hand(session: SessionFacts) -> Driven | None:
    """The first path on which nothing closes the session for certain; None where every one does."""
    if not session.focus.driven:
        return None
    birth = session.focus.birth
    loop = isinstance(session.frame.graph.steps[birth].event, Iterate)
    for solved in session.solutions:
        for step, world in solved.exits():
            if world.session is None or world.session.life not in (Life.REOPENED, Life.LENT):
                continue
            path = solved.path(step, world)
            if path is not None:
                return Driven(solved, birth, loop, path)
    return None
