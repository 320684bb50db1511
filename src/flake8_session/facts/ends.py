"""Where a session ends on a path, what it is called there, and whether that end would throw work away."""

from __future__ import annotations

from itertools import pairwise

from flake8_session.facts.paths import Path
from flake8_session.facts.solutions import Solved
from flake8_session.facts.solving import SessionFacts
from flake8_session.facts.transactions import made
from flake8_session.flow.events import Bind, Call, Delete, Leave, Place, Return, Write
from flake8_session.flow.ways import behind
from flake8_session.knowledge import results
from flake8_session.knowledge import sessions as tables
from flake8_session.knowledge.words import Gives, Role
from flake8_session.linking.meanings import Selected
from flake8_session.typestate.calls.receivers import split
from flake8_session.typestate.names import spelled
from flake8_session.typestate.sessions import is_open
from flake8_session.typestate.worlds import Life, Tie, Transaction, World


def detaching(solved: Solved, path: Path) -> int | None:
    """The step on the path that ended the session and so detached the instance."""
    found = None
    for before, after in pairwise(path):
        was, now = before.world.instance, after.world.instance
        if now is not None and now.tie is Tie.DETACHED and (was is None or was.tie is not Tie.DETACHED):
            found = before.step if _is_end(solved, before.step, before.world) else None
    return found


def closing(solved: Solved, path: Path) -> int | None:
    """The step on the path that closed the session before it was used again."""
    for before, after in pairwise(path):
        was, now = before.world.session, after.world.session
        if was is not None and now is not None and was.life is Life.OPEN and now.life is Life.CLOSED:
            return before.step if _is_end(solved, before.step, before.world) else None
    return None


def call_origin(solved: Solved, step: int) -> int:
    """The origin of the call, also where it is awaited."""
    event = solved.graph.steps[step].event
    value = getattr(event, "value", "")
    call = solved.frame.made_by.get(value) if value and not isinstance(event, Return) else None
    return solved.graph.steps[step if call is None else call].origin


def session_name(solved: Solved, step: int) -> str:
    """What every world at the step calls the session."""
    common: set[str] | None = None
    for world in solved.solution.before(step):
        places = {place for place, role in world.names if role is Role.SESSION and place[0] not in "%="}
        common = places if common is None else common & places
    names = sorted(common or ())
    return spelled(names[0]) if names else lasting_name(solved, step)


def lasting_name(solved: Solved, step: int) -> str:
    """A variable that holds the session at `step` though nothing reads it any more, which no world tells.

    It is a parameter that is never bound anew, or is bound once, to the session, on every way to the step.
    """
    graph = solved.graph
    for binding, each in enumerate(graph.steps):
        event = each.event
        if not isinstance(event, Bind) or event.target.startswith(("%", "@")) or event.target in graph.shared:
            continue
        worlds = [world for world in solved.solution.before(binding) if world.flight is None]
        holds = bool(worlds) and all(Role.SESSION in world.roles(event.source) for world in worlds)
        if holds and _binds(solved, event.target) == 1 and step not in behind(graph, 0, without=(binding,)):
            return spelled(event.target)
    return borrowed_name(solved)


def borrowed_name(solved: Solved) -> str:
    """The name under which the session came in, where nothing else is ever bound to it."""
    places = solved.focus.places
    if len(places) != 1 or _binds(solved, places[0]):
        return ""
    return spelled(places[0])


def _binds(solved: Solved, place: Place) -> int:
    """How many steps bind `place`, or delete it."""
    return sum(
        place in (getattr(step.event, "target", ""), *getattr(step.event, "targets", ()))
        or (isinstance(step.event, Delete) and step.event.place == place)
        for step in solved.graph.steps
    )


def throws_away(session: SessionFacts, end: int) -> bool:
    """Whether something may be pending, or flushed and not committed, where the session ends."""
    return is_pending(session, end) or session.alone is None or _is_unsettled(session.alone, end)


def is_pending(session: SessionFacts, end: int) -> bool:
    """Whether changes may wait for a flush where the session ends."""
    solved = session.alone
    return solved is None or any(
        world.session is not None and is_open(world.session) and world.session.dirty
        for world in solved.solution.before(end)
    )


def _is_end(solved: Solved, step: int, world: World) -> bool:
    """Whether the step is ``session.close()`` or the exit of a ``with`` on the session itself."""
    event = made(solved, step)
    if isinstance(event, Leave):
        return Role.SESSION in world.roles(event.manager)
    if not isinstance(event, Call):
        return False
    receiver, method = split(event, world)
    return method == "close" and Role.SESSION in world.roles(receiver)


def _is_unsettled(solved: Solved, end: int) -> bool:
    """Whether something may have been written in front of `end`, and no commit or rollback came after it."""
    waiting: list[tuple[int, World, bool]] = [(0, world, False) for world in solved.solution.before(0)]
    seen = set(waiting)
    while waiting:
        step, world, written = waiting.pop()
        if step == end and written and world.session is not None and is_open(world.session):
            return True
        written = written or _may_write(solved, step, world)
        for _, target, moved in solved.movement.transfer(step, world):
            settled = moved.session is None or moved.session.transaction is Transaction.IDLE
            node = (target, moved, written and not settled)
            if node not in seen:
                seen.add(node)
                waiting.append(node)
    return False


def _may_write(solved: Solved, step: int, world: World) -> bool:
    event = solved.graph.steps[step].event
    return isinstance(event, Write) or (isinstance(event, Call) and _call_may_write(solved, event, world))


def _call_may_write(solved: Solved, call: Call, world: World) -> bool:
    receiver, method = split(call, world)
    roles = world.roles(receiver) if receiver else ()
    if Role.QUERY in roles:
        row = results.QUERY.get(method)
        return row is None or row.writes
    if Role.SESSION not in roles:
        return any(Role.SESSION in world.roles(argument.value) for argument in call.arguments)
    row = _ROWS.get(method)
    if row is None or row.writes or row.flushes:
        return True
    if row.gives is not Gives.BY_STATEMENT:
        return False
    meaning = solved.frame.meaning(call.result)
    return not isinstance(meaning, Selected) or meaning.writes


_ROWS = {**tables.ASYNC_SESSION, **tables.SESSION}
