"""Reading and setting attributes: of the instance that is followed, of the session, of anything else."""

from __future__ import annotations

from flake8_session.flow.events import Call, Door, Place, Read, Write
from flake8_session.knowledge import transactions
from flake8_session.knowledge.sessions import ATTRIBUTES
from flake8_session.knowledge.words import Role
from flake8_session.linking import models
from flake8_session.linking.meanings import (
    Borrowed,
    ClassAt,
    FunctionAt,
    Holds,
    Made,
    Object,
    Registry,
    Selected,
)
from flake8_session.typestate import instances, names, values
from flake8_session.typestate.acts import failed, updated_columns, with_act
from flake8_session.typestate.escapes import handed
from flake8_session.typestate.focus import Context, Ways
from flake8_session.typestate.sessions import INVALID_REQUEST, Act, broken, implicit_load, refusal
from flake8_session.typestate.worlds import (
    Block,
    Broken,
    Columns,
    Flight,
    Hold,
    InstanceState,
    Kind,
    Life,
    SessionState,
    Tie,
    Transaction,
    World,
)

DETACHED_INSTANCE = "sqlalchemy.orm.exc.DetachedInstanceError"
MISSING_GREENLET = "sqlalchemy.exc.MissingGreenlet"
_ENDING = frozenset({"close", "aclose", "reset", "remove", "invalidate", "__exit__", "__aexit__"})


def read_ways(context: Context, event: Read, world: World) -> Ways:
    """All ways out of ``event.object.event.attribute``."""
    roles = world.roles(event.object)
    known = names.bound(world, event.result, f"{event.object}.{event.attribute}")
    if Hold.ABSENT in roles:
        # An attribute of None: another fault than ours, and nothing comes behind it.
        return
    if Role.INSTANCE in roles and event.attribute == "awaitable_attrs":
        yield Door.COMPLETED, names.named(known, event.result, Hold.AWAITABLE)
    elif Hold.AWAITABLE in roles and world.instance is not None:
        yield Door.COMPLETED, _awaited_read(context, event, known, world.instance)
    elif Role.INSTANCE in roles and world.instance is not None:
        yield from _instance_read(context, event, known, world.instance)
    elif Role.SESSION in roles:
        yield Door.COMPLETED, _session_read(event, known)
    elif Role.TRANSACTION in roles and transactions.ATTRIBUTES.get(event.attribute) is Role.SESSION:
        yield Door.COMPLETED, names.named(known, event.result, Role.SESSION)
    elif Role.ROW in roles and world.instance is not None:
        yield Door.COMPLETED, part_of_row(context, known, event.result)
    else:
        yield Door.COMPLETED, known


def write_ways(context: Context, event: Write, world: World) -> Ways:
    """All ways out of ``event.object.event.attribute = event.source``."""
    moved = world
    if Role.SESSION in world.roles(event.source):
        moved = handed(names.bound(moved, f"{event.object}.{event.attribute}", event.source))
    elif names.keeps_session(world, event.source):
        moved = names.bound(moved, f"{event.object}.{event.attribute}", event.source)
    else:
        moved = names.unbound(moved, f"{event.object}.{event.attribute}")
    if world.instance is not None and Role.INSTANCE in world.roles(event.object):
        yield from _instance_write(context, event, moved, world.instance)
        return
    if world.instance is not None and Role.INSTANCE in world.roles(event.source):
        moved = _related(moved, world.instance)
    if _is_other_instance(context, event, world):
        moved = _dirtied(moved, certain=False)
    yield Door.COMPLETED, moved


def body_ways(context: Context, world: World, place: Place, attribute: str, result: Place) -> Ways | None:
    """What running a method or property of the instance does; None where its body is not in sight."""
    at = body_of(context, attribute)
    if at is None:
        return None
    call = Call(result, receiver=place, method=attribute)
    exits = context.effects.call(context.frame, at, call, world, context.focus)
    if exits is None:
        return None
    return (
        (Door.COMPLETED, out.world)
        if out.flight is None
        else (Door.RAISED, out.world._replace(flight=out.flight))
        for out in exits
    )


def body_of(context: Context, attribute: str) -> FunctionAt | None:
    """The method or property of that name in the instance's class."""
    class_ = model(context)
    if not isinstance(class_, ClassAt):
        return None
    found = context.frame.linker.member(Object(class_), attribute)
    return found if isinstance(found, FunctionAt) else None


def text_of(context: Context, *methods: str) -> str:
    """The first of these methods that the instance's class defines, `""` where it defines none."""
    return next((method for method in methods if body_of(context, method) is not None), "")


def part_of_row(context: Context, world: World, result: Place) -> World:
    """One part of a row: the instance, where the row holds nothing else."""
    selected = context.focus.selected
    single = selected is not None and selected.holds is Holds.INSTANCE
    return names.named(world, result, Role.INSTANCE if single else Role.UNKNOWN)


def readable(context: Context, state: InstanceState, attribute: str) -> bool | None:
    """Whether an attribute is loaded; None where that cannot be told.

    A relationship, deferred column or proxy of a model in sight is loaded only where something loaded
    it; an attribute of a model out of sight is taken for a column.
    """
    if attribute in state.loaded:
        return True
    if attribute in state.missing:
        return False
    match models.attribute(context.frame.linker, model(context), attribute):
        case models.Attribute.COLUMN:
            return instances.has(state, attribute)
        case models.Attribute.LAZY:
            return False if state.columns is not Columns.UNKNOWN else None
        case models.Attribute.EAGER | models.Attribute.EXPRESSION:
            return instances.has(state, attribute) if not state.fresh else None
        case models.Attribute.SAFE:
            return True
        case models.Attribute.UNKNOWN:
            return None
        case models.Attribute.OUT_OF_SIGHT:
            return False if state.columns is Columns.EXPIRED else None


def model(context: Context) -> object:
    """The class of the instance that is followed: a `ClassAt` where it is in sight."""
    selected = context.focus.selected
    model = selected.model if selected is not None else None
    return model.of if isinstance(model, Object) else model


def _instance_read(context: Context, event: Read, world: World, state: InstanceState) -> Ways:
    """A read; what is put into a relationship where it is read is written by the next flush."""
    fills = event.result in context.frame.filled and state.tie is Tie.ATTACHED
    grows = fills and models.is_relationship(context.frame.linker, model(context), event.attribute)
    for door, moved in _read_of(context, event, world, state):
        yield door, _dirtied(moved) if grows and door is Door.COMPLETED else moved


def _read_of(context: Context, event: Read, world: World, state: InstanceState) -> Ways:
    ways = body_ways(context, world, event.object, event.attribute, event.result)
    if ways is not None:
        yield from ways
        return
    loaded = readable(context, state, event.attribute)
    if state.tie is Tie.DETACHED and loaded is False:
        yield Door.RAISED, world._replace(flight=Flight(Kind.RAISED, DETACHED_INSTANCE))
        return
    if state.tie in (Tie.TRANSIENT, Tie.PENDING) and event.result in context.frame.filled:
        filled = state._replace(loaded=state.loaded | {event.attribute})
        yield Door.COMPLETED, world._replace(instance=filled)
        return
    if state.tie is not Tie.ATTACHED or loaded is True or world.session is None:
        yield Door.COMPLETED, world
        return
    refused = _refused(world.session)
    if refused is not None and loaded is False:
        yield Door.RAISED, world._replace(flight=refused)
        return
    if context.focus.options.asynchronous and loaded is False:
        yield Door.RAISED, world._replace(flight=Flight(Kind.RAISED, MISSING_GREENLET))
        return
    if loaded is False:
        yield from _loads(context, world, world.session, state, event.attribute)
        return
    after = _loaded(context, state, event.attribute)
    if state.columns is Columns.LOADED:
        yield Door.COMPLETED, world._replace(instance=after)
    else:
        loading = implicit_load(world.session, certain=False)
        yield Door.COMPLETED, world._replace(instance=after, session=loading)


def _loads(
    context: Context, world: World, session: SessionState, state: InstanceState, attribute: str
) -> Ways:
    """An attribute is fetched: like a query that flushes first what is pending, it may fail twice."""
    flushes = session.dirty and context.focus.options.autoflush
    flushed = with_act(context, world, session, Act.FLUSH) if flushes else world
    after = _loaded(context, flushed.instance or state, attribute)
    loading = implicit_load(session, flushes=flushes)
    yield Door.COMPLETED, flushed._replace(instance=after, session=loading)
    if world.spent:
        return
    refused = broken(session, Broken.STATEMENT, write=False, flushed=flushes)
    yield Door.RAISED, failed(flushed._replace(session=refused), Kind.DATABASE)
    if state.columns is Columns.EXPIRED and _is_apart(context, attribute):
        columns = instances.reloaded(flushed.instance or state)
        yield Door.RAISED, failed(flushed._replace(session=refused, instance=columns), Kind.DATABASE)
    if flushes:
        nested = Block.NESTED in session.blocks
        act = Act.SAVEPOINT_ROLLBACK if nested else Act.ROLLBACK
        unflushed = with_act(context, world, broken(session, Broken.FLUSH), act)
        yield Door.RAISED, failed(unflushed, Kind.DATABASE)


def _is_apart(context: Context, attribute: str) -> bool:
    """Whether an attribute is fetched by a statement of its own, after that for the expired columns."""
    return models.is_relationship(context.frame.linker, model(context), attribute)


def _loaded(context: Context, state: InstanceState, attribute: str) -> InstanceState:
    """The instance after SQL has loaded `attribute`: what was expired comes with it.

    A relationship needs the primary key, whose load brings all columns; a deferred column is loaded
    by itself.
    """
    after = state._replace(loaded=state.loaded | {attribute}, missing=state.missing - {attribute})
    if state.columns not in (Columns.EXPIRED, Columns.REQUERIED):
        return after
    linker, class_ = context.frame.linker, model(context)
    lazy = models.attribute(linker, class_, attribute) is models.Attribute.LAZY
    alone = lazy and not models.is_relationship(linker, class_, attribute)
    return after if alone else after._replace(columns=Columns.LOADED)


def _awaited_read(context: Context, event: Read, world: World, state: InstanceState) -> World:
    """``await instance.awaitable_attrs.name`` loads what it names."""
    if state.tie is not Tie.ATTACHED or world.session is None:
        return world
    after = _loaded(context, state, event.attribute)
    return world._replace(instance=after, session=implicit_load(world.session, certain=False))


def _refused(state: SessionState) -> Flight | None:
    if state.transaction is Transaction.FAILED:
        return refusal(state)
    if _is_in_ended_block(state) or (state.blocks and state.blocks[-1] is Block.RELEASED):
        return Flight(Kind.RAISED, INVALID_REQUEST)
    return None


def _is_in_ended_block(state: SessionState) -> bool:
    return bool(state.blocks) and state.blocks[-1] is Block.ENDED


def _session_read(event: Read, world: World) -> World:
    if event.attribute in _ENDING:
        return handed(world)
    if event.attribute == "is_active" and world.session is not None:
        failed_now = world.session.transaction is Transaction.FAILED
        mask = values.ANYTHING if world.session.transaction is Transaction.UNKNOWN else values.TRUTHY
        mask = values.FALSY if failed_now else mask
        return world._replace(values=values.with_value(world.values, event.result, mask))
    role = ATTRIBUTES.get(event.attribute)
    if role in (Role.SESSION, Role.AUTOFLUSH_PAUSE, Role.TRANSACTION):
        return names.named(world, event.result, role)
    return world


def _instance_write(context: Context, event: Write, world: World, state: InstanceState) -> Ways:
    if state.tie is Tie.DETACHED and _is_unloaded_collection(context, state, event.attribute):
        yield Door.RAISED, world._replace(flight=Flight(Kind.RAISED, DETACHED_INSTANCE))
        return
    ended = world.session is not None and _is_in_ended_block(world.session)
    if state.tie is Tie.ATTACHED and ended:
        yield Door.RAISED, world._replace(flight=Flight(Kind.RAISED, INVALID_REQUEST))
        return
    collection = _is_unloaded_collection(context, state, event.attribute)
    if state.tie is Tie.ATTACHED and collection and world.session is not None:
        refused = _refused(world.session)
        if refused is None and context.focus.options.asynchronous:
            refused = Flight(Kind.RAISED, MISSING_GREENLET)
        if refused is not None:
            yield Door.RAISED, world._replace(flight=refused)
            return
        for door, moved in _loads(context, world, world.session, state, event.attribute):
            if door is Door.COMPLETED:
                world, state = moved, moved.instance or state
            else:
                yield door, moved
    changed = state.changed
    asked = state.columns is Columns.EXPIRED or bool(updated_columns(context))
    if state.tie is Tie.DETACHED or (state.tie is Tie.ATTACHED and asked):
        changed |= {event.attribute}
    after = state._replace(loaded=state.loaded | _telling(context, state, event.attribute), changed=changed)
    moved = world._replace(instance=after)
    yield Door.COMPLETED, _dirtied(moved) if state.tie is Tie.ATTACHED else moved


def _telling(context: Context, state: InstanceState, attribute: str) -> frozenset[str]:
    """The attribute that was set, unless it is a column of an instance whose columns are all there."""
    if state.columns is Columns.LOADED and attribute not in state.missing:
        if models.attribute(context.frame.linker, model(context), attribute) is models.Attribute.COLUMN:
            return frozenset()
    return frozenset({attribute})


def _is_unloaded_collection(context: Context, state: InstanceState, attribute: str) -> bool:
    if attribute in state.loaded or state.columns is Columns.UNKNOWN:
        return False
    return models.is_lazy_collection(context.frame.linker, model(context), attribute)


def _related(world: World, state: InstanceState) -> World:
    """``other.user = u``: a new instance may come into the other's session with it."""
    if state.tie is Tie.TRANSIENT:
        return world._replace(instance=state._replace(tie=Tie.UNKNOWN))
    return world


def _dirtied(world: World, *, certain: bool = True) -> World:
    """An instance was changed: certainly one that the session holds, or one that it may hold."""
    state = world.session
    if state is None or state.life is Life.CLOSED:
        return world
    begun = state.transaction
    if begun is Transaction.IDLE:
        begun = Transaction.BEGUN if certain else Transaction.UNKNOWN
    return world._replace(session=state._replace(dirty=True, transaction=begun))


def _is_other_instance(context: Context, event: Write, world: World) -> bool:
    """Whether an instance that is not followed may be in the session: it came from no other one."""
    if event.object.startswith("@") or not isinstance(context.frame.meaning(event.object), Selected):
        return False
    source = context.frame.source(event.object)
    elsewhere = isinstance(context.frame.meaning(source), Made | Borrowed | Registry) if source else False
    return not elsewhere or Role.SESSION in world.roles(source) or _is_given(context, source)


def _is_given(context: Context, source: Place) -> bool:
    """Whether any session but that at `source` is given instances: the one in question may be among them."""
    return any(
        isinstance(step.event, Call)
        and step.event.method in ("add", "add_all", "delete")
        and step.event.receiver != source
        for step in context.frame.graph.steps
    )
