"""Methods of the session and of what it gives, queries, results, transactions: each has a row of tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from flake8_session.flow.events import Argument, Call, Door, Place
from flake8_session.knowledge.frameworks import EXTENSION_QUERIES
from flake8_session.knowledge.sessions import ASYNC_SESSION
from flake8_session.knowledge.words import Gives, InFailed, Role, Row, ToInstance, Work
from flake8_session.linking.meanings import Holds, Selected
from flake8_session.typestate import instances, names, values
from flake8_session.typestate.acts import failed, with_act
from flake8_session.typestate.births import added_instance, arrived_instances
from flake8_session.typestate.calls.arguments import (
    discards_changes,
    has_nothing_new,
    is_refused,
    on_instances,
)
from flake8_session.typestate.calls.loads import (
    elements,
    has_no_key,
    is_at_hand,
    is_pending,
    may_be_held,
    reloaded,
)
from flake8_session.typestate.calls.receivers import METHODS, SESSION_METHODS, meaning_of_call
from flake8_session.typestate.escapes import clouded, unknown_call
from flake8_session.typestate.focus import Context, Ways, arguments_holding
from flake8_session.typestate.sessions import (
    INVALID_REQUEST,
    Act,
    Outcome,
    failures,
    is_at_hand_in_failed,
    outcome,
    savepoint_ended,
)
from flake8_session.typestate.worlds import (
    UNREAD,
    Flight,
    Hold,
    Holding,
    Kind,
    SessionState,
    Tie,
    Transaction,
    World,
)

_PRESENT = (Gives.ELEMENT, Gives.ENTITY)
_IN_TRANSACTION: Mapping[Transaction, int] = {
    Transaction.IDLE: values.FALSY,
    Transaction.BEGUN: values.TRUTHY,
    Transaction.CONNECTED: values.TRUTHY,
    Transaction.UNDER_WAY: values.TRUTHY,
    Transaction.FAILED: values.TRUTHY,
    Transaction.UNKNOWN: values.ANYTHING,
}


def session_call(context: Context, index: int, call: Call, world: World, result: Place, method: str) -> Ways:
    """A method of the session itself."""
    if method == "add_all" and call.arguments:
        single = context.frame.single_part(call.arguments[0].value)
        call = replace(call, arguments=(Argument(single),)) if single else call
    if method == "begin" and Argument("=True", "nested") in call.arguments:
        method = "begin_nested"
    own = ASYNC_SESSION.get(method) if context.focus.options.asynchronous else None
    row = own or SESSION_METHODS.get(method)
    if row is None:
        yield from unknown_call(context, call, world, result)
        return
    ways = row_ways(context, index, call, world, result, row, method, None)
    yield from _perhaps_mended(ways) if method in context.focus.options.own else ways


def _perhaps_mended(ways: Ways) -> Ways:
    """The ways out of a method of a subclass's own: whether it rolls back what it fails at is not asked."""
    for door, moved in ways:
        state = moved.session
        if door is Door.RAISED and state is not None and state.transaction is Transaction.FAILED:
            unknown = state._replace(transaction=Transaction.UNKNOWN, broken=None, failed_write=False)
            yield door, moved._replace(session=unknown)
        else:
            yield door, moved


def derived_call(
    context: Context, index: int, call: Call, world: World, result: Place, method: str, role: Role
) -> Ways:
    """A method of something that the session gave, which is held as `role`."""
    row = METHODS[role].get(EXTENSION_QUERIES.get(method, method))
    if row is None:
        yield Door.COMPLETED, world
        if not world.spent:
            yield Door.RAISED, failed(world, Kind.OTHER)
        return
    yield from row_ways(context, index, call, world, result, row, method, role)


def row_ways(
    context: Context,
    index: int,
    call: Call,
    world: World,
    result: Place,
    row: Row,
    method: str,
    role: Role | None,
) -> Ways:
    """All ways out of a method that does what `row` says, whose receiver is a `role`; None: the session."""
    state = world.session
    assert state is not None, "a place holds the session only once it was made"
    if row.instance is not ToInstance.NOTHING and arguments_holding(world, call.arguments[:1], Hold.ABSENT):
        return
    row = _adjusted(context, row, index, role)
    if row.instance in (ToInstance.ADD, ToInstance.MERGE) and has_nothing_new(context, call, world, row):
        row = replace(row, writes=False, work=Work.NOTHING if row.instance is ToInstance.MERGE else row.work)
        if row.instance is ToInstance.MERGE:
            row = replace(row, in_failed=InFailed.IF_WORK, in_ended_block=False)
    elif row.instance is ToInstance.MERGE and is_pending(call, world):
        row = replace(row, writes=False, work=Work.BEGINS, in_failed=InFailed.IF_WORK)
    elif row.instance is ToInstance.MERGE and has_no_key(context, index, call, world):
        row = replace(row, work=Work.BEGINS, in_failed=InFailed.IF_WORK)
    looked_up = row.gives is Gives.ENTITY and row.instance is not ToInstance.MERGE
    if looked_up and is_at_hand(context, index, world):
        yield Door.COMPLETED, world
        return
    if is_refused(context, call, world, row):
        # It looks at the instance before it asks anything of the transaction.
        yield Door.RAISED, world._replace(flight=Flight(Kind.RAISED, INVALID_REQUEST))
        return
    if row.instance is ToInstance.REFRESH and discards_changes(context, call, world):
        state = state._replace(dirty=False)
    out = outcome(state, row, resets=context.focus.options.resets)
    if out.raised is not None:
        refused = with_act(context, world, out.state, out.act)
        yield Door.RAISED, _unrefreshed(call, refused, row)._replace(flight=out.raised)
        held = not looked_up or may_be_held(context, index)
        if row.gives is Gives.ENTITY and held and is_at_hand_in_failed(state):
            yield from _completed(context, index, call, world, result, row, method, role)
        return
    moved = with_act(context, world, _holding(context, index, out.state, row), out.act)
    moved = _savepoint_end(context, call, moved, method, role)
    if row.role is Role.SAVEPOINT and moved.instance is not None:
        moved = moved._replace(instance=instances.untouched(moved.instance))
    moved = on_instances(context, call, _shared_flush(call, moved, row), row, dirty=state.dirty)
    if method == "run_sync":
        moved = clouded(moved)
    for given in _given(context, index, call, moved, row):
        yield from _completed(context, index, call, given, result, row, method, role)
    if world.spent:
        return
    for failure in failures(state, row, reads=_only_reads(context, call, row)):
        yield Door.RAISED, _raised(context, call, world, failure, row)


def _given(context: Context, index: int, call: Call, world: World, row: Row) -> Iterable[World]:
    """The worlds after the session was given the instance, where this call is the one that gives it."""
    if index == context.focus.instance and context.focus.comes_from is not None:
        return arrived_instances(context, call, world)
    if index == context.focus.instance and row.instance is ToInstance.ADD:
        return (added_instance(context, call, world),)
    return (world,)


def _shared_flush(call: Call, world: World, row: Row) -> World:
    """What a call adds or changes waits for the next flush beside the instance, unless it is that itself."""
    instance = world.instance
    if instance is None or not instance.sole or not row.writes:
        return world
    if arguments_holding(world, call.arguments[:1], Role.INSTANCE):
        return world
    return world._replace(instance=instance._replace(sole=False))


def _holding(context: Context, index: int, state: SessionState, row: Row) -> SessionState:
    """The session, into which an instance has come where the call adds or gives one."""
    if state.holds or not (row.instance is ToInstance.ADD or row.work is Work.SQL):
        return state
    meaning = meaning_of_call(context, index)
    gives = isinstance(meaning, Selected) and meaning.holds is not Holds.COLUMNS
    if gives or row.gives is Gives.ENTITY or row.instance is ToInstance.ADD:
        return state._replace(holds=True)
    return state


def _adjusted(context: Context, row: Row, index: int, role: Role | None) -> Row:
    """The row for this very call: what the statement writes, whether autoflush is off."""
    if row.gives is Gives.BY_STATEMENT and row.role in (Role.RESULT, Role.STREAM, Role.SCALARS):
        meaning = meaning_of_call(context, index)
        if isinstance(meaning, Selected) and meaning.writes:
            row = replace(row, writes=True)
    if role in UNREAD or (role is Role.QUERY and row.work is Work.NOTHING):
        row = replace(row, use_after_close=False)
    if row.autoflushes and not context.focus.options.autoflush:
        row = replace(row, autoflushes=False)
    return row


def _only_reads(context: Context, call: Call, row: Row) -> bool:
    """Whether what the call itself asks of the database is known to write nothing."""
    if row.gives is not Gives.BY_STATEMENT or not call.arguments:
        return not row.writes or row.instance is ToInstance.MERGE
    meaning = context.frame.meaning(call.arguments[0].value)
    return isinstance(meaning, Selected) and not meaning.writes


def _raised(context: Context, call: Call, world: World, failure: Outcome, row: Row) -> World:
    moved = _unrefreshed(call, with_act(context, world, failure.state, failure.act), row)
    return moved._replace(flight=failure.raised, spent=True)


def _unrefreshed(call: Call, world: World, row: Row) -> World:
    """What a refresh that fails or is refused leaves: it expires the instance before it asks."""
    instance = world.instance
    if row.instance is ToInstance.REFRESH and instance is not None and instance.tie is Tie.ATTACHED:
        if arguments_holding(world, call.arguments[:1], Role.INSTANCE):
            return world._replace(instance=instances.expired(instance))
    return world


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
        yield from elements(context, index, call, world, result, row, method)
        return
    if row.buffered and context.focus.options.asynchronous:
        world = reloaded(context, index, world, method)
    given: Holding = row.role
    if given is Role.VALUE or given is Role.UNKNOWN or row.gives is Gives.NOTHING:
        yield Door.COMPLETED, world
        return
    yield Door.COMPLETED, names.named(world, result, given)


def _savepoint_end(context: Context, call: Call, world: World, method: str, role: Role | None) -> World:
    if role is not Role.SAVEPOINT or method not in ("commit", "rollback", "close"):
        return world
    if world.session is not None and call.receiver in context.frame.entered:
        world = world._replace(session=savepoint_ended(world.session))
    if method == "commit" or world.instance is None:
        return world
    return world._replace(instance=instances.acted(world.instance, Act.SAVEPOINT_ROLLBACK))
