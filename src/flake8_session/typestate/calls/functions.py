"""Calls that no session receives: of factories, models, functions of the project, and of anything else."""

from __future__ import annotations

from collections.abc import Iterable

from flake8_session.flow.events import Call, Door, Place
from flake8_session.knowledge import callees, factories
from flake8_session.knowledge.words import Role
from flake8_session.linking import models
from flake8_session.linking.meanings import (
    Borrowed,
    ClassAt,
    External,
    Factory,
    FunctionAt,
    Holds,
    Made,
    Meaning,
    Object,
    Registry,
    Selected,
)
from flake8_session.typestate import names, values
from flake8_session.typestate.acts import failed, with_act
from flake8_session.typestate.births import born_instance, born_session
from flake8_session.typestate.calls.readers import reader_ways
from flake8_session.typestate.calls.sql import builds_sql
from flake8_session.typestate.escapes import given_away, handed, unknown_call
from flake8_session.typestate.focus import Context, Exit, Ways, arguments_holding
from flake8_session.typestate.loading import model
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
_SPREAD = frozenset({"", "*", "**"})
"""Arguments of a class that do not say which attribute they are for: any may have been given."""
_LETTING_GO = (factories.Function.MAKE_TRANSIENT, factories.Function.MAKE_DETACHED)
_CASTS = (External("typing.cast"), External("typing_extensions.cast"))


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
    if callee in _CASTS and len(call.arguments) == 2:
        yield Door.COMPLETED, names.bound(world, result, call.arguments[1].value)
        return
    if isinstance(context.frame.meaning(call.result), Made | Factory | Registry):
        yield Door.COMPLETED, given_away(world, call)
        return
    ways = _project_ways(context, call, world, result, callee)
    if ways is not None:
        yield from ways
        return
    yield from _known_call(context, index, call, world, result, callee)


def _birth(context: Context, call: Call, world: World, result: Place, callee: Meaning | None) -> Ways:
    if context.focus.registry:
        state = SessionState(transaction=Transaction.UNKNOWN, holds=True)
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
            elif isinstance(holding, tuple):
                moved = names.named(moved, f"{result}{holding[0]}", holding[1])
            elif holding is None:
                moved = moved._replace(values=values.with_value(moved.values, result, values.NONE))
        yield Door.COMPLETED, moved


def _constructed(context: Context, call: Call, world: World, result: Place) -> Ways:
    linker = context.frame.linker
    keywords = frozenset(argument.keyword for argument in call.arguments)
    given = keywords - _SPREAD | models.set_by_constructor(linker, model(context))
    if not _SPREAD.isdisjoint(keywords):
        given |= models.loading_by_themselves(linker, model(context))
    born = born_instance(context, world, InstanceState(Tie.TRANSIENT, Columns.LOADED, given, unread=True))
    yield Door.COMPLETED, names.named(born, result, Role.INSTANCE)
    if not world.spent:
        yield Door.RAISED, failed(world, Kind.OTHER)


def _project_ways(
    context: Context, call: Call, world: World, result: Place, callee: Meaning | None
) -> Ways | None:
    """All ways out of a call of a function or class of the project; None where that is not what is called."""
    if isinstance(callee, ClassAt):
        return _constructor_ways(context, call, world, result, callee)
    at = callee if isinstance(callee, FunctionAt) else _method_of_instance(context, call, world)
    exits = context.effects.call(context.frame, at, call, world, context.focus) if at is not None else None
    return after_exits(exits, result) if exits is not None else None


def _constructor_ways(
    context: Context, call: Call, world: World, result: Place, callee: ClassAt
) -> Ways | None:
    """An object of a class in sight is given the session: it keeps it in the attributes that it sets."""
    if not arguments_holding(world, call.arguments, Role.SESSION):
        return None
    exits = context.effects.construct(context.frame, callee, call, world, context.focus)
    if exits is None:
        return None
    return ((door, handed(moved)) for door, moved in after_exits(exits, result))


def _method_of_instance(context: Context, call: Call, world: World) -> FunctionAt | None:
    """The method of a model in sight that has the session: ``user.save(session)``, or out of a registry."""
    has = context.focus.registry or arguments_holding(world, call.arguments, Role.SESSION)
    if not call.receiver or not has:
        return None
    receiver = context.frame.meaning(call.receiver)
    if not isinstance(receiver, Selected) or receiver.holds is not Holds.INSTANCE:
        return None
    model = receiver.model.of if isinstance(receiver.model, Object) else receiver.model
    found = context.frame.linker.member(Object(model), call.method) if isinstance(model, ClassAt) else None
    return found if isinstance(found, FunctionAt) else None


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
    elif factories.FUNCTIONS.get(name) in _LETTING_GO:
        yield Door.COMPLETED, _let_go(call, world)
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
    else:
        yield from unknown_call(context, call, world, result)


def _let_go(call: Call, world: World) -> World:
    """The instance is made transient, or detached: what it has from then on is not followed."""
    instance = world.instance
    if instance is None or not arguments_holding(world, call.arguments, Role.INSTANCE):
        return world
    return world._replace(instance=instance._replace(tie=Tie.UNKNOWN, columns=Columns.UNKNOWN))
