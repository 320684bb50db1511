"""Shapes of code that are correct and could be said better: what a ``with`` would do, or does already."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_session.facts.flags import decided_by_flags
from flake8_session.facts.solutions import Solved
from flake8_session.facts.solving import SessionFacts
from flake8_session.facts.transactions import is_commit, made
from flake8_session.facts.unclosed import leak
from flake8_session.flow.events import Await, Call, Catch, Door, Leave, Read, Yield
from flake8_session.flow.ways import reached
from flake8_session.knowledge.frameworks import Driver
from flake8_session.knowledge.words import Role
from flake8_session.linking.frames import Frame
from flake8_session.typestate.calls.receivers import split
from flake8_session.typestate.worlds import Life, World

_CLOSING = ("close", "aclose")
_DENYING = frozenset({"no", "not", "without", "dont", "before", "after", "until"})
_CONTEXTS = frozenset({Driver.CONTEXT_MANAGER, Driver.ASYNC_CONTEXT_MANAGER})


def is_closed_in_finally(session: SessionFacts) -> bool:
    """Whether the session's only end is all that a ``finally`` does, below a ``try`` without handlers."""
    solved = session.alone
    if solved is None or not session.focus.owned or solved.solution.merged or leak(session) is not None:
        return False
    closes = [step for step, world in solved.reached() if _closes(solved, step, world)]
    if len({solved.graph.steps[step].origin for step in closes}) != 1:
        return False
    if any(_is_inside(solved, step, world) for step, world in solved.reached()):
        return False
    return any(_is_whole_cleanup(solved, step) for step in closes)


def redundant_closes(session: SessionFacts) -> Iterator[int]:
    """The calls that close a session as the last act of a ``with`` that closes it."""
    solved = session.alone
    if solved is None:
        return
    for step, world in solved.reached():
        if not _closes(solved, step, world) or world.session is None or world.session.blocks:
            continue
        behind = [(target, moved) for door, target, moved in solved.movement.transfer(step, world)]
        if behind and all(_ends_with(solved, target, moved) for target, moved in behind):
            yield step


def commits_of_borrowed(session: SessionFacts) -> Iterator[int]:
    """The calls that commit a session which a parameter has brought in, whatever the caller's flags say.

    Who closes the session as well has been given it for good, and says when it is committed; so does a
    context manager behind its block, whose author asked for the commit by the ``with``. Who calls
    ``save_with_commit`` has asked for it by that name.
    """
    focus = session.focus
    if session.alone is None or focus.birth >= 0 or focus.registry or _says_so(session.frame.function.name):
        return
    if any(_takes_over(session.alone, step, world) for step, world in session.alone.reached()):
        return
    asked_for = None
    own = _without_block(session.frame)
    for step, world in session.alone.reached():
        event = made(session.alone, step)
        if isinstance(event, Call) and is_commit(session.alone, step, world):
            if Role.SESSION not in world.roles(split(event, world)[0]) or step not in own:
                continue
            if asked_for is None:
                asked_for = decided_by_flags(session.frame)
            if step not in asked_for:
                yield step


def _says_so(name: str) -> bool:
    """Whether the name of a function says that it commits."""
    words = name.lower().split("_")
    return "commit" in words and _DENYING.isdisjoint(words)


def _without_block(frame: Frame) -> frozenset[int]:
    """The steps to which a way leads that has not been through the block of a context manager's user."""
    lends = frame.function.generator and bool(_CONTEXTS & frame.drivers)
    steps = frame.graph.steps
    return reached(frame.graph, lambda step, _: not (lends and isinstance(steps[step].event, Yield)))


def _takes_over(solved: Solved, step: int, world: World) -> bool:
    event = solved.graph.steps[step].event
    if isinstance(event, Read) and event.attribute in _CLOSING:
        return Role.SESSION in world.roles(event.object)
    return _closes(solved, step, world)


def _closes(solved: Solved, step: int, world: World) -> bool:
    event = made(solved, step)
    if not isinstance(event, Call) or world.session is None:
        return False
    receiver, method = split(event, world)
    return method in _CLOSING and Role.SESSION in world.roles(receiver) and world.session.life is Life.OPEN


def _is_inside(solved: Solved, step: int, world: World) -> bool:
    """Whether the open session is in a handler, or entered by a ``with``."""
    event = solved.graph.steps[step].event
    if world.session is None or world.session.life is not Life.OPEN:
        return False
    return isinstance(event, Catch) or (isinstance(event, Leave) and bool(world.roles(event.manager)))


def _is_whole_cleanup(solved: Solved, step: int) -> bool:
    """Whether an exception comes to the close first, and goes on from there out of the function."""
    graph = solved.graph
    first = _call_of(solved, step)
    came = [door for each in graph.steps for door, target in each.doors.items() if target == first]
    raised = bool(came) and all(door in (Door.RAISED, Door.FALSE) for door in came)
    return raised and graph.steps[step].doors.get(Door.COMPLETED) == graph.raised


def _call_of(solved: Solved, step: int) -> int:
    """The step of the call that is awaited at `step`; `step` itself where nothing is."""
    event = solved.graph.steps[step].event
    return solved.frame.made_by.get(event.value, step) if isinstance(event, Await) else step


def _ends_with(solved: Solved, step: int, world: World) -> bool:
    event = solved.graph.steps[step].event
    return isinstance(event, Leave) and not event.raising and Role.SESSION in world.roles(event.manager)
