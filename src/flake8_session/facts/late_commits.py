"""Commits that a failure leads to: in a ``finally``, or in a handler that has not rolled back.

A handler that commits after a failure of something else, with the session in order, is taken for
deliberate: it has chosen what to keep. A ``finally`` runs whatever has happened.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from flake8_session.facts.paths import Path
from flake8_session.facts.solutions import Solved
from flake8_session.facts.solving import SessionFacts
from flake8_session.facts.transactions import is_commit
from flake8_session.facts.writes import is_write
from flake8_session.flow.events import Await, Call, Door, Yield
from flake8_session.knowledge.words import Role
from flake8_session.typestate.worlds import Broken, Transaction


class LateCommit(NamedTuple):
    """The commit at `step` comes after a failure; `failed`: such that it raises."""

    solved: Solved
    step: int
    failed: bool
    path: Path


def late_commits(session: SessionFacts) -> Iterator[LateCommit]:
    """Every commit that a failure leads to, those first that hide the failure."""
    found = [late for solved in session.solutions for late in _late_commits(solved)]
    yield from sorted(found, key=lambda late: not late.failed)


def _late_commits(solved: Solved) -> Iterator[LateCommit]:
    for step, world in solved.reached(Await, Call):
        if world.session is None or not is_commit(solved, step, world):
            continue
        state = world.session
        failed = state.transaction is Transaction.FAILED
        if not (world.flight is not None or (failed and world.caught is not None)):
            continue
        path = solved.path(step, world)
        if path is None:
            continue
        raises = failed and (state.broken is not Broken.STATEMENT or state.dirty)
        if raises or _leaves_half(solved, path):
            yield LateCommit(solved, step, raises, path)


def _leaves_half(solved: Solved, path: Path) -> bool:
    """Whether something was written, and not yet committed, when the failure came."""
    for passage in reversed(path[:-1]):
        state = passage.world.session
        if state is None:
            return False
        event = solved.graph.steps[passage.step].event
        if isinstance(event, Yield) and passage.door == Door.RAISED:
            return Role.SESSION in passage.world.roles(event.value)
        if passage.world.flight is None and is_write(solved, passage.step, passage.world):
            return True
        if state.transaction is Transaction.IDLE:
            return False
    return False
