"""What a method of the session does to the instances among its arguments."""

from __future__ import annotations

from flake8_session.flow.events import Call
from flake8_session.knowledge.words import Role, Row, ToInstance
from flake8_session.linking.meanings import Selected
from flake8_session.typestate import instances
from flake8_session.typestate.doubles import may_be_double
from flake8_session.typestate.focus import Context, arguments_holding
from flake8_session.typestate.loading import reloads
from flake8_session.typestate.worlds import InstanceState, Life, Tie, World


def is_refused(context: Context, call: Call, world: World, row: Row) -> bool:
    """Whether the call must raise because the session does not hold the instance as the call needs it."""
    instance = world.instance
    if instance is None or row.instance not in _NEEDED:
        return False
    if not arguments_holding(world, call.arguments[:1], Role.INSTANCE):
        return False
    return instance.tie not in (*_NEEDED[row.instance], Tie.UNKNOWN)


_NEEDED = {
    ToInstance.REFRESH: (Tie.ATTACHED, Tie.DELETED),
    ToInstance.EXPIRE: (Tie.ATTACHED, Tie.DELETED),
    ToInstance.EXPUNGE: (Tie.ATTACHED, Tie.PENDING, Tie.DELETED),
    ToInstance.DELETE: (Tie.ATTACHED, Tie.DETACHED, Tie.DELETED),
}


def on_instances(context: Context, call: Call, world: World, row: Row, *, dirty: bool) -> World:
    """What a completed call does to the instance, where that is, or may be, among its arguments.

    `dirty`: something waited for the next flush before the call.
    """
    instance = world.instance
    if instance is None or row.instance is ToInstance.NOTHING:
        return world
    if not arguments_holding(world, call.arguments, Role.INSTANCE, Role.INSTANCES):
        doubles = any(may_be_double(context, world, argument.value) for argument in call.arguments[:1])
        return world._replace(instance=_as_double(instance, row.instance)) if doubles else world
    moved = _moved_instance(context, call, instance, row.instance)
    session = world.session
    if row.instance is ToInstance.ADD and session is not None:
        moved = moved._replace(sole=session.dirty and (instance.sole or not dirty))
    if row.instance is ToInstance.EXPUNGE and instance.sole and session is not None:
        return world._replace(instance=moved._replace(sole=False), session=session._replace(dirty=False))
    return world._replace(instance=moved)


def _as_double(instance: InstanceState, act: ToInstance) -> InstanceState:
    """What may have happened to the instance, if it is what a call was given by another name."""
    match act:
        case ToInstance.REFRESH:
            return instances.requeried(instance)
        case ToInstance.EXPIRE:
            return instances.clouded(instance)
        case ToInstance.EXPUNGE | ToInstance.DELETE:
            return instances.strayed(instance)
        case ToInstance.ADD | ToInstance.MERGE | ToInstance.NOTHING:
            return instance


def _moved_instance(context: Context, call: Call, instance: InstanceState, act: ToInstance) -> InstanceState:
    given = _attribute_names(context, call)
    match act:
        case ToInstance.ADD:
            return instances.added(instance)
        case ToInstance.DELETE:
            return instances.deleted(instance)
        case ToInstance.EXPUNGE:
            return instances.expunged(instance)
        case ToInstance.REFRESH:
            if given is None:
                return instances.clouded(instance)
            return instances.refreshed(instance, given, reloads(context, refreshing=True))
        case ToInstance.EXPIRE:
            if given is None or given:
                return instances.clouded(instance)
            return instances.expired(instance)
        case ToInstance.MERGE | ToInstance.NOTHING:
            return instance


def _attribute_names(context: Context, call: Call) -> frozenset[str] | None:
    """The attribute names in ``refresh(u, ["a", "b"])``: empty where none are given, None where unknown."""
    rest = [
        argument
        for position, argument in enumerate(call.arguments)
        if argument.keyword == "attribute_names" or (not argument.keyword and position > 0)
    ]
    if not rest:
        return frozenset()
    text = rest[0].value
    if not text.startswith("=["):
        return None
    return frozenset(part.strip("'\" ") for part in text[2:-1].split(",") if part.strip())


def discards_changes(context: Context, call: Call, world: World) -> bool:
    """Whether a ``refresh()`` forgets all that waited for a flush: what was changed of the instance alone.

    It expires the instance before it flushes what else has changed. Measured with SQLAlchemy 2.0 and 2.1.
    """
    instance = world.instance
    if instance is None or not instance.sole or instance.related or instance.tie is not Tie.ATTACHED:
        return False
    held = arguments_holding(world, call.arguments[:1], Role.INSTANCE)
    return bool(held) and _attribute_names(context, call) == frozenset()


def has_nothing_new(context: Context, call: Call, world: World, row: Row) -> bool:
    """Whether the call is given only what a query gave: adding it writes nothing.

    Merging is nothing at all where the session holds it, or has given it and was never closed.
    """
    given = [argument.value for argument in call.arguments[:1]]
    instance = world.instance
    if instance is not None and any(Role.INSTANCE in world.roles(place) for place in given):
        if instance.tie is Tie.ATTACHED:
            return True
        if row.instance is ToInstance.ADD and instance.tie is not Tie.UNKNOWN:
            return instance.tie is Tie.DETACHED and not instance.changed
        if instance.tie is Tie.DETACHED:
            return False
    if not all(isinstance(context.frame.meaning(place), Selected) for place in given):
        return False
    if row.instance is ToInstance.ADD:
        return True
    state = world.session
    source = context.frame.source(given[0]) if given else ""
    was_closed = state is None or state.life in (Life.CLOSED, Life.REOPENED)
    return not was_closed and Role.SESSION in world.roles(source)
