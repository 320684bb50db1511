"""A session or an instance is made: what the world knows of an earlier one of the same site is over."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_session.flow.events import Call, Place
from flake8_session.knowledge.words import Role
from flake8_session.linking import models
from flake8_session.typestate import instances, names
from flake8_session.typestate.acts import dirtied
from flake8_session.typestate.focus import Arrival, Context, Focus
from flake8_session.typestate.worlds import (
    Columns,
    Holding,
    InstanceState,
    Life,
    SessionState,
    Tie,
    Transaction,
    World,
)


def entry_world(focus: Focus) -> World:
    """The world at the entry of a function: what the focus's places hold there."""
    if focus.birth >= 0:
        return World()
    held = {(place, Role.SESSION) for place in focus.places} | {
        (place, Role.QUERY) for place in focus.queries
    }
    return World(session=SessionState(Life.OPEN, Transaction.UNKNOWN, holds=True), names=frozenset(held))


def born_session(context: Context, world: World, result: Place, state: SessionState, *more: Holding) -> World:
    """The world in which the session of the focus's site was just made, and `result` holds it."""
    moved = names.superseded(world)
    return names.named(moved._replace(session=state), result, Role.SESSION, *more)


def born_instance(context: Context, world: World, state: InstanceState) -> World:
    """The world in which the focus's instance was just made; names of an earlier one are forgotten."""
    entity = (Role.INSTANCE, Role.INSTANCES, Role.ROW, Role.ROWS)
    keeps = world.instance == state
    rest = frozenset(
        entry for entry in world.names if entry[1] not in entity or (keeps and entry[1] is Role.INSTANCES)
    )
    return world._replace(instance=state, names=rest)


def added_instance(context: Context, call: Call, world: World) -> World:
    """The world in which the session was given what comes from out of sight, whatever of it is loaded."""
    born = born_instance(context, world, InstanceState(Tie.PENDING, Columns.UNKNOWN))
    return names.named(born, call.arguments[0].value, Role.INSTANCE)


def arrived_instances(context: Context, call: Call, world: World) -> Iterator[World]:
    """The worlds in which the session was given what has come from another one, as it is.

    What was changed meanwhile waits to be written now. Of anything else the world knows nothing.
    """
    for arrival in context.arriving.get(world.spent, (None,)):
        if arrival is None:
            yield world
            continue
        born = born_instance(context, world, arrived(call, arrival))
        born = born._replace(names=born.names | arrival.names)
        yield dirtied(born) if arrival.state.changed else born


def arrived(call: Call, arrival: Arrival) -> InstanceState:
    """The state in the session that was given it of what another one has let go."""
    return (instances.deleted if call.method == "delete" else instances.added)(arrival.state)


def loaded_state(context: Context, tie: Tie = Tie.ATTACHED) -> InstanceState:
    """The state of the instance as a query gives it."""
    selected = context.focus.selected
    if selected is None:
        return InstanceState(tie)
    missing = selected.drops
    if selected.only is not None:
        missing |= models.columns(context.frame.linker, selected.model) - selected.only
    columns = Columns.UNKNOWN if selected.limited else Columns.LOADED
    return InstanceState(tie, columns, selected.loads, missing)
