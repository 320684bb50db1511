"""What entering and leaving a ``with`` does, by what its manager holds of the session."""

from __future__ import annotations

from flake8_session.flow.events import Argument, Call, Door, Enter, Leave, Place
from flake8_session.knowledge import callees, errors
from flake8_session.knowledge.sessions import SESSION
from flake8_session.knowledge.words import Role
from flake8_session.linking.meanings import (
    Called,
    ClassAt,
    External,
    FunctionAt,
    Made,
    Meaning,
    Object,
    OneOf,
    Opening,
)
from flake8_session.typestate import instances, names
from flake8_session.typestate.acts import failed, with_act
from flake8_session.typestate.births import born_session
from flake8_session.typestate.catching import passed, takes
from flake8_session.typestate.escapes import clouded
from flake8_session.typestate.focus import Context, Ways
from flake8_session.typestate.sessions import (
    Act,
    closed,
    ended,
    failures,
    may_be_connected,
    mended,
    outcome,
    refusal,
)
from flake8_session.typestate.worlds import (
    RETURN,
    Block,
    Broken,
    Flight,
    Hold,
    Kind,
    Names,
    SessionState,
    Transaction,
    World,
)

_COMMIT = SESSION["commit"]


def enter_ways(context: Context, index: int, event: Enter, world: World) -> Ways:
    """All ways out of entering ``with event.manager as event.result``."""
    roles = world.roles(event.manager)
    if index == context.focus.birth:
        yield from _birth(context, event, world)
        return
    if Role.SESSION in roles:
        yield Door.COMPLETED, names.named(world, event.result, Role.SESSION)
        return
    if Hold.CLOSING in roles or Hold.BORROWING in roles or Role.AUTOFLUSH_PAUSE in roles:
        yield Door.COMPLETED, names.named(world, event.result, Role.SESSION)
        return
    for role, block in ((Role.TRANSACTION, Block.BEGIN), (Role.SAVEPOINT, Block.NESTED)):
        if role in roles and world.session is not None:
            if block is Block.NESTED and world.session.transaction is Transaction.FAILED:
                block = Block.VAIN
            state = world.session._replace(blocks=(*world.session.blocks, block))
            yield Door.COMPLETED, names.named(world._replace(session=state), event.result, role)
            return
    yield from _other_enter(context, event, world)


def leave_ways(context: Context, event: Leave, world: World) -> Ways:
    """All ways out of leaving a ``with``; an exception that is in flight travels on or is swallowed."""
    roles = world.roles(event.manager)
    state = world.session
    if Hold.SUSPENDED in roles or any(held.manager == event.manager for held in world.suspended):
        ways = _resumed(context, event, world)
        if ways is not None:
            yield from ways
            return
    if state is None or not roles:
        yield from _other_leave(context, event, world)
    elif Hold.OPENING in roles:
        for door, moved in _transaction_left(context, event, world, state):
            closing = moved.session
            assert closing is not None
            yield door, with_act(context, moved, closed(closing, by_with=True), Act.CLOSE, explicit=False)
    elif Role.SESSION in roles or Hold.CLOSING in roles:
        moved = _closed(context, world, state, by_with=Hold.CLOSING not in roles)
        yield _onward(event), moved
    elif Role.TRANSACTION in roles:
        yield from _transaction_left(context, event, world, state)
    elif Role.SAVEPOINT in roles:
        for door, moved in _savepoint_left(context, event, world, state):
            yield door, _untouched(moved)
    else:
        yield from _other_leave(context, event, world)


def _birth(context: Context, event: Enter, world: World) -> Ways:
    meaning = context.frame.meaning(event.manager)
    for each in meaning.options if isinstance(meaning, OneOf) else (meaning,):
        yield from _born_by(context, event, world, each)


def _born_by(context: Context, event: Enter, world: World, meaning: Meaning) -> Ways:
    if isinstance(meaning, Called):
        call = _call_of(context, event.manager)
        if context.frame.callee(call) != meaning.function:
            call = Call(call.result, arguments=(Argument("=…", "**"),))
        entered = context.effects.enter(
            context.frame, meaning.function, call, event.manager, names.superseded(world), context.focus, True
        )
        for inside, holdings in entered or ():
            yield Door.COMPLETED, _targets(inside, event.result, holdings)
        return
    if isinstance(meaning, Object):
        entered = context.effects.enter_object(
            meaning.of, event.manager, names.superseded(world), context.focus
        )
        for inside, holdings in entered:
            yield Door.COMPLETED, _targets(inside, event.result, holdings)
        return
    blocks = (Block.BEGIN,) if isinstance(meaning, Opening) else ()
    state = SessionState(transaction=Transaction.BEGUN, blocks=blocks)
    born = born_session(context, world, event.result, state)
    yield Door.COMPLETED, names.named(born, event.manager, Hold.OPENING)


def _other_enter(context: Context, event: Enter, world: World) -> Ways:
    meaning = context.frame.meaning(event.manager)
    call = _call_of(context, event.manager)
    if isinstance(meaning, Called) and context.frame.callee(call) == meaning.function:
        entered = context.effects.enter(
            context.frame, meaning.function, call, event.manager, world, context.focus, False
        )
        if entered is not None:
            for inside, holdings in entered:
                # What was in flight before, in a ``finally``, is not the manager's.
                if inside.flight is not None and inside.flight != world.flight:
                    yield Door.RAISED, inside
                else:
                    yield Door.COMPLETED, _targets(inside, event.result, holdings)
            return
    yield Door.COMPLETED, world
    if world.spent or isinstance(meaning, Made) or _is_standard(meaning) or _enters_safely(context, meaning):
        return
    yield Door.RAISED, failed(world, Kind.OTHER)
    if event.asynchronous:
        yield Door.RAISED, failed(world, Kind.INTERRUPTED)


def _is_standard(meaning: Meaning) -> bool:
    """Whether it is one of Python's own managers, which are entered without fail."""
    return isinstance(meaning, External) and meaning.name.removesuffix("()") in callees.MANAGERS


def _enters_safely(context: Context, meaning: Meaning) -> bool:
    """Whether it is an object of a class in sight whose entering can only construct, close or roll back."""
    if not isinstance(meaning, Object):
        return False
    found = (context.frame.linker.member(meaning, name) for name in ("__enter__", "__aenter__"))
    return any(isinstance(at, FunctionAt) and context.effects.never_raises(at) for at in found)


def _targets(world: World, result: Place, holdings: Names) -> World:
    """What a project's manager yields is the target's: ``""`` itself, ``.session`` an attribute of it."""
    given = frozenset((result + suffix, holding) for suffix, holding in holdings)
    return world._replace(names=world.names | given)


def _closed(context: Context, world: World, state: SessionState, *, by_with: bool) -> World:
    moved = with_act(context, world, closed(state, by_with=by_with), Act.CLOSE, explicit=not by_with)
    if context.focus.options.exits_unknown and moved.instance is not None:
        moved = moved._replace(instance=instances.clouded(moved.instance))
    return moved


def _onward(event: Leave) -> Door:
    return Door.FALSE if event.raising else Door.COMPLETED


def _transaction_left(context: Context, event: Leave, world: World, state: SessionState) -> Ways:
    """``with session.begin()``: commits, unless the transaction has ended or failed; then closes nothing.

    To SQLAlchemy it has not failed where a mere statement has: what waits to be written is refused then.
    """
    block = state.blocks[-1] if state.blocks else Block.ENDED
    refused = state.broken is Broken.STATEMENT and state.transaction is Transaction.FAILED and state.dirty
    if refused and block is not Block.ENDED and not event.raising:
        undone = with_act(context, world, _popped(ended(state, closes=False), state), Act.ROLLBACK)
        yield Door.RAISED, undone._replace(flight=refusal(state))
        return
    if event.raising or state.transaction is Transaction.FAILED or block is Block.ENDED:
        commits = state.broken is Broken.STATEMENT and not event.raising
        act = Act.NOTHING if block is Block.ENDED else Act.COMMIT if commits else Act.ROLLBACK
        done = state if block is Block.ENDED else ended(state, closes=False)
        yield _onward(event), with_act(context, world, _popped(done, state), act)
        return
    out = outcome(state, _COMMIT)
    yield Door.COMPLETED, with_act(context, world, _popped(out.state, state), Act.COMMIT)
    connected = may_be_connected(state)
    if world.spent or not (connected or state.dirty):
        return
    for failure in failures(state, _COMMIT):
        rolled = _popped(ended(failure.state, closes=False), state)
        yield (
            Door.RAISED,
            with_act(context, world, rolled, Act.ROLLBACK)._replace(flight=failure.raised, spent=True),
        )


def _savepoint_left(context: Context, event: Leave, world: World, state: SessionState) -> Ways:
    """``with session.begin_nested()``: flushes and releases, or rolls back to the savepoint.

    What a failed statement has left, and no exception tells, PostgreSQL does not release. A COMMIT inside
    ends all savepoints before it fails. One that was never set has nothing to release, but flushes.
    """
    block = state.blocks[-1] if state.blocks else Block.ENDED
    if block is Block.VAIN and state.dirty and state.transaction is Transaction.FAILED and not event.raising:
        unset = _popped(state._replace(dirty=False), state)
        undone = with_act(context, world, unset, Act.SAVEPOINT_ROLLBACK)
        yield Door.RAISED, undone._replace(flight=refusal(state))
        return
    if block in (Block.ENDED, Block.RELEASED, Block.VAIN) or state.broken is Broken.COMMIT:
        yield _onward(event), world._replace(session=_popped(state, state))
        return
    lost = with_act(context, world, _popped(mended(state), state), Act.SAVEPOINT_ROLLBACK)
    if state.broken is Broken.STATEMENT and not event.raising:
        yield Door.RAISED, lost._replace(flight=refusal(state))
        return
    if event.raising or state.transaction is Transaction.FAILED:
        yield _onward(event), lost
        return
    flushed = _popped(state._replace(dirty=False), state)
    yield Door.COMPLETED, with_act(context, world, flushed, Act.FLUSH)
    if not world.spent and state.dirty:
        yield Door.RAISED, lost._replace(flight=Flight(Kind.DATABASE), spent=True)


def _untouched(world: World) -> World:
    if world.instance is None:
        return world
    return world._replace(instance=instances.untouched(world.instance))


def _popped(state: SessionState, before: SessionState) -> SessionState:
    return state._replace(blocks=before.blocks[:-1])


def _resumed(context: Context, event: Leave, world: World) -> Ways | None:
    exits = context.effects.leave(event.manager, world, context.focus, event.raising)
    if exits is None:
        return None
    return _exits(event, world, list(exits))


def _exits(event: Leave, world: World, exits: list[object]) -> Ways:
    from flake8_session.typestate.focus import Exit

    for out in exits:
        assert isinstance(out, Exit)
        if out.flight is None:
            moved = out.world._replace(flight=None)
            yield (Door.TRUE if event.raising else Door.COMPLETED), moved
        elif event.raising and out.flight == world.flight:
            yield Door.FALSE, out.world._replace(flight=out.flight)
        else:
            yield Door.RAISED, out.world._replace(flight=out.flight)


def _other_leave(context: Context, event: Leave, world: World) -> Ways:
    """A manager that is not known does not swallow; `suppress` and `pytest.raises` do."""
    if _ends_app_context(context, event) and world.session is not None:
        world = with_act(context, world, closed(world.session, by_with=True), Act.CLOSE, explicit=False)
    if not event.raising:
        yield Door.COMPLETED, world
        return
    flight, classes = world.flight, _swallowed(context, event)
    swallows = takes(classes, flight) if classes and flight is not None else False
    if swallows is not False:
        yield Door.TRUE, world._replace(flight=None)
    if swallows is None and flight is not None:
        yield Door.FALSE, world._replace(flight=passed(classes, flight))
    elif not swallows:
        yield Door.FALSE, world


def _ends_app_context(context: Context, event: Leave) -> bool:
    """Whether ``with app.app_context()`` ends here, which removes the session of a Flask extension."""
    meaning = context.frame.meaning(event.manager)
    return (
        context.focus.options.app_scoped
        and isinstance(meaning, External)
        and meaning.name.endswith(".app_context()")
    )


def _swallowed(context: Context, event: Leave) -> list[str | None]:
    """The classes of exceptions that the manager swallows; empty where it is none of those that do."""
    meaning = context.frame.meaning(event.manager)
    if not isinstance(meaning, External):
        return []
    kind = callees.MANAGERS.get(meaning.name.removesuffix("()"))
    if kind not in (callees.Manager.SUPPRESSING, callees.Manager.EXPECTING):
        return []
    call = _call_of(context, event.manager)
    return [class_name(context, argument.value) for argument in call.arguments if not argument.keyword]


def class_name(context: Context, place: Place) -> str | None:
    """The dotted name of an exception class, for `catching.takes`; None where it cannot be told."""
    meaning = context.frame.meaning(place)
    if isinstance(meaning, External):
        return meaning.name.removeprefix("builtins.")
    return _own_class(context, meaning) if isinstance(meaning, ClassAt) else None


def _own_class(context: Context, at: ClassAt) -> str | None:
    """A class of the project by SQLAlchemy's where it derives from one of its errors, else by its own name.

    None where a base is out of sight: it may be anything.
    """
    linker = context.frame.linker
    ancestry = linker.ancestry(at)
    for base in ancestry:
        if isinstance(base, External) and base.name.rpartition(".")[2] in errors.SQLALCHEMY_BASES:
            return base.name
    known = all(isinstance(base, ClassAt) or base.name.startswith("builtins.") for base in ancestry)
    return f"{at.module or 'this'}.{at.qualname}" if known else None


def _call_of(context: Context, manager: Place) -> Call:
    index = context.frame.made_by.get(manager)
    if index is not None:
        event = context.frame.graph.steps[index].event
        if isinstance(event, Call):
            return event
    return Call(manager)


__all__ = ["RETURN", "class_name", "clouded", "enter_ways", "leave_ways"]
