"""The plans for what needs a session after its end, where the end can come later."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_session.editing.plans import EndLater, Plan
from flake8_session.facts.ends import call_origin, closing, detaching, is_pending, throws_away
from flake8_session.facts.reads import DetachedRead
from flake8_session.facts.solutions import Solved
from flake8_session.facts.solving import FunctionFacts, SessionFacts
from flake8_session.facts.transactions import made
from flake8_session.facts.uses import Reuse
from flake8_session.flow.events import Call, Item, Iter, Read, Write
from flake8_session.knowledge import sessions as tables
from flake8_session.knowledge.words import Role, ToInstance
from flake8_session.linking.meanings import Selected
from flake8_session.rules._loading import (
    expiring_less,
    for_read_in_async,
    is_column,
    loading_eagerly,
)
from flake8_session.typestate.calls.receivers import split
from flake8_session.typestate.worlds import Columns, Life, Tie

_PENDING = "changes that were not committed would still be there"
_WORKS = "work that opened the session anew becomes part of its transaction"
_ENTITIES = (Role.INSTANCE, Role.INSTANCES, Role.ROW, Role.ROWS)
_ROWS = {**tables.ASYNC_SESSION, **tables.SESSION}


def for_read(facts: FunctionFacts, session: SessionFacts, read: DetachedRead) -> tuple[Plan, ...]:
    """What mends the read of an instance behind the end of its session.

    Of an asynchronous session a later end would not help: what may have to be loaded must be
    awaited.
    """
    plans: list[Plan] = []
    end = detaching(read.solved, read.path)
    if read.solved.focus.options.asynchronous and read.loaded is not True:
        return for_read_in_async(facts, read, end)
    if end is not None and _is_certain(read.solved, end) and not _goes_on(session):
        origin = call_origin(read.solved, end)
        needed = (facts.frame.graph.steps[read.step].origin, *_reads_of_instances(session))
        needed = tuple(dict.fromkeys(needed))
        against = doubts(session, end)
        plans.append(EndLater(origin, needed, flushes=is_pending(session, end), doubts=against))
    if read.loaded is False and read.state.columns is Columns.EXPIRED:
        if is_column(read.solved, read.attribute):
            plans += expiring_less(facts, read.solved, read.path)
    elif read.loaded is False:
        plans += loading_eagerly(facts, read.solved, read.attribute)
    return tuple(plans)


def for_reuse(facts: FunctionFacts, session: SessionFacts, found: Reuse) -> tuple[Plan, ...]:
    """The close below the last use of the session."""
    end = closing(found.solved, found.path)
    if end is None or session.alone is None or not _is_certain(found.solved, end):
        return ()
    steps = facts.frame.graph.steps
    used = [index for index in range(len(steps)) if _uses_closed(session.alone, index)]
    if _holds_instances(session, end) and any(_is_given_another(session, index) for index in used):
        return ()
    harmless = [index for index in used if _is_harmless(session, index)]
    against = (*doubts(session, end), *((_WORKS,) if len(harmless) < len(used) else ()))
    return (
        EndLater(
            site=call_origin(found.solved, end),
            needed=tuple(steps[index].origin for index in used),
            harmless=tuple(steps[index].origin for index in harmless),
            flushes=is_pending(session, end),
            together=True,
            doubts=against,
        ),
    )


def _holds_instances(session: SessionFacts, end: int) -> bool:
    assert session.alone is not None
    worlds = session.alone.solution.before(end)
    return any(world.session is not None and world.session.holds for world in worlds)


def _is_given_another(session: SessionFacts, step: int) -> bool:
    """Whether the session is given an instance that it has not given itself, and that has a row already.

    While it is open it may hold that row, and refuses another instance of it.
    """
    event = session.frame.graph.steps[step].event
    if not isinstance(event, Call) or event.method not in ("add", "add_all", "delete"):
        return False
    moved = [solved for solved in session.with_instances if solved.focus.comes_from is not None]
    own = {
        place
        for solved in session.with_instances
        if solved not in moved
        for world in solved.solution.before(step)
        for place, role in world.names
        if role in _ENTITIES
    }
    return any(solved.focus.instance == step for solved in moved) or any(
        isinstance(session.frame.meaning(each.value), Selected) and each.value not in own
        for each in event.arguments
    )


def doubts(session: SessionFacts, end: int) -> tuple[str, ...]:
    """What speaks against a later end, as far as the session's own work goes."""
    return (_PENDING,) if throws_away(session, end) else ()


def _is_certain(solved: Solved, end: int) -> bool:
    """Whether the call that ends the session can meet nothing else, None for example, and so fail."""
    event = made(solved, end)
    if not isinstance(event, Call):
        return True
    return all(Role.SESSION in world.roles(split(event, world)[0]) for world in solved.solution.before(end))


def _reads_of_instances(session: SessionFacts) -> Iterator[int]:
    """What reads an instance of the session, also where no path comes because an earlier read must raise."""
    variables = {
        place
        for solved in session.with_instances
        for _, world in solved.reached()
        for place, role in world.names
        if role in _ENTITIES and not place.startswith(("%", "<"))
    }
    for step in session.frame.graph.steps:
        match step.event:
            case (
                Read(_, place, _)
                | Write(place, _, _)
                | Item(_, place, _)
                | Iter(_, place, _)
                | Call(receiver=place)
            ):
                if place in variables:
                    yield step.origin


def _goes_on(session: SessionFacts) -> bool:
    """Whether the closed session works again.

    A later end would make that work part of its transaction: a commit would keep what the end has thrown
    away, and expire what is read.
    """
    alone = session.alone
    return alone is not None and any(
        _uses_closed(alone, index) and not _is_harmless(session, index)
        for index in range(len(alone.graph.steps))
    )


def _uses_closed(solved: Solved, step: int) -> bool:
    event = solved.graph.steps[step].event
    if not isinstance(event, Call):
        return False
    for world in solved.solution.before(step):
        receiver, _ = split(event, world)
        if Role.SESSION in world.roles(receiver) and world.session is not None:
            if world.session.life in (Life.CLOSED, Life.REOPENED):
                return True
    return False


def _is_harmless(session: SessionFacts, step: int) -> bool:
    """Whether a call on the closed session takes nothing from the database and gives it nothing."""
    assert session.alone is not None
    event = session.alone.graph.steps[step].event
    if not isinstance(event, Call):
        return False
    row = _ROWS.get(event.method)
    if row is not None and row.instance is ToInstance.EXPUNGE:
        return True
    return event.method == "add" and all(
        _is_detached(session, argument.value, step) for argument in event.arguments
    )


def _is_detached(session: SessionFacts, place: str, step: int) -> bool:
    """Whether `place` holds a detached instance of the session at the step, unchanged, and nothing else."""
    found = False
    for solved in session.with_instances:
        for world in solved.solution.before(step):
            if Role.INSTANCE in world.roles(place) and world.instance is not None:
                found = True
                if world.instance.tie is not Tie.DETACHED:
                    return False
    return found and not any(isinstance(each.event, Write) for each in session.alone.graph.steps)  # type: ignore[union-attr]
