"""Events by which values, or control, leave the function, and those that nothing is known of."""

from __future__ import annotations

from typing import Any

from flake8_session.flow import events as ev
from flake8_session.flow.events import Door
from flake8_session.knowledge.frameworks import Driver
from flake8_session.knowledge.words import Role
from flake8_session.typestate import names, values
from flake8_session.typestate.acts import failed, holds_entities
from flake8_session.typestate.escapes import clouded, handed, lent
from flake8_session.typestate.focus import Context, Ways
from flake8_session.typestate.managers import leave_ways
from flake8_session.typestate.worlds import RETURN, UNREAD, Hold, Kind, World

_CARRIED = (Role.SESSION, Role.QUERY, *UNREAD, Role.INSTANCE, Role.INSTANCES, Role.ROW, Role.ROWS)


def return_ways(context: Context, step: int, event: ev.Return, world: World) -> Ways:
    """``return value``: what it holds belongs to the caller from here on."""
    roles = world.roles(event.value)
    moved = world
    if Role.SESSION in roles or Hold.CLOSURE in roles:
        moved = handed(moved)
    for role in (*_CARRIED, Hold.OPENING, Hold.CLOSING, Hold.DEFERRED):
        if role in roles and (role not in UNREAD or holds_entities(context, event.value)):
            moved = names.named(moved, RETURN, role)
            if role is Hold.OPENING or role is Hold.CLOSING:
                moved = handed(moved)
    if names.keeps_session(world, event.value):
        moved = names.bound(handed(moved), RETURN, event.value)
    elif any(place.startswith(f"{event.value}.") for place, _ in world.names):
        moved = names.bound(moved, RETURN, event.value, owned=False)
    if event.value.startswith("="):
        moved = moved._replace(values=values.with_value(moved.values, RETURN, values.of_literal(event.value)))
    yield Door.COMPLETED, moved


def yield_ways(context: Context, step: int, event: ev.Yield, world: World) -> Ways:
    """``yield value``: whoever drives the generator may use what it holds, and may stop it."""
    roles = world.roles(event.value)
    moved = world
    if Role.SESSION in roles and world.session is not None:
        moved = lent(world)
    elif world.instance is not None and (Role.INSTANCE in roles or Role.INSTANCES in roles):
        moved = clouded(world)
    yield Door.COMPLETED, moved
    if world.spent or Driver.FIXTURE in context.frame.drivers:
        return
    for kind in (Kind.INTERRUPTED, Kind.OTHER, Kind.DATABASE):
        yield Door.RAISED, failed(moved, kind)


def block_left_ways(context: Context, step: int, event: ev.Leave, world: World) -> Ways:
    """The end of a ``with``."""
    yield from leave_ways(context, event, world)
    if event.asynchronous and not event.raising and not world.spent and not world.roles(event.manager):
        yield Door.RAISED, failed(world, Kind.INTERRUPTED)


def unmodelled_ways(context: Context, step: int, event: ev.Unmodelled, world: World) -> Ways:
    """Syntax that is not followed: what goes in is out of sight."""
    moved = world
    if any(world.roles(part) for part in event.parts):
        moved = clouded(handed(world))
    yield Door.COMPLETED, moved
    if not world.spent:
        yield Door.RAISED, failed(moved, Kind.OTHER)


def no_change(context: Context, step: int, event: Any, world: World) -> Ways:
    """An event that moves nothing."""
    yield Door.COMPLETED, world
