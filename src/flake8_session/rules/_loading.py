"""The plans for instances that are not loaded where they are needed: refresh, load eagerly, expire less."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from flake8_session.editing.plans import GiveArgument, LoadEagerly, Plan, Refresh, RefreshFirst
from flake8_session.facts.asked import may_be_held
from flake8_session.facts.ends import call_origin, detaching, session_name
from flake8_session.facts.paths import Path
from flake8_session.facts.reads import DetachedRead, HandedOut
from flake8_session.facts.solutions import Solved
from flake8_session.facts.solving import FunctionFacts
from flake8_session.facts.transactions import made
from flake8_session.facts.waits import Wait
from flake8_session.flow.events import Call, Catch, Leave, Read
from flake8_session.knowledge import loading
from flake8_session.knowledge.factories import MAKERS
from flake8_session.knowledge.words import Role
from flake8_session.linking import models
from flake8_session.linking.meanings import ClassAt, External, Factory
from flake8_session.typestate.loading import model
from flake8_session.typestate.worlds import RETURN, Columns, Tie

_EXPIRES_LESS = "no instance of the session is expired by a commit any more"
_MORE_SQL = "it runs one more SELECT"
_OTHER_SQL = "it changes which SQL is run, and when"


def for_handing_out(facts: FunctionFacts, found: HandedOut) -> tuple[Plan, ...]:
    """What gives the receiver of an expired instance one that is loaded."""
    plans: list[Plan] = []
    end = detaching(found.solved, found.path)
    if end is not None and _is_single(found):
        origin = facts.frame.graph.steps[found.step].origin
        plans += _refreshing(found.solved, end, found.name, origin)
    return (*plans, *expiring_less(facts, found.solved, found.path))


def for_read_in_async(facts: FunctionFacts, read: DetachedRead, end: int | None) -> tuple[Plan, ...]:
    """What has an attribute loaded before an asynchronous session ends at `end`."""
    if read.state.columns is not Columns.EXPIRED:
        return tuple(loading_eagerly(facts, read.solved, read.attribute))
    if not is_column(read.solved, read.attribute, out_of_sight=True):
        return ()
    origin = facts.frame.graph.steps[read.step].origin
    refreshing = _refreshing(read.solved, end, read.name, origin) if end is not None else ()
    return (*expiring_less(facts, read.solved, read.path), *refreshing)


def for_wait(facts: FunctionFacts, found: Wait) -> tuple[Plan, ...]:
    """What an asynchronous session has to be asked for before an attribute can be read."""
    step = facts.frame.graph.steps[found.step]
    if not found.expired:
        return tuple(loading_eagerly(facts, found.solved, found.attribute))
    name = session_name(found.solved, found.step)
    if not name or not isinstance(step.event, Read) or step.event.object != found.name:
        return ()
    if _may_refuse(found) or _flushes(found.solved, found.step):
        return ()
    return (RefreshFirst(step.origin, name, found.name, True, doubts=(_MORE_SQL,)),)


def _may_refuse(found: Wait) -> bool:
    """Whether the path leads into a handler and nothing has rolled back there: it may have failed."""
    rolled_back = True
    for passage in found.path:
        event = made(found.solved, passage.step)
        if isinstance(event, Catch):
            rolled_back = False
        elif isinstance(event, Call) and event.method in ("rollback", "close", "reset"):
            rolled_back = True
    return not rolled_back and found.path[-1].world.caught is not None


def _flushes(solved: Solved, step: int) -> bool:
    """Whether changes may wait in front of `step`: a refresh writes them first, and may be refused."""
    worlds = solved.solution.before(step)
    return any(world.session is not None and world.session.dirty for world in worlds)


def expiring_less(facts: FunctionFacts, solved: Solved, path: Path) -> Iterator[Plan]:
    """``expire_on_commit=False`` for the session, where it was a commit that expired the instance."""
    birth = solved.focus.birth
    event = facts.frame.graph.steps[birth].event if birth >= 0 else None
    if (
        not isinstance(event, Call)
        or solved.focus.options.expires is False
        or not _expired_by_commit(solved, path)
        or _rolls_back_out_of_reach(solved)
    ):
        return
    callee = facts.frame.callee(event)
    if isinstance(callee, Factory) or (isinstance(callee, External) and callee.name in MAKERS):
        origin = facts.frame.graph.steps[birth].origin
        yield GiveArgument(origin, "expire_on_commit", "False", doubts=(_EXPIRES_LESS,))


def is_column(solved: Solved, attribute: str, *, out_of_sight: bool = False) -> bool:
    """Whether it is known to be a plain column: what else the session would have to load stays unloaded.

    With `out_of_sight` the attributes of models that are elsewhere count as columns.
    """
    context = solved.movement.context
    found = models.attribute(context.frame.linker, model(context), attribute)
    return found in (models.Attribute.COLUMN, models.Attribute.EXPRESSION) or (
        out_of_sight and found is models.Attribute.OUT_OF_SIGHT
    )


def _refreshing(solved: Solved, end: int, instance: str, needed: int) -> tuple[Refresh, ...]:
    """``refresh()`` of the instance in front of `needed`, or where its session ends."""
    session = session_name(solved, end)
    if not session or not instance.isidentifier() or not _is_attached_at(solved, end):
        return ()
    if _flushes(solved, end):
        return ()
    return (
        Refresh(
            site=call_origin(solved, end),
            before=needed,
            session=session,
            instance=instance,
            asynchronous=solved.focus.options.asynchronous,
            doubts=(_MORE_SQL,),
        ),
    )


def loading_eagerly(facts: FunctionFacts, solved: Solved, attribute: str) -> Iterator[Plan]:
    """The loader option for `attribute` on what gives the instance; none on a ``get()`` that may not ask."""
    owner = model(solved.movement.context)
    step = solved.focus.instance
    if not isinstance(owner, ClassAt) or step < 0 or solved.focus.comes_from is not None:
        return
    option = _option(facts, owner, attribute)
    if option and not may_be_held(solved, step):
        yield LoadEagerly(call_origin(solved, step), owner.qualname, attribute, option, doubts=(_OTHER_SQL,))


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


def _rolls_back_out_of_reach(solved: Solved) -> bool:
    """Whether some handler that no known failure enters rolls back, which expires all the same."""
    reached = {step for step, _ in solved.reached()}
    return any(
        isinstance(step.event, Call) and step.event.method == "rollback" and index not in reached
        for index, step in enumerate(solved.graph.steps)
    )


def _expired_by_commit(solved: Solved, path: Path) -> bool:
    found = False
    for before, after in pairwise(path):
        was, now = before.world.instance, after.world.instance
        if was is None or now is None or was.columns is Columns.EXPIRED or now.columns is not Columns.EXPIRED:
            continue
        event = made(solved, before.step)
        found = isinstance(event, Leave) or (isinstance(event, Call) and event.method == "commit")
    return found


def _option(facts: FunctionFacts, owner: ClassAt, attribute: str) -> str:
    """The loader option for an attribute that is not loaded by itself; `""` for what has none."""
    linker = facts.frame.linker
    for at in linker.ancestry(owner):
        class_ = linker.class_(at) if isinstance(at, ClassAt) else None
        if class_ is None or attribute not in class_.assigned:
            continue
        value = class_.assigned[attribute][1]
        construct = loading.CONSTRUCTS.get(
            getattr(getattr(value, "function", None), "name", "").rpartition(".")[2]
        )
        match construct:
            case loading.Construct.RELATIONSHIP:
                return "selectinload"
            case loading.Construct.COLUMN | loading.Construct.DEFERRED | loading.Construct.EXPRESSION:
                return "undefer"
        return ""
    return ""
