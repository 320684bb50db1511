"""What a call does to the session and the instance that are followed.

The receiver decides first: the session itself, something derived from it, the instance. Then what
is called: a function of the project (its effects are asked), something known, or something unknown.
"""

from __future__ import annotations

from flake8_session.flow.events import Call, Door, Place
from flake8_session.knowledge.words import Role, ToInstance
from flake8_session.linking.meanings import Borrowed, Closing, Made, Registry
from flake8_session.typestate.acts import failed
from flake8_session.typestate.calls.functions import other_call
from flake8_session.typestate.calls.methods import derived_call, session_call
from flake8_session.typestate.calls.receivers import SESSION_METHODS, split
from flake8_session.typestate.calls.sql import refines
from flake8_session.typestate.focus import Context, Ways, arguments_holding
from flake8_session.typestate.sessions import INVALID_REQUEST
from flake8_session.typestate.worlds import DERIVED, Flight, Hold, Kind, Tie, World


def call_ways(context: Context, index: int, call: Call, world: World, result: Place) -> Ways:
    """All ways out of `call`, made at step `index`, whose value goes to `result`."""
    call = _closing(context, call, world)
    receiver, method = split(call, world)
    roles = world.roles(receiver) if receiver else ()
    if Hold.ABSENT in roles:
        return
    if not roles and call.receiver and refines(context, call):
        yield Door.COMPLETED, world
        return
    if not roles and _is_of_another_session(context, call, world):
        yield from _foreign_call(context, call, world, result)
        return
    if Role.SESSION in roles:
        yield from session_call(context, index, call, world, result, method)
        return
    for role in DERIVED:
        if role in roles:
            yield from derived_call(context, index, call, world, result, method, role)
            return
    if Hold.STALE in roles:
        yield Door.RAISED, world._replace(flight=Flight(Kind.RAISED, "sqlalchemy.exc.InvalidRequestError"))
        return
    yield from other_call(context, index, call, world, result)


def _is_of_another_session(context: Context, call: Call, world: World) -> bool:
    """Whether a session that is not followed receives the call: ``other.add(user)``, ``Registry.add(user)``.

    A registry that is named may have given the very session that is followed, while that has the instance.
    """
    if call.receiver:
        return isinstance(context.frame.meaning(call.receiver), Made | Borrowed | Registry)
    if world.instance is None or world.instance.tie is not Tie.DETACHED:
        return False
    owner, _, method = call.function.rpartition(".")
    return method in SESSION_METHODS and isinstance(context.frame.meaning(owner), Borrowed | Registry)


def _closing(context: Context, call: Call, world: World) -> Call:
    """A call of a function that closes its argument is that argument's own ``close()``."""
    told = context.frame.linker.told
    if (told.names or told.others) and isinstance(context.frame.callee(call), Closing):
        for argument in call.arguments:
            if Role.SESSION in world.roles(argument.value):
                return Call(call.result, receiver=argument.value, method="close")
    return call


def _foreign_call(context: Context, call: Call, world: World, result: Place) -> Ways:
    """A method of another session, which may take the instance over."""
    row = SESSION_METHODS.get(call.method or call.function.rpartition(".")[2])
    moved = world
    given = arguments_holding(world, call.arguments, Role.INSTANCE, Role.INSTANCES)
    if given and world.instance is not None:
        takes_over = row is not None and row.instance in (ToInstance.ADD, ToInstance.DELETE)
        if takes_over and world.instance.tie in (Tie.ATTACHED, Tie.PENDING):
            yield Door.RAISED, world._replace(flight=Flight(Kind.RAISED, INVALID_REQUEST))
            return
        elsewhere = row is None or row.instance in (ToInstance.ADD, ToInstance.DELETE)
        moved = world._replace(instance=world.instance._replace(tie=Tie.UNKNOWN)) if elsewhere else world
    yield Door.COMPLETED, moved
    if not world.spent and not (row is not None and row.cleans):
        yield Door.RAISED, failed(moved, Kind.DATABASE)
