"""A program's public functions, and the public methods of its classes, each called in every way.

Arguments are chosen by annotation and name: a session is lent, an optional one is lent or left out,
a flag is both, an instance belongs to the session that was lent. A generator is driven as its users
would: to the end, and into each `yield` a failure is thrown or the generator is closed there.
"""

from __future__ import annotations

import asyncio
import inspect
import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from tests.truth import libraries
from tests.truth.choices import GivenUp, Script, Trail, explore
from tests.truth.frameworks import Application, modules, unwrapped
from tests.truth.held import HeldLoop
from tests.truth.hooks import may_leave_work
from tests.truth.injection import CLOSED, Failure, Failures, failures_of
from tests.truth.instrumenting import Entry, Parameter, instrument
from tests.truth.lasting import registries
from tests.truth.neighbours import Place
from tests.truth.notes import Ending, Sight, Written
from tests.truth.sessions import Stage, WatchedAsyncMaker, WatchedAsyncSession, WatchedMaker, WatchedSession
from tests.truth.tables import ASYNC_ENGINE, ENGINE, MODELS, STORE, A, U
from tests.truth.witnesses import Run
from tests.truth.world import SESSIONS, everything, forget_module, run_module

RUNS = 3_000
"""Runs of one function; more is too much, and is said."""

YIELDS = 4
"""How often a generator is asked before it is closed."""


_MAKER = re.compile(r"^(?:DB)?Session$|session_(?:maker|factory|local)$|^SessionLocal$|^opener$")
"""Names of parameters and attributes that are given a factory of sessions."""


@dataclass(frozen=True, slots=True)
class Story:
    """What one run of one function has shown."""

    script: Script
    answers: tuple[int, ...]
    sights: tuple[Sight, ...]
    endings: tuple[Ending, ...]
    written: tuple[Written, ...]
    injected: str
    injected_line: int
    misused: str
    """The error by which SQLAlchemy refused something, though nothing had failed before."""
    unbound: bool
    """A name had no value, though nothing had failed before."""
    unbound_late: bool
    """A name had no value."""
    calm: bool
    """Nothing failed, and the function returned."""
    how: str
    """How the function ended: what it gave, or what it raised."""


@dataclass(slots=True)
class Stories:
    """All runs of one function. `complete`: these are really all."""

    entry: Entry
    told: list[Story] = field(default_factory=list)
    complete: bool = True
    excuse: str = ""
    """Why the function could not be run."""


class Program:
    """A program, loaded once and run often."""

    def __init__(
        self, text: str, filename: str = "<program>", turns: int = 2, project: Place | None = None
    ) -> None:
        self.filename = filename
        self.turns = turns
        self.in_sight = MODELS.partition(":")[0] in text
        instrumented = instrument(text, MODELS)
        self.entries = instrumented.entries
        self.failures: Failures = failures_of(instrumented.caught)
        self.temporary = instrumented.temporary
        self.reached: set[int] = set()
        """The lines of statements that some run has come to."""
        self.emptied: list[Any] = []
        """The registries that some run has emptied."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            wanted = project.wanted() if project is not None else instrumented.wanted
            everything = text if project is None else project.text()
            own = {**modules(text), **libraries.modules(everything)}
            self.space = run_module(instrumented.tree, filename, wanted, own, project)
        self.entries = tuple(each for each in self.entries if not self._is_session(each))
        self._application = Application(self.space)
        self._loop: asyncio.AbstractEventLoop | None = None

    def _is_session(self, entry: Entry) -> bool:
        """Whether an entry makes a session, or is a method of one: its caller owns that."""
        class_ = self.space.get((entry.made or entry).name)
        return isinstance(class_, type) and issubclass(class_, SESSIONS)

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *_: object) -> None:
        forget_module(self.space)
        if self._loop is not None:
            # What was dropped half way, asynchronous generators, is ended by the loop before it closes.
            self._loop.run_until_complete(asyncio.sleep(0))
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()

    def stories(self, limit: int = RUNS) -> list[Stories]:
        """Runs every public function in every way."""
        hook, threading.excepthook = threading.excepthook, lambda _: None
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return [self._stories(entry, limit) for entry in self.entries]
        finally:
            threading.excepthook = hook

    def _stories(self, entry: Entry, limit: int) -> Stories:
        stories = Stories(entry)
        last: list[Story] = []

        def once(trail: Trail) -> None:
            last[:] = [self.run(entry, trail)]

        for trail in explore(once, limit):
            if trail is None or trail.given_up:
                stories.complete = False
            else:
                stories.told += last
        return stories

    def run(self, entry: Entry, trail: Trail) -> Story:
        """One run of a function by a script."""
        before = registries(everything(self.space))
        try:
            with libraries.contexts(everything(self.space)):
                return self._run(entry, trail)
        finally:
            now = registries(everything(self.space))
            self.emptied += [each for each in before if each not in now]

    def _run(self, entry: Entry, trail: Trail) -> Story:
        run = Run(
            self.filename,
            trail,
            self.failures,
            self.temporary,
            in_sight=self.in_sight,
            turns=self.turns,
        )
        STORE.listener = run
        Stage.run = run
        lent = _Lent(run, trail, self.space)
        try:
            run.quiet = True
            driven = self._application.has(entry.name)
            making = {} if entry.made is None else lent.arguments(entry.made)
            keywords = {} if driven else lent.arguments(entry)
            run.quiet = False
            how = self._call(run, entry, keywords, making)
            endings = tuple(run.finish())
            written = tuple(run.written())
        finally:
            run.finished = True
            Stage.run = None
            STORE.listener = None
            self._tidy(run)
            self.reached |= run.reached
        return Story(
            trail.script,
            tuple(trail.answers),
            tuple(run.sights),
            endings,
            written,
            run.injected,
            run.injected_line,
            run.misused,
            run.unbound,
            run.unbound_late,
            run.returned and not run.injected and not run.derailed,
            how,
        )

    def _call(self, run: Run, entry: Entry, keywords: dict[str, Any], making: dict[str, Any]) -> str:
        driver = _Driver(run, entry)
        try:
            if self._application.has(entry.name):
                result = self._application.ask(entry.name, run)
            else:
                result = unwrapped(self._found(entry, making), entry.decorators)(**keywords)
            if inspect.iscoroutine(result):
                result = self._wait(result)
            elif inspect.isasyncgen(_generator(result)):
                self._wait(driver.drive_async(_generator(result)))
            elif inspect.isgenerator(_generator(result)):
                driver.drive(_generator(result))
            run.returned = not driver.left_by
            return driver.left_by or f"returned {type(result).__name__}"
        except GivenUp:
            return "given up"
        except (Exception, asyncio.CancelledError, GeneratorExit, KeyboardInterrupt, SystemExit) as error:
            if not run.injected and isinstance(error, KeyboardInterrupt):
                raise
            return f"raised {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"

    def _found(self, entry: Entry, making: dict[str, Any]) -> Any:
        """The function of an entry; where it is a method, that of an object made by these arguments."""
        if entry.made is None:
            return self.space[entry.name]
        return getattr(self.space[entry.made.name](**making), entry.name)

    def _wait(self, coroutine: Any) -> Any:
        if self._loop is None:
            self._loop = HeldLoop()
            self._loop.set_exception_handler(lambda *_: None)
        return self._loop.run_until_complete(coroutine)

    def _tidy(self, run: Run) -> None:
        borrowed = [session for session, _ in run.borrowed]
        for session in [*(each.session for each in run.watched), *borrowed, *run.registered]:
            if isinstance(session, WatchedAsyncSession):
                self._wait(session.close())
            elif session.get_bind() is ASYNC_ENGINE.sync_engine:
                session.expunge_all()
            else:
                session.close()
        STORE.restore()


class _Given(str):
    """What a parameter is given of which nothing is known: a text, which makes sessions if it is asked to."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        if not _MAKER.search(name):
            raise AttributeError(name)
        return WatchedMaker(ENGINE)

    def find(self, *_: object) -> Any:
        """A text finds others in itself; here it gives another one like it."""
        return self


class _Lent:
    """Makes the arguments of one call."""

    def __init__(self, run: Run, trail: Trail, space: dict[str, Any]) -> None:
        self.run = run
        self.trail = trail
        self.space = space
        self.session: Any = None

    def arguments(self, entry: Entry) -> dict[str, Any]:
        keywords: dict[str, Any] = {}
        for parameter in entry.parameters:
            given, value = self._value(parameter, entry)
            if given:
                keywords[parameter.name] = value
        return keywords

    def _value(self, parameter: Parameter, entry: Entry) -> tuple[bool, Any]:
        words = set(re.findall(r"\w+", parameter.annotation))
        if words & {"Session", "AsyncSession"}:
            optional = parameter.default == "None" or words & {"None", "Optional"}
            if optional and self.trail.choose(2) == 0:
                return True, None
            return True, self._lend("AsyncSession" in words, annotated=not entry.borrower)
        if words & {"sessionmaker", "async_sessionmaker"}:
            is_async = "async_sessionmaker" in words
            return True, WatchedAsyncMaker(ASYNC_ENGINE) if is_async else WatchedMaker(ENGINE)
        if words & {"bool"} or parameter.default in {"True", "False"}:
            return True, self.trail.choose(2) == 1
        if "U" in words and parameter.default in {"", "None"}:
            absent = parameter.default and self.trail.choose(2) == 0
            return True, None if absent else self._instance()
        if parameter.default:
            return False, None
        if parameter.name in {"session", "s", "db"}:
            return True, self._lend(False, annotated=False)
        if "flag" in parameter.name:
            return True, self.trail.choose(2) == 1
        if parameter.name == "engine":
            return True, ENGINE
        if _MAKER.search(parameter.name):
            return True, WatchedMaker(ENGINE)
        return True, 1 if "int" in words else _Given("given")

    def _lend(self, is_async: bool, *, annotated: bool) -> Any:
        kind: Any = WatchedAsyncSession if is_async else WatchedSession
        own = self.space.get("AsyncSession" if is_async else "Session")
        if isinstance(own, type) and issubclass(own, kind):
            kind = own
        session = kind(ASYNC_ENGINE if is_async else ENGINE)
        self.run.borrowed.append((session, annotated))
        if self.trail.choose(2):
            # Nobody knows what the caller has left in it; what only this shows need not be reported.
            session.add(A(street="left"))
            self.run.doubtful = True
        self.session = session
        return session

    def _instance(self) -> Any:
        if self.session is None:
            self._lend(False, annotated=False)
        return self.session.get(U, 1)


class _Driver:
    """The user of a generator."""

    def __init__(self, run: Run, entry: Entry) -> None:
        self.run = run
        self.entry = entry
        self.can_throw = not any("fixture" in each for each in entry.decorators)
        self.left_by = ""

    def drive(self, generator: Any) -> None:
        try:
            self._lent(next(generator))
            for _ in range(YIELDS):
                failure = self._failure()
                if failure is CLOSED:
                    self.left_by = "closed at the yield"
                    generator.close()
                    return
                if failure is None:
                    self._lent(next(generator))
                else:
                    self.left_by = "given an error at the yield"
                    generator.throw(failure.make())
            generator.close()
        except StopIteration:
            return

    async def drive_async(self, generator: Any) -> None:
        try:
            self._lent(await generator.__anext__())
            for _ in range(YIELDS):
                failure = self._failure()
                if failure is CLOSED:
                    self.left_by = "closed at the yield"
                    await generator.aclose()
                    return
                if failure is None:
                    self._lent(await generator.__anext__())
                else:
                    self.left_by = "given an error at the yield"
                    await generator.athrow(failure.make())
            await generator.aclose()
        except StopAsyncIteration:
            return

    def _lent(self, value: Any) -> None:
        """The user of the generator has got something, and may do with it what nobody knows."""
        self.run.out_of_sight(value)
        may_leave_work(self.run, [value])

    def _failure(self) -> Failure | None:
        return self.run.thrown(self.entry.line) if self.can_throw else None


def _generator(result: Any) -> Any:
    """The generator inside a context manager that a decorator of contextlib made."""
    if isinstance(result, (AbstractContextManager, AbstractAsyncContextManager)):
        return getattr(result, "gen", result)
    return result


def all_stories(text: str, limit: int = RUNS) -> Iterator[Stories]:
    """Loads a program, runs it in every way, and forgets it."""
    with Program(text) as program:
        yield from program.stories(limit)
