"""Functions of Python that read what they are given: ``list``, ``next``, ``str``, ``getattr``, ``copy``."""

from __future__ import annotations

from flake8_session.flow.events import Argument, Call, Door, Place
from flake8_session.knowledge import callees
from flake8_session.knowledge.words import Role
from flake8_session.typestate import names
from flake8_session.typestate.acts import failed
from flake8_session.typestate.calls.methods import row_ways
from flake8_session.typestate.calls.receivers import METHODS
from flake8_session.typestate.escapes import clouded, clouded_instance, may_raise
from flake8_session.typestate.focus import Context, Ways, arguments_holding
from flake8_session.typestate.worlds import UNREAD, Kind, World

_RUNNING = (callees.Reads.COLLECTS, callees.Reads.CONSUMES, callees.Reads.NEXT, callees.Reads.CHOOSES)
_PASSING = (callees.Reads.COLLECTS, callees.Reads.ITERATES, callees.Reads.FILTERS)
_READING = (callees.Reads.TEXT, callees.Reads.ATTRIBUTE, callees.Reads.COPIES, callees.Reads.WRAPS)


def reader_ways(
    context: Context, index: int, call: Call, world: World, result: Place, reads: callees.Reads
) -> Ways:
    """All ways out of a function that reads its argument as `reads` says."""
    filters = reads is callees.Reads.FILTERS and len(call.arguments) > 1
    source = call.arguments[filters].value if call.arguments else ""
    roles = world.roles(source)
    runnable = next((role for role in (Role.QUERY, *UNREAD) if role in roles), None)
    if reads in _RUNNING and runnable is not None:
        method = "first" if reads is callees.Reads.NEXT else "all"
        yield from row_ways(context, index, call, world, result, METHODS[runnable][method], method, runnable)
        return
    moved = world
    if reads in _PASSING and Role.INSTANCES in roles:
        moved = names.named(world, result, Role.INSTANCES)
    elif reads is callees.Reads.NEXT and (Role.ITERATOR in roles or Role.INSTANCES in roles):
        moved = names.named(world, result, Role.INSTANCE)
    elif reads is callees.Reads.CHOOSES and Role.INSTANCES in roles and len(_positional(call)) == 1:
        moved = names.named(world, result, Role.INSTANCE)
    elif reads is callees.Reads.ATTRIBUTE and Role.SESSION in roles and not _names_attribute(call):
        moved = clouded(world)
    elif reads in _READING and world.instance is not None:
        moved = _instance_seen(context, call, world)
    yield Door.COMPLETED, moved
    if not world.spent and may_raise(context, call, world):
        yield Door.RAISED, failed(world, Kind.OTHER)


def _positional(call: Call) -> list[Argument]:
    return [argument for argument in call.arguments if not argument.keyword]


def _names_attribute(call: Call) -> bool:
    """Whether ``getattr(session, …)`` says which attribute, or method, it gives."""
    return len(call.arguments) > 1 and call.arguments[1].value.startswith("='")


def _instance_seen(context: Context, call: Call, world: World) -> World:
    """Something that may read the instance's attributes saw it: an attached one may be loaded again."""
    if not arguments_holding(world, call.arguments, Role.INSTANCE, Role.INSTANCES):
        return world
    return clouded_instance(world)
