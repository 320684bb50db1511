"""What comes out of the session: instances, rows, and the followed instance loaded once more."""

from __future__ import annotations

from flake8_session.flow.events import Bind, Call, Door, Place, Read, Write
from flake8_session.knowledge.words import Gives, Role, Row, ToInstance
from flake8_session.linking.frames import Frame
from flake8_session.linking.meanings import Holds, Meaning, Selected
from flake8_session.typestate import instances, names, values
from flake8_session.typestate.births import born_instance, loaded_state
from flake8_session.typestate.calls.receivers import meaning_of_call, split
from flake8_session.typestate.focus import Context, Ways, arguments_holding
from flake8_session.typestate.loading import reloads
from flake8_session.typestate.worlds import Columns, Hold, Tie, World

_WRITING = frozenset({"commit", "flush"})
_LOOKING_UP = frozenset({"get", "get_one"})
_OPTIONAL = frozenset({"get", "first", "one_or_none", "scalar", "scalar_one_or_none", "fetchone"})


def elements(
    context: Context, index: int, call: Call, world: World, result: Place, row: Row, method: str
) -> Ways:
    """An instance, or a list of them, comes out of the session."""
    if index != context.focus.instance:
        if row.instance is ToInstance.MERGE and _is_attached(call, world):
            yield Door.COMPLETED, names.named(world, result, Role.INSTANCE)
        else:
            yield Door.COMPLETED, reloaded(context, index, world, method)
        return
    if row.instance is ToInstance.MERGE:
        yield from _merged(context, index, call, world, result)
        return
    meaning = context.focus.selected
    rows = _row_of_result(context, call, world, meaning)
    many = row.gives is Gives.ELEMENTS
    role = (Role.ROWS if many else Role.ROW) if rows else (Role.INSTANCES if many else Role.INSTANCE)
    born = born_instance(context, world, loaded_state(context))
    yield Door.COMPLETED, names.named(born, result, role)
    if method in _OPTIONAL:
        absent = world._replace(values=values.with_value(world.values, result, values.NONE))
        yield Door.COMPLETED, names.named(absent, result, Hold.ABSENT)


def reloaded(context: Context, index: int, world: World, method: str) -> World:
    """Another query of the session may have given the very same instance, and loaded it again."""
    instance, selected = world.instance, context.focus.selected
    if instance is None or selected is None or instance.tie is not Tie.ATTACHED:
        return world
    other = meaning_of_call(context, index)
    if not isinstance(other, Selected) or other.holds is Holds.COLUMNS:
        return world
    if None not in other.models and selected.model is not None and selected.model not in other.models:
        return world
    if instance.columns is Columns.LOADED and not (instance.missing or other.loads or other.limited):
        return world._replace(instance=instance._replace(unread=False)) if instance.unread else world
    if context.focus.constructed and other.key and not selected.key:
        return world
    if selected.key and other.key:
        if selected.key != other.key or selected.model is None:
            return world
        loaded = instance.loaded | other.loads | reloads(context)
        return world._replace(instance=instances.reloaded(instance)._replace(loaded=loaded))
    found = instances.clouded(instance) if other.loads else instances.requeried(instance)
    return world._replace(instance=found)


def is_at_hand(context: Context, index: int, world: World) -> bool:
    """Whether ``get()`` only looks up the followed instance: it is held, named and not expired."""
    instance = world.instance
    if index == context.focus.instance or instance is None or not gives_same_row(context, index):
        return False
    named = any(holding is Role.INSTANCE for _, holding in world.names)
    return named and instance.tie is Tie.ATTACHED and instance.columns is Columns.LOADED


def is_asked_for_again(context: Context) -> bool:
    """Whether another ``get()`` of the function asks for the row of the followed instance."""
    own, selected = context.focus.instance, context.focus.selected
    if own < 0 or selected is None or not selected.key:
        return False
    return any(
        isinstance(step.event, Call) and step.event.method in _LOOKING_UP and gives_same_row(context, index)
        for index, step in enumerate(context.frame.graph.steps)
        if index != own
    )


def may_be_held(context: Context, index: int) -> bool:
    """Whether some variable of the function may hold the row for which this ``get()`` asks by its key.

    A session does not keep alive what it has given. What a caller holds is not presumed to be this row.
    """
    asked = meaning_of_call(context, index)
    if not isinstance(asked, Selected):
        return True
    frame = context.frame
    return any(
        _may_be_row(frame.meaning(event.source), asked)
        for target in frame.bindings
        if not target.startswith("%")
        for binder in frame.reaching(target, index)
        if isinstance(event := frame.graph.steps[binder].event, Bind)
    )


def _may_be_row(other: Meaning, asked: Selected) -> bool:
    """Whether what `other` stands for is, or has among it, the row of `asked`; a new one is another row."""
    if not isinstance(other, Selected) or other.holds not in (Holds.INSTANCE, Holds.ROWS):
        return False
    if other.key and asked.key and other.key != asked.key:
        return False
    return None in other.models or asked.model is None or asked.model in other.models


def gives_same_row(context: Context, index: int) -> bool:
    """Whether the call asks for the very row that the followed instance was asked for by its key."""
    selected, other = context.focus.selected, meaning_of_call(context, index)
    if selected is None or not selected.key or selected.model is None or not isinstance(other, Selected):
        return False
    return other.key == selected.key and other.model == selected.model


def _row_of_result(context: Context, call: Call, world: World, selected: Selected | None) -> bool:
    """Whether what comes out is a `Row`: of ``execute``, or of a query of several things."""
    if selected is not None and selected.holds is Holds.ROWS:
        return True
    receiver, method = split(call, world)
    source = receiver or (call.arguments[0].value if call.arguments else "")
    result = any(role in world.roles(source) for role in (Role.RESULT, Role.STREAM))
    return result and not method.startswith("scalar")


def _merged(context: Context, index: int, call: Call, world: World, result: Place) -> Ways:
    state = world.session
    assert state is not None
    ties = (Tie.PENDING,) if has_no_key(context, index, call, world) else (Tie.ATTACHED, Tie.PENDING)
    known = _may_be_the_same(context, index, call, world)
    for tie in (Tie.UNKNOWN,) if known else ties:
        born_as = loaded_state(context, tie)
        copied = born_as._replace(loaded=born_as.loaded | _copied(context, call, index))
        born = born_instance(context, world, copied)
        yield Door.COMPLETED, names.named(born, result, Role.INSTANCE)


def _copied(context: Context, call: Call, index: int) -> frozenset[str]:
    """The attributes that what is merged may have, since they were read or set before: they come along."""
    given = call.arguments[0].value if call.arguments else ""
    meaning = context.frame.meaning(given)
    loads = meaning.loads if isinstance(meaning, Selected) else frozenset()
    return loads | {
        step.event.attribute
        for position, step in enumerate(context.frame.graph.steps)
        if isinstance(step.event, Read | Write) and step.event.object == given
        if index in context.frame.behind(position)
    }


def _is_attached(call: Call, world: World) -> bool:
    """Whether what is merged is in the session already: then the very same comes out."""
    attached = world.instance is not None and world.instance.tie is Tie.ATTACHED
    return attached and bool(arguments_holding(world, call.arguments[:1], Role.INSTANCE))


def is_pending(call: Call, world: World) -> bool:
    """Whether what is merged waits in the session to be written: merging flushes, and gives it back."""
    pending = world.instance is not None and world.instance.tie is Tie.PENDING
    return pending and bool(arguments_holding(world, call.arguments[:1], Role.INSTANCE))


def _may_be_the_same(context: Context, index: int, call: Call, world: World) -> bool:
    """Whether what is merged comes out of this session, or was added to it: the very same may come out then.

    What is known of it is told of it, not of what the merge gives.
    """
    given = call.arguments[0].value if call.arguments else ""
    if isinstance(context.frame.meaning(given), Selected):
        source = context.frame.source(given)
        return Role.SESSION in world.roles(source) and _is_still(context.frame, source, given, index)
    return any(
        isinstance(step.event, Call)
        and step.event.method == "add"
        and Role.SESSION in world.roles(step.event.receiver)
        and any(argument.value == given for argument in step.event.arguments)
        and index in context.frame.behind(position)
        for position, step in enumerate(context.frame.graph.steps)
    )


def _is_still(frame: Frame, source: Place, given: Place, index: int) -> bool:
    """Whether `source` may hold at a step what it held when what is in `given` came from it."""
    now = frame.reaching(source, index)
    made = frame.reaching(given, index)
    return not now or not made or any(now & frame.reaching(source, step) for step in made)


def has_no_key(context: Context, index: int, call: Call, world: World) -> bool:
    """Whether what is merged was just constructed without a primary key: then there is no row to find.

    Another session that it was added to gives it one as it writes it.
    """
    made = context.frame.constructor(call.arguments[0].value) if call.arguments else None
    if world.instance is not None and arguments_holding(world, call.arguments[:1], Role.INSTANCE):
        if world.instance.tie in (Tie.ATTACHED, Tie.DETACHED):
            return False
        birth = context.frame.graph.steps[context.focus.instance].event
        made = birth if context.focus.constructed and isinstance(birth, Call) else made
    if made is None or _is_written_elsewhere(context, index, call.arguments[0].value, world):
        return False
    given = [argument.keyword for argument in made.arguments]
    return all(keyword and keyword not in ("*", "**") and not _may_be_key(keyword) for keyword in given)


def _is_written_elsewhere(context: Context, index: int, given: Place, world: World) -> bool:
    """Whether another session may have been given it, and have written it, before the step."""
    calls = [(at, step.event) for at, step in enumerate(context.frame.graph.steps)]
    return any(
        isinstance(added, Call)
        and added.method == "add"
        and any(argument.value == given for argument in added.arguments)
        and Role.SESSION not in world.roles(added.receiver)
        and any(
            isinstance(written, Call)
            and written.receiver == added.receiver
            and written.method in _WRITING
            and at in context.frame.behind(before)
            and index in context.frame.behind(at)
            for at, written in calls
        )
        for before, added in calls
    )


def _may_be_key(name: str) -> bool:
    return name in ("id", "pk", "uuid", "key", "code") or name.endswith(("_id", "_pk", "id"))
