"""One run of a program, and everything that is seen in it.

The run is told of statements, calls, handlers, openings and closings, puts the one failure of its
script where the script says, and gives the sights and endings when it is over.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from threading import get_ident
from types import FrameType
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.exc import MissingGreenlet, MultipleResultsFound, NoResultFound, PendingRollbackError
from sqlalchemy.orm import InstanceState

from tests.truth import refusals
from tests.truth.activations import Activation
from tests.truth.choices import GivenUp, Trail
from tests.truth.contexts import Contexts
from tests.truth.database import Lane
from tests.truth.injection import Failure, Failures
from tests.truth.instances import (
    failed_in_block,
    has_failed,
    is_detached_and_expired,
    is_expired,
    is_mapped,
    is_session,
    lane_of,
    parts,
    within,
)
from tests.truth.notes import Ending, Fate, Mishap, Sight, Unawaited, Watched, Where, Written
from tests.truth.writes import Changes, Outcome

QUIET_AFTER_CLOSE = {"close", "aclose", "rollback", "reset", "invalidate", "expunge_all"}
"""Methods that do not open a closed session anew."""


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
    registered: list[Any] = field(default_factory=list)
    """Sessions of registries, which somebody else looks after."""
    changes: Changes = field(default_factory=Changes)
    calls: list[Unawaited] = field(default_factory=list)
    """What methods of asynchronous sessions have given."""
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
    """The error by which SQLAlchemy refused what other rules are about; nothing had failed."""
    by_key: set[InstanceState[Any]] = field(default_factory=set)
    """Instances that a `get()` has given."""
    maybe_loaded: set[InstanceState[Any]] = field(default_factory=set)
    """Expired instances that a query could have loaded, had it found them."""
    unbound: bool = False
    """A name had no value, though nothing had failed before."""
    unbound_late: bool = False
    """A name had no value."""
    doubtful_injection: bool = False
    """The failure was put where there need not have been a statement."""
    guessed: bool = False
    """An attribute was loaded of which nobody can tell, without its class, that it must be."""
    in_sight: bool = True
    """The program holds the classes of its instances."""
    turns: int = 2
    """How many things `items()` gives at most, and how often `cond()` is free at one line."""
    doubtful: bool = False
    """A session or an instance was given to something out of sight, which may have done anything with it."""
    ended_by_hand: int = 0
    """The line that has ended the transaction of a ``with`` inside of it."""
    going_on: list[BaseException | None] = field(default_factory=list)
    """For each ``except`` and ``finally`` whose body is being executed: what has led there."""
    contexts: Contexts = field(default_factory=Contexts)
    held: list[Callable[[], object]] = field(default_factory=list)
    """What threads have been told to do, and do once somebody waits for them."""
    lone: dict[int, tuple[Any, int]] = field(default_factory=dict)
    """Instances that were set in no session, with the line, until a session takes them."""
    answered: bool = False
    """A framework has begun to send what the function has given it."""
    quiet: bool = False
    """Set while the runner itself works with sessions."""
    finished: bool = False

    # Failures.

    def statement(self, lane: Lane, sql: str) -> None:
        """A statement or COMMIT is about to be done: the lane refuses it, or a failure may be put here."""
        if self.quiet or self.finished:
            return
        session = refusals.at_work() if self.contexts.started else None
        if session is not None:
            self.contexts.use(session)
        self.statements += 1
        if sql.startswith(("SAVEPOINT", "RELEASE", "PRAGMA")) and not lane.refusing:
            self.statements -= 1
            return
        if lane.refusing:
            # Nothing but the end of a `begin()` block is refused here: PostgreSQL rolls back without a word.
            at_end = within("__exit__", "util.py", self.filename) or within(
                "__aexit__", "session.py", self.filename
            )
            self.doubtful = self.doubtful or at_end
            error = sqlite3.InternalError("current transaction is aborted, commands are ignored")
            # PostgreSQL turns the COMMIT of a failed transaction into a rollback without an error, so what
            # comes of the error is in doubt. What is wrong with a commit in a handler is SES307's business.
            self.refused(error, doubtful=sql == "COMMIT" and not self._is_swallowed())
            self.doubtful = self.doubtful or sql == "COMMIT"
            raise error
        writes = sql.startswith(("INSERT", "UPDATE", "DELETE"))
        reads = self.failures.query if sql.upper().startswith("SELECT") else self.failures.statement
        failures = self.failures.database if writes else reads
        _, variant = self.trail.point(len(failures))
        if variant is not None:
            lane.refusing = True
            self.doubtful_injection = self._loads_what_may_be_loaded()
            self.doubtful = self.doubtful or self.doubtful_injection
            failure = failures[variant]
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
        """An instance is expired; by the commit of a session whose options nobody in the program knows?

        A synchronous session that is announced as one is taken to expire what it commits, as the rules say.
        """
        if by_commit and any(
            session is getattr(lent, "sync_session", lent) and not (annotated and session is lent)
            for lent, annotated in self.borrowed
        ):
            self.maybe_loaded.add(state)
        else:
            self.maybe_loaded.discard(state)

    def guesses(self) -> None:
        """An attribute is loaded, of a class that is not in sight: what comes of it need not be reported."""
        self.guessed = self.doubtful = True

    def missed(self, session: Any, error: BaseException) -> None:
        """A `get()` failed that hit has failed: with other rows it would have asked the database."""
        transaction = getattr(session, "sync_session", session).get_transaction()
        lanes = (
            [lane_of(each[0]) for each in transaction._connections.values()]
            if transaction is not None
            else []
        )
        if lanes:
            self.mishap = Mishap([error])
            self.doubtful = True
        for lane in lanes:
            lane.refusing = True

    def queried(self, session: Any, classes: tuple[type, ...]) -> None:
        """A query of a session is done: with other rows it could have loaded what is expired of `classes`."""
        for state in getattr(session, "sync_session", session).identity_map.all_states():
            if is_expired(state) and issubclass(state.class_, classes):
                self.maybe_loaded.add(state)

    def hands_out(self, value: Any, line: int) -> None:
        """A function gives a value to whoever called."""
        for each in parts(value):
            self.changes.shown(each)
            if is_detached_and_expired(each):
                self.see("SES205", line, doubtful=inspect(each) in self.maybe_loaded)

    def _is_swallowed(self) -> bool:
        return self.mishap is not None and self.mishap.where is Where.SWALLOWED

    def refused(self, error: BaseException, *, doubtful: bool = False) -> None:
        """Work is refused because the transaction has failed."""
        mishap = self.mishap
        if mishap is None or mishap.thread != get_ident():
            return
        self._is_in_the_way(mishap, doubtful=doubtful or self._loads_what_may_be_loaded())
        mishap.taken_before = mishap.taken_before or mishap.where is Where.SWALLOWED
        mishap.errors.append(error)
        mishap.where = Where.FLYING

    def spared(self) -> None:
        """A failed session has found by its key what a list had brought into it.

        With other rows it would have asked the database, and been refused.
        """
        if self.mishap is not None and self.mishap.thread == get_ident():
            self._is_in_the_way(self.mishap, doubtful=True)

    def _is_in_the_way(self, mishap: Mishap, *, doubtful: bool) -> None:
        """Work is, or would be, refused, behind the handler that has swallowed the failure or before.

        What a second handler takes is the same failure still: whoever mends the first has mended both.
        """
        if mishap.where is not Where.SWALLOWED:
            self.see("SES302", self.line_in(mishap.activation), doubtful=doubtful)
        elif not mishap.in_block:
            self.see("SES301", mishap.handler, doubtful=doubtful or mishap.taken_before)

    def invalid(self, error: BaseException) -> None:
        """SQLAlchemy refuses something that makes no sense in the state that things are in."""
        mishap = self.mishap
        going_on = mishap is not None and mishap.where is not Where.SWALLOWED
        if isinstance(error, MissingGreenlet) and going_on and any(map(has_failed, self.sessions())):
            # An async session cannot load here; before the rollback that is SES302's business.
            self.refused(error)
        elif isinstance(error, MissingGreenlet):
            self.see("SES403", refusals.line_of_load(self))
        harmless = (PendingRollbackError, NoResultFound, MultipleResultsFound)
        if not self.injected and not isinstance(error, harmless):
            self.misused = type(error).__name__

    def see(self, code: str, line: int = 0, *, doubtful: bool = False) -> None:
        self.sights.setdefault(Sight(code, line or self.line(), self.doubtful or doubtful))

    def out_of_sight(self, given: Any) -> None:
        """A function out of sight, or whoever drives a generator, gets something."""
        for each in parts(given):
            if is_mapped(each) or is_session(each):
                self.doubtful = True
            watched = self.by_id.get(id(each))
            if watched is not None and not watched.open:
                watched.given_away = True
            self.changes.shown(each)
            self.changes.settle(getattr(each, "sync_session", each), Outcome.OUT_OF_SIGHT)

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
        mishap.in_block = any(failed_in_block(each) for each in self.sessions())
        if mishap.in_block:
            self.see("SES305", line)

    def leaves_by(self, error: BaseException | None) -> None:
        """A function is left by an exception."""
        self._judge(error)
        refusals.left_by(self, error)

    def _judge(self, error: BaseException | None) -> None:
        self.unbound_late = self.unbound_late or isinstance(error, NameError)
        if error is None or self.injected or isinstance(error, (GivenUp, GeneratorExit)):
            return
        self.unbound = self.unbound or isinstance(error, NameError)
        if not any(
            error is own or (isinstance(own, type) and isinstance(error, own)) for own in self.own_errors
        ):
            self.derailed = True

    # Sessions.

    def opened(self, session: Any) -> None:
        """A session is constructed."""
        frame: FrameType | None = sys._getframe(1)
        line, owner = 0, None
        while frame is not None and owner is None:
            if frame.f_code.co_filename.endswith("scoping.py"):
                self.registered.append(session)
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
            if watched.by_hand and not watched.open and not watched.used_again:
                self.see("SES902", watched.by_hand)
            watched.open = False
            watched.used_again = 0

    def closed_by_hand(self, session: Any, line: int) -> None:
        """The program calls the `close()` of a session."""
        watched = self.by_id.get(id(session))
        if watched is not None and watched.open:
            watched.by_hand = line
            if self.going_on:
                self.see("SES901", watched.line)

    def committed(self, session: Any, line: int) -> None:
        """The program calls the `commit()` of a session."""
        if any(session is lent for lent, _ in self.borrowed):
            self.see("SES903", line)

    def closes_itself(self, session: Any) -> None:
        """Leaving this session open is not the program's fault."""
        watched = self.by_id.get(id(session))
        if watched is not None:
            watched.excused = True

    def unused(self, session: Any, before: int) -> None:
        """A method of a session has failed: if it had begun nothing, all is as before."""
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
        if watched is None or watched.open or method in QUIET_AFTER_CLOSE:
            return
        if self.answered:
            self.see("SES406", self.line(session))
        else:
            watched.used_again = watched.used_again or self.line(session)

    def hand_on(self, value: Any) -> None:
        """Whatever sessions are in `value`, somebody else looks after them from now on."""
        for watched in self.sessions_in(value):
            watched.handed_on = True

    def passes_on(self, value: Any) -> None:
        """Whatever coroutines of sessions are in `value`, somebody awaits them, or may."""
        for note in _coroutines(value):
            note.used = True

    def names(self, variables: Iterable[Any]) -> None:
        """These are what variables hold now."""
        for value in variables:
            for note in _coroutines(value):
                note.named = True

    def sessions_in(self, value: Any) -> Iterator[Watched]:
        for each in parts(value):
            watched = self.by_id.get(id(each))
            if watched is not None:
                yield watched

    def sessions(self) -> Iterator[Any]:
        """The sessions that the program has opened, and those that it was given."""
        yield from (each.session for each in self.watched)
        yield from (session for session, _ in self.borrowed)

    # The end.

    def finish(self) -> list[Ending]:
        """No more notes; how every session fared."""
        for work in self.held:
            work()
        for code in self.contexts.shared():
            self.see(code)
        if any(self._is_left_by_generator(each) for each in self.watched):
            self.see("SES110")
        mishap = self.mishap
        if self.returned and mishap is not None and mishap.where is Where.SWALLOWED and not mishap.in_block:
            if any(annotated and has_failed(session) for session, annotated in self.borrowed):
                self.see("SES301", mishap.handler, doubtful=mishap.taken_before)
        for _, line in self.lone.values():
            self.see("SES308", line)
        for call in self.calls:
            if not call.used:
                self.see("SES401", call.line, doubtful=call.named)
        self.finished = True
        return [self._ending(each) for each in self.watched]

    def _is_left_by_generator(self, watched: Watched) -> bool:
        """Whether a generator that nobody drives any more has left a session open, or closed it too early."""
        owner = watched.owner
        if owner is None or not owner.generator or not watched.over_yield:
            return False
        if owner.dropped:
            return bool(watched.used_again)
        return watched.open and owner.suspended and not watched.handed_on

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
            self.doubtful_injection or self.guessed or (fate is Fate.REOPENED and watched.given_away),
            watched.open,
        )

    def written(self) -> list[Written]:
        """What the program's own sessions were told to write, and what became of it."""
        found = []
        for change in self.changes:
            watched = self.by_id.get(id(change.session))
            if watched is not None:
                away = watched.handed_on or watched.over_yield
                outcome = Outcome.OUT_OF_SIGHT if away else change.outcome
                found.append(Written(watched.line, change.line, outcome))
        return found

    # Lines.

    def line_in(self, activation: Activation | None) -> int:
        """The line that an activation is executing, 0 if it is not running."""
        for frame in refusals.frames() if activation is not None else ():
            if frame.f_code.co_filename == self.filename and frame.f_locals.get("__act__") is activation:
                return frame.f_lineno
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


def _coroutines(value: Any) -> Iterator[Unawaited]:
    """The notes on the coroutines of sessions that are in `value`."""
    for each in parts(value):
        note = getattr(each, "unawaited", None)
        if isinstance(note, Unawaited):
            yield note
