"""What a call does to the session and the instance that are followed.

The receiver decides first: the session itself, something derived from it, the instance. Then what
is called: a function of the project (its effects are asked), something known, or something unknown,
which is presumed to keep what it is given only where its name says so, and never to close.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from flake8_session.flow.events import Argument, Call, Door, Place
from flake8_session.knowledge import (
    callees,
    factories,
    loading,
    registries,
    results,
    statements,
    transactions,
)
from flake8_session.knowledge import sessions as tables
from flake8_session.knowledge.frameworks import EXTENSION_QUERIES
from flake8_session.knowledge.words import Gives, InFailed, Role, Row, ToInstance, Work
from flake8_session.linking import models
from flake8_session.linking.calls import is_class_name
from flake8_session.linking.meanings import (
    Borrowed,
    Called,
    ClassAt,
    Closing,
    Constant,
    External,
    Factory,
    FunctionAt,
    Holds,
    Made,
    Meaning,
    Member,
    Object,
    Registry,
    Selected,
)
from flake8_session.typestate import instances, names, values
from flake8_session.typestate.focus import Context, Exit, Way, Ways, arguments_holding
from flake8_session.typestate.sessions import (
    INVALID_REQUEST,
    Act,
    Outcome,
    closed,
    failures,
    is_open,
    outcome,
    savepoint_ended,
)
from flake8_session.typestate.worlds import (
    RETURN,
    Columns,
    Flight,
    Hold,
    Holding,
    InstanceState,
    Kind,
    Life,
    SessionState,
    Tie,
    Transaction,
    World,
)

_TABLES: Mapping[Holding, Mapping[str, Row]] = {
    Role.QUERY: results.QUERY,
    Role.RESULT: results.RESULT,
    Role.SCALARS: results.SCALARS,
    Role.STREAM: results.STREAM,
    Role.STREAM_SCALARS: results.STREAM_SCALARS,
    Role.TRANSACTION: {**transactions.ASYNC_TRANSACTION, **transactions.TRANSACTION},
    Role.SAVEPOINT: {**transactions.ASYNC_SAVEPOINT, **transactions.SAVEPOINT},
}
_SESSION_TABLE: Mapping[str, Row] = {**registries.SCOPED_SESSION, **tables.ASYNC_SESSION, **tables.SESSION}
_UNREAD = (Role.RESULT, Role.SCALARS, Role.STREAM, Role.STREAM_SCALARS)
_DERIVED = (Role.QUERY, *_UNREAD, Role.TRANSACTION, Role.SAVEPOINT)
_OPTIONAL = frozenset({"get", "first", "one_or_none", "scalar", "scalar_one_or_none", "fetchone"})
_PRESENT = (Gives.ELEMENT, Gives.ENTITY)
_IN_TRANSACTION: Mapping[Transaction, int] = {
    Transaction.IDLE: values.FALSY,
    Transaction.BEGUN: values.TRUTHY,
    Transaction.CONNECTED: values.TRUTHY,
    Transaction.FAILED: values.TRUTHY,
    Transaction.UNKNOWN: values.ANYTHING,
}


def split(call: Call, world: World) -> tuple[Place, str]:
    """Receiver and method; ``@db.session.add``, from outside, is split where a prefix holds the session."""
    if call.receiver:
        return call.receiver, call.method
    if call.function.startswith("@"):
        prefix, _, last = call.function.rpartition(".")
        if prefix and world.roles(prefix):
            return prefix, last
    return "", ""


def call_ways(context: Context, index: int, call: Call, world: World, result: Place) -> Ways:
    """All ways out of `call`, made at step `index`, whose value goes to `result`."""
    call = _closing(context, call, world)
    receiver, method = split(call, world)
    roles = world.roles(receiver) if receiver else ()
    if not roles and call.receiver and _refines(context, call):
        yield Door.COMPLETED, world
        return
    if (
        not roles
        and call.receiver
        and isinstance(context.frame.meaning(call.receiver), Made | Borrowed | Registry)
    ):
        yield from _foreign_call(context, call, world, result)
        return
    if Role.SESSION in roles:
        yield from _session_call(context, index, call, world, result, method)
        return
    for role in _DERIVED:
        if role in roles:
            yield from _derived_call(context, index, call, world, result, method, role)
            return
    if Hold.STALE in roles:
        yield Door.RAISED, world._replace(flight=Flight(Kind.RAISED, "sqlalchemy.exc.InvalidRequestError"))
        return
    yield from _other_call(context, index, call, world, result)


def _closing(context: Context, call: Call, world: World) -> Call:
    """A call of a function that closes its argument is that argument's own ``close()``."""
    if context.frame.linker.told.others and isinstance(context.frame.callee(call), Closing):
        for argument in call.arguments:
            if Role.SESSION in world.roles(argument.value):
                return Call(call.result, receiver=argument.value, method="close")
    return call


def born_session(context: Context, world: World, result: Place, state: SessionState, *more: Holding) -> World:
    """The world in which the session of the focus's site was just made, and `result` holds it."""
    moved = names.superseded(world)
    return names.named(moved._replace(session=state), result, Role.SESSION, *more)


def with_act(
    context: Context, world: World, state: SessionState, act: Act, *, explicit: bool = True
) -> World:
    """The session in its new state, and what that does to the instance and to unread results."""
    instance = world.instance
    if instance is not None and act is not Act.NOTHING:
        expires = context.focus.options.expires
        instance = instances.acted(instance, act, expires=expires, explicit=explicit)
        if instance.changed:
            flushes = act is Act.FLUSH or act is Act.COMMIT
            instance = instances.updated(instance, updated_columns(context) if flushes else frozenset())
    moved = world._replace(session=state, instance=instance)
    return _stale(context, moved) if act is Act.CLOSE else moved


def updated_columns(context: Context) -> frozenset[str]:
    """The columns of the instance that an UPDATE sets in the database, unless it names them."""
    selected = context.focus.selected
    model = selected.model if selected is not None else None
    return models.set_by_update(context.frame.linker, model.of if isinstance(model, Object) else model)


def failed(world: World, kind: Kind) -> World:
    """The world in which an assumed failure is in flight; the path has had its one failure then."""
    return world._replace(flight=Flight(kind), spent=True)


def born_instance(context: Context, world: World, state: InstanceState) -> World:
    """The world in which the focus's instance was just made; names of an earlier one are forgotten."""
    entity = (Role.INSTANCE, Role.INSTANCES, Role.ROW, Role.ROWS)
    keeps = world.instance == state
    rest = frozenset(
        entry for entry in world.names if entry[1] not in entity or (keeps and entry[1] is Role.INSTANCES)
    )
    return world._replace(instance=state, names=rest)


def loaded_state(context: Context, tie: Tie = Tie.ATTACHED) -> InstanceState:
    """The state of the instance as a query gives it."""
    selected = context.focus.selected
    if selected is None:
        return InstanceState(tie)
    missing = selected.drops
    if selected.only is not None:
        missing |= models.columns(context.frame.linker, selected.model) - selected.only
    columns = Columns.UNKNOWN if selected.limited else Columns.LOADED
    return InstanceState(tie, columns, selected.loads, missing)


def _refines(context: Context, call: Call) -> bool:
    """Whether the call refines a statement, ``select(U).where(…)``, or a piece of SQL."""
    meaning = context.frame.meaning(call.receiver)
    if isinstance(meaning, Selected):
        return call.method in statements.KEEPING | statements.SELECTING | statements.ADDING
    if isinstance(meaning, External):
        return meaning.name.endswith("()") and _builds_sql(meaning.name[:-2])
    return isinstance(meaning, Member) and isinstance(meaning.owner, ClassAt)


def _foreign_call(context: Context, call: Call, world: World, result: Place) -> Ways:
    """A method of another session, which may take the instance over."""
    row = _SESSION_TABLE.get(call.method)
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


# The session's own methods.


def _session_call(context: Context, index: int, call: Call, world: World, result: Place, method: str) -> Ways:
    if method == "begin" and Argument("=True", "nested") in call.arguments:
        method = "begin_nested"
    row = _SESSION_TABLE.get(method)
    if row is None:
        yield from _unknown_call(context, call, world, result)
        return
    yield from _row_ways(context, index, call, world, result, row, method, None)


def _derived_call(
    context: Context, index: int, call: Call, world: World, result: Place, method: str, role: Role
) -> Ways:
    row = _TABLES[role].get(EXTENSION_QUERIES.get(method, method))
    if row is None:
        yield Door.COMPLETED, world
        if not world.spent:
            yield Door.RAISED, failed(world, Kind.OTHER)
        return
    yield from _row_ways(context, index, call, world, result, row, method, role)


def _row_ways(
    context: Context,
    index: int,
    call: Call,
    world: World,
    result: Place,
    row: Row,
    method: str,
    role: Role | None,
) -> Ways:
    state = world.session
    assert state is not None, "a place holds the session only once it was made"
    row = _adjusted(context, row, index, role)
    if row.instance in (ToInstance.ADD, ToInstance.MERGE) and _has_nothing_new(context, call, world, row):
        row = replace(row, writes=False, work=Work.NOTHING if row.instance is ToInstance.MERGE else row.work)
        if row.instance is ToInstance.MERGE:
            row = replace(row, in_failed=InFailed.PASSES, autoflushes=False, in_ended_block=False)
    out = outcome(state, row, resets=context.focus.options.resets)
    if out.raised is not None:
        yield Door.RAISED, world._replace(flight=out.raised)
        return
    if _is_refused(context, call, world, row):
        yield Door.RAISED, world._replace(flight=Flight(Kind.RAISED, INVALID_REQUEST))
        return
    moved = with_act(context, world, out.state, out.act)
    moved = _savepoint_end(context, call, moved, method, role)
    moved = _on_instances(context, call, moved, row)
    if method == "run_sync":
        moved = clouded(moved)
    yield from _completed(context, index, call, moved, result, row, method, role)
    if world.spent:
        return
    for failure in failures(state, row):
        yield Door.RAISED, _raised(context, call, world, failure, row)


def _has_nothing_new(context: Context, call: Call, world: World, row: Row) -> bool:
    """Whether the call is given only what a query gave: adding it writes nothing.

    Merging is nothing at all where the very same session, never closed, gave it.
    """
    given = [argument.value for argument in call.arguments[:1]]
    instance = world.instance
    if instance is not None and row.instance is ToInstance.ADD:
        if any(Role.INSTANCE in world.roles(place) for place in given):
            return instance.tie in (Tie.ATTACHED, Tie.DETACHED)
    if not all(isinstance(context.frame.meaning(place), Selected) for place in given):
        return False
    if row.instance is ToInstance.ADD:
        return True
    state = world.session
    source = context.frame.source(given[0]) if given else ""
    return state is not None and state.life is not Life.REOPENED and Role.SESSION in world.roles(source)


def _adjusted(context: Context, row: Row, index: int, role: Role | None) -> Row:
    """The row for this very call: what the statement writes, whether autoflush is off."""
    if row.gives is Gives.BY_STATEMENT and row.role in (Role.RESULT, Role.STREAM, Role.SCALARS):
        meaning = _meaning_of_call(context, index)
        if isinstance(meaning, Selected) and meaning.writes:
            row = replace(row, writes=True)
    if role in _UNREAD or (role is Role.QUERY and row.work is Work.NOTHING):
        row = replace(row, use_after_close=False)
    if row.autoflushes and not context.focus.options.autoflush:
        row = replace(row, autoflushes=False)
    return row


def _raised(context: Context, call: Call, world: World, failure: Outcome, row: Row) -> World:
    moved = with_act(context, world, failure.state, failure.act)
    instance = moved.instance
    if row.instance is ToInstance.REFRESH and instance is not None and instance.tie is Tie.ATTACHED:
        if arguments_holding(world, call.arguments[:1], Role.INSTANCE):
            moved = moved._replace(instance=instances.expired(instance))
    return moved._replace(flight=failure.raised, spent=True)


def _completed(
    context: Context,
    index: int,
    call: Call,
    world: World,
    result: Place,
    row: Row,
    method: str,
    role: Role | None,
) -> Ways:
    if row.gives is Gives.SAME:
        same = role if role is not None else Role.SESSION
        yield Door.COMPLETED, names.named(names.bound(world, result, ""), result, same)
        return
    if method == "in_transaction" and world.session is not None:
        known = values.with_value(world.values, result, _IN_TRANSACTION[world.session.transaction])
        yield Door.COMPLETED, world._replace(values=known)
        return
    if row.gives in _PRESENT or row.gives is Gives.ELEMENTS or row.role is Role.INSTANCE:
        yield from _elements(context, index, call, world, result, row, method)
        return
    if row.buffered and context.focus.options.asynchronous:
        world = _reloaded(context, index, world, method)
    given: Holding = row.role
    if given is Role.VALUE or given is Role.UNKNOWN or row.gives is Gives.NOTHING:
        yield Door.COMPLETED, world
        return
    yield Door.COMPLETED, names.named(world, result, given)


def _elements(
    context: Context, index: int, call: Call, world: World, result: Place, row: Row, method: str
) -> Ways:
    """An instance, or a list of them, comes out of the session."""
    if index != context.focus.instance:
        moved = _reloaded(context, index, world, method)
        yield Door.COMPLETED, moved
        return
    if row.instance is ToInstance.MERGE:
        yield from _merged(context, call, world, result)
        return
    meaning = context.focus.selected
    rows = _row_of_result(context, call, world, meaning)
    many = row.gives is Gives.ELEMENTS
    role = (Role.ROWS if many else Role.ROW) if rows else (Role.INSTANCES if many else Role.INSTANCE)
    born = born_instance(context, world, loaded_state(context))
    yield Door.COMPLETED, names.named(born, result, role)
    if method in _OPTIONAL:
        absent = world._replace(values=values.with_value(world.values, result, values.NONE))
        yield Door.COMPLETED, absent


def _has_no_key(context: Context, call: Call) -> bool:
    """Whether what is merged was just constructed without a primary key: then there is no row to find."""
    made = context.frame.constructor(call.arguments[0].value) if call.arguments else None
    if made is None:
        return False
    given = [argument.keyword for argument in made.arguments]
    return all(keyword and keyword not in ("*", "**") and not _may_be_key(keyword) for keyword in given)


def _may_be_key(name: str) -> bool:
    return name in ("id", "pk", "uuid", "key", "code") or name.endswith(("_id", "_pk", "id"))


def _row_of_result(context: Context, call: Call, world: World, selected: Selected | None) -> bool:
    """Whether what comes out is a `Row`: of ``execute``, or of a query of several things."""
    if selected is not None and selected.holds is Holds.ROWS:
        return True
    receiver, method = split(call, world)
    source = receiver or (call.arguments[0].value if call.arguments else "")
    result = any(role in world.roles(source) for role in (Role.RESULT, Role.STREAM))
    return result and not method.startswith("scalar")


def _merged(context: Context, call: Call, world: World, result: Place) -> Ways:
    state = world.session
    assert state is not None
    ties = (Tie.PENDING,) if _has_no_key(context, call) else (Tie.ATTACHED, Tie.PENDING)
    for tie in ties:
        born = born_instance(context, world, loaded_state(context, tie))
        yield Door.COMPLETED, names.named(born, result, Role.INSTANCE)


def _reloaded(context: Context, index: int, world: World, method: str) -> World:
    """Another query of the session may have given the very same instance, and loaded it again."""
    instance, selected = world.instance, context.focus.selected
    if instance is None or selected is None or instance.tie is not Tie.ATTACHED:
        return world
    other = _meaning_of_call(context, index)
    if not isinstance(other, Selected) or other.holds is Holds.COLUMNS:
        return world
    if instance.columns is Columns.LOADED and not (instance.missing or other.loads or other.limited):
        return world
    if other.model is not None and selected.model is not None and other.model != selected.model:
        return world
    if context.focus.constructed and other.key and not selected.key:
        return world
    if selected.key and other.key:
        if selected.key != other.key or selected.model is None:
            return world
        loaded = instances.refreshed(instance, other.loads) if other.loads else instance
        return world._replace(instance=instances.refreshed(loaded))
    return world._replace(instance=instances.clouded(instance))


def _savepoint_end(context: Context, call: Call, world: World, method: str, role: Role | None) -> World:
    if role is not Role.SAVEPOINT or method not in ("commit", "rollback", "close"):
        return world
    if world.session is not None and call.receiver in context.frame.entered:
        world = world._replace(session=savepoint_ended(world.session))
    if method == "commit" or world.instance is None:
        return world
    return world._replace(instance=instances.acted(world.instance, Act.SAVEPOINT_ROLLBACK))


# What a call does to the instances among its arguments.


def _is_refused(context: Context, call: Call, world: World, row: Row) -> bool:
    """Whether the call must raise because the session does not hold the instance as the call needs it."""
    instance = world.instance
    if instance is None or row.instance not in _NEEDED:
        return False
    if not arguments_holding(world, call.arguments[:1], Role.INSTANCE):
        return False
    return instance.tie not in (*_NEEDED[row.instance], Tie.UNKNOWN)


_NEEDED = {
    ToInstance.REFRESH: (Tie.ATTACHED, Tie.DELETED),
    ToInstance.EXPIRE: (Tie.ATTACHED, Tie.DELETED),
    ToInstance.EXPUNGE: (Tie.ATTACHED, Tie.PENDING, Tie.DELETED),
    ToInstance.DELETE: (Tie.ATTACHED, Tie.DETACHED, Tie.DELETED),
}


def _on_instances(context: Context, call: Call, world: World, row: Row) -> World:
    instance = world.instance
    if instance is None or row.instance is ToInstance.NOTHING:
        return world
    if not arguments_holding(world, call.arguments, Role.INSTANCE, Role.INSTANCES):
        return world
    return world._replace(instance=_moved_instance(context, call, instance, row.instance))


def _moved_instance(context: Context, call: Call, instance: InstanceState, act: ToInstance) -> InstanceState:
    given = _attribute_names(context, call)
    match act:
        case ToInstance.ADD:
            return instances.added(instance)
        case ToInstance.DELETE:
            return instances.deleted(instance)
        case ToInstance.EXPUNGE:
            return instances.expunged(instance)
        case ToInstance.REFRESH:
            if given is None:
                return instances.clouded(instance)
            return instances.refreshed(instance, given)
        case ToInstance.EXPIRE:
            if given is None or given:
                return instances.clouded(instance)
            return instances.expired(instance)
        case ToInstance.MERGE | ToInstance.NOTHING:
            return instance


def _attribute_names(context: Context, call: Call) -> frozenset[str] | None:
    """The attribute names in ``refresh(u, ["a", "b"])``: empty where none are given, None where unknown."""
    rest = [
        argument
        for position, argument in enumerate(call.arguments)
        if argument.keyword == "attribute_names" or (not argument.keyword and position > 0)
    ]
    if not rest:
        return frozenset()
    text = rest[0].value
    if not text.startswith("=["):
        return None
    return frozenset(part.strip("'\" ") for part in text[2:-1].split(",") if part.strip())


# Calls of anything else.


def _other_call(context: Context, index: int, call: Call, world: World, result: Place) -> Ways:
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
        yield Door.COMPLETED, _given(world, call)
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
        yield Door.COMPLETED, _given(world, call)
    elif factories.FUNCTIONS.get(name) is factories.Function.CLOSE_ALL and world.session is not None:
        yield Door.COMPLETED, with_act(context, world, closed(world.session), Act.CLOSE)
    elif name in callees.NEVER_RETURN:
        raised = callees.NEVER_RETURN[name]
        if raised:
            yield Door.RAISED, world._replace(flight=Flight(Kind.RAISED, raised))
    elif isinstance(callee, External) and _builds_sql(callee.name):
        yield Door.COMPLETED, world
    elif name in callees.READERS and not call.arguments:
        yield Door.COMPLETED, world
    elif name in callees.READERS:
        yield from _reader(context, index, call, world, result, callees.READERS[name])
    elif name == "typing.cast" and len(call.arguments) == 2:
        yield Door.COMPLETED, names.bound(world, result, call.arguments[1].value)
    else:
        yield from _unknown_call(context, call, world, result)


def _builds_sql(name: str) -> bool:
    """Whether the call only builds a piece of SQL: ``select(U)``, ``func.count()``, ``U.name.in_(names)``."""
    if name.removesuffix("()") in statements.CONSTRUCTORS or name.startswith(
        ("sqlalchemy.func.", "sqlalchemy.sql.")
    ):
        return True
    if name.startswith(("sqlalchemy.", "sqlmodel.")):
        return name.rpartition(".")[2] in _SQL_FUNCTIONS
    owners = name.split(".")[:-2]
    return bool(owners) and is_class_name(owners[-1])


_SQL_FUNCTIONS = frozenset(
    {
        "and_",
        "or_",
        "not_",
        "desc",
        "asc",
        "case",
        "cast",
        "literal",
        "literal_column",
        "exists",
        "bindparam",
        "func",
        "null",
        "true",
        "false",
        "tuple_",
        "distinct",
        "between",
        "col",
        "aliased",
        *loading.OPTIONS,
    }
)
_WRAPPING = {
    callees.Manager.CLOSING: Hold.CLOSING,
    callees.Manager.ASYNC_CLOSING: Hold.CLOSING,
    callees.Manager.NULL: Hold.BORROWING,
}
_RUNNING = (callees.Reads.COLLECTS, callees.Reads.CONSUMES, callees.Reads.NEXT)
_READING = (callees.Reads.TEXT, callees.Reads.ATTRIBUTE, callees.Reads.COPIES, callees.Reads.WRAPS)


def _reader(
    context: Context, index: int, call: Call, world: World, result: Place, reads: callees.Reads
) -> Ways:
    source = call.arguments[0].value if call.arguments else ""
    roles = world.roles(source)
    runnable = next((role for role in (Role.QUERY, *_UNREAD) if role in roles), None)
    if reads in _RUNNING and runnable is not None:
        method = "first" if reads is callees.Reads.NEXT else "all"
        yield from _row_ways(context, index, call, world, result, _TABLES[runnable][method], method, runnable)
        return
    moved = world
    if reads in (callees.Reads.COLLECTS, callees.Reads.ITERATES) and Role.INSTANCES in roles:
        moved = names.named(world, result, Role.INSTANCES)
    elif reads is callees.Reads.NEXT and (Role.ITERATOR in roles or Role.INSTANCES in roles):
        moved = names.named(world, result, Role.INSTANCE)
    elif reads is callees.Reads.ATTRIBUTE and Role.SESSION in roles and not _names_attribute(call):
        moved = clouded(world)
    elif reads in _READING and world.instance is not None:
        moved = _instance_seen(context, call, world)
    yield Door.COMPLETED, moved
    if not world.spent:
        yield Door.RAISED, failed(world, Kind.OTHER)


def _names_attribute(call: Call) -> bool:
    """Whether ``getattr(session, …)`` says which attribute, or method, it gives."""
    return len(call.arguments) > 1 and call.arguments[1].value.startswith("='")


def _instance_seen(context: Context, call: Call, world: World) -> World:
    """Something that may read the instance's attributes saw it: an attached one may be loaded again."""
    if not arguments_holding(world, call.arguments, Role.INSTANCE, Role.INSTANCES):
        return world
    return _clouded_instance(world)


def _clouded_instance(world: World) -> World:
    instance = world.instance
    if instance is None or instance.tie is not Tie.ATTACHED or instance.columns is Columns.LOADED:
        return world
    return world._replace(instance=instances.clouded(instance))


def _unknown_call(context: Context, call: Call, world: World, result: Place) -> Ways:
    moved = _given(world, call, keeps=_keeps(call))
    if call.receiver and any(role in (Role.INSTANCE, Role.INSTANCES) for role in world.roles(call.receiver)):
        moved = _clouded_instance(moved)
    moved = _collected(call, moved)
    if _is_entering(call):
        for argument in call.arguments[:1]:
            if Role.SESSION in world.roles(argument.value):
                moved = names.named(moved, result, Role.SESSION)
    yield Door.COMPLETED, moved
    if not world.spent:
        yield Door.RAISED, failed(moved, Kind.OTHER)


def _collected(call: Call, world: World) -> World:
    """``users.append(u)``: the container holds the instance from now on."""
    if not call.receiver or call.method not in ("append", "add", "insert", "extend", "appendleft"):
        return world
    if arguments_holding(world, call.arguments, Role.INSTANCE, Role.INSTANCES):
        return names.named(world, call.receiver, Role.INSTANCES)
    return world


def _keeps(call: Call) -> bool:
    return callees.presumed_to_keep(call.method or call.function.rpartition(".")[2].removeprefix("@"))


def _is_entering(call: Call) -> bool:
    return call.method.startswith(("enter", "push")) or call.method == "with_resource"


def _given(world: World, call: Call, keeps: bool = False) -> World:
    """Arguments went to a callee out of sight."""
    moved = world
    session = world.session
    if session is not None:
        direct = arguments_holding(world, call.arguments, Role.SESSION)
        indirect = arguments_holding(
            world, call.arguments, Hold.CLOSURE, Hold.CLOSING, Hold.OPENING, Hold.BORROWING, Hold.SUSPENDED
        )
        derived = arguments_holding(world, call.arguments, *_DERIVED)
        if (
            (direct or derived)
            and keeps
            or any(holding_manager(world, argument.value) for argument in indirect)
        ):
            moved = handed(moved)
        if direct or indirect:
            moved = clouded(moved)
    if world.instance is not None and arguments_holding(world, call.arguments, Role.INSTANCE, Role.INSTANCES):
        moved = _clouded_instance(moved)
    return moved


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


def clouded(world: World) -> World:
    """A callee out of sight had the session: it may have committed, rolled back, refreshed or expired."""
    state = world.session
    if state is None:
        return world
    moved = world._replace(session=state._replace(transaction=Transaction.UNKNOWN, dirty=False))
    if moved.instance is not None:
        moved = moved._replace(instance=instances.clouded(moved.instance))
    return moved


def _stale(context: Context, world: World) -> World:
    """Unread entity results of a closed session cannot be read any more; buffered ones can."""
    if context.focus.options.asynchronous:
        unread: tuple[Holding, ...] = (Role.STREAM, Role.STREAM_SCALARS)
    else:
        unread = _UNREAD
    changed = frozenset(
        (place, Hold.STALE if holding in unread and holds_entities(context, place) else holding)
        for place, holding in world.names
    )
    return world._replace(names=changed)


def holds_entities(context: Context, place: Place) -> bool:
    if place == RETURN:
        return True
    meaning = context.frame.meaning(place)
    return isinstance(meaning, Selected) and meaning.holds in (Holds.INSTANCE, Holds.ROWS)


def _meaning_of_call(context: Context, index: int) -> Meaning:
    event = context.frame.graph.steps[index].event
    return context.frame.meaning(getattr(event, "result", "") or "=…")


__all__ = [
    "Called",
    "ClassAt",
    "Constant",
    "Way",
    "born_instance",
    "born_session",
    "call_ways",
    "clouded",
    "failed",
    "handed",
    "loaded_state",
    "split",
    "with_act",
]
