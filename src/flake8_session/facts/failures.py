"""Failures of a session's work that are swallowed, or stumbled over, before they are rolled back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import dropwhile, pairwise, takewhile
from typing import NamedTuple

from flake8_session.facts.expecting import asks_for_another, expects
from flake8_session.facts.paths import Path
from flake8_session.facts.solutions import Solved
from flake8_session.facts.solving import SessionFacts
from flake8_session.facts.transactions import is_commit
from flake8_session.flow.events import (
    Await,
    Call,
    Catch,
    Door,
    Event,
    Item,
    Iterate,
    Leave,
    Raise,
    Read,
    Return,
    Write,
)
from flake8_session.knowledge.words import Role
from flake8_session.typestate.focus import Way
from flake8_session.typestate.sessions import REFUSALS
from flake8_session.typestate.worlds import Broken, Flight, Hold, Kind, Life, Transaction, World


class Swallowed(NamedTuple):
    """The handler at `step` swallowed a failure, and the session is used again at `use`, or handed back."""

    solved: Solved
    step: int
    use: int | None
    path: Path

    @property
    def by_statement(self) -> bool:
        """Whether a plain statement failed, after which SQLAlchemy itself would go on."""
        states = [passage.world.session for passage in self.path if passage.step == self.step]
        return any(state is not None and state.broken is Broken.STATEMENT for state in states)


class Stumble(NamedTuple):
    """At `step` the failed session is used, or an expired instance read, before the rollback."""

    solved: Solved
    step: int
    attribute: str
    path: Path

    @property
    def by_statement(self) -> bool:
        """Whether a plain statement failed, after which SQLAlchemy itself would go on."""
        state = self.path[-1].world.session
        return state is not None and state.broken is Broken.STATEMENT


def swallowed(session: SessionFacts) -> Iterator[Swallowed]:
    """Handlers that end without a rollback, behind which the session is used or goes back to the caller."""
    back = session.focus.birth < 0 and not session.focus.registry
    for solved in session.solutions:
        for step, world in solved.reached(Catch, Leave):
            yield from _swallowing(solved, step, world, back)


def stumbles(session: SessionFacts) -> Iterator[Stumble]:
    """Uses of the failed session, commits aside, inside the handler or clean-up that the failure entered."""
    for solved in session.solutions:
        for step, world in solved.reached():
            if not _is_refused(solved, step, world) or not _in_handler(world):
                continue
            if is_commit(solved, step, world):
                continue
            path = solved.path(step, world)
            if path is not None and not _is_about_another(world, path):
                event = solved.graph.steps[step].event
                attribute = event.attribute if isinstance(event, Read) else ""
                yield Stumble(solved, step, attribute, path)


def swallowed_in_block(session: SessionFacts) -> Iterator[Swallowed]:
    """Handlers that swallow a failed flush inside the ``with`` whose work it undoes, and which goes on."""
    for solved in session.solutions:
        for step, world in solved.reached():
            if not _is_failed_in_block(world):
                continue
            if not (_leaves_block(solved, step, world) or _is_refused(solved, step, world)):
                continue
            path = solved.path(step, world)
            handler = _swallower(solved, path) if path is not None else None
            if path is None or handler is None or _handler_leaves(solved, path, handler):
                continue
            if _is_lost_in_block(path, handler):
                yield Swallowed(solved, handler, step, path)


def tolerated(session: SessionFacts) -> Iterator[Swallowed]:
    """Handlers that swallow a failed write which only a later close of the same function ends."""
    solved = session.alone
    if solved is None or session.focus.registry or session.focus.birth < 0:
        return
    for step, world in solved.reached():
        if not _is_failed_write(world) or _in_handler(world) or not _closes(solved, step, world):
            continue
        path = solved.path(step, world)
        handler = _swallower(solved, path) if path is not None else None
        if path is None or handler is None or _handler_leaves(solved, path, handler):
            continue
        if not expects(solved, handler):
            yield Swallowed(solved, handler, None, path)


def _is_refused(solved: Solved, step: int, world: World) -> bool:
    """Whether the step must raise because the transaction has failed."""
    state = world.session
    if state is None or state.transaction is not Transaction.FAILED:
        return False
    event = solved.graph.steps[step].event
    if not isinstance(event, Call | Await | Read | Write | Iterate | Item) and not _ends_calmly(event):
        return False
    movement = solved.movement
    return _refuses(movement.own_ways(step, world)) and _refuses(movement.told_ways(step, world))


def _refuses(ways: Iterable[Way]) -> bool:
    return any(
        door is Door.RAISED
        and moved.flight is not None
        and moved.flight.kind is Kind.RAISED
        and moved.flight.name in REFUSALS
        for door, moved in ways
    )


def _ends_calmly(event: Event) -> bool:
    """Whether a ``with`` is left without an exception: its manager may commit."""
    return isinstance(event, Leave) and not event.raising


def _is_about_another(world: World, path: Path) -> bool:
    """Whether the failure was swallowed before, and something else has led into this handler or clean-up."""
    entered_by = world.flight or world.caught
    refused = entered_by is not None and entered_by.name in REFUSALS
    return not refused and any(_is_swallowed(passage.world) for passage in path)


def _is_swallowed(world: World) -> bool:
    """Whether a handler has ended with the failure in it, and the session is failed still."""
    failed = world.session is not None and world.session.transaction is Transaction.FAILED
    return failed and not _in_handler(world)


def _in_handler(world: World) -> bool:
    return world.caught is not None or world.flight is not None


def _swallowing(solved: Solved, step: int, world: World, back: bool) -> Iterator[Swallowed]:
    """The handler at `step`, if it takes the failure of the session, and what comes of it."""
    state = world.session
    if world.flight is None or state is None or state.transaction is not Transaction.FAILED:
        return
    if expects(solved, step) and asks_for_another(solved, step, world.flight):
        return
    goes_on = partial(_stays_swallowed, solved)
    for onward in solved.ways(step, world):
        if onward[0] != Door.TRUE or onward[2].flight is not None:
            continue
        again = partial(_is_used_again, solved, onward[2].caught)
        path = solved.path_through(step, world, onward, again, goes_on)
        use = path[-1].step if path is not None else None
        if path is None and back:
            path = solved.path_through(step, world, onward, partial(_is_back, solved), goes_on)
        if path is None or _is_later(path, step) or _is_left_by_raising(path, step):
            continue
        if not _is_lost_in_block(path, step):
            yield Swallowed(solved, step, use, path)
            return


def _is_later(path: Path, handler: int) -> bool:
    """Whether another handler had swallowed the failure before: what this one takes is something else."""
    before = takewhile(lambda passage: passage.step != handler, path)
    return any(_is_swallowed(passage.world) for passage in before)


def _is_left_by_raising(path: Path, handler: int) -> bool:
    """Whether another exception leaves the handler: whoever takes that swallows the failure."""
    inside = dropwhile(lambda passage: passage.step != handler, path)
    next(inside, None)
    for passage in inside:
        if _is_swallowed(passage.world):
            return False
        if passage.world.flight is not None:
            return True
    return False


def _stays_swallowed(solved: Solved, step: int, world: World) -> bool:
    """Whether the failed session is passed by here, also by an exception that has nothing to do with it.

    What is raised inside a handler, by the session too, belongs to the failure that the handler took; that
    a `get()` there may find its row without a question is not presumed.
    """
    if world.session is None or world.session.transaction is not Transaction.FAILED:
        return False
    raises = isinstance(solved.graph.steps[step].event, Raise)
    return world.caught is None or not (raises or _is_refused(solved, step, world))


def _stays_failed(step: int, world: World) -> bool:
    failed = world.session is not None and world.session.transaction is Transaction.FAILED
    return failed and world.flight is None


def _is_back(solved: Solved, step: int, world: World) -> bool:
    return step == solved.graph.returned and _stays_failed(step, world)


def _is_used_again(solved: Solved, taken: Flight | None, step: int, world: World) -> bool:
    """Whether the step is refused, and stands in no handler of what was `taken`."""
    inside = world.flight is not None or (world.caught is not None and world.caught == taken)
    return not inside and _is_refused(solved, step, world) and not _cannot_wait(solved, step, world)


def _cannot_wait(solved: Solved, step: int, world: World) -> bool:
    """Whether an asynchronous session cannot load here, and says so before the database refuses."""
    reads = isinstance(solved.graph.steps[step].event, Read | Write)
    by_statement = world.session is not None and world.session.broken is Broken.STATEMENT
    return reads and by_statement and solved.focus.options.asynchronous


def _swallower(solved: Solved, path: Path) -> int | None:
    """The handler, or the swallowing ``with``, that ended the flight of the failure."""
    found = None
    for before, after in pairwise(path):
        if before.world.flight is None or after.world.flight is not None:
            continue
        event = solved.graph.steps[before.step].event
        state = before.world.session
        if isinstance(event, Catch | Leave) and before.door == Door.TRUE:
            if state is not None and state.transaction is Transaction.FAILED:
                found = before.step
    return found


def _is_failed_in_block(world: World) -> bool:
    state = world.session
    lost = state is not None and state.broken in (Broken.FLUSH, Broken.COMMIT)
    return lost and state is not None and bool(state.blocks) and not _in_handler(world)


def _leaves_block(solved: Solved, step: int, world: World) -> bool:
    """Whether the step leaves a ``with`` over a transaction of the session, as if all were well."""
    event = solved.graph.steps[step].event
    if not isinstance(event, Leave) or event.raising:
        return False
    owning = (Role.TRANSACTION, Role.SAVEPOINT, Hold.OPENING)
    return any(holding in owning for holding in world.roles(event.manager))


def _is_lost_in_block(path: Path, step: int) -> bool:
    """Whether the handler stands in a `begin()` block, whose work a failed flush has undone (SES305)."""
    for passage in path:
        if passage.step == step and passage.world.session is not None:
            state = passage.world.session
            return bool(state.blocks) and state.broken is not Broken.STATEMENT
    return False


def _closes(solved: Solved, step: int, world: World) -> bool:
    """Whether the step closes the session, outside of any `begin()` block."""
    state = world.session
    if state is None or state.blocks:
        return False
    ways = [moved.session for _, _, moved in solved.movement.transfer(step, world)]
    return bool(ways) and all(moved is not None and moved.life is Life.CLOSED for moved in ways)


def _handler_leaves(solved: Solved, path: Path, handler: int) -> bool:
    """Whether the function returns from inside the handler."""
    inside = False
    for passage in path:
        if passage.step == handler:
            inside = True
        elif inside and isinstance(solved.graph.steps[passage.step].event, Return):
            return passage.world.caught is not None
    return False


def _is_failed_write(world: World) -> bool:
    state = world.session
    return state is not None and state.transaction is Transaction.FAILED and state.failed_write
