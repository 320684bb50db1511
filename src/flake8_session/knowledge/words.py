"""The words in which the knowledge tables are written.

A table maps the name of a method to a `Row`. A row says what a call of the method does to the
session, to the instances that it is given, and what it gives back. Rows are claims: the tests hold
them against the installed SQLAlchemy.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Role(Enum):
    """What a value that comes from a session is to that session."""

    SESSION = "session"
    QUERY = "query"  # a Query: runs when it is iterated or asked for its rows
    RESULT = "result"  # an unread Result: rows, of entities or of columns
    SCALARS = "scalars"  # an unread ScalarResult
    STREAM = "stream"  # an unread AsyncResult: as RESULT, read with await
    STREAM_SCALARS = "stream scalars"  # an unread AsyncScalarResult
    TRANSACTION = "transaction"  # what begin() returns
    SAVEPOINT = "savepoint"  # what begin_nested() returns
    AUTOFLUSH_PAUSE = "autoflush pause"  # what no_autoflush gives
    CONNECTION = "connection"
    INSTANCE = "instance"
    INSTANCES = "instances"  # a list, tuple or set of instances
    ROW = "row"  # a Row: holds entities or columns
    ROWS = "rows"
    ITERATOR = "iterator"  # what iter() of a QUERY, RESULT, SCALARS, INSTANCES, ROWS gives
    VALUE = "value"  # a plain value: count, column, bool, None
    UNKNOWN = "unknown"

    __hash__ = object.__hash__


class Work(Enum):
    """How far a call takes the session at most: Idle, Begun (a transaction, no connection), Connected.

    `get` of an instance that the session already holds does nothing; its row says `SQL`.
    """

    NOTHING = "nothing"
    BEGINS = "begins"
    SQL = "sql"


class Ends(Enum):
    """Which transaction-ending act the call is, if it is one."""

    COMMIT = "commit"
    ROLLBACK = "rollback"
    CLOSE = "close"  # rolls back, gives the connection back, detaches every instance
    ABANDON = "abandon"  # rolls back in the database, and leaves the instances as they are
    NEVER = "never"


class ToInstance(Enum):
    """What the call does to the instances that it is given."""

    ADD = "add"
    DELETE = "delete"
    EXPUNGE = "expunge"
    REFRESH = "refresh"
    EXPIRE = "expire"
    MERGE = "merge"
    NOTHING = "nothing"


class ToAll(Enum):
    """What the call does to every instance of the session, beyond what `Ends` implies."""

    EXPIRE = "expire"
    EXPUNGE = "expunge"
    NOTHING = "nothing"


class InFailed(Enum):
    """What the call does on a session whose flush has failed."""

    RAISES = "raises"  # PendingRollbackError; begin(): InvalidRequestError
    IF_WORK = "raises if it has work"  # flush() with something to flush
    PASSES = "passes"
    MENDS = "mends"  # leaves the failed state


class Gives(Enum):
    """How the role of the value that is given back is found.

    Where `BY_STATEMENT`, `HELD`, `ELEMENT` or `ELEMENTS` meet something that holds columns only, an
    INSTANCE is a VALUE in fact. A call that gives `BY_STATEMENT` writes if its statement writes.
    """

    ROLE = "role"  # `Row.role`, whatever the arguments
    ENTITY = "entity"  # an INSTANCE: get, merge, get_one
    BY_STATEMENT = "by statement"  # `Row.role` over what the arguments select
    HELD = "held"  # `Row.role` over what the receiver holds
    SAME = "same"  # the receiver's own role, holding what it held
    ELEMENT = "element"  # one element of what the receiver holds, or None
    ELEMENTS = "elements"  # all of them, in a list
    NOTHING = "nothing"  # None


@dataclass(frozen=True, slots=True)
class Row:
    """What one method does. Defaults are those of a call that only looks.

    `autoflushes`: pending changes are flushed first, unless autoflush is off.
    `flushes`: it is itself a flush; with nothing pending it does no work.
    `writes`: it changes rows, or adds to what the next flush will write.
    `breaks`: its own failure makes SQLAlchemy refuse further work, as that of a flush does.
    `needs_idle`: it raises `InvalidRequestError` once a transaction has begun.
    `in_ended_block`: it raises `InvalidRequestError` inside a ``with session.begin()`` whose
    transaction was already ended.
    `use_after_close`: on a closed session it counts as use.
    `awaited`: its result must be awaited.
    `cleans`: it cannot leave anything open (close, rollback and their like), so its failure is not
    assumed.
    `buffered`: what it gives back is already fetched, and stays readable after the close.
    """

    work: Work = Work.NOTHING
    autoflushes: bool = False
    flushes: bool = False
    writes: bool = False
    breaks: bool = False
    ends: Ends = Ends.NEVER
    instance: ToInstance = ToInstance.NOTHING
    everything: ToAll = ToAll.NOTHING
    in_failed: InFailed = InFailed.PASSES
    needs_idle: bool = False
    in_ended_block: bool = False
    use_after_close: bool = True
    awaited: bool = False
    cleans: bool = False
    buffered: bool = False
    gives: Gives = Gives.ROLE
    role: Role = Role.VALUE
