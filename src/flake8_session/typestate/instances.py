"""How an instance moves: pure functions of its state and of what happens to it or to its session.

What decides whether an attribute can be read is whether it is *loaded*, not the name of the state::

    u = s.get(User, 1)    # ATTACHED, LOADED
    s.close()             # DETACHED, LOADED: u.name is readable
    s.add(u); s.commit()  # ATTACHED, EXPIRED: u.name would be loaded again
    s.close()             # DETACHED, EXPIRED: u.name raises DetachedInstanceError
    u.name = "x"          # DETACHED, EXPIRED but for `name`
"""

from __future__ import annotations

from flake8_session.typestate.sessions import Act
from flake8_session.typestate.worlds import Columns, InstanceState, Tie

_HELD = (Tie.ATTACHED, Tie.DELETED)


def acted(
    state: InstanceState, act: Act, *, expires: bool | None = True, explicit: bool = False
) -> InstanceState:
    """The instance after `act` on its session.

    `expires` is the session's ``expire_on_commit``, None where it is not known; `explicit` says that
    a call detaches it, not the exit of a ``with``.
    """
    match act:
        case Act.NOTHING:
            return state
        case Act.FLUSH:
            return _flushed(state)
        case Act.COMMIT:
            return _committed(state, expires)
        case Act.ROLLBACK:
            return _rolled_back(state)
        case Act.CLOSE | Act.EXPUNGE:
            return _let_go(state, explicit and act is Act.CLOSE)
        case Act.EXPIRE:
            return expired(state) if state.tie is Tie.ATTACHED else state
        case Act.SAVEPOINT_ROLLBACK:
            return _rolled_back_to_savepoint(state)


def expired(state: InstanceState) -> InstanceState:
    """Nothing of it is loaded any more, and what was set and not written is forgotten."""
    nothing: frozenset[str] = frozenset()
    return state._replace(
        columns=Columns.EXPIRED, loaded=nothing, missing=nothing, changed=nothing, unread=False
    )


def added(state: InstanceState) -> InstanceState:
    """The instance after ``session.add``: what was detached is attached again as it is."""
    if state.tie is Tie.TRANSIENT:
        return state._replace(tie=Tie.PENDING)
    if state.tie is Tie.DETACHED:
        return state._replace(tie=Tie.ATTACHED)
    return state


def expunged(state: InstanceState) -> InstanceState:
    """The instance after ``session.expunge``."""
    return _let_go(state, explicit=False)


def deleted(state: InstanceState) -> InstanceState:
    """The instance after ``session.delete``, which only marks it; what was detached comes in by that."""
    return state._replace(tie=Tie.DELETED) if state.tie in (Tie.ATTACHED, Tie.DETACHED) else state


def refreshed(
    state: InstanceState, names: frozenset[str] = frozenset(), repeated: frozenset[str] = frozenset()
) -> InstanceState:
    """The instance after ``session.refresh``: `names` are loaded, or all columns and what is `repeated`."""
    if names:
        return state._replace(loaded=state.loaded | names)
    return reloaded(state)._replace(loaded=repeated)


def reloaded(state: InstanceState) -> InstanceState:
    """All columns are loaded, by a query that has given it again."""
    return state._replace(columns=Columns.LOADED, missing=frozenset(), unread=False)


def requeried(state: InstanceState) -> InstanceState:
    """A query that loads columns alone may have found it: nothing that loads by itself is loaded so."""
    if state.columns in (Columns.EXPIRED, Columns.REQUERIED):
        return state._replace(columns=Columns.REQUERIED)
    return clouded(state)


def clouded(state: InstanceState) -> InstanceState:
    """A callee out of sight may have loaded, or expired, what it holds: no claim is made any more."""
    return state._replace(columns=Columns.UNKNOWN) if state.tie is not Tie.TRANSIENT else state


def untouched(state: InstanceState) -> InstanceState:
    """The instance where a savepoint begins or ends: setting it flushes what was changed before."""
    return state._replace(touched=False) if state.touched else state


def strayed(state: InstanceState) -> InstanceState:
    """The session may have let go of it, or deleted it."""
    return _unknown(state)


def updated(state: InstanceState, by_database: frozenset[str]) -> InstanceState:
    """The instance after an UPDATE in which the database has set columns anew that nobody had named."""
    unknown = by_database - state.changed if state.changed else frozenset()
    return state._replace(loaded=state.loaded - unknown, missing=state.missing | unknown, changed=frozenset())


def related(state: InstanceState) -> InstanceState:
    """The instance after others were put into one of its relationships."""
    return state._replace(related=True) if state.tie is Tie.ATTACHED else state


def has(state: InstanceState, attribute: str) -> bool | None:
    """Whether a column is loaded; None where that is not known."""
    if attribute in state.loaded or state.columns is Columns.LOADED:
        return True
    return None if state.columns in (Columns.UNKNOWN, Columns.REQUERIED) else False


def _flushed(state: InstanceState) -> InstanceState:
    """What was pending is there now; what had expired and was changed was loaded before it was written.

    So was what had expired and had others put into a relationship, if they know of it: they need its key.
    Before a row goes what depends on it is loaded, so that of a deleted instance nothing is known.
    """
    if state.tie is Tie.PENDING:
        return state._replace(tie=Tie.ATTACHED, fresh=True)
    if state.tie is Tie.DELETED:
        return _unknown(state)
    if state.tie is Tie.ATTACHED and state.columns is Columns.EXPIRED and state.changed:
        return state._replace(columns=Columns.LOADED, related=False)
    if state.related:
        written = state._replace(related=False)
        return requeried(written) if state.columns is Columns.EXPIRED else written
    return state


def _committed(state: InstanceState, expires: bool | None) -> InstanceState:
    if state.tie is Tie.DELETED:
        return _unknown(state)
    if state.tie not in (Tie.PENDING, Tie.ATTACHED):
        return state
    kept = _flushed(state)._replace(fresh=False, related=False)
    if expires is None:
        known = state.columns is not Columns.UNKNOWN and not state.loaded
        return kept._replace(columns=Columns.REQUERIED if known else Columns.UNKNOWN)
    return expired(kept) if expires else kept


def _rolled_back(state: InstanceState) -> InstanceState:
    if state.tie is Tie.PENDING or (state.tie in _HELD and state.fresh):
        return state._replace(tie=Tie.TRANSIENT, fresh=False, related=False)
    if state.tie in _HELD:
        return expired(state)._replace(tie=Tie.ATTACHED, related=False)
    return state


def _rolled_back_to_savepoint(state: InstanceState) -> InstanceState:
    """What was changed behind the savepoint is expired, and what had expired stays so.

    What is new may have been made before the savepoint or behind it.
    """
    if state.tie is Tie.ATTACHED and not state.fresh and (state.touched or state.columns is Columns.EXPIRED):
        return expired(state)._replace(touched=False)
    return _unknown(state) if state.tie in _HELD or state.tie is Tie.PENDING else state


def _let_go(state: InstanceState, explicit: bool) -> InstanceState:
    if state.tie is Tie.PENDING:
        return state._replace(tie=Tie.TRANSIENT)
    if state.tie in _HELD:
        return state._replace(tie=Tie.DETACHED, fresh=False, explicit=explicit, related=False)
    return state


def _unknown(state: InstanceState) -> InstanceState:
    return state._replace(tie=Tie.UNKNOWN, columns=Columns.UNKNOWN)
