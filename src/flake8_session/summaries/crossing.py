"""What of a world crosses the border between caller and callee, and what it is on the other side."""

from __future__ import annotations

from flake8_session.flow.events import Call
from flake8_session.knowledge.words import Role
from flake8_session.linking.frames import Frame
from flake8_session.linking.meanings import ClassAt, FunctionAt
from flake8_session.summaries.passing import bindings
from flake8_session.typestate import values
from flake8_session.typestate.focus import Exit, Focus
from flake8_session.typestate.sessions import is_open
from flake8_session.typestate.worlds import (
    RETURN,
    Columns,
    Flight,
    InstanceState,
    Life,
    SessionState,
    Tie,
    World,
)

_SET_ASIDE = frozenset({"*"})
"""Stands for what is loaded of an instance, where it makes no difference; no attribute has such a name."""


def owned(state: SessionState | None, inside: SessionState | None) -> SessionState | None:
    """What the generator finds when it goes on: its own session is its own again."""
    if state is None or state.life is not Life.LENT or inside is None:
        return state
    return state._replace(life=inside.life)


def handed_back(left: World, before: World, end: World) -> World:
    """`left`, the caller's world after a ``with`` that was left in `before` and ended in `end`."""
    return left._replace(
        session=_lent_again(end.session, before.session),
        instance=_detached_elsewhere(end.instance),
        spent=end.spent,
    )


def set_aside(world: World, focus: Focus) -> World:
    """The callee's world, without the relationships and the like that are loaded of an instance.

    Nothing in a callee that is not given the instance can tell such states apart.
    """
    state = world.instance
    if state is None or state.changed or state.missing:
        return world
    if not state.loaded and focus.options.expires is None:
        return world  # A commit asks whether anything is loaded.
    return world._replace(instance=state._replace(loaded=_SET_ASIDE, explicit=False))


def wholly_set_aside(world: World) -> World:
    """The same without what is known of its columns: only a query, or a savepoint's end, asks for that."""
    state = world.instance
    if state is None or not state.loaded >= _SET_ASIDE:
        return world
    return world._replace(instance=state._replace(columns=Columns.ASIDE))


def put_back(end: World, start: World) -> World:
    """`end` with what `set_aside` has taken from `start`, as far as it is still loaded."""
    state = end.instance
    before = start.instance
    if state is None or before is None:
        return end
    if state.loaded >= _SET_ASIDE:
        state = state._replace(loaded=state.loaded - _SET_ASIDE | before.loaded)
    if state.columns is Columns.ASIDE:
        state = state._replace(columns=before.columns)
    if state.tie is Tie.DETACHED and before.tie is Tie.DETACHED:
        state = state._replace(explicit=before.explicit)
    return end._replace(instance=state)


def back(inner: Frame, call: Call, world: World, end: World, flight: Flight | None) -> Exit:
    """The caller's world after the callee ended in `end`."""
    kept = set(world.names)
    for parameter, source in bindings(inner.function, call):
        prefix = f"{parameter}."
        kept |= {
            (source + place[len(parameter) :], holding)
            for place, holding in end.names
            if place.startswith(prefix)
        }
    moved = world._replace(
        session=end.session,
        instance=_detached_elsewhere(end.instance),
        spent=end.spent,
        names=frozenset(kept),
    )
    return Exit(moved, flight, _returned(end))


def made_available(world: World, end: World) -> Exit:
    """A new session that the callee returned is open, and the caller's; or it returned none."""
    returned = _returned(end)
    given = {each for each in returned if each is Role.SESSION or _is_part(each)}
    if not given or end.session is None:
        return Exit(world, None, frozenset({None} & returned))
    life = end.session.life if end.session.life is Life.CLOSED else Life.OPEN
    session = end.session._replace(life=life)
    return Exit(world._replace(session=session, spent=world.spent or end.spent), None, frozenset(given))


def _is_part(returned: object) -> bool:
    """Whether the session is one part of a tuple that is returned."""
    return isinstance(returned, tuple) and returned[1] is Role.SESSION and returned[0][1:].isdigit()


def key_of(at: FunctionAt | ClassAt) -> str:
    """A function or class as `Suspended` names it."""
    return f"{at.module}\n{at.qualname}"


def function_at(key: str) -> FunctionAt:
    """The function that `key_of` names so."""
    module, _, qualname = key.partition("\n")
    return FunctionAt(module, qualname)


def _returned(end: World) -> frozenset[object]:
    found: set[object] = {holding for place, holding in end.names if place == RETURN}
    found |= {
        (place[len(RETURN) :], holding) for place, holding in end.names if place.startswith(f"{RETURN}.")
    }
    if values.known(end.values, RETURN) == values.NONE:
        found.add(None)
    return frozenset(found)


def _detached_elsewhere(state: InstanceState | None) -> InstanceState | None:
    """What a callee detaches is not detached by a `close()` of the function that is looked at."""
    return state._replace(explicit=False) if state is not None else None


def _lent_again(state: SessionState | None, before: SessionState | None) -> SessionState | None:
    if state is None or before is None or before.life is not Life.LENT or not is_open(state):
        return state
    return state._replace(life=Life.LENT)
