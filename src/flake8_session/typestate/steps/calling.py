"""Calls, and awaiting them: what is not awaited never runs."""

from __future__ import annotations

from flake8_session.flow import events as ev
from flake8_session.flow.events import Door, Place
from flake8_session.knowledge import callees
from flake8_session.knowledge.sessions import ASYNC_SESSION
from flake8_session.knowledge.words import Role
from flake8_session.linking.meanings import External
from flake8_session.typestate import names, values
from flake8_session.typestate.acts import failed
from flake8_session.typestate.attributes import body_of, body_ways, read_ways, text_of
from flake8_session.typestate.calls.dispatch import call_ways
from flake8_session.typestate.calls.functions import after_exits
from flake8_session.typestate.calls.receivers import split
from flake8_session.typestate.escapes import clouded, handed
from flake8_session.typestate.focus import Context, Ways
from flake8_session.typestate.worlds import Flight, Kind, World


def called_ways(context: Context, step: int, event: ev.Call, world: World) -> Ways:
    """A call; one that is awaited acts where it is awaited."""
    if step in context.frame.awaited:
        yield Door.COMPLETED, world
        return
    if _is_dropped_coroutine(context, event, world):
        yield Door.COMPLETED, _uncertain(context, event, world)
        return
    for door, moved in _called(context, step, event, world, event.result):
        yield door, _with_truth(context, step, event.result, moved) if door is Door.COMPLETED else moved


def awaited_ways(context: Context, step: int, event: ev.Await, world: World) -> Ways:
    """``await value``: the call that made it acts here, and the task may be cancelled."""
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


def _called(context: Context, step: int, call: ev.Call, world: World, result: Place) -> Ways:
    """A call, where the instance's own methods and what reads its text or attributes come first."""
    ways = _instance_called(context, call, world, result) if world.instance is not None else None
    yield from ways if ways is not None else call_ways(context, step, call, world, result)


def _with_truth(context: Context, call: int, result: Place, world: World) -> World:
    """What certainly gives an object is true."""
    if call not in context.frame.certain_objects:
        return world
    return world._replace(values=values.with_value(world.values, result, values.TRUTHY))


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
    if not context.focus.options.asynchronous:
        return False
    receiver, method = split(call, world)
    row = ASYNC_SESSION.get(method)
    return (
        row is not None
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
