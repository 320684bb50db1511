"""What leaves the function's sight: a session that somebody else may close, end or use.

A callee that nothing is known of is presumed to keep what it is given only where its name says so,
and never to close it; but afterwards nothing is known of the transaction, and little of the instance.
"""

from __future__ import annotations

from flake8_session.flow.events import Call, Door, Place
from flake8_session.knowledge import callees, frameworks
from flake8_session.knowledge.words import Role
from flake8_session.linking.holding import is_own_container
from flake8_session.linking.initializing import initializers
from flake8_session.linking.meanings import ClassAt, Member, Unknown
from flake8_session.linking.quiet import is_quiet, reaches_nothing
from flake8_session.typestate import instances, names, values
from flake8_session.typestate.acts import failed
from flake8_session.typestate.focus import Context, Ways, arguments_holding
from flake8_session.typestate.sessions import is_open
from flake8_session.typestate.worlds import DERIVED, Columns, Hold, Kind, Life, Tie, Transaction, World


def unknown_call(context: Context, call: Call, world: World, result: Place) -> Ways:
    """All ways out of a call of which nothing is known."""
    moved = _kept_by(context, call, world)
    roles = world.roles(call.receiver) if call.receiver else ()
    if Role.INSTANCE in roles or (Role.INSTANCES in roles and call.method not in callees.OF_VALUES):
        moved = _met(clouded_instance(moved))
    if _may_attach(context, call, world):
        moved = _attached_elsewhere(moved)
    if context.focus.registry and not reaches_nothing(context.frame, call):
        moved = unsettled(moved)
    moved = _taken_out(call, _collected(call, moved), result)
    if _is_entering(call):
        for argument in call.arguments[:1]:
            if Role.SESSION in world.roles(argument.value):
                moved = names.named(moved, result, Role.SESSION)
    yield Door.COMPLETED, moved
    if not world.spent and may_raise(context, call, world):
        yield Door.RAISED, failed(moved, Kind.OTHER)


def _kept_by(context: Context, call: Call, world: World) -> World:
    """Arguments went to a callee out of sight, or were put into a container of the function's own."""
    moved = given_away(world, call, keeps=_keeps(call))
    if call.method in _COLLECTING and is_own_container(context.frame, call.receiver):
        return moved._replace(instance=world.instance)
    return moved


def may_raise(context: Context, call: Call, world: World) -> bool:
    """Whether a call out of sight may fail: one that is quiet may still load the instance that it reads.

    So is one of a class of the project whose objects are made without any work.
    """
    if arguments_holding(world, call.arguments, Role.INSTANCE, Role.INSTANCES, Role.ROW, Role.ROWS):
        return True
    callee = context.frame.callee(call)
    if isinstance(callee, ClassAt):
        runs = initializers(context.frame.linker, callee)
        return runs is None or not all(map(context.effects.never_raises, runs))
    return not is_quiet(context.frame, call)


def given_away(world: World, call: Call, keeps: bool = False) -> World:
    """Arguments went to a callee out of sight."""
    moved = world
    session = world.session
    if session is not None:
        direct = arguments_holding(world, call.arguments, Role.SESSION)
        indirect = arguments_holding(
            world, call.arguments, Hold.CLOSURE, Hold.CLOSING, Hold.OPENING, Hold.BORROWING, Hold.SUSPENDED
        )
        derived = arguments_holding(world, call.arguments, *DERIVED)
        if (
            (direct or derived)
            and keeps
            or any(holding_manager(world, argument.value) for argument in indirect)
        ):
            moved = handed(moved)
        if direct or indirect or _is_object_holding(world, call):
            moved = lent(moved)
    if world.instance is not None and arguments_holding(world, call.arguments, Role.INSTANCE, Role.INSTANCES):
        moved = _met(clouded_instance(moved))
    return moved


def _is_object_holding(world: World, call: Call) -> bool:
    """Whether an object that keeps the session in an attribute is called, or given, out of sight."""
    places = [call.receiver, *(argument.value for argument in call.arguments)]
    return any(names.keeps_session(world, place) for place in places if place)


def _met(world: World) -> World:
    """A new instance may have come into a session on the way."""
    instance = world.instance
    if instance is None or instance.tie is not Tie.TRANSIENT:
        return world
    return world._replace(instance=instance._replace(tie=Tie.UNKNOWN))


def _may_attach(context: Context, call: Call, world: World) -> bool:
    """Whether a detached instance may be given to a session that is not known to be one.

    By a method that sessions have, called on something unknown, or together with what is called a session.
    """
    if world.instance is None or world.instance.tie is not Tie.DETACHED:
        return False
    if not arguments_holding(world, call.arguments, Role.INSTANCE, Role.INSTANCES):
        return False
    if call.method in _ATTACHING and isinstance(context.frame.meaning(call.receiver), Unknown | Member):
        return True
    places = (call.receiver, *(argument.value for argument in call.arguments))
    return any(frameworks.is_session_name(place.rpartition(".")[2]) for place in places)


_COLLECTING = frozenset({"append", "add", "insert", "extend", "appendleft"})
_ATTACHING = frozenset({"add", "add_all", "delete"})


def _attached_elsewhere(world: World) -> World:
    instance = world.instance
    return world._replace(instance=instance._replace(tie=Tie.UNKNOWN)) if instance is not None else world


def _keeps(call: Call) -> bool:
    return callees.presumed_to_keep(call.method or call.function.rpartition(".")[2].removeprefix("@"))


def _is_entering(call: Call) -> bool:
    return call.method.startswith(("enter", "push")) or call.method == "with_resource"


def _collected(call: Call, world: World) -> World:
    """``users.append(u)``: the container is not empty, and holds the instance from now on."""
    if not call.receiver or call.method not in _COLLECTING:
        return world._replace(values=values.without(world.values, call.receiver)) if call.receiver else world
    if call.method != "extend":
        world = world._replace(values=values.with_value(world.values, call.receiver, values.TRUTHY))
    if arguments_holding(world, call.arguments, Role.INSTANCE, Role.INSTANCES):
        return names.named(world, call.receiver, Role.INSTANCES)
    return world


def _taken_out(call: Call, world: World, result: Place) -> World:
    """``users.pop()``, ``by_key.values()``: what a container of Python gives of what it holds."""
    if not call.receiver or Role.INSTANCES not in world.roles(call.receiver):
        return world
    if call.method in callees.GIVING_ALL:
        return names.named(world, result, Role.INSTANCES)
    return names.named(world, result, Role.INSTANCE) if call.method in callees.GIVING_ONE else world


def clouded_instance(world: World) -> World:
    """The attached instance may have been loaded again, or expired, by somebody out of sight."""
    instance = world.instance
    if instance is None or instance.tie is not Tie.ATTACHED or instance.columns is Columns.LOADED:
        return world
    return world._replace(instance=instances.clouded(instance))


def holding_manager(world: World, place: Place) -> bool:
    """Whether `place` holds a manager that will close the session."""
    return any(
        holding in (Hold.CLOSING, Hold.OPENING, Hold.BORROWING, Hold.SUSPENDED)
        for holding in world.roles(place)
    )


def handed(world: World) -> World:
    """Somebody else owes the session's close from now on."""
    state = world.session
    if state is None or not is_open(state):
        return world
    return world._replace(session=state._replace(life=Life.HANDED))


def lent(world: World) -> World:
    """Somebody out of sight had the session: what it does not hold cannot be reached by it."""
    instance = world.instance
    if instance is None or instance.tie is not Tie.DETACHED:
        return clouded(world)
    return clouded(world)._replace(instance=instance)


def clouded(world: World) -> World:
    """A callee out of sight had the session: it may have committed, rolled back, refreshed or expired."""
    state = world.session
    if state is None:
        return world
    moved = world._replace(session=state._replace(transaction=Transaction.UNKNOWN, dirty=False))
    if moved.instance is not None:
        moved = moved._replace(instance=instances.clouded(moved.instance))
    return moved


def unsettled(world: World) -> World:
    """Somebody may have reached the registry's session: it may have ended, and what waited may be written.

    Of an instance that nobody was given, nothing is presumed to be loaded or expired by that.
    """
    state, instance = world.session, world.instance
    if state is None:
        return world
    moved = world._replace(session=state._replace(transaction=Transaction.UNKNOWN, dirty=False))
    if instance is not None and instance.tie is Tie.PENDING:
        return moved._replace(instance=instance._replace(tie=Tie.UNKNOWN))
    return moved
