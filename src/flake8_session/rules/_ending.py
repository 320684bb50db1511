"""The plans for what needs a session after its end: end it later, load sooner, expire less."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from flake8_session.editing.plans import EndLater, GiveArgument, LoadEagerly, Plan, ReadAll, Refresh, RefreshFirst
from flake8_session.facts.paths import Path
from flake8_session.facts.reads import DetachedRead, HandedOut
from flake8_session.facts.solving import FunctionFacts, SessionFacts, Solved
from flake8_session.facts.transactions import made
from flake8_session.facts.uses import LateRead, Reuse
from flake8_session.facts.waits import Wait
from flake8_session.flow.events import Bind, Call, Define, Event, Item, Iter, Leave, Read, Return, Write
from flake8_session.knowledge import loading, results
from flake8_session.knowledge import sessions as tables
from flake8_session.knowledge.words import Gives, Role, ToInstance
from flake8_session.linking import models
from flake8_session.linking.meanings import ClassAt, External, Factory, Selected
from flake8_session.typestate.attributes import model
from flake8_session.typestate.calls import split
from flake8_session.typestate.sessions import is_open
from flake8_session.typestate.worlds import RETURN, Columns, Life, Tie, Transaction, World

_PENDING = "changes that were not committed would still be there"
_EXPIRES_LESS = "no instance of the session is expired by a commit any more"
_MORE_SQL = "it runs one more SELECT"
_OTHER_SQL = "it changes which SQL is run, and when"
_WHOLE = "it reads every row into memory, and gives another type"
_WORKS = "work that opened the session anew becomes part of its transaction"


def for_read(facts: FunctionFacts, session: SessionFacts, read: DetachedRead) -> tuple[Plan, ...]:
    """What mends the read of an instance behind the end of its session."""
    plans: list[Plan] = []
    end = _detaching(read.solved, read.path)
    if end is not None:
        origin = _end_origin(read.solved, end)
        needed = (facts.frame.graph.steps[read.step].origin, *_reads_of_instances(session))
        plans.append(EndLater(origin, tuple(dict.fromkeys(needed)), doubts=_doubts(session, end)))
    if read.loaded is False and read.state.columns is Columns.EXPIRED:
        if _is_column(read):
            plans += _expiring_less(facts, read.solved, read.path)
    elif read.loaded is False:
        plans += _loading(facts, read.solved, read.attribute)
    return tuple(plans)


def for_handing_out(facts: FunctionFacts, found: HandedOut) -> tuple[Plan, ...]:
    """What gives the receiver of an expired instance one that is loaded."""
    plans: list[Plan] = []
    end = _detaching(found.solved, found.path)
    if end is not None and found.name and _is_single(found) and _is_attached_at(found.solved, end):
        session = _session_at(found.solved, end)
        if session:
            plans.append(
                Refresh(
                    end=_end_origin(found.solved, end),
                    before=facts.frame.graph.steps[found.step].origin,
                    session=session,
                    instance=found.name,
                    asynchronous=found.solved.focus.options.asynchronous,
                    doubts=(_MORE_SQL,),
                )
            )
    return (*plans, *_expiring_less(facts, found.solved, found.path))


def for_reuse(facts: FunctionFacts, session: SessionFacts, found: Reuse) -> tuple[Plan, ...]:
    """The close below the last use of the session."""
    end = _closing(found.solved, found.path)
    if end is None or session.alone is None:
        return ()
    steps = facts.frame.graph.steps
    used = [index for index in range(len(steps)) if _uses_closed(session.alone, index)]
    harmless = [index for index in used if _is_harmless(session, index)]
    doubts = (*_doubts(session, end), *((_WORKS,) if len(harmless) < len(used) else ()))
    return (
        EndLater(
            end=_end_origin(found.solved, end),
            needed=tuple(steps[index].origin for index in used),
            harmless=tuple(steps[index].origin for index in harmless),
            doubts=doubts,
        ),
    )


def for_late_read(facts: FunctionFacts, session: SessionFacts, found: LateRead | Reuse) -> tuple[Plan, ...]:
    """``.all()`` behind what made the query or result, or its reading before the session ends."""
    step = facts.frame.graph.steps[found.step]
    source = step.event.value if isinstance(step.event, Return) else _source(step.event)
    plans: list[Plan] = []
    origin = _made_once(facts, source)
    if origin is not None and _is_only_iterated(facts, source):
        plans.append(ReadAll(origin, (_WHOLE,)))
    end = _closing(found.solved, found.path)
    if end is not None:
        plans.append(EndLater(_end_origin(found.solved, end), (step.origin,), doubts=(*_doubts(session, end), _WORKS)))
    return tuple(plans)


def _is_only_iterated(facts: FunctionFacts, place: str) -> bool:
    """Whether a list may stand in for it: nothing calls a method of it, or takes an item by its number."""
    places = {place}
    steps = facts.frame.graph.steps
    for step in steps:
        if isinstance(step.event, Bind) and (step.event.target in places or step.event.source in places):
            places |= {step.event.target, step.event.source}
        if isinstance(step.event, Iter) and step.event.result in places:
            places.add(step.event.iterable)
    return not any(
        isinstance(step.event, Call) and step.event.receiver in places or isinstance(step.event, Read)
        and step.event.object in places
        for step in steps
    )


def for_wait(facts: FunctionFacts, session: SessionFacts, found: Wait) -> tuple[Plan, ...]:
    """What an asynchronous session has to be asked for before an attribute can be read."""
    step = facts.frame.graph.steps[found.step]
    if not found.expired:
        return tuple(_loading(facts, found.solved, found.attribute))
    name = _session_at(found.solved, found.step)
    if not name or not isinstance(step.event, Read) or step.event.object != found.name:
        return ()
    return (RefreshFirst(step.origin, name, found.name, True, (_MORE_SQL,)),)


def _detaching(solved: Solved, path: Path) -> int | None:
    """The step on the path that ended the session and so detached the instance."""
    found = None
    for before, after in pairwise(path):
        was, now = before.world.instance, after.world.instance
        if now is not None and now.tie is Tie.DETACHED and (was is None or was.tie is not Tie.DETACHED):
            found = before.step if _is_end(solved, before.step, before.world) else None
    return found


def _closing(solved: Solved, path: Path) -> int | None:
    """The step on the path that closed the session before it was used again."""
    for before, after in pairwise(path):
        was, now = before.world.session, after.world.session
        if was is not None and now is not None and was.life is Life.OPEN and now.life is Life.CLOSED:
            return before.step if _is_end(solved, before.step, before.world) else None
    return None


def _is_end(solved: Solved, step: int, world: World) -> bool:
    """Whether the step is ``session.close()`` or the exit of a ``with`` on the session itself."""
    event = made(solved, step)
    if isinstance(event, Leave):
        return Role.SESSION in world.roles(event.manager)
    return isinstance(event, Call) and event.method == "close" and Role.SESSION in world.roles(event.receiver)


def _end_origin(solved: Solved, step: int) -> int:
    """The origin of the call, also where it is awaited."""
    event = solved.graph.steps[step].event
    value = getattr(event, "value", "")
    call = solved.frame.made_by.get(value) if value and not isinstance(event, Return) else None
    return solved.graph.steps[step if call is None else call].origin


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
            case Read(_, place, _) | Item(_, place, _) | Iter(_, place, _) | Call(receiver=place):
                if place in variables:
                    yield step.origin


_ENTITIES = (Role.INSTANCE, Role.INSTANCES, Role.ROW, Role.ROWS)


def _is_column(read: DetachedRead) -> bool:
    """Whether it is known to be a plain column: what else the session would have to load stays unloaded."""
    context = read.solved.movement.context
    found = models.attribute(context.frame.linker, model(context), read.attribute)
    return found in (models.Attribute.COLUMN, models.Attribute.EXPRESSION)


def _doubts(session: SessionFacts, end: int) -> tuple[str, ...]:
    """Whether something may be pending, or flushed and not committed, where the session ends."""
    solved = session.alone
    if solved is None:
        return (_PENDING,)
    pending = any(
        world.session is not None and is_open(world.session) and world.session.dirty
        for world in solved.solution.before(end)
    )
    return (_PENDING,) if pending or _is_unsettled(solved, end) else ()


def _is_unsettled(solved: Solved, end: int) -> bool:
    """Whether something that may have been written stands in front of `end`, and no commit or rollback after it."""
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
    return event.method == "add" and all(_is_detached(session, argument.value, step) for argument in event.arguments)


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


def _is_attached_at(solved: Solved, step: int) -> bool:
    """Whether the instance is there and attached, whenever the step is reached without a failure."""
    worlds = [world for world in solved.solution.before(step) if world.flight is None]
    return bool(worlds) and all(
        world.instance is not None and world.instance.tie is Tie.ATTACHED for world in worlds
    )


def _is_single(found: HandedOut) -> bool:
    """Whether what leaves is an instance under its own name, and no list of them."""
    places = {place for place, role in found.path[-1].world.names if role is Role.INSTANCE}
    if found.step == found.path[-1].step:
        return found.name in places
    return RETURN in places


def _session_at(solved: Solved, step: int) -> str:
    """What every world at the step calls the session."""
    common: set[str] | None = None
    for world in solved.solution.before(step):
        places = {place for place, role in world.names if role is Role.SESSION and place[0] not in "%="}
        common = places if common is None else common & places
    names = sorted(common or ())
    return names[0].removeprefix("@").partition("'")[0] if names else ""


def _expiring_less(facts: FunctionFacts, solved: Solved, path: Path) -> Iterator[Plan]:
    """``expire_on_commit=False`` for the session, where it was a commit that expired the instance."""
    birth = solved.focus.birth
    event = facts.frame.graph.steps[birth].event if birth >= 0 else None
    if not isinstance(event, Call) or solved.focus.options.expires is False or not _expired_by_commit(solved, path):
        return
    callee = facts.frame.callee(event)
    if isinstance(callee, Factory) or (isinstance(callee, External) and callee.name.startswith("sqlalchemy.")):
        origin = facts.frame.graph.steps[birth].origin
        yield GiveArgument(origin, "expire_on_commit", "False", (_EXPIRES_LESS,))


def _expired_by_commit(solved: Solved, path: Path) -> bool:
    found = False
    for before, after in pairwise(path):
        was, now = before.world.instance, after.world.instance
        if was is None or now is None or was.columns is Columns.EXPIRED or now.columns is not Columns.EXPIRED:
            continue
        event = made(solved, before.step)
        found = isinstance(event, Leave) or (isinstance(event, Call) and event.method == "commit")
    return found


def _loading(facts: FunctionFacts, solved: Solved, attribute: str) -> Iterator[Plan]:
    owner = model(solved.movement.context)
    step = solved.focus.instance
    if not isinstance(owner, ClassAt) or step < 0:
        return
    option = _option(facts, owner, attribute)
    if option:
        yield LoadEagerly(_end_origin(solved, step), owner.qualname, attribute, option, (_OTHER_SQL,))


def _option(facts: FunctionFacts, owner: ClassAt, attribute: str) -> str:
    """The loader option for an attribute that is not loaded by itself; `""` for what has none."""
    linker = facts.frame.linker
    for at in linker.ancestry(owner):
        class_ = linker.class_(at) if isinstance(at, ClassAt) else None
        if class_ is None or attribute not in class_.assigned:
            continue
        value = class_.assigned[attribute][1]
        construct = loading.CONSTRUCTS.get(getattr(getattr(value, "function", None), "name", "").rpartition(".")[2])
        match construct:
            case loading.Construct.RELATIONSHIP:
                return "selectinload"
            case loading.Construct.COLUMN | loading.Construct.DEFERRED | loading.Construct.EXPRESSION:
                return "undefer"
        return ""
    return ""


def _defined_at(facts: FunctionFacts, place: str) -> int | None:
    """The origin of a generator expression."""
    for step in facts.frame.graph.steps:
        if isinstance(step.event, Define) and step.event.target == place and step.event.lazy:
            return step.origin
    return None


def _source(event: Event) -> str:
    for name in ("iterator", "iterable", "receiver", "object", "value"):
        place = getattr(event, name, "")
        if place:
            return str(place)
    arguments = getattr(event, "arguments", ())
    return arguments[0].value if arguments else ""


def _made_once(facts: FunctionFacts, place: str) -> int | None:
    """The origin of the one expression that makes what `place` holds."""
    steps = facts.frame.graph.steps
    for _ in range(4):
        if place.startswith("%"):
            made_at = facts.frame.made_by.get(place)
            if made_at is None:
                return _defined_at(facts, place)
            event = steps[made_at].event
            if type(event).__name__ in ("Iter", "Await"):
                place = _source(event)
                continue
            return steps[made_at].origin
        sources = {step.event.source for step in steps if isinstance(step.event, Bind) and step.event.target == place}
        if len(sources) != 1:
            return None
        place = sources.pop()
    return None


