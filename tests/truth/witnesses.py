"""What is noted down while a program runs.

A *sight* is a fault that a run has shown at a line: an error of SQLAlchemy, or an expired instance
handed out. An *ending* is how one session fared: closed, handed on to whoever called, or unclosed.

A session belongs to the *activation* (the running function) that opened it, until it is returned:
then it belongs to the activation of the caller, and counts as opened at the call; or, where the caller
is not in the program, it has been handed on.

The *mishap* of a run is the failure that was put into it, as far as it concerns a session: it is
flying, or being handled, or was swallowed by a handler that ended without raising.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from threading import get_ident
from types import FrameType, TracebackType
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.exc import MissingGreenlet, MultipleResultsFound, NoResultFound, PendingRollbackError
from sqlalchemy.orm import InstanceState, Session

from tests.truth.choices import GivenUp, Trail
from tests.truth.database import AsyncLane, Lane
from tests.truth.injection import Failure, Failures

QUIET_AFTER_CLOSE = {"close", "aclose", "rollback", "reset", "invalidate", "expunge_all"}
"""Methods that do not open a closed session anew."""


class Fate(Enum):
    """How a session ended."""

    CLOSED = "closed"
    HANDED_ON = "handed on"
    UNCLOSED = "unclosed"
    REOPENED = "used after its close, and not closed again"


@dataclass(frozen=True, slots=True)
class Ending:
    """One session of one run. `line`: where it was opened; for REOPENED, where it was used again."""

    line: int
    fate: Fate
    injected: bool
    derailed: bool
    """Something raised that nobody put there: an error of SQLAlchemy or of the program itself."""
    thrown: bool
    """It belongs to a generator that was left by what came in at a `yield`."""
    lent: bool
    """It was open at a `yield` of the generator that it belongs to."""
    lost: bool
    named: bool
    opened: int
    """The line where it was opened, whatever the fate."""
    doubtful: bool


@dataclass(frozen=True, slots=True)
class Sight:
    """A fault at a line. `doubtful`: what is out of sight may have prevented it."""

    code: str
    line: int
    doubtful: bool = False


@dataclass(slots=True, eq=False)
class Watched:
    """One session that the program opened."""

    session: Any
    line: int
    owner: Activation | None
    named: bool = False
    held: bool = False
    lost: bool = False
    open: bool = True
    used_again: int = 0
    handed_on: bool = False
    excused: bool = False
    over_yield: bool = False


class Where(Enum):
    FLYING = "flying"
    HANDLED = "handled"
    SWALLOWED = "swallowed"


@dataclass(slots=True, eq=False)
class Mishap:
    """The failure of a session's work, and how far it has come."""

    errors: list[BaseException]
    thread: int = field(default_factory=get_ident)
    where: Where = Where.FLYING
    handler: int = 0
    activation: Activation | None = None
    in_block: bool = False

    def concerns(self, error: BaseException | None) -> bool:
        """Whether an exception is this failure, or came of it."""
        seen: set[int] = set()
        waiting = [error]
        while waiting:
            each = waiting.pop()
            if each is None or id(each) in seen:
                continue
            if any(each is mine for mine in self.errors):
                return True
            seen.add(id(each))
            waiting += [each.__cause__, each.__context__, getattr(each, "orig", None), *getattr(each, "exceptions", ())]
        return False


@dataclass(slots=True, eq=False)
class Run:
    """One execution of one function of a program, and everything that was seen in it."""

    filename: str
    trail: Trail
    failures: Failures
    temporary: frozenset[int] = frozenset()
    watched: list[Watched] = field(default_factory=list)
    by_id: dict[int, Watched] = field(default_factory=dict)
    borrowed: list[tuple[Any, bool]] = field(default_factory=list)
    """Sessions that came in by a parameter; whether its annotation says so."""
    sights: dict[Sight, None] = field(default_factory=dict)
    calls_by_line: dict[int, int] = field(default_factory=dict)
    own_errors: list[Any] = field(default_factory=list)
    injected: str = ""
    injected_line: int = 0
    derailed: bool = False
    returned: bool = False
    statements: int = 0
    call_line: int = 0
    await_line: int = 0
    mishap: Mishap | None = None
    reached: set[int] = field(default_factory=set)
    misused: str = ""
    """The error by which SQLAlchemy refused something that other rules are about, though nothing had failed."""
    maybe_loaded: set[InstanceState[Any]] = field(default_factory=set)
    """Expired instances that a query could have loaded, had it found them."""
    unbound: bool = False
    """A name had no value, though nothing had failed before."""
    unbound_late: bool = False
    """A name had no value."""
    doubtful_injection: bool = False
    """The failure was put where there need not have been a statement."""
    turns: int = 2
    """How many things `items()` gives at most, and how often `cond()` is free at one line."""
    doubtful: bool = False
    """A session or an instance was given to something out of sight, which may have done anything with it."""
    quiet: bool = False
    """Set while the runner itself works with sessions."""
    finished: bool = False

    # Failures.

    def statement(self, lane: Lane, sql: str) -> None:
        """A statement or COMMIT is about to be done: the lane refuses it, or a failure may be put here."""
        if self.quiet or self.finished:
            return
        self.statements += 1
        if sql.startswith(("SAVEPOINT", "RELEASE", "PRAGMA")) and not lane.refusing:
            self.statements -= 1
            return
        if lane.refusing:
            # Nothing but the end of a `begin()` block is refused here: PostgreSQL rolls back without a word.
            self.doubtful = self.doubtful or within("__exit__", "util.py", self.filename)
            error = sqlite3.OperationalError("current transaction is aborted, commands are ignored")
            # PostgreSQL turns the COMMIT of a failed transaction into a rollback without an error; what is
            # wrong with a commit in a handler is SES307's business.
            self.refused(error, doubtful=sql == "COMMIT" and not self._is_swallowed())
            raise error
        _, variant = self.trail.point(len(self.failures.database))
        if variant is not None:
            lane.refusing = True
            self.doubtful_injection = self._loads_what_may_be_loaded()
            self.doubtful = self.doubtful or self.doubtful_injection
            failure = self.failures.database[variant]
            error_below = failure.below()
            self.mishap = Mishap([error_below])
            self._injected(f"{failure.name} in {sql.split(None, 1)[0]}", self.line())
            raise error_below

    def _loads_what_may_be_loaded(self) -> bool:
        """Whether a statement is the load of an attribute that need not have been expired."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and frame.f_code.co_filename != self.filename:
            state = frame.f_locals.get("state")
            if isinstance(state, InstanceState) and state in self.maybe_loaded:
                return True
            frame = frame.f_back
        return False

    def may_fail(self, failures: tuple[Failure, ...], line: int) -> Any:
        """A point at a call; raises if a failure is put here. Gives the point back."""
        point, variant = self.trail.point(len(failures))
        if variant is not None:
            self._injected(f"{failures[variant].name} at the call", line)
            raise failures[variant].make()
        return point

    def thrown(self, line: int) -> Failure | None:
        """A point at a `yield`: what the runner shall throw into the generator, if anything."""
        _, variant = self.trail.point(len(self.failures.thrown))
        if variant is None:
            return None
        self._injected(f"{self.failures.thrown[variant].name} thrown in at the yield", line)
        return self.failures.thrown[variant]

    def _injected(self, what: str, line: int) -> None:
        self.injected, self.injected_line = what, line

    # What SQLAlchemy says.

    def detached(self, state: InstanceState[Any] | None) -> None:
        """A `DetachedInstanceError` is raised."""
        line = self.line(state.obj() if state is not None else None)
        replaced = within("__set__", "attributes.py", self.filename)
        if state is not None and is_expired(state) and not replaced:
            self.see("SES201", line, doubtful=state in self.maybe_loaded)
        else:
            self.see("SES202", line)

    def expired(self, state: InstanceState[Any], session: Any, *, by_commit: bool) -> None:
        """An instance is expired; by the commit of a session whose options nobody in the program knows?"""
        if by_commit and any(session is getattr(lent, "sync_session", lent) for lent, _ in self.borrowed):
            self.maybe_loaded.add(state)
        else:
            self.maybe_loaded.discard(state)

    def missed(self, session: Any, error: BaseException) -> None:
        """A `get()` failed that had found its instance in the session: with other rows it would have asked."""
        transaction = getattr(session, "sync_session", session).get_transaction()
        lanes = [_lane(each[0]) for each in transaction._connections.values()] if transaction is not None else []
        if lanes:
            self.mishap = Mishap([error])
            self.doubtful = True
        for lane in lanes:
            lane.refusing = True

    def queried(self, session: Any) -> None:
        """A query of a session is done: with other rows it could have loaded what is expired."""
        for state in getattr(session, "sync_session", session).identity_map.all_states():
            if is_expired(state):
                self.maybe_loaded.add(state)

    def hands_out(self, value: Any, line: int) -> None:
        """A function gives a value to whoever called."""
        for each in parts(value):
            if is_detached_and_expired(each):
                self.see("SES205", line, doubtful=inspect(each) in self.maybe_loaded)

    def _is_swallowed(self) -> bool:
        return self.mishap is not None and self.mishap.where is Where.SWALLOWED

    def refused(self, error: BaseException, *, doubtful: bool = False) -> None:
        """Work is refused because the transaction has failed."""
        mishap = self.mishap
        if mishap is None or mishap.thread != get_ident():
            return
        if mishap.where is not Where.SWALLOWED:
            self.see("SES302", self.line_in(mishap.activation), doubtful=doubtful)
        elif not mishap.in_block:
            self.see("SES301", mishap.handler)
        mishap.errors.append(error)
        mishap.where = Where.FLYING

    def invalid(self, error: BaseException) -> None:
        """SQLAlchemy refuses something that makes no sense in the state that things are in."""
        mishap = self.mishap
        before_rollback = mishap is not None and any(has_failed(each) for each in self._sessions())
        if isinstance(error, MissingGreenlet) and before_rollback and mishap.where is not Where.SWALLOWED:
            # A load at a place where an async session cannot load; before the rollback it is the rollback's fault.
            self.refused(error)
        harmless = (PendingRollbackError, NoResultFound, MultipleResultsFound)
        if not self.injected and not isinstance(error, harmless):
            self.misused = type(error).__name__

    def see(self, code: str, line: int = 0, *, doubtful: bool = False) -> None:
        self.sights.setdefault(Sight(code, line or self.line(), self.doubtful or doubtful))

    def out_of_sight(self, given: Any) -> None:
        """A function out of sight, or whoever drives a generator, gets something."""
        if any(is_mapped(each) or is_session(each) for each in parts(given)):
            self.doubtful = True

    # Handlers.

    def handling(self, error: BaseException | None, activation: Activation | None = None) -> bool:
        """A handler takes an exception; whether that is the mishap."""
        self._judge(error)
        if self.mishap is None or not self.mishap.concerns(error):
            return False
        self.mishap.where = Where.HANDLED
        self.mishap.activation = activation
        return True

    def cleaning(self, activation: Activation) -> None:
        """A ``finally`` begins, maybe because the mishap is on its way."""
        if self.mishap is not None and self.mishap.where is Where.FLYING:
            self.mishap.activation = activation

    def handled(self, line: int, *, raising: bool) -> None:
        """The handler that took the mishap ends."""
        mishap = self.mishap
        if mishap is None or mishap.where is Where.FLYING:
            return
        if raising:
            mishap.where = Where.FLYING
            return
        mishap.where, mishap.handler = Where.SWALLOWED, line
        mishap.in_block = any(_failed_in_block(each) for each in self._sessions())
        if mishap.in_block:
            self.see("SES305", line)

    def leaves_by(self, error: BaseException | None) -> None:
        """A function is left by an exception."""
        self._judge(error)

    def _judge(self, error: BaseException | None) -> None:
        self.unbound_late = self.unbound_late or isinstance(error, NameError)
        if error is None or self.injected or isinstance(error, (GivenUp, GeneratorExit)):
            return
        self.unbound = self.unbound or isinstance(error, NameError)
        if not any(error is own or (isinstance(own, type) and isinstance(error, own)) for own in self.own_errors):
            self.derailed = True

    # Sessions.

    def opened(self, session: Any) -> None:
        """A session is constructed."""
        frame: FrameType | None = sys._getframe(1)
        line, owner = 0, None
        while frame is not None and owner is None:
            if frame.f_code.co_filename.endswith("scoping.py"):
                return
            if frame.f_code.co_filename == self.filename:
                line = line or frame.f_lineno
                owner = frame.f_locals.get("__act__")
            frame = frame.f_back
        if owner is None or self.quiet:
            return
        watched = Watched(session, line, owner)
        self.watched.append(watched)
        self.by_id[id(session)] = watched
        owner.owned.append(watched)

    def also(self, session: Any, same: Any) -> None:
        """`same` is another object for a watched session: the `AsyncSession` around it."""
        watched = self.by_id.get(id(session))
        if watched is not None:
            self.by_id[id(same)] = watched
            watched.session = same

    def closed(self, session: Any) -> None:
        watched = self.by_id.get(id(session))
        if watched is not None:
            watched.open = False
            watched.used_again = 0

    def closes_itself(self, session: Any) -> None:
        """Leaving this session open is not the program's fault."""
        watched = self.by_id.get(id(session))
        if watched is not None:
            watched.excused = True

    def unused(self, session: Any, before: int) -> None:
        """A method of a session has failed: where it had not begun anything, the session is as it was before."""
        watched = self.by_id.get(id(session))
        if watched is not None and not getattr(session, "sync_session", session).in_transaction():
            watched.used_again = before

    def used_at(self, session: Any) -> int:
        """The line where a closed session was used again, 0 if it was not."""
        watched = self.by_id.get(id(session))
        return watched.used_again if watched is not None else 0

    def used(self, session: Any, method: str) -> None:
        """A method of a session is called."""
        watched = self.by_id.get(id(session))
        if watched is not None and not watched.open and method not in QUIET_AFTER_CLOSE:
            watched.used_again = watched.used_again or self.line(session)

    def hand_on(self, value: Any) -> None:
        """Whatever sessions are in `value`, somebody else looks after them from now on."""
        for watched in self.sessions_in(value):
            watched.handed_on = True

    def sessions_in(self, value: Any) -> Iterator[Watched]:
        for each in parts(value):
            watched = self.by_id.get(id(each))
            if watched is not None:
                yield watched

    def _sessions(self) -> Iterator[Any]:
        yield from (each.session for each in self.watched)
        yield from (session for session, _ in self.borrowed)

    # The end.

    def finish(self) -> list[Ending]:
        """No more notes; how every session fared."""
        mishap = self.mishap
        if self.returned and mishap is not None and mishap.where is Where.SWALLOWED and not mishap.in_block:
            if any(annotated and has_failed(session) for session, annotated in self.borrowed):
                self.see("SES301", mishap.handler)
        self.finished = True
        return [self._ending(each) for each in self.watched]

    def _ending(self, watched: Watched) -> Ending:
        owner = watched.owner
        line = watched.line
        if watched.handed_on:
            fate = Fate.HANDED_ON
        elif watched.open and not watched.excused:
            fate = Fate.UNCLOSED
        elif watched.used_again and not (owner is not None and owner.dropped):
            fate, line = Fate.REOPENED, watched.used_again
        else:
            fate = Fate.CLOSED
        return Ending(
            line,
            fate,
            bool(self.injected),
            self.derailed,
            owner is not None and owner.thrown and watched.over_yield,
            watched.over_yield,
            watched.lost,
            watched.named and watched.line not in self.temporary,
            watched.line,
            self.doubtful_injection,
        )

    # Lines.

    def line_in(self, activation: Activation | None) -> int:
        """The line that an activation is executing, 0 if it is not running."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and activation is not None:
            if frame.f_code.co_filename == self.filename and frame.f_locals.get("__act__") is activation:
                return frame.f_lineno
            frame = frame.f_back
        return 0

    def line(self, about: Any = None) -> int:
        """The line of the program that is being executed.

        Bodies of a mapped class's own methods are passed over, and so are functions that were given
        `about`: the line is that of the call.
        """
        line = 0
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            if frame.f_code.co_filename == self.filename and not is_mapped(frame.f_locals.get("self")):
                line = frame.f_lineno
                activation = frame.f_locals.get("__act__")
                if about is None or (activation is not None and id(about) not in (activation.given or ())):
                    return line
            frame = frame.f_back
        return line or self.await_line


class Activation:
    """One running function of the program."""

    __slots__ = ("dropped", "generator", "given", "name", "owned", "run", "suspended", "thrown", "value")

    def __init__(self, run: Run | None, name: str, generator: bool) -> None:
        self.run = run
        self.name = name
        self.generator = generator
        self.owned: list[Watched] = []
        self.given: set[int] | None = None
        self.suspended = False
        self.thrown = False
        self.dropped = False
        self.value: tuple[int, Any] | None = None

    def __enter__(self) -> Activation:
        return self

    def __exit__(self, kind: Any, error: BaseException | None, traceback: TracebackType | None) -> None:
        run = self.run
        if run is None or run.finished:
            return
        self.awake()
        if kind is not None:
            run.leaves_by(error)
        elif self.value is not None:
            self._gives(*self.value)

    def names(self, variables: dict[str, Any]) -> None:
        """The variables of the function have changed; the first time they are its parameters."""
        if self.given is None:
            self.given = {id(each) for each in variables.values()}
        if self.owned:
            present = {id(each) for each in variables.values()}
            for watched in self.owned:
                self._look_for(watched, id(watched.session) in present)

    def returning(self, line: int, value: Any) -> Any:
        self.value = (line, value)
        return value

    def yielding(self, line: int, value: Any) -> Any:
        run = self.run
        if run is not None and not run.finished:
            run.hands_out(value, line)
            for watched in run.sessions_in(value):
                watched.named = True
            for watched in self.owned:
                watched.over_yield = watched.over_yield or self.generator
            self.suspended = True
        return value

    def resumed(self, value: Any) -> Any:
        self.suspended = False
        return value

    def awake(self) -> None:
        """The function runs again; if it was suspended it was woken by an exception."""
        if self.suspended:
            self.suspended = False
            self.thrown = True
            self.dropped = sys.exc_info()[0] is GeneratorExit

    def handler(self, line: int) -> Handler:
        return Handler(self, line)

    def cleanup(self, line: int) -> Cleanup:
        return Cleanup(self)

    def _look_for(self, watched: Watched, present: bool) -> None:
        if present:
            watched.named = watched.held = True
            watched.lost = False
        elif watched.held:
            watched.held = False
            watched.lost = (watched.open or watched.used_again > 0) and not watched.handed_on

    def _gives(self, line: int, value: Any) -> None:
        run = self.run
        assert run is not None
        if value is None:
            return
        run.hands_out(value, line)
        for watched in list(run.sessions_in(list(held(value)))):
            if watched.owner is self:
                self._passes_up(watched)

    def _passes_up(self, watched: Watched) -> None:
        assert self.run is not None
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            if frame.f_code.co_filename == self.run.filename:
                caller = frame.f_locals.get("__act__")
                if caller is not None and caller is not self:
                    self.owned.remove(watched)
                    watched.owner, watched.line = caller, frame.f_lineno
                    watched.named = watched.held = watched.lost = False
                    caller.owned.append(watched)
                    return
            frame = frame.f_back
        watched.handed_on = True


class Handler:
    """The body of an ``except``."""

    __slots__ = ("activation", "line", "mine")

    def __init__(self, activation: Activation, line: int) -> None:
        self.activation = activation
        self.line = line
        self.mine = False

    def __enter__(self) -> None:
        run = self.activation.run
        self.activation.awake()
        self.activation.value = None
        if run is not None and not run.finished:
            self.mine = run.handling(sys.exc_info()[1], self.activation)

    def __exit__(self, kind: Any, error: BaseException | None, traceback: TracebackType | None) -> None:
        run = self.activation.run
        if self.mine and run is not None and not run.finished:
            run.handled(self.line, raising=kind is not None)


class Cleanup:
    """The body of a ``finally``."""

    __slots__ = ("activation",)

    def __init__(self, activation: Activation) -> None:
        self.activation = activation

    def __enter__(self) -> None:
        run = self.activation.run
        self.activation.awake()
        if run is not None and not run.finished:
            run.cleaning(self.activation)

    def __exit__(self, *_: object) -> None:
        """Nothing ends with a ``finally``."""


def within(function: str, file: str, filename: str) -> bool:
    """Whether a function of SQLAlchemy is being executed, called by the program `filename`."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename != filename:
        if frame.f_code.co_name == function and frame.f_code.co_filename.endswith(file):
            return True
        frame = frame.f_back
    return False


def parts(value: Any) -> Iterator[Any]:
    """A value and, where it is a plain container, what is in it."""
    yield value
    if isinstance(value, (list, tuple, set, frozenset)):
        for each in value:
            yield from parts(each)
    elif isinstance(value, dict):
        for each in value.values():
            yield from parts(each)


def held(value: Any) -> Iterator[Any]:
    """The parts of a value, and what the functions among them have kept."""
    for each in parts(value):
        yield each
        if isinstance(each, partial):
            yield from held([each.func, each.args, each.keywords])
        for cell in getattr(each, "__closure__", None) or ():
            yield cell.cell_contents
        if hasattr(each, "__self__"):
            yield each.__self__


def is_session(value: Any) -> bool:
    """Whether a value is a session of either kind."""
    return isinstance(value, Session) or hasattr(value, "sync_session")


def is_mapped(value: Any) -> bool:
    """Whether a value is an instance of a mapped class."""
    return not isinstance(value, type) and hasattr(value, "_sa_instance_state")


def is_detached_and_expired(value: Any) -> bool:
    """Whether a value is an instance of a mapped class whose columns can no longer be read."""
    state = inspect(value, raiseerr=False) if is_mapped(value) else None
    return isinstance(state, InstanceState) and state.detached and is_expired(state)


def is_expired(state: InstanceState[Any]) -> bool:
    """Whether a plain column of an instance has been expired and not been loaded or set since."""
    return any(key in state.expired_attributes and key not in state.dict for key in _columns(state))


def _columns(state: InstanceState[Any]) -> set[str]:
    return {each.key for each in state.mapper.column_attrs if not each.deferred}


def has_failed(session: Any) -> bool:
    """Whether a session refuses work until it is rolled back."""
    session = getattr(session, "sync_session", session)
    transaction = session.get_transaction()
    if transaction is None:
        return False
    return transaction._state.name in {"DEACTIVE", "PREPARED"} or any(_lane(each[0]).refusing for each in transaction._connections.values())


def _failed_in_block(session: Any) -> bool:
    session = getattr(session, "sync_session", session)
    return session._trans_context_manager is not None and not session.is_active


def _lane(connection: Any) -> Lane:
    raw = connection.connection.dbapi_connection
    lane = getattr(raw, "_connection", raw)
    return lane.lane if isinstance(lane, AsyncLane) else lane
