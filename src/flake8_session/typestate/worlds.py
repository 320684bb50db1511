"""The states: what may hold of the one session, and the one instance, that are followed.

A session's *life* says who owes its close; its *transaction* how far it got. An instance's *tie*
says whether a session holds it, its *columns* whether its column values are in its ``__dict__``::

    s = Session(engine)      # OPEN, IDLE
    u = s.get(User, 1)       # OPEN, CONNECTED        u: ATTACHED, LOADED
    s.commit()               # OPEN, IDLE             u: ATTACHED, EXPIRED
    s.close()                # CLOSED, IDLE           u: DETACHED, EXPIRED

All values are flat, immutable and hashable. Enumerations hash by identity, which is cheap; nothing
that is printed may depend on the order of a set.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple, TypeAlias

from flake8_session.flow.events import Place
from flake8_session.knowledge.words import Role

RETURN: Place = "<return>"
"""The pseudo place that holds the function's value once a `Return` was passed."""


class Hold(Enum):
    """What a place holds of a session beyond the roles that the tables give."""

    OPENING = "opening"  # factory.begin(): commits or rolls back, then closes
    CLOSING = "closing"  # contextlib.closing(session)
    BORROWING = "borrowing"  # contextlib.nullcontext(session)
    SUSPENDED = "suspended"  # a context manager of the project that holds the session
    CLOSURE = "closure"  # a nested function that reads the session
    DEFERRED = "deferred"  # a nested function that will run a query, or read a result
    VISITED = "visited"  # an iterator over a container that has given the instance
    STALE = "stale"  # a result whose session was closed before it was read
    ABSENT = "absent"  # None: the query has found nothing
    AWAITABLE = "awaitable"  # instance.awaitable_attrs

    __hash__ = object.__hash__


Holding: TypeAlias = Role | Hold
Names: TypeAlias = frozenset[tuple[Place, Holding]]

UNREAD = (Role.RESULT, Role.SCALARS, Role.STREAM, Role.STREAM_SCALARS)
"""What a result that is not read to its end may be held as."""
DERIVED = (Role.QUERY, *UNREAD, Role.TRANSACTION, Role.SAVEPOINT)
"""What a session gives that has methods of its own which reach the session."""


class Life(Enum):
    """Who owes the close of a session."""

    OPEN = "open"  # this function, if it owns the session
    CLOSED = "closed"
    REOPENED = "reopened"  # used after its close, and so open again
    HANDED = "handed on"  # somebody else, from here on
    LENT = "lent"  # the context manager or generator that lent it

    __hash__ = object.__hash__


class Transaction(Enum):
    """How far the session's transaction got."""

    IDLE = "idle"
    BEGUN = "begun"  # no connection is checked out yet
    CONNECTED = "connected"
    UNDER_WAY = "under way"  # begun or failed; whether a connection is checked out nobody knows
    FAILED = "failed"  # until rollback or close
    UNKNOWN = "unknown"  # a callee out of sight may have failed, mended or ended it

    __hash__ = object.__hash__


class Broken(Enum):
    """What has failed, where the transaction is FAILED."""

    FLUSH = "flush"  # SQLAlchemy has rolled back, and refuses all work until it is told to
    COMMIT = "commit"  # SQLAlchemy refuses all work, and the instances are as they were
    STATEMENT = "statement"  # SQLAlchemy would go on; PostgreSQL refuses every other statement

    __hash__ = object.__hash__


class Block(Enum):
    """A ``with session.begin()`` or ``with session.begin_nested()`` that is being run."""

    BEGIN = "begin"
    NESTED = "nested"
    ENDED = "ended"  # its transaction was ended inside of it
    RELEASED = "released"  # its savepoint was ended inside of it, and the transaction around goes on
    VAIN = "vain"  # a savepoint that was never set, since the transaction had failed before

    __hash__ = object.__hash__


class SessionState(NamedTuple):
    """`dirty`: a flush would write. `broken`: what has failed; `failed_write`: it was a write.

    `holds`: instances may have come into it, so that one can be had by its key without a question.
    """

    life: Life = Life.OPEN
    transaction: Transaction = Transaction.IDLE
    blocks: tuple[Block, ...] = ()
    dirty: bool = False
    broken: Broken | None = None
    failed_write: bool = False
    holds: bool = False
    by_with: bool = False
    """It was closed by the exit of a ``with``, not by a call."""
    keeps: bool = False
    """Its ``expire_on_commit`` was set, and not to True: a commit is not known to expire anything."""


class Tie(Enum):
    """Whether a session holds an instance."""

    TRANSIENT = "transient"
    PENDING = "pending"
    ATTACHED = "attached"
    DELETED = "deleted"  # marked for deletion, or deleted and not yet committed
    DETACHED = "detached"
    UNKNOWN = "unknown"

    __hash__ = object.__hash__


class Columns(Enum):
    """Whether the plain columns of an instance are in its ``__dict__``."""

    LOADED = "loaded"
    EXPIRED = "expired"
    REQUERIED = "requeried"  # expired, or loaded; what loads by itself is not loaded, bar what is named
    UNKNOWN = "unknown"
    ASIDE = "aside"  # as they were in front of a call that is not given the instance

    __hash__ = object.__hash__


class InstanceState(NamedTuple):
    """`loaded`: relationships and deferred columns that are loaded, and what was set since the expiry.

    `missing`: what a query's options left out, and what the database has set anew. `fresh`: made in the
    transaction that is open. `explicit`: detached by a call of ``close()`` (or ``expunge``, ``reset``), not
    by the exit of a ``with``. `changed`: what was set since the last flush, asked of what has expired or is
    detached, and of models in which an UPDATE changes columns that nobody names. `touched`: it was changed
    inside the ``with`` over a savepoint that is being run, whose rollback expires it. `related`: others were
    put into one of its relationships, which no expiry takes out of the next flush. `sole`: nothing else
    waits for the next flush. `unread`: its class has made it, and no query has loaded it since.
    """

    tie: Tie
    columns: Columns = Columns.LOADED
    loaded: frozenset[str] = frozenset()
    missing: frozenset[str] = frozenset()
    fresh: bool = False
    explicit: bool = False
    changed: frozenset[str] = frozenset()
    touched: bool = False
    related: bool = False
    sole: bool = False
    unread: bool = False


class Kind(Enum):
    """What sort of exception is in flight."""

    DATABASE = "database"  # an assumed failure of the session's own work
    OTHER = "other"  # an assumed failure of any other call
    INTERRUPTED = "interrupted"  # assumed at an await or a yield: cancelled, closed
    RAISED = "raised"  # by a raise statement, or what SQLAlchemy must raise

    __hash__ = object.__hash__


class Flight(NamedTuple):
    """An exception on its way, or being handled. `name` is its class, dotted, where that is known.

    Of an assumed failure it is the class of the clause that took it; `passed`: of those that did not.
    `attribute`: what could not be loaded, until a handler takes it.
    """

    kind: Kind
    name: str = ""
    passed: frozenset[str] = frozenset()
    attribute: str = ""


class Older(NamedTuple):
    """An earlier session of the same site that still has names. `single`: it is just one object."""

    state: SessionState
    names: Names
    single: bool = True


class World(NamedTuple):
    """What may hold in front of a step.

    `session` is None while none was opened at the focus's site. `names`: the places that hold the
    session, what was derived from it, and the instance. `spent`: this path has had its one assumed
    failure. `values`: what is known of names that a later test asks about. `lost`: the life in which
    some session of the site lost its last name while it was open. `suspended`: context managers
    of the project that hold the session, as they stopped at their ``yield``.
    """

    session: SessionState | None = None
    instance: InstanceState | None = None
    names: Names = frozenset()
    flight: Flight | None = None
    caught: Flight | None = None
    spent: bool = False
    values: frozenset[tuple[Place, int]] = frozenset()
    older: Older | None = None
    lost: Life | None = None
    suspended: tuple[Suspended, ...] = ()

    def roles(self, place: Place) -> tuple[Holding, ...]:
        """What `place` holds of the session and the instance; empty for nothing."""
        return tuple([role for name, role in self.names if name == place]) if self.names else ()


class Suspended(NamedTuple):
    """A generator that stopped at its `yield`, as the world in which it stopped."""

    manager: Place
    function: str
    step: int
    inside: World
