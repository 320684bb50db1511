"""What an act of the session does to all that a world holds: the instance, and results not read yet.

An act is the session's commit, rollback, flush, close; of failures that are only assumed, a path has one.
"""

from __future__ import annotations

from flake8_session.flow.events import Place
from flake8_session.knowledge.words import Role
from flake8_session.linking import models
from flake8_session.linking.meanings import Holds, Object, Selected
from flake8_session.typestate import instances
from flake8_session.typestate.focus import Context
from flake8_session.typestate.sessions import Act, begun
from flake8_session.typestate.worlds import (
    RETURN,
    UNREAD,
    Flight,
    Hold,
    Holding,
    Kind,
    Life,
    SessionState,
    Transaction,
    World,
)


def with_act(
    context: Context, world: World, state: SessionState, act: Act, *, explicit: bool = True
) -> World:
    """The session in its new state, and what that does to the instance and to unread results."""
    instance = world.instance
    if instance is not None and act is not Act.NOTHING:
        expires = context.focus.options.expires if not state.keeps else False
        instance = instances.acted(instance, act, expires=expires, explicit=explicit)
        if instance.sole and not state.dirty:
            instance = instance._replace(sole=False)
        if instance.changed:
            flushes = act is Act.FLUSH or act is Act.COMMIT
            instance = instances.updated(instance, updated_columns(context) if flushes else frozenset())
    moved = world._replace(session=state, instance=instance)
    return stale(context, moved) if act is Act.CLOSE else moved


def failed(world: World, kind: Kind) -> World:
    """The world in which an assumed failure is in flight; the path has had its one failure then."""
    return world._replace(flight=Flight(kind), spent=True)


def updated_columns(context: Context) -> frozenset[str]:
    """The columns of the instance that an UPDATE sets in the database, unless it names them."""
    selected = context.focus.selected
    model = selected.model if selected is not None else None
    return models.set_by_update(context.frame.linker, model.of if isinstance(model, Object) else model)


def holds_entities(context: Context, place: Place) -> bool:
    """Whether the result at `place` gives instances, and not only values of columns."""
    if place == RETURN:
        return True
    meaning = context.frame.meaning(place)
    return isinstance(meaning, Selected) and meaning.holds in (Holds.INSTANCE, Holds.ROWS)


def stale(context: Context, world: World) -> World:
    """Unread entity results of a closed session cannot be read any more; buffered ones can."""
    if context.focus.options.asynchronous:
        unread: tuple[Holding, ...] = (Role.STREAM, Role.STREAM_SCALARS)
    else:
        unread = UNREAD
    changed = frozenset(
        (place, Hold.STALE if holding in unread and holds_entities(context, place) else holding)
        for place, holding in world.names
    )
    return world._replace(names=changed)


def dirtied(world: World, *, certain: bool = True) -> World:
    """An instance was changed: certainly one that the session holds, or one that it may hold."""
    state = world.session
    if state is None or state.life is Life.CLOSED:
        return world
    if certain:
        state = begun(state)
    elif state.transaction is Transaction.IDLE:
        state = state._replace(transaction=Transaction.UNKNOWN)
    return world._replace(session=state._replace(dirty=True))
