"""Which places hold the session, the instance and what comes from them: aliases, and how names are lost.

A session's *last name* is bound anew or deleted while it is open: then nobody can close it any
more, and the world says so (`World.lost`). Names of an earlier session of the same site are kept
in `World.older` for this question alone.
"""

from __future__ import annotations

from flake8_session.flow.events import Place
from flake8_session.knowledge.words import Role
from flake8_session.typestate.sessions import is_open
from flake8_session.typestate.worlds import (
    RETURN,
    Hold,
    Holding,
    Life,
    Names,
    Older,
    SessionState,
    Tie,
    World,
)


def holds(world: World, place: Place, holding: Holding) -> bool:
    """Whether `place` is known to hold that."""
    return (place, holding) in world.names


def named(world: World, place: Place, *holdings: Holding) -> World:
    """`place` holds these as well."""
    return world._replace(names=world.names | {(place, holding) for holding in holdings})


def bound(world: World, target: Place, source: Place, *, owned: bool = True) -> World:
    """``target = source``: what `source` holds, and the attributes known of it, are `target`'s too."""
    if target == source:
        return world
    given = _renamed(world.names, source, target)
    older = _renamed(world.older.names, source, target) if world.older is not None else frozenset()
    moved = unbound(world, target, owned=owned, kept=bool(given))
    if given:
        moved = moved._replace(names=moved.names | given)
    if older and moved.older is not None:
        moved = moved._replace(older=moved.older._replace(names=moved.older.names | older))
    return moved


def unbound(world: World, place: Place, *, owned: bool = True, kept: bool = False) -> World:
    """`place` is bound to something else, or deleted. `kept`: to the very same session again."""
    names = _dropped(world.names, place)
    moved = world
    if names is not world.names:
        moved = world._replace(names=names)
        if owned and not kept and world.session is not None and _loses(world.session, world.names, names):
            moved = _with_loss(moved, world.session)
    older = moved.older
    if older is not None:
        rest = _dropped(older.names, place)
        if rest is not older.names:
            if owned and not _has_session(rest):
                moved = _with_loss(moved._replace(older=None), older.state)
            else:
                moved = moved._replace(older=older._replace(names=rest))
    return moved


def _with_loss(world: World, state: SessionState) -> World:
    if not is_open(state) or world.lost is Life.OPEN:
        return world
    return world._replace(lost=state.life)


def superseded(world: World) -> World:
    """The site is reached again: its session becomes an older one, as far as somebody still names it."""
    state = world.session
    names = frozenset(entry for entry in world.names if entry[1] is Role.SESSION)
    rest = frozenset(entry for entry in world.names if not _of_session(entry[1]))
    instance = world.instance
    if instance is not None and instance.tie in (Tie.ATTACHED, Tie.PENDING, Tie.DELETED):
        instance = instance._replace(tie=Tie.UNKNOWN)
    moved = world._replace(names=rest, session=None, suspended=(), instance=instance)
    if state is None or not is_open(state) or not names:
        return moved
    before = world.older
    if before is None:
        return moved._replace(older=Older(state, names))
    return moved._replace(older=Older(before.state, before.names | names, single=False))


def needed(names: Names, live: frozenset[Place], *, session_stays: bool, instance_stays: bool) -> Names:
    """The names that some later step reads; all others are forgotten.

    `session_stays`: an open session's variables are kept. `instance_stays`: so are those of the instance,
    which is in its session's identity map for as long as one of them is bound.
    """
    kinds = (Role.SESSION,) * session_stays + (Role.INSTANCE,) * instance_stays
    kept = [
        entry
        for entry in names
        if entry[0] in live
        or entry[0] == RETURN
        or entry[0].startswith("@")
        or ("." in entry[0] and not entry[0].startswith("%"))
        or _head(entry[0]) in live
        or (entry[1] in kinds and not entry[0].startswith("%"))
    ]
    return names if len(kept) == len(names) else frozenset(kept)


def spelled(place: Place) -> str:
    """How the function writes a place that holds the session: ``session``, ``db.session``.

    What has the last name ``get`` is a `ContextVar`'s, and gives the session when it is called.
    """
    text = place.removeprefix("@").partition("'")[0]
    return f"{text}()" if place.startswith("@") and text.endswith(".get") else text


def session_places(world: World) -> list[Place]:
    """The places that hold the session itself, sorted, variables first, and the shorter paths."""
    places = [place for place, holding in world.names if holding is Role.SESSION]
    return sorted(places, key=lambda place: (place.startswith("%"), place.count("."), place))


def keeps_session(world: World, place: Place) -> bool:
    """Whether an attribute of the object in `place` holds the session."""
    prefix = f"{place}."
    return any(name.startswith(prefix) and holding is Role.SESSION for name, holding in world.names)


def _renamed(names: Names, source: Place, target: Place) -> Names:
    prefix = f"{source}."
    return frozenset(
        (target + place[len(source) :], holding)
        for place, holding in names
        if place == source or place.startswith(prefix)
    )


def _dropped(names: Names, place: Place) -> Names:
    prefix = f"{place}."
    rest = frozenset(entry for entry in names if entry[0] != place and not entry[0].startswith(prefix))
    return names if len(rest) == len(names) else rest


def _loses(state: SessionState, before: Names, after: Names) -> bool:
    return is_open(state) and _has_session(before) and not _has_session(after)


def _has_session(names: Names) -> bool:
    return any(holding in _CLOSABLE for _, holding in names)


_CLOSABLE = (
    Role.SESSION,
    Role.AUTOFLUSH_PAUSE,
    Hold.OPENING,
    Hold.CLOSING,
    Hold.BORROWING,
    Hold.SUSPENDED,
    Hold.CLOSURE,
)


def _of_session(holding: Holding) -> bool:
    return holding not in (Role.INSTANCE, Role.INSTANCES, Role.ROW, Role.ROWS, Role.VALUE)


def _head(place: Place) -> Place:
    return place.partition(".")[0]
