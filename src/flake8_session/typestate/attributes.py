"""Reading attributes: of the instance that is followed, of the session, of anything else."""

from __future__ import annotations

from flake8_session.flow.events import Call, Door, Place, Read
from flake8_session.knowledge import transactions
from flake8_session.knowledge.sessions import ATTRIBUTES
from flake8_session.knowledge.words import Role
from flake8_session.linking import relationships
from flake8_session.linking.emptiness import stays_empty
from flake8_session.linking.meanings import (
    ClassAt,
    External,
    FunctionAt,
    Holds,
    Meaning,
    Object,
    Selected,
)
from flake8_session.linking.places import operands
from flake8_session.typestate import names, values
from flake8_session.typestate.acts import dirtied
from flake8_session.typestate.doubles import may_be_double
from flake8_session.typestate.escapes import handed
from flake8_session.typestate.focus import Context, Ways
from flake8_session.typestate.instances import related, requeried
from flake8_session.typestate.loading import (
    DETACHED_INSTANCE,
    MISSING_GREENLET,
    is_lost,
    loaded_by,
    loads,
    model,
    readable,
    refusal_in,
    unloadable,
)
from flake8_session.typestate.sessions import implicit_load
from flake8_session.typestate.worlds import (
    Columns,
    Hold,
    InstanceState,
    Tie,
    Transaction,
    World,
)

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
        yield Door.COMPLETED, _session_read(context, event, known)
    elif Role.TRANSACTION in roles and transactions.ATTRIBUTES.get(event.attribute) is Role.SESSION:
        yield Door.COMPLETED, names.named(known, event.result, Role.SESSION)
    elif Role.ROW in roles and world.instance is not None:
        yield Door.COMPLETED, part_of_row(context, known, event.result, event.attribute)
    elif may_be_double(context, world, event.object):
        yield Door.COMPLETED, loaded_elsewhere(known)
    else:
        yield Door.COMPLETED, known


def loaded_elsewhere(world: World) -> World:
    """The instance may have been read under another name: what had expired may be there again."""
    instance = world.instance
    if instance is None or instance.columns is not Columns.EXPIRED:
        return world
    return world._replace(instance=requeried(instance))


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


def _is_used(context: Context, result: Place) -> bool:
    """Whether anything is done with a value: ``session.close`` without parentheses closes nothing."""
    return any(result in operands(step.event) for step in context.frame.graph.steps)


def text_of(context: Context, *methods: str) -> str:
    """The first of these methods that the instance's class defines, `""` where it defines none."""
    return next((method for method in methods if body_of(context, method) is not None), "")


def part_of_row(context: Context, world: World, result: Place, which: int | str) -> World:
    """One part of a row, by its position or name: the instance, where the row holds nothing else there."""
    selected = context.focus.selected
    followed = selected is not None and (selected.holds is Holds.INSTANCE or _is_part(selected, which))
    return names.named(world, result, Role.INSTANCE if followed else Role.UNKNOWN)


def _is_part(selected: Selected, which: int | str) -> bool:
    """Whether this is the part of a row that is followed."""
    if isinstance(which, int):
        return bool(selected.parts) and which == selected.part
    called = [part for part in selected.parts if part is not None and _class_name(part) == which]
    return called == [selected.model]


def _class_name(model: Meaning) -> str:
    match model:
        case ClassAt(_, name) | External(name):
            return name.rpartition(".")[2]
    return ""


def _instance_read(context: Context, event: Read, world: World, state: InstanceState) -> Ways:
    """A read; what is put into a relationship where it is read is written by the next flush."""
    fills = event.result in context.frame.filled and state.tie is Tie.ATTACHED
    grows = fills and relationships.is_relationship(context.frame.linker, model(context), event.attribute)
    empty = event.result in context.frame.looped and _is_empty(context, state, event.attribute)
    for door, moved in _read_of(context, event, world, state):
        if empty:
            moved = moved._replace(values=values.with_value(moved.values, event.result, values.EMPTY))
        yield door, _grown(moved) if grows and door is Door.COMPLETED else moved


def _is_empty(context: Context, state: InstanceState, attribute: str) -> bool:
    """Whether it is a collection of a new instance, to which nothing was given, and which nobody fills."""
    if state.tie not in (Tie.TRANSIENT, Tie.PENDING) or not state.unread or attribute in state.loaded:
        return False
    if not relationships.is_collection(context.frame.linker, model(context), attribute):
        return False
    birth = context.frame.graph.steps[context.focus.instance].event
    return isinstance(birth, Call) and stays_empty(context.frame, birth.result, attribute)


def _grown(world: World) -> World:
    instance = world.instance
    return dirtied(world._replace(instance=related(instance) if instance is not None else None))


def _read_of(context: Context, event: Read, world: World, state: InstanceState) -> Ways:
    ways = body_ways(context, world, event.object, event.attribute, event.result)
    if ways is not None:
        yield from ways
        return
    loaded = readable(context, state, event.attribute)
    if loaded is False and (state.tie is Tie.DETACHED or is_lost(context, state, event.attribute)):
        yield Door.RAISED, world._replace(flight=unloadable(DETACHED_INSTANCE, event.attribute))
        return
    if state.tie in (Tie.TRANSIENT, Tie.PENDING) and event.result in context.frame.filled:
        filled = state._replace(loaded=state.loaded | {event.attribute})
        yield Door.COMPLETED, world._replace(instance=filled)
        return
    held = state.tie is Tie.ATTACHED or (state.tie is Tie.DELETED and loaded is False)
    if not held or loaded is True or world.session is None:
        yield Door.COMPLETED, world
        return
    refused = refusal_in(world.session)
    if refused is not None and loaded is False:
        yield Door.RAISED, world._replace(flight=refused)
        return
    if context.focus.options.asynchronous and loaded is False:
        yield Door.RAISED, world._replace(flight=unloadable(MISSING_GREENLET, event.attribute))
        return
    if loaded is False:
        yield from loads(context, world, world.session, state, event.attribute)
        return
    after = loaded_by(context, state, event.attribute)
    if state.columns is Columns.LOADED:
        yield Door.COMPLETED, world._replace(instance=after)
    else:
        loading = implicit_load(world.session, certain=False)
        yield Door.COMPLETED, world._replace(instance=after, session=loading)


def _awaited_read(context: Context, event: Read, world: World, state: InstanceState) -> World:
    """``await instance.awaitable_attrs.name`` loads what it names."""
    if state.tie is not Tie.ATTACHED or world.session is None:
        return world
    after = loaded_by(context, state, event.attribute)
    return world._replace(instance=after, session=implicit_load(world.session, certain=False))


def _session_read(context: Context, event: Read, world: World) -> World:
    if event.attribute in _ENDING:
        return handed(world) if _is_used(context, event.result) else world
    if event.attribute == "is_active" and world.session is not None:
        failed_now = world.session.transaction is Transaction.FAILED
        nobody_knows = world.session.transaction in (Transaction.UNKNOWN, Transaction.UNDER_WAY)
        mask = values.ANYTHING if nobody_knows else values.TRUTHY
        mask = values.FALSY if failed_now else mask
        return world._replace(values=values.with_value(world.values, event.result, mask))
    role = ATTRIBUTES.get(event.attribute)
    if role in (Role.SESSION, Role.AUTOFLUSH_PAUSE, Role.TRANSACTION):
        return names.named(world, event.result, role)
    return world
