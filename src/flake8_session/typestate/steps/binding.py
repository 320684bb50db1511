"""Events that give names a value, or take it away."""

from __future__ import annotations

from flake8_session.flow import events as ev
from flake8_session.flow.events import Door, Place
from flake8_session.knowledge.words import Role
from flake8_session.linking.meanings import FunctionAt
from flake8_session.typestate import names, values
from flake8_session.typestate.attributes import part_of_row
from flake8_session.typestate.escapes import handed
from flake8_session.typestate.focus import Context, Ways
from flake8_session.typestate.worlds import UNREAD, Hold, World


def bind_ways(context: Context, step: int, event: ev.Bind, world: World) -> Ways:
    """``target = source``; where both names are tested later, None and the rest go different ways."""
    moved = _assigned(context, world, event.target, event.source)
    if step in context.frame.emptied:
        empty = values.with_value(moved.values, event.target, values.EMPTY)
        yield Door.COMPLETED, moved._replace(values=empty)
        return
    known = values.known(world.values, event.source)
    if known == values.NONE or not known & values.NONE or not _both_asked(context, step, event):
        yield Door.COMPLETED, moved
        return
    for mask in (known & ~values.NONE, values.NONE):
        given = values.with_value(moved.values, event.source, mask)
        yield Door.COMPLETED, moved._replace(values=values.with_value(given, event.target, mask))


def unpack_ways(context: Context, step: int, event: ev.Unpack, world: World) -> Ways:
    """``a, b = source``."""
    moved = world
    for index, target in enumerate(event.targets):
        moved = unbound(context, moved, target)
        moved = names.bound(moved, target, f"{event.source}.{index}", owned=context.focus.owned)
    if Role.ROW in world.roles(event.source):
        selected = context.focus.selected
        whole = selected is not None and len(selected.parts) == len(event.targets)
        for index, target in enumerate(event.targets):
            moved = part_of_row(context, moved, target, index if whole else "")
    if Role.SESSION in world.roles(event.source):
        moved = handed(moved)
    if Role.INSTANCES in world.roles(event.source):
        for target in event.targets:
            yield Door.COMPLETED, names.named(moved, target, Role.INSTANCE)
        return
    yield Door.COMPLETED, moved


def delete_ways(context: Context, step: int, event: ev.Delete, world: World) -> Ways:
    """``del name``."""
    moved = unbound(context, world, event.place)
    yield Door.COMPLETED, moved._replace(values=values.with_value(moved.values, event.place, values.UNBOUND))


def import_ways(context: Context, step: int, event: ev.Import, world: World) -> Ways:
    """An import binds a name to something that holds no session."""
    yield Door.COMPLETED, unbound(context, world, event.target)


def define_ways(context: Context, step: int, event: ev.Define, world: World) -> Ways:
    """A nested function or class, which may keep what it captures."""
    moved = unbound(context, world, event.target)
    held = frozenset(place for place in event.captures if Role.SESSION in world.roles(place))
    derived = any(role in world.roles(place) for place in event.captures for role in (Role.QUERY, *UNREAD))
    if held:
        at = FunctionAt(context.frame.module, event.function)
        if context.effects.closes_captured(at, held):
            moved = handed(moved)
        moved = names.named(moved, event.target, Hold.CLOSURE)
    elif derived:
        moved = names.named(moved, event.target, Role.QUERY if event.lazy else Hold.DEFERRED)
    yield Door.COMPLETED, moved


def unbound(context: Context, world: World, place: Place) -> World:
    """`place` has no value any more."""
    moved = names.unbound(world, place, owned=context.focus.owned)
    return moved._replace(values=values.without(moved.values, place))


def _both_asked(context: Context, step: int, event: ev.Bind) -> bool:
    after = context.frame.graph.steps[step].doors.get(Door.COMPLETED)
    if after is None or event.source.startswith(("=", "@")):
        return False
    asked = context.frame.liveness.asked(after)
    return event.source in asked and event.target in asked


def _assigned(context: Context, world: World, target: Place, source: Place) -> World:
    moved = names.bound(world, target, source, owned=context.focus.owned)
    graph = context.frame.graph
    outlives = target.startswith("@") or target in graph.captured or target in graph.shared
    if outlives and Role.SESSION in moved.roles(target):
        moved = handed(moved)
    if any(role is not Hold.ABSENT for role in moved.roles(target)):
        return moved._replace(values=values.without(moved.values, target))
    known = values.known(world.values, source)
    given = values.ANYTHING if known == values.EMPTY else known  # What has two names may be filled by either.
    return moved._replace(values=values.with_value(moved.values, target, given))
