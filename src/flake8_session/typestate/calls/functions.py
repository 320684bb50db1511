"""Calls that no session receives: of factories, models, functions of the project, and of anything else."""

from __future__ import annotations

from collections.abc import Iterable

from flake8_session.flow.events import Call, Door, Place
from flake8_session.knowledge import callees, factories
from flake8_session.knowledge.words import Role
from flake8_session.linking.meanings import Borrowed, External, Factory, FunctionAt, Made, Meaning, Registry
from flake8_session.typestate import names, values
from flake8_session.typestate.acts import failed, with_act
from flake8_session.typestate.births import born_instance, born_session
from flake8_session.typestate.calls.readers import reader_ways
from flake8_session.typestate.calls.sql import builds_sql
from flake8_session.typestate.escapes import given_away, unknown_call
from flake8_session.typestate.focus import Context, Exit, Ways
from flake8_session.typestate.sessions import Act, closed
from flake8_session.typestate.worlds import (
    Columns,
    Flight,
    Hold,
    InstanceState,
    Kind,
    Life,
    SessionState,
    Tie,
    Transaction,
    World,
)

_WRAPPING = {
    callees.Manager.CLOSING: Hold.CLOSING,
    callees.Manager.ASYNC_CLOSING: Hold.CLOSING,
    callees.Manager.NULL: Hold.BORROWING,
}


def other_call(context: Context, index: int, call: Call, world: World, result: Place) -> Ways:
    """All ways out of a call that neither the session nor what it gave receives."""
    frame = context.frame
    callee = frame.callee(call) if call.function or call.receiver else None
    if index == context.focus.birth:
        yield from _birth(context, call, world, result, callee)
        return
    if index == context.focus.instance and context.focus.constructed:
        yield from _constructed(context, call, world, result)
        return
    if isinstance(callee, Registry) or (isinstance(callee, Borrowed) and callee.registry):
        if Role.SESSION in world.roles(call.function):
            world = names.named(world, result, Role.SESSION)
        yield Door.COMPLETED, world
        return
    if isinstance(context.frame.meaning(call.result), Made | Factory | Registry):
        yield Door.COMPLETED, given_away(world, call)
        return
    if isinstance(callee, FunctionAt):
        ways = _project_call(context, call, world, result, callee)
        if ways is not None:
            yield from ways
            return
    yield from _known_call(context, index, call, world, result, callee)


def _birth(context: Context, call: Call, world: World, result: Place, callee: Meaning | None) -> Ways:
    if context.focus.registry:
        state = SessionState(transaction=Transaction.UNKNOWN)
        yield Door.COMPLETED, born_session(context, world, result, state)
        if not world.spent:
            yield Door.RAISED, failed(world, Kind.OTHER)
        return
    if isinstance(callee, FunctionAt) and not isinstance(context.frame.meaning(call.result), Made):
        exits = context.effects.call(context.frame, callee, call, names.superseded(world), context.focus)
        yield from after_exits(exits or (), result)
        return
    life = Life.CLOSED if context.focus.driven else Life.OPEN
    yield Door.COMPLETED, born_session(context, world, result, SessionState(life))


def after_exits(exits: Iterable[Exit], result: Place) -> Ways:
    """The ways out of a call whose callee ended in these exits."""
    for out in exits:
        if out.flight is not None:
            yield Door.RAISED, out.world._replace(flight=out.flight)
            continue
        moved = out.world
        for holding in out.returns:
            if isinstance(holding, Role | Hold):
                moved = names.named(moved, result, holding)
            elif holding is None:
                moved = moved._replace(values=values.with_value(moved.values, result, values.NONE))
        yield Door.COMPLETED, moved


def _constructed(context: Context, call: Call, world: World, result: Place) -> Ways:
    given = frozenset(argument.keyword for argument in call.arguments if argument.keyword not in ("", "**"))
    born = born_instance(context, world, InstanceState(Tie.TRANSIENT, Columns.LOADED, given))
    yield Door.COMPLETED, names.named(born, result, Role.INSTANCE)
    if not world.spent:
        yield Door.RAISED, failed(world, Kind.OTHER)


def _project_call(
    context: Context, call: Call, world: World, result: Place, callee: FunctionAt
) -> Ways | None:
    exits = context.effects.call(context.frame, callee, call, world, context.focus)
    if exits is None:
        return None
    return after_exits(exits, result)


def _known_call(
    context: Context, index: int, call: Call, world: World, result: Place, callee: Meaning | None
) -> Ways:
    name = callee.name.removeprefix("builtins.") if isinstance(callee, External) else ""
    wrapped = _WRAPPING.get(callees.MANAGERS[name]) if name in callees.MANAGERS else None
    if wrapped is not None and call.arguments and Role.SESSION in world.roles(call.arguments[0].value):
        yield Door.COMPLETED, names.named(world, result, wrapped)
    elif name in callees.MANAGERS:
        yield Door.COMPLETED, given_away(world, call)
    elif factories.FUNCTIONS.get(name) is factories.Function.CLOSE_ALL and world.session is not None:
        yield Door.COMPLETED, with_act(context, world, closed(world.session), Act.CLOSE)
    elif name in callees.NEVER_RETURN:
        raised = callees.NEVER_RETURN[name]
        if raised:
            yield Door.RAISED, world._replace(flight=Flight(Kind.RAISED, raised))
    elif isinstance(callee, External) and builds_sql(callee.name):
        yield Door.COMPLETED, world
    elif name in callees.READERS and not call.arguments:
        yield Door.COMPLETED, world
    elif name in callees.READERS:
        yield from reader_ways(context, index, call, world, result, callees.READERS[name])
    elif name == "typing.cast" and len(call.arguments) == 2:
        yield Door.COMPLETED, names.bound(world, result, call.arguments[1].value)
    else:
        yield from unknown_call(context, call, world, result)
