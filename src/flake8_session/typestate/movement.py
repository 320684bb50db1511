"""How worlds move through the steps of one function: the transfer of the dataflow core.

Each kind of event has one function that gives all its ways out, as pairs of a door and a world;
what the next step does not need is forgotten on the way there.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Any

from flake8_session.flow import events as ev
from flake8_session.flow.events import Door, Place
from flake8_session.knowledge import callees
from flake8_session.knowledge.frameworks import Driver
from flake8_session.knowledge.words import Role
from flake8_session.linking.frames import Frame
from flake8_session.linking.meanings import External, FunctionAt, Holds, Selected
from flake8_session.typestate import names, values
from flake8_session.typestate.attributes import (
    body_of,
    body_ways,
    part_of_row,
    read_ways,
    text_of,
    write_ways,
)
from flake8_session.typestate.calls import (
    after_exits,
    born_instance,
    born_session,
    call_ways,
    clouded,
    failed,
    handed,
    holds_entities,
    loaded_state,
    split,
    with_act,
)
from flake8_session.typestate.catching import takes
from flake8_session.typestate.focus import Context, Effects, Focus, Way, Ways
from flake8_session.typestate.managers import class_name, enter_ways, leave_ways
from flake8_session.typestate.sessions import Act, closed, failures, outcome
from flake8_session.typestate.worlds import RETURN, Flight, Hold, Kind, Life, SessionState, Transaction, World

_UNREAD = (Role.RESULT, Role.SCALARS, Role.STREAM, Role.STREAM_SCALARS)
_CARRIED = (Role.SESSION, Role.QUERY, *_UNREAD, Role.INSTANCE, Role.INSTANCES, Role.ROW, Role.ROWS)


class SessionMovement:
    """The `dataflow.Movement` of one focus in one function."""

    def __init__(
        self,
        frame: Frame,
        focus: Focus,
        effects: Effects,
        *,
        raising: Mapping[int, Flight] | None = None,
        loading: frozenset[int] = frozenset(),
        stops: bool = False,
    ) -> None:
        """`raising`: steps that are known to raise because of something that this focus does not hold;
        `loading`: steps that may fail because they load something that it does not hold.

        `stops`: a generator's body is followed up to its first ``yield`` only.
        """
        self.context = Context(frame, focus, effects, raising or {}, loading)
        self._stops = stops
        self._graph = frame.graph
        self._liveness = frame.liveness

    def transfer(self, step: int, world: World) -> Iterator[tuple[int, int, World]]:
        """See `dataflow.Movement.transfer`."""
        here = self._graph.steps[step]
        if not here.doors or (self._stops and isinstance(here.event, ev.Yield)):
            return
        ways = self.own_ways(step, world)
        must = self.context.raising.get(step)
        if must is not None and any(door is not Door.RAISED for door, _ in ways):
            ways = [(Door.RAISED, world._replace(flight=must))]
        elif (
            step in self.context.loading
            and not world.spent
            and all(door is not Door.RAISED for door, _ in ways)
        ):
            ways.append((Door.RAISED, failed(world, Kind.DATABASE)))
        for door, moved in ways:
            target = here.doors.get(door)
            if target is not None:
                yield door, target, self._forgotten(target, moved)

    def own_ways(self, step: int, world: World) -> list[Way]:
        """The ways out of `step` by what this focus holds, whatever others say of the step."""
        here = self._graph.steps[step]
        return list(_WAYS[type(here.event)](self.context, step, here.event, world))

    def coarse(self, world: World) -> Hashable:
        """Everything but what is known of values."""
        return world._replace(values=frozenset())

    def merge(self, left: World, right: World) -> World:
        """What both know."""
        return left._replace(values=values.common(left.values, right.values))

    def _forgotten(self, step: int, world: World) -> World:
        live = self._liveness.live(step)
        moved = names.forgotten(world, live, self.context.focus.owned)
        if moved.values:
            asked = self._liveness.asked(step)
            kept = frozenset(entry for entry in moved.values if entry[0] in asked or entry[0] == RETURN)
            if len(kept) != len(moved.values):
                moved = moved._replace(values=kept)
        return moved


# Binding.


def _bind(context: Context, step: int, event: ev.Bind, world: World) -> Ways:
    yield Door.COMPLETED, _assigned(context, world, event.target, event.source)


def _assigned(context: Context, world: World, target: Place, source: Place) -> World:
    moved = names.bound(world, target, source, owned=context.focus.owned)
    graph = context.frame.graph
    outlives = target.startswith("@") or target in graph.captured or target in graph.shared
    if outlives and Role.SESSION in moved.roles(target):
        moved = handed(moved)
    if moved.roles(target):
        return moved._replace(values=values.without(moved.values, target))
    return moved._replace(values=values.with_value(moved.values, target, values.known(world.values, source)))


def _unbound(context: Context, world: World, place: Place) -> World:
    moved = names.unbound(world, place, owned=context.focus.owned)
    return moved._replace(values=values.without(moved.values, place))


def _unpack(context: Context, step: int, event: ev.Unpack, world: World) -> Ways:
    moved = world
    for target in event.targets:
        moved = _unbound(context, moved, target)
    if Role.ROW in world.roles(event.source):
        for target in event.targets:
            moved = part_of_row(context, moved, target)
    if Role.SESSION in world.roles(event.source):
        moved = handed(moved)
    if Role.INSTANCES in world.roles(event.source):
        for target in event.targets:
            yield Door.COMPLETED, names.named(moved, target, Role.INSTANCE)
        return
    yield Door.COMPLETED, moved


def _delete(context: Context, step: int, event: ev.Delete, world: World) -> Ways:
    yield Door.COMPLETED, _unbound(context, world, event.place)


def _import(context: Context, step: int, event: ev.Import, world: World) -> Ways:
    yield Door.COMPLETED, _unbound(context, world, event.target)


def _define(context: Context, step: int, event: ev.Define, world: World) -> Ways:
    moved = _unbound(context, world, event.target)
    held = frozenset(place for place in event.captures if Role.SESSION in world.roles(place))
    derived = any(role in world.roles(place) for place in event.captures for role in (Role.QUERY, *_UNREAD))
    if held:
        at = FunctionAt(context.frame.module, event.function)
        if context.effects.closes_captured(at, held):
            moved = handed(moved)
        moved = names.named(moved, event.target, Hold.CLOSURE)
    elif derived:
        moved = names.named(moved, event.target, Role.QUERY if event.lazy else Hold.DEFERRED)
    yield Door.COMPLETED, moved


# Calls, attributes, items.


def _call(context: Context, step: int, event: ev.Call, world: World) -> Ways:
    if step in context.frame.awaited:
        yield Door.COMPLETED, world
        return
    if _is_dropped_coroutine(context, event, world):
        yield Door.COMPLETED, _uncertain(context, event, world)
        return
    for door, moved in _called(context, step, event, world, event.result):
        yield door, _with_truth(context, step, event.result, moved) if door is Door.COMPLETED else moved


def _with_truth(context: Context, call: int, result: Place, world: World) -> World:
    """What certainly gives an object is true."""
    if call not in context.frame.certain_objects:
        return world
    return world._replace(values=values.with_value(world.values, result, values.TRUTHY))


def _called(context: Context, step: int, call: ev.Call, world: World, result: Place) -> Ways:
    """A call, where the instance's own methods and what reads its text or attributes come first."""
    ways = _instance_called(context, call, world, result) if world.instance is not None else None
    yield from ways if ways is not None else call_ways(context, step, call, world, result)


def _instance_called(context: Context, call: ev.Call, world: World, result: Place) -> Ways | None:
    if call.receiver and Role.INSTANCE in world.roles(call.receiver):
        at = body_of(context, call.method)
        exits = (
            context.effects.call(context.frame, at, call, world, context.focus) if at is not None else None
        )
        return after_exits(exits, result) if exits is not None else None
    source = call.arguments[0].value if call.arguments else ""
    if not call.function or Role.INSTANCE not in world.roles(source):
        return None
    meaning = context.frame.meaning(call.function)
    name = meaning.name.removeprefix("builtins.") if isinstance(meaning, External) else ""
    match callees.READERS.get(name):
        case callees.Reads.TEXT:
            first = ("__repr__",) if name in ("repr", "ascii") else ("__str__", "__repr__")
            method = text_of(context, *first)
            return body_ways(context, world, source, method, result) if method else None
        case callees.Reads.ATTRIBUTE if len(call.arguments) > 1:
            attribute = call.arguments[1].value
            if attribute[:2] in ("='", '="'):
                return read_ways(context, ev.Read(result, source, attribute[2:-1]), world)
    return None


def _is_dropped_coroutine(context: Context, call: ev.Call, world: World) -> bool:
    from flake8_session.knowledge.sessions import ASYNC_SESSION

    receiver, method = split(call, world)
    row = ASYNC_SESSION.get(method)
    return (
        context.focus.options.asynchronous
        and row is not None
        and row.awaited
        and row.role not in (Role.TRANSACTION, Role.SAVEPOINT)
        and Role.SESSION in world.roles(receiver)
    )


def _uncertain(context: Context, call: ev.Call, world: World) -> World:
    """A coroutine that is not awaited here: dropped, it never runs; handed over, it may."""
    used = context.frame.liveness.live
    step = context.frame.made_by[call.result]
    target = context.frame.graph.steps[step].doors.get(Door.COMPLETED)
    if target is not None and call.result in used(target):
        return clouded(handed(world))
    return world


def _await(context: Context, step: int, event: ev.Await, world: World) -> Ways:
    made = context.frame.made_by.get(event.value)
    call = context.frame.graph.steps[made].event if made is not None else None
    if made is None or not isinstance(call, ev.Call):
        yield Door.COMPLETED, names.bound(world, event.result, event.value, owned=context.focus.owned)
        if not world.spent:
            yield Door.RAISED, failed(world, Kind.OTHER)
            yield Door.RAISED, failed(world, Kind.INTERRUPTED)
        return
    assumed = other = False
    for door, moved in _called(context, made, call, world, event.result):
        yield door, _with_truth(context, made, event.result, moved) if door is Door.COMPLETED else moved
        if door is Door.RAISED and moved.spent and not world.spent:
            assumed = True
            if moved.flight == Flight(Kind.OTHER):
                other = True
                yield Door.RAISED, moved._replace(flight=Flight(Kind.INTERRUPTED))
    if assumed and not other:
        yield Door.RAISED, failed(world, Kind.INTERRUPTED)


def _item(context: Context, step: int, event: ev.Item, world: World) -> Ways:
    roles = world.roles(event.object)
    if Role.QUERY in roles:
        yield from _run(context, step, world, event.result)
    elif Role.INSTANCES in roles:
        sliced = event.key == "=…"
        yield Door.COMPLETED, names.named(world, event.result, Role.INSTANCES if sliced else Role.INSTANCE)
    elif Role.ROW in roles and world.instance is not None:
        yield Door.COMPLETED, part_of_row(context, world, event.result)
    else:
        yield Door.COMPLETED, world


def _set_item(context: Context, step: int, event: ev.SetItem, world: World) -> Ways:
    yield Door.COMPLETED, _stored(world, event.object, (event.source,))


def _extend(context: Context, step: int, event: ev.Extend, world: World) -> Ways:
    yield Door.COMPLETED, _stored(world, event.container, (event.source,))


def _stored(world: World, container: Place, parts: tuple[Place, ...]) -> World:
    """A container keeps a session (somebody else may close it), and holds an instance."""
    moved = world
    for part in parts:
        roles = world.roles(part)
        if Role.SESSION in roles or Hold.CLOSURE in roles:
            moved = handed(moved)
        if Role.INSTANCE in roles or Role.INSTANCES in roles:
            moved = names.named(moved, container, Role.INSTANCES)
        for role in (Role.QUERY, *_UNREAD):
            if role in roles and container == RETURN:
                moved = names.named(moved, container, role)
    return moved


def _build(context: Context, step: int, event: ev.Build, world: World) -> Ways:
    if event.shape is ev.Shape.CONTAINER:
        yield Door.COMPLETED, _stored(world, event.result, event.parts)
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


def _iter(context: Context, step: int, event: ev.Iter, world: World) -> Ways:
    moved = names.bound(world, event.result, event.iterable, owned=context.focus.owned)
    yield Door.COMPLETED, moved


def _iterate(context: Context, step: int, event: ev.Iterate, world: World) -> Ways:
    roles = world.roles(event.iterator)
    if step == context.focus.birth:
        lent = born_session(
            context, _unbound(context, world, event.result), event.result, SessionState(Life.LENT)
        )
        yield Door.TRUE, lent
        if world.session is not None:
            world = with_act(context, world, closed(world.session), Act.CLOSE)
        yield Door.FALSE, world
        return
    if Role.INSTANCES in roles or Role.ROWS in roles:
        yield from _visits(context, event, world, Role.INSTANCES if Role.INSTANCES in roles else Role.ROWS)
        return
    if any(role in roles for role in (Role.QUERY, *_UNREAD)):
        for door, moved in _run(context, step, world, event.result):
            if door is Door.COMPLETED:
                yield Door.TRUE, moved
                yield Door.FALSE, moved._replace(names=world.names, instance=world.instance)
            else:
                yield door, moved
        return
    if Hold.STALE in roles:
        yield Door.RAISED, world._replace(flight=Flight(Kind.RAISED, "sqlalchemy.exc.InvalidRequestError"))
        return
    yield Door.TRUE, world
    yield Door.FALSE, world
    if not world.spent and not roles:
        yield Door.RAISED, failed(world, Kind.OTHER)
        if event.asynchronous:
            yield Door.RAISED, failed(world, Kind.INTERRUPTED)


def _visits(context: Context, event: ev.Iterate, world: World, holding: Role) -> Ways:
    """A container that holds the instance gives it exactly once; it is not exhausted before that."""
    visited = (event.iterator, Hold.VISITED) in world.names
    other = _unbound(context, world, event.result)
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
        yield Door.RAISED, world._replace(flight=out.raised)
        return
    moved = with_act(context, world, out.state, out.act)
    yield Door.COMPLETED, _element(context, step, moved, result)
    if not world.spent:
        for failure in failures(state, row):
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


# Questions.


def _test(context: Context, step: int, event: ev.Test, world: World) -> Ways:
    roles = world.roles(event.subject)
    if roles and not (event.fact is ev.Fact.TRUTHY and (Role.INSTANCES in roles or Role.ROWS in roles)):
        if Role.UNKNOWN not in roles:
            yield (Door.TRUE if event.fact is ev.Fact.TRUTHY else Door.FALSE), world
            return
    for door, answer in ((Door.TRUE, True), (Door.FALSE, False)):
        narrowed = values.narrowed(world.values, event.subject, event.fact, answer)
        if narrowed is not None:
            yield door, world._replace(values=narrowed)


def _both(context: Context, step: int, event: Any, world: World) -> Ways:
    yield Door.TRUE, world
    yield Door.FALSE, world


# Exceptions and exits.


def _catch(context: Context, step: int, event: ev.Catch, world: World) -> Ways:
    flight = world.flight or Flight(Kind.OTHER)
    answer = takes([class_name(context, place) for place in event.classes], flight)
    if answer is not False:
        caught = world._replace(flight=None, caught=flight)
        yield Door.TRUE, _unbound(context, caught, event.target) if event.target else caught
    if answer is not True:
        yield Door.FALSE, world


def _end_catch(context: Context, step: int, event: ev.EndCatch, world: World) -> Ways:
    moved = world._replace(caught=None)
    yield Door.COMPLETED, _unbound(context, moved, event.target) if event.target else moved


def _raise(context: Context, step: int, event: ev.Raise, world: World) -> Ways:
    if world.caught is not None and not event.function:
        yield Door.RAISED, world._replace(flight=world.caught, caught=None)
        return
    name = class_name(context, event.function or event.exception) or ""
    yield Door.RAISED, world._replace(flight=Flight(Kind.RAISED, name), caught=None)


def _return(context: Context, step: int, event: ev.Return, world: World) -> Ways:
    roles = world.roles(event.value)
    moved = world
    if Role.SESSION in roles or Hold.CLOSURE in roles:
        moved = handed(moved)
    for role in (*_CARRIED, Hold.OPENING, Hold.CLOSING, Hold.DEFERRED):
        if role in roles and (role not in _UNREAD or holds_entities(context, event.value)):
            moved = names.named(moved, RETURN, role)
            if role is Hold.OPENING or role is Hold.CLOSING:
                moved = handed(moved)
    if event.value.startswith("="):
        moved = moved._replace(values=values.with_value(moved.values, RETURN, values.of_literal(event.value)))
    yield Door.COMPLETED, moved


def _yield(context: Context, step: int, event: ev.Yield, world: World) -> Ways:
    roles = world.roles(event.value)
    moved = world
    if Role.SESSION in roles and world.session is not None:
        moved = clouded(world)
        state = moved.session
        assert state is not None
        moved = moved._replace(session=state._replace(transaction=Transaction.UNKNOWN))
    elif world.instance is not None and (Role.INSTANCE in roles or Role.INSTANCES in roles):
        moved = clouded(world)
    yield Door.COMPLETED, moved
    if world.spent or Driver.FIXTURE in context.frame.drivers:
        return
    for kind in (Kind.INTERRUPTED, Kind.OTHER, Kind.DATABASE):
        yield Door.RAISED, failed(moved, kind)


def _unmodelled(context: Context, step: int, event: ev.Unmodelled, world: World) -> Ways:
    moved = world
    if any(world.roles(part) for part in event.parts):
        moved = clouded(handed(world))
    yield Door.COMPLETED, moved
    if not world.spent:
        yield Door.RAISED, failed(moved, Kind.OTHER)


def _nothing(context: Context, step: int, event: Any, world: World) -> Ways:
    yield Door.COMPLETED, world


def _enter(context: Context, step: int, event: ev.Enter, world: World) -> Ways:
    yield from enter_ways(context, step, event, world)


def _leave(context: Context, step: int, event: ev.Leave, world: World) -> Ways:
    yield from leave_ways(context, event, world)
    if event.asynchronous and not event.raising and not world.spent and not world.roles(event.manager):
        yield Door.RAISED, failed(world, Kind.INTERRUPTED)


def _read(context: Context, step: int, event: ev.Read, world: World) -> Ways:
    yield from read_ways(context, event, world)


def _write(context: Context, step: int, event: ev.Write, world: World) -> Ways:
    yield from write_ways(context, event, world)


_WAYS: Mapping[type, Callable[[Context, int, Any, World], Ways]] = {
    ev.Bind: _bind,
    ev.Unpack: _unpack,
    ev.Call: _call,
    ev.Await: _await,
    ev.Read: _read,
    ev.Write: _write,
    ev.Item: _item,
    ev.SetItem: _set_item,
    ev.Build: _build,
    ev.Extend: _extend,
    ev.Iter: _iter,
    ev.Iterate: _iterate,
    ev.Enter: _enter,
    ev.Leave: _leave,
    ev.Test: _test,
    ev.TestInstance: _both,
    ev.Choose: _both,
    ev.Catch: _catch,
    ev.EndCatch: _end_catch,
    ev.Raise: _raise,
    ev.Return: _return,
    ev.Yield: _yield,
    ev.Delete: _delete,
    ev.DeleteItem: _nothing,
    ev.Define: _define,
    ev.Import: _import,
    ev.Unmodelled: _unmodelled,
    ev.Pass: _nothing,
}
