"""Setting attributes: of the instance that is followed, or of anything else."""

from __future__ import annotations

from flake8_session.flow.events import Call, Door, Enter, Place, Write
from flake8_session.knowledge.factories import EXPIRING
from flake8_session.knowledge.words import Role
from flake8_session.linking import models, relationships
from flake8_session.linking.meanings import (
    Borrowed,
    Called,
    Made,
    Registry,
    Selected,
)
from flake8_session.typestate import names
from flake8_session.typestate.acts import dirtied, updated_columns
from flake8_session.typestate.escapes import handed
from flake8_session.typestate.focus import Context, Ways, arguments_holding
from flake8_session.typestate.instances import related
from flake8_session.typestate.loading import (
    DETACHED_INSTANCE,
    MISSING_GREENLET,
    is_in_ended_block,
    loads,
    model,
    refusal_in,
    unloadable,
)
from flake8_session.typestate.sessions import INVALID_REQUEST
from flake8_session.typestate.worlds import (
    Block,
    Columns,
    Flight,
    Hold,
    InstanceState,
    Kind,
    Tie,
    World,
)

_MAPPED = (
    models.Attribute.COLUMN,
    models.Attribute.LAZY,
    models.Attribute.EAGER,
    models.Attribute.OUT_OF_SIGHT,
)
"""The attributes that a session sees changed."""


def write_ways(context: Context, event: Write, world: World) -> Ways:
    """All ways out of ``event.object.event.attribute = event.source``; None has no attributes to set."""
    if Hold.ABSENT in world.roles(event.object):
        return
    moved = world
    if Role.SESSION in world.roles(event.source):
        moved = handed(names.bound(moved, f"{event.object}.{event.attribute}", event.source))
    elif names.keeps_session(world, event.source):
        moved = names.bound(moved, f"{event.object}.{event.attribute}", event.source)
    else:
        moved = names.unbound(moved, f"{event.object}.{event.attribute}")
    if event.attribute == EXPIRING and Role.SESSION in world.roles(event.object):
        moved = _configured(context, event, moved)
    if world.instance is not None and Role.INSTANCE in world.roles(event.object):
        yield from _instance_write(context, event, moved, world.instance)
        return
    if world.instance is not None and Role.INSTANCE in world.roles(event.source):
        moved = _related(moved, world.instance)
    if _is_other_instance(context, event, world):
        moved = _shared(dirtied(moved, certain=False))
    yield Door.COMPLETED, moved


def _configured(context: Context, event: Write, world: World) -> World:
    """``session.expire_on_commit = False``; an `AsyncSession` does not hand that on to the one inside."""
    if world.session is None or context.focus.options.asynchronous:
        return world
    return world._replace(session=world.session._replace(keeps=event.source != "=True"))


def _shared(world: World) -> World:
    """Something else waits for the next flush beside the instance."""
    instance = world.instance
    if instance is None or not instance.sole:
        return world
    return world._replace(instance=instance._replace(sole=False))


def _instance_write(context: Context, event: Write, world: World, state: InstanceState) -> Ways:
    if state.tie is Tie.DETACHED and _is_unloaded_collection(context, state, event.attribute):
        yield Door.RAISED, world._replace(flight=unloadable(DETACHED_INSTANCE, event.attribute))
        return
    ended = world.session is not None and is_in_ended_block(world.session)
    if state.tie is Tie.ATTACHED and ended:
        yield Door.RAISED, world._replace(flight=Flight(Kind.RAISED, INVALID_REQUEST))
        return
    collection = _is_unloaded_collection(context, state, event.attribute)
    if state.tie is Tie.ATTACHED and collection and world.session is not None:
        refused = refusal_in(world.session)
        if refused is None and context.focus.options.asynchronous:
            refused = unloadable(MISSING_GREENLET, event.attribute)
        if refused is not None:
            yield Door.RAISED, world._replace(flight=refused)
            return
        for door, moved in loads(context, world, world.session, state, event.attribute):
            if door is Door.COMPLETED:
                world, state = moved, moved.instance or state
            else:
                yield door, moved
    changed = state.changed
    asked = state.columns is Columns.EXPIRED or bool(updated_columns(context))
    if state.tie is Tie.DETACHED or (state.tie is Tie.ATTACHED and asked):
        changed |= {event.attribute}
    loaded = state.loaded | _telling(context, state, event.attribute)
    touched = state.touched or _is_touching(context, event, world, state)
    after = state._replace(loaded=loaded, changed=changed, touched=touched)
    if event.source not in context.frame.empty and _is_relationship(context, event.attribute):
        after = related(after)
    if state.tie is not Tie.ATTACHED:
        yield Door.COMPLETED, world._replace(instance=after)
        return
    sole = state.sole or (world.session is not None and not world.session.dirty)
    yield Door.COMPLETED, dirtied(world._replace(instance=after._replace(sole=sole)))


def _is_touching(context: Context, event: Write, world: World, state: InstanceState) -> bool:
    """Whether a mapped attribute is set right inside the ``with`` over a savepoint."""
    if state.tie is not Tie.ATTACHED or world.session is None or world.session.blocks[-1:] != (Block.NESTED,):
        return False
    return models.attribute(context.frame.linker, model(context), event.attribute) in _MAPPED


def _telling(context: Context, state: InstanceState, attribute: str) -> frozenset[str]:
    """The attribute that was set, unless it is a column of an instance whose columns are all there."""
    if state.columns is Columns.LOADED and attribute not in state.missing:
        if models.attribute(context.frame.linker, model(context), attribute) is models.Attribute.COLUMN:
            return frozenset()
    return frozenset({attribute})


def _is_relationship(context: Context, attribute: str) -> bool:
    return relationships.is_relationship(context.frame.linker, model(context), attribute)


def _is_unloaded_collection(context: Context, state: InstanceState, attribute: str) -> bool:
    if attribute in state.loaded or state.columns is Columns.UNKNOWN:
        return False
    linker = context.frame.linker
    return relationships.needs_old_collection(linker, model(context), attribute, eager=state.unread)


def _related(world: World, state: InstanceState) -> World:
    """``other.user = u``: a new instance may come into the other's session with it."""
    if state.tie is Tie.TRANSIENT:
        return world._replace(instance=state._replace(tie=Tie.UNKNOWN))
    return world


def _is_other_instance(context: Context, event: Write, world: World) -> bool:
    """Whether an instance that is not followed may be in the session: it came from no other one."""
    if event.object.startswith("@") or not isinstance(context.frame.meaning(event.object), Selected):
        return False
    source = context.frame.source(event.object)
    elsewhere = bool(source) and _is_session(context, world, source)
    return not elsewhere or Role.SESSION in world.roles(source) or _is_given(context, event.object, source)


def _is_session(context: Context, world: World, source: Place) -> bool:
    """Whether what an instance came from is some session, or made by a function that was given none."""
    if isinstance(context.frame.meaning(source), Made | Borrowed | Registry):
        return True
    makers = [_maker(context, binder) for binder in context.frame.origins(source)]
    return (
        bool(makers)
        and not context.focus.registry
        and not any(call is None or arguments_holding(world, call.arguments, *Role, *Hold) for call in makers)
    )


def _maker(context: Context, step: int) -> Call | None:
    """The call of a function of the project that makes, or lends by a ``with``, what the step gives."""
    frame = context.frame
    event = frame.graph.steps[step].event
    if isinstance(event, Enter):
        made = frame.made_by.get(event.manager)
        event = frame.graph.steps[made].event if made is not None else event
    if not isinstance(event, Call) or not isinstance(frame.meaning(event.result), Called):
        return None
    return event


def _is_given(context: Context, instance: Place, source: Place) -> bool:
    """Whether any session but that at `source` may be given the instance, or what holds it."""
    return any(
        isinstance(step.event, Call)
        and step.event.method in ("add", "add_all", "delete")
        and step.event.receiver != source
        and not all(_is_apart(context, argument.value, instance) for argument in step.event.arguments)
        for step in context.frame.graph.steps
    )


def _is_apart(context: Context, given: Place, instance: Place) -> bool:
    """Whether what is given is not the instance: it was just constructed, or came from something else."""
    frame = context.frame
    given = frame.single_part(given) or given
    if given == instance:
        return False
    elsewhere = frame.source(given) not in ("", frame.source(instance))
    asked = isinstance(frame.meaning(given), Selected) and elsewhere
    return asked or frame.constructor(given) is not None
