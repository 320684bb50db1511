"""Containers, texts, items and loops: what is put together, taken out, and run by iterating."""

from __future__ import annotations

from flake8_session.flow import events as ev
from flake8_session.flow.events import Door, Place
from flake8_session.knowledge.words import Role
from flake8_session.linking import relationships
from flake8_session.linking.meanings import Holds, Object, Selected
from flake8_session.typestate import names, values
from flake8_session.typestate.acts import failed, with_act
from flake8_session.typestate.attributes import body_ways, loaded_elsewhere, part_of_row, text_of
from flake8_session.typestate.births import born_instance, loaded_state
from flake8_session.typestate.calls.loads import reloaded
from flake8_session.typestate.doubles import may_be_double
from flake8_session.typestate.driving import driven_ways
from flake8_session.typestate.escapes import handed
from flake8_session.typestate.focus import Context, Ways
from flake8_session.typestate.sessions import failures, outcome
from flake8_session.typestate.steps.binding import unbound
from flake8_session.typestate.worlds import RETURN, UNREAD, Flight, Hold, Kind, World


def item_ways(context: Context, step: int, event: ev.Item, world: World) -> Ways:
    """``object[key]``: runs a query, or takes an instance out."""
    roles = world.roles(event.object)
    if Role.QUERY in roles:
        yield from _run(context, step, world, event.result)
    elif Role.INSTANCES in roles:
        sliced = event.key == "=…"
        yield Door.COMPLETED, names.named(world, event.result, Role.INSTANCES if sliced else Role.INSTANCE)
    elif Role.ROW in roles and world.instance is not None:
        digits = event.key.removeprefix("=")
        position = int(digits) if digits.isdigit() else ""
        yield Door.COMPLETED, part_of_row(context, world, event.result, position)
    else:
        yield Door.COMPLETED, world


def set_item_ways(context: Context, step: int, event: ev.SetItem, world: World) -> Ways:
    """``object[key] = source``: the container is not empty from now on."""
    filled = world._replace(values=values.with_value(world.values, event.object, values.TRUTHY))
    yield Door.COMPLETED, _stored(filled, event.object, (event.source,))


def extend_ways(context: Context, step: int, event: ev.Extend, world: World) -> Ways:
    """``container += source`` and its like."""
    yield Door.COMPLETED, _stored(world, event.container, (event.source,))


def build_ways(context: Context, step: int, event: ev.Build, world: World) -> Ways:
    """A display or comprehension; a text that formats the instance runs its code."""
    if event.shape is ev.Shape.CONTAINER:
        stored = _stored(world, event.result, event.parts)
        yield Door.COMPLETED, _in_parts(world, stored, event) if _is_returned(context, step) else stored
        return
    if event.shape is ev.Shape.TEXT and world.instance is not None:
        for part in event.parts:
            method = text_of(context, "__format__", "__str__", "__repr__")
            if Role.INSTANCE in world.roles(part) and method:
                ways = body_ways(context, world, part, method, event.result)
                if ways is not None:
                    yield from ways
                    return
    yield Door.COMPLETED, world


def _in_parts(world: World, stored: World, event: ev.Build) -> World:
    """The caller may take a tuple apart: each part stays known by its number."""
    for index, part in enumerate(event.parts):
        for role in _APART:
            if role in world.roles(part):
                stored = names.named(stored, f"{event.result}.{index}", role)
    return stored


_APART = (Role.SESSION, Role.INSTANCE, Role.INSTANCES, Role.ROW, Role.ROWS)


def _is_returned(context: Context, step: int) -> bool:
    graph = context.frame.graph
    event, after = graph.steps[step].event, graph.steps[step].doors.get(Door.COMPLETED)
    following = graph.steps[after].event if after is not None else None
    return isinstance(event, ev.Build) and following == ev.Return(event.result)


def iter_ways(context: Context, step: int, event: ev.Iter, world: World) -> Ways:
    """``iter(iterable)``: where a loop begins."""
    moved = names.bound(world, event.result, event.iterable, owned=context.focus.owned)
    if world.values and values.known(world.values, event.iterable) == values.EMPTY:
        moved = moved._replace(values=values.with_value(moved.values, event.result, values.EMPTY))
    yield Door.COMPLETED, moved


def iterate_ways(context: Context, step: int, event: ev.Iterate, world: World) -> Ways:
    """The next of a loop: true with an element, false at the end."""
    roles = world.roles(event.iterator)
    if world.values and values.known(world.values, event.iterator) == values.EMPTY:
        yield Door.FALSE, world
        return
    if step == context.focus.birth:
        yield from driven_ways(context, step, event, world)
        return
    if Role.INSTANCES in roles or Role.ROWS in roles:
        yield from _visits(context, event, world, Role.INSTANCES if Role.INSTANCES in roles else Role.ROWS)
        return
    if any(role in roles for role in (Role.QUERY, *UNREAD)):
        for door, moved in _run(context, step, world, event.result):
            if door is Door.COMPLETED:
                yield Door.TRUE, moved
                gives = step == context.focus.instance
                yield (
                    Door.FALSE,
                    moved._replace(names=world.names, instance=world.instance) if gives else moved,
                )
            else:
                yield door, moved
        return
    if Hold.STALE in roles:
        yield Door.RAISED, world._replace(flight=Flight(Kind.RAISED, "sqlalchemy.exc.InvalidRequestError"))
        return
    if not roles and context.frame.is_read(event.result) and may_be_double(context, world, event.result):
        world = loaded_elsewhere(world)
    yield Door.TRUE, world
    yield Door.FALSE, world
    if not world.spent and not roles and not _is_collection(context, event.iterator):
        yield Door.RAISED, failed(world, Kind.OTHER)
        if event.asynchronous:
            yield Door.RAISED, failed(world, Kind.INTERRUPTED)


def _is_collection(context: Context, iterator: Place) -> bool:
    """Whether the loop is over a relationship of a model in sight, ``user.addresses``, which is a list."""
    frame = context.frame
    begun = frame.made_by.get(iterator)
    start = frame.graph.steps[begun].event if begun is not None else None
    made = frame.made_by.get(start.iterable) if isinstance(start, ev.Iter) else None
    read = frame.graph.steps[made].event if made is not None else None
    owner = frame.meaning(read.object) if isinstance(read, ev.Read) else None
    of = owner.of if isinstance(owner, Object) else owner.model if isinstance(owner, Selected) else None
    return isinstance(read, ev.Read) and relationships.is_relationship(frame.linker, of, read.attribute)


def _visits(context: Context, event: ev.Iterate, world: World, holding: Role) -> Ways:
    """A container that holds the instance gives it exactly once; it is not exhausted before that."""
    visited = (event.iterator, Hold.VISITED) in world.names
    other = unbound(context, world, event.result)
    yield Door.TRUE, other
    if visited:
        yield Door.FALSE, world
        return
    role = Role.INSTANCE if holding is Role.INSTANCES else Role.ROW
    yield Door.TRUE, names.named(names.named(other, event.result, role), event.iterator, Hold.VISITED)


def _run(context: Context, step: int, world: World, result: Place) -> Ways:
    """A query is run, or a result read, by iterating or indexing it."""
    from flake8_session.knowledge.results import QUERY

    state = world.session
    assert state is not None
    event = context.frame.graph.steps[step].event
    source = getattr(event, "iterator", "") or getattr(event, "object", "")
    if Role.QUERY not in world.roles(source):
        yield Door.COMPLETED, _element(context, step, world, result)
        if not world.spent:
            yield Door.RAISED, failed(world, Kind.DATABASE)
        return
    row = QUERY["__next__"]
    out = outcome(state, row, resets=context.focus.options.resets)
    if out.raised is not None:
        yield Door.RAISED, with_act(context, world, out.state, out.act)._replace(flight=out.raised)
        return
    moved = with_act(context, world, out.state, out.act)
    if step != context.focus.instance:
        moved = reloaded(context, step, moved, "__next__")
    yield Door.COMPLETED, _element(context, step, moved, result)
    if not world.spent:
        for failure in failures(state, row, reads=True):
            lost = with_act(context, world, failure.state, failure.act)
            yield Door.RAISED, lost._replace(flight=failure.raised, spent=True)


def _element(context: Context, step: int, world: World, result: Place) -> World:
    if step != context.focus.instance:
        return world
    selected = context.focus.selected
    source = getattr(context.frame.graph.steps[step].event, "iterator", "")
    result_rows = any(role in world.roles(source) for role in (Role.RESULT, Role.STREAM))
    rows = result_rows or (isinstance(selected, Selected) and selected.holds is Holds.ROWS)
    born = born_instance(context, world, loaded_state(context))
    return names.named(born, result, Role.ROW if rows else Role.INSTANCE)


def _stored(world: World, container: Place, parts: tuple[Place, ...]) -> World:
    """A container keeps a session (somebody else may close it), and holds an instance."""
    moved = world
    for part in parts:
        roles = world.roles(part)
        if Role.SESSION in roles or Hold.CLOSURE in roles:
            moved = handed(moved)
        if Role.INSTANCE in roles or Role.INSTANCES in roles:
            moved = names.named(moved, container, Role.INSTANCES)
        for role in (Role.QUERY, *UNREAD):
            if role in roles and container == RETURN:
                moved = names.named(moved, container, role)
    return moved
