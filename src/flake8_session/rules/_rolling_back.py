"""The plans for failures that are not rolled back, or too late: a rollback first in the handler."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from flake8_session.editing.plans import RollBack, RollBackEarlier
from flake8_session.facts.ends import lasting_name
from flake8_session.facts.failures import Stumble, Swallowed
from flake8_session.facts.solutions import Solved
from flake8_session.facts.solving import FunctionFacts, SessionFacts
from flake8_session.flow.events import Call, Catch, Event, Leave, Place, Read
from flake8_session.flow.ways import behind
from flake8_session.knowledge import callees
from flake8_session.knowledge.words import Role
from flake8_session.linking.meanings import External
from flake8_session.typestate import values
from flake8_session.typestate.names import session_places, spelled
from flake8_session.typestate.worlds import Block, Kind, Tie, Transaction, World

_RAISED = "what is raised on purpose would undo the work of the `try` as well"
_NEW = "so far the handler rolls nothing back"
_BLOCK = "the transaction of a block around it would be ended"


def rolling_back(facts: FunctionFacts, session: SessionFacts, found: Swallowed) -> tuple[RollBack, ...]:
    """A rollback first in the handler; empty where the session has no sure name there, or a block owns it."""
    solved = session.alone
    event = found.solved.graph.steps[found.step].event
    if solved is None or not _is_handler(found.solved, event):
        return ()
    asynchronous = solved.focus.options.asynchronous
    worlds = list(solved.solution.before(found.step))
    if any(Block.BEGIN in _blocks(world) for world in worlds) or _reads_expelled(session, found.step):
        return ()
    origin = facts.frame.graph.steps[found.step].origin
    doubts = [_RAISED] if any(_is_deliberate(world) for world in worlds) else []
    if any(Block.NESTED in _blocks(world) for world in worlds):
        doubts.append(_BLOCK)
    savepoint = _common(worlds, Role.SAVEPOINT)
    name = savepoint or _common(worlds, Role.SESSION) or lasting_name(solved, found.step)
    optional = "" if name else _optional(worlds)
    name = name or optional
    if not name or (savepoint == "" and _holds(worlds, Role.SAVEPOINT)):
        return ()
    if savepoint:
        doubts.append("it rolls the savepoint back, and nothing else")
    busy = tuple(_busy(solved))
    return (RollBack(origin, name, asynchronous, busy, optional=bool(optional), doubts=tuple(doubts)),)


def rolling_back_before(
    facts: FunctionFacts, session: SessionFacts, found: Stumble
) -> tuple[RollBackEarlier | RollBack, ...]:
    """The handler's own rollback in front of what needs it, or one where it has none."""
    earlier = _rolling_back_earlier(facts, session, found)
    catch = _caught_at(found)
    if catch is None:
        return earlier
    added = rolling_back(facts, session, Swallowed(found.solved, catch, None, found.path))
    own = tuple(origin for plan in earlier for origin in plan.rollbacks)
    return (*earlier, *(replace(plan, doubts=(*plan.doubts, _NEW), unless=own) for plan in added))


def _rolling_back_earlier(
    facts: FunctionFacts, session: SessionFacts, found: Stumble
) -> tuple[RollBackEarlier, ...]:
    solved = session.alone
    if solved is None:
        return ()
    steps = facts.frame.graph.steps
    variables = _variables(solved)
    calls = [(step.origin, _method_of(step.event, variables)) for step in steps]
    catches = [index for index, step in enumerate(steps) if isinstance(step.event, Catch)]
    deliberate = any(_is_deliberate(world) for index in catches for world in solved.solution.before(index))
    earlier = RollBackEarlier(
        site=steps[found.step].origin,
        rollbacks=tuple(dict.fromkeys(origin for origin, method in calls if method == "rollback")),
        works=tuple(
            dict.fromkeys(origin for origin, method in calls if method not in ("", "rollback", "close"))
        ),
        doubts=(_RAISED,) if deliberate else (),
    )
    return (earlier,)


def _is_handler(solved: Solved, event: Event) -> bool:
    """Whether it is an ``except``, or the end of a ``suppress``, which can be made one."""
    if isinstance(event, Catch):
        return not event.group
    meaning = solved.frame.meaning(event.manager) if isinstance(event, Leave) else None
    name = meaning.name.removesuffix("()") if isinstance(meaning, External) else ""
    return callees.MANAGERS.get(name) is callees.Manager.SUPPRESSING


def _caught_at(found: Stumble) -> int | None:
    """The handler that the path of `found` has entered last."""
    steps = found.solved.graph.steps
    entered = [
        passage.step
        for passage in found.path
        if isinstance(steps[passage.step].event, Catch) and passage.step != found.step
    ]
    return entered[-1] if entered else None


def _blocks(world: World) -> tuple[Block, ...]:
    return world.session.blocks if world.session is not None else ()


def _is_deliberate(world: World) -> bool:
    """Whether an exception that the program raises itself comes along while there is work to undo."""
    state, flight = world.session, world.flight
    if (
        state is None
        or flight is None
        or flight.kind is not Kind.RAISED
        or flight.name.startswith("sqlalchemy.")
    ):
        return False
    return state.transaction is not Transaction.IDLE or state.dirty


def _common(worlds: list[World], role: Role) -> str:
    """What is called so in every world, as an expression; `""` where nothing is."""
    common: set[str] | None = None
    for world in worlds:
        places = {
            place for place, holding in world.names if holding is role and not place.startswith(("%", "="))
        }
        common = places if common is None else common & places
    names = sorted(common or (), key=lambda place: (place.startswith("@"), place))
    return spelled(names[0]) if names else ""


def _reads_expelled(session: SessionFacts, handler: int) -> bool:
    """Whether an instance whose row is not committed is read in a handler, or behind this one.

    A rollback throws it out, and what was expired of it can be loaded no more.
    """
    for solved in session.with_instances:
        later = behind(solved.graph, handler, without=(solved.focus.instance,))
        for step, world in solved.reached():
            event = solved.graph.steps[step].event
            if not isinstance(event, Read) or world.instance is None or not world.instance.fresh:
                continue
            caught = world.caught is not None and world.instance.tie is Tie.ATTACHED
            if caught or step in later:
                if Role.INSTANCE in world.roles(event.object):
                    return True
    return False


def _optional(worlds: list[World]) -> str:
    """What every world that has a session calls it, and what is None in the others; `""` for nothing."""
    opened = [world for world in worlds if world.session is not None]
    name = _common(opened, Role.SESSION)
    others = [world for world in worlds if world.session is None]
    is_none = all(values.known(world.values, name) == values.NONE for world in others)
    return name if name.isidentifier() and is_none else ""


def _holds(worlds: list[World], role: Role) -> bool:
    return any(holding is role for world in worlds for _, holding in world.names)


def _busy(solved: Solved) -> Iterator[tuple[int, int]]:
    """The ways on which the session may hold a transaction, by the origins of their ends."""
    seen: dict[tuple[int, int], None] = {}
    steps = solved.graph.steps
    for step, world in solved.reached():
        for _, target, moved in solved.movement.transfer(step, world):
            if _is_busy(moved):
                seen[steps[step].origin, steps[target].origin] = None
    first = next(iter(solved.solution.before(0)), None)
    if first is not None and _is_busy(first):
        seen[-1, steps[0].origin] = None
    yield from seen


def _is_busy(world: World) -> bool:
    """Whether there is work that a rollback would undo; of a failed transaction nothing is left."""
    state = world.session
    if state is None or state.transaction is Transaction.FAILED:
        return False
    return state.transaction is not Transaction.IDLE or state.dirty


def _variables(solved: Solved) -> frozenset[Place]:
    """Every variable that holds the session somewhere. Behind what must raise no world says so."""
    found = {place for _, world in solved.reached() for place in session_places(world)}
    return frozenset(place for place in found if not place.startswith("%"))


def _method_of(event: Event, variables: frozenset[Place]) -> str:
    """The method of the session that is called; `""` for anything else."""
    if not isinstance(event, Call):
        return ""
    if event.receiver in variables:
        return event.method
    owner, _, method = event.function.rpartition(".")
    return method if owner in variables else ""
