"""Which steps write: add what is new, delete, change an instance, or run a statement that does.

Not counted: ``merge`` and ``add`` of what was not made here, which may only be attached again, and
statements whose text is not in sight.
"""

from __future__ import annotations

from flake8_session.facts.entrusted import entrusted
from flake8_session.facts.solutions import Solved
from flake8_session.facts.transactions import made
from flake8_session.flow.events import Call, Door, Write
from flake8_session.knowledge import results
from flake8_session.knowledge.words import Role
from flake8_session.linking import models
from flake8_session.linking.meanings import FunctionAt, Selected
from flake8_session.typestate.calls.receivers import split
from flake8_session.typestate.focus import arguments_holding
from flake8_session.typestate.loading import model
from flake8_session.typestate.worlds import Life, Tie, World

_ALWAYS = frozenset(
    {
        "delete",
        "delete_all",
        "bulk_save_objects",
        "bulk_insert_mappings",
        "bulk_update_mappings",
    }
)
_OF_NEW_INSTANCES = frozenset({"add", "add_all", "merge"})
_BY_STATEMENT = frozenset({"execute", "exec", "scalar", "scalars", "stream", "stream_scalars"})
_COLUMNS = (
    models.Attribute.COLUMN,
    models.Attribute.LAZY,
    models.Attribute.EAGER,
    models.Attribute.OUT_OF_SIGHT,
)


def is_write(solved: Solved, step: int, world: World) -> bool:
    """Whether the step certainly changes a row, or will at the next flush, in the normal course of things."""
    state, event = world.session, made(solved, step)
    if state is None or state.life is not Life.OPEN or world.spent or world.caught is not None:
        return False
    if isinstance(event, Write):
        return _sets_column(solved, event, world)
    return isinstance(event, Call) and _writes(solved, step, event, world)


def _sets_column(solved: Solved, event: Write, world: World) -> bool:
    if world.instance is None or world.instance.tie is not Tie.ATTACHED:
        return False
    if Role.INSTANCE not in world.roles(event.object):
        return False
    context = solved.movement.context
    return models.attribute(solved.frame.linker, model(context), event.attribute) in _COLUMNS


def _writes(solved: Solved, step: int, call: Call, world: World) -> bool:
    receiver, method = split(call, world)
    roles = world.roles(receiver) if receiver else ()
    if Role.QUERY in roles:
        row = results.QUERY.get(method)
        return row is not None and row.writes
    if Role.SESSION not in roles:
        return _is_writing_helper(solved, step, call, world)
    if method in _OF_NEW_INSTANCES:
        new = world.instance is not None and world.instance.tie is Tie.TRANSIENT
        return new and bool(arguments_holding(world, call.arguments, Role.INSTANCE, Role.INSTANCES))
    if method in _BY_STATEMENT:
        selected = solved.frame.meaning(call.result)
        return isinstance(selected, Selected) and selected.surely
    return method in _ALWAYS


def _is_writing_helper(solved: Solved, step: int, call: Call, world: World) -> bool:
    """Whether a function of the project is given the session alone, and writes with it."""
    frame = solved.frame
    given = entrusted(frame, call, world)
    if given is not None and given.writes:
        return True
    if not isinstance(frame.callee(call), FunctionAt) or world.session is None or world.session.dirty:
        return False
    if not arguments_holding(world, call.arguments, Role.SESSION):
        return False
    if any(isinstance(frame.meaning(argument.value), Selected) for argument in call.arguments):
        return False
    ways = solved.movement.transfer(step, world)
    behind = [moved.session for door, _, moved in ways if door is Door.COMPLETED]
    return bool(behind) and all(state is not None and state.dirty for state in behind)
