"""The hooks that `instrumenting` writes into programs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from functools import partial
from typing import Any

import sqlalchemy as sa
import sqlalchemy.ext.asyncio as sa_async
import sqlalchemy.orm as sa_orm
import sqlalchemy.sql as sa_sql

from flake8_session.knowledge import callees
from tests.truth.activations import Activation
from tests.truth.instances import has_failed, is_mapped, is_session
from tests.truth.notes import Unawaited
from tests.truth.opaque import awork, cond, items, work
from tests.truth.sessions import Stage, Suppress
from tests.truth.tables import A
from tests.truth.witnesses import Run

CLEANING = {"close", "aclose", "rollback", "reset", "invalidate", "remove", "expunge_all", "close_all"}
"""Methods whose failure nobody assumes."""


COROUTINES = {
    "close", "commit", "connection", "delete", "exec", "execute", "flush", "get", "get_one", "invalidate",
    "merge", "refresh", "reset", "rollback", "run_sync", "scalar", "scalars", "stream",
    "stream_scalars", "aclose",
}
"""Methods of `AsyncSession` that do nothing until they are awaited."""


SESSIONS = (sa_orm.Session, sa_async.AsyncSession, sa_orm.scoped_session, sa_async.async_scoped_session)


MAKERS = (
    sa_orm.sessionmaker,
    sa_async.async_sessionmaker,
    sa_orm.scoped_session,
    sa_async.async_scoped_session,
)


DATABASE = (
    sa_orm.Query,
    sa.Result,
    sa.ScalarResult,
    sa_orm.SessionTransaction,
    sa_async.AsyncSessionTransaction,
)


HARMLESS = {sa_orm.close_all_sessions, sa_async.close_all_sessions}
"""Functions whose failure nobody assumes."""


OUT_OF_SIGHT = {work, cond, items, awork}
"""Functions of which nobody knows what they do with what they are given."""


QUERIES = {
    "get", "get_one", "exec", "execute", "scalar", "scalars", "query", "stream", "stream_scalars", "merge",
}
"""Methods of a session that bring instances into it."""


LOOKING_UP = {"get", "get_one"}
"""Those of them that need no statement where the session holds what is asked for."""


def silent_print(*_: object, **__: object) -> None:
    """The `print` of programs."""


class Hooks:
    """`__truth__` of a program."""

    def __init__(self, filename: str) -> None:
        self.filename = filename

    def reached(self, line: int) -> None:
        if Stage.run is not None:
            Stage.run.reached.add(line)

    def activation(self, name: str, generator: bool) -> Activation:
        return Activation(Stage.run, name, generator)

    def call(self, function: Any, line: int, keeps: bool) -> Any:
        run = Stage.run
        if run is None or run.finished:
            return function
        owner = getattr(function, "__self__", None)
        if isinstance(owner, SESSIONS):
            return partial(self._session_call, run, function, line)
        if isinstance(owner, DATABASE):
            return partial(self._database_call, run, function, line)
        if function is not awork and self._cannot_fail(function, owner):
            return function
        return partial(self._other_call, run, function, line, keeps)

    def awaiting(self, line: int, awaitable: Any) -> Any:
        run = Stage.run
        return awaitable if run is None or run.finished else _awaited(run, line, awaitable)

    def subject(self, value: Any, *constants: Any) -> Any:
        run = Stage.run
        if run is None or run.finished:
            return value
        options = [value, *constants, object()]
        return options[run.trail.choose(len(options))]

    def claim(self, value: Any) -> Any:
        run = Stage.run
        return value if run is None or run.finished else run.trail.choose(2) == 0

    def explicit(self, error: Any) -> Any:
        if Stage.run is not None:
            Stage.run.own_errors.append(error)
        return error

    def stored(self, value: Any) -> Any:
        if Stage.run is not None:
            Stage.run.hand_on(value)
        return value

    def maybe(self, value: Any) -> Any:
        run = Stage.run
        if run is None or run.finished or value is None:
            return value
        return None if run.trail.choose(2) else value

    def _cannot_fail(self, function: Any, owner: Any) -> bool:
        """Session constructors and factories, this module's functions, exceptions, what contextlib has."""
        if isinstance(function, type):
            mapped = hasattr(function, "_sa_class_manager")
            ours = function.__module__ == self.filename and not mapped
            return (
                ours or issubclass(function, (BaseException, *SESSIONS, *MAKERS)) or _of_contextlib(function)
            )
        if isinstance(function, MAKERS) or isinstance(owner, MAKERS) or _of_contextlib(type(owner)):
            return True
        if _builds_sql(function, owner) or _is_quiet(function, owner):
            return True
        inner = getattr(function, "__wrapped__", function)
        code = getattr(getattr(inner, "__func__", inner), "__code__", None)
        if code is None:
            return False
        return code.co_filename == self.filename or function in HARMLESS or _of_contextlib(function)

    @staticmethod
    def _session_call(run: Run, function: Any, line: int, *arguments: Any, **options: Any) -> Any:
        session, name = function.__self__, function.__name__
        before = run.used_at(session)
        run.used(session, name)
        if name == "close":
            run.closed_by_hand(session, line)
        elif name == "commit":
            run.committed(session, line)
        if isinstance(session, sa_async.AsyncSession) and name in COROUTINES:
            given = _SessionAwaitable(
                function, arguments, function(*arguments, **options), before, Unawaited(line)
            )
            run.calls.append(given.unawaited)
            return given
        run.contexts.use(session)
        if name in CLEANING:
            return function(*arguments, **options)
        try:
            return Hooks._database_call(run, function, line, *arguments, **options)
        except BaseException as error:
            run.unused(session, before)
            if name in LOOKING_UP and run.mishap is None and run.injected:
                run.missed(session, error)
            raise

    @staticmethod
    def _database_call(run: Run, function: Any, line: int, *arguments: Any, **options: Any) -> Any:
        point = None
        before = run.statements
        failed = _looks_up(function) and has_failed(function.__self__)
        try:
            if not _is_at_hand(run, function, arguments):
                point = run.may_fail(run.failures.database, line)
            result = function(*arguments, **options)
            _note_query(run, function, arguments)
            _note_found(run, function, result, failed=failed)
            return result
        finally:
            if point is not None:
                point.void = run.statements != before

    @staticmethod
    def _other_call(run: Run, function: Any, line: int, keeps: bool, *arguments: Any, **options: Any) -> Any:
        # The call of `awork` only makes a coroutine; what fails is the `await`.
        given = [*arguments, *options.values()]
        run.passes_on(given)
        if function is asyncio.create_task and isinstance(arguments[0], _SessionAwaitable):
            arguments = (_awaited(run, line, arguments[0]), *arguments[1:])
        if keeps:
            run.hand_on(given)
        if function in OUT_OF_SIGHT:
            run.out_of_sight(given)
            may_leave_work(run, given)
        if function is not awork and not any(
            isinstance(each, _SessionAwaitable) and each.cleans for each in given
        ):
            run.may_fail(run.failures.other, line)
        run.call_line = line
        return function(*arguments, **options)


class _SessionAwaitable:
    """What a method of `AsyncSession` gives: its coroutine, known to be database work."""

    def __init__(
        self,
        function: Any,
        arguments: tuple[Any, ...],
        coroutine: Any,
        used_before: int,
        unawaited: Unawaited,
    ) -> None:
        self.function = function
        self.arguments = arguments
        self.unawaited = unawaited
        self.used_before = used_before
        self.coroutine = coroutine
        self.cleans = coroutine.__name__ in CLEANING

    def __await__(self) -> Any:
        self._begins()
        return self.coroutine.__await__()

    async def __aenter__(self) -> Any:
        self._begins()
        return await self.coroutine

    def _begins(self) -> None:
        if Stage.run is not None:
            Stage.run.contexts.use(self.function.__self__)

    def close(self) -> None:
        self.coroutine.close()


async def _awaited(run: Run, line: int, awaitable: Any) -> Any:
    """Awaits; before it begins it may be interrupted, and a session's work may fail."""
    run.await_line = line
    run.passes_on(awaitable)
    work = awaitable if isinstance(awaitable, _SessionAwaitable) else None
    point = None
    before = run.statements
    failed = work is not None and _looks_up(work.function) and has_failed(work.function.__self__)
    try:
        if not _is_cleaning(awaitable) and not _is_of(awaitable, run.filename):
            run.may_fail(run.failures.interrupted, line)
        if work is not None and not work.cleans and not _is_at_hand(run, work.function, work.arguments):
            point = run.may_fail(run.failures.database, line)
        result = await awaitable
        if work is not None:
            _note_query(run, work.function, work.arguments)
            _note_found(run, work.function, result, failed=failed)
        return result
    except BaseException:
        if hasattr(awaitable, "close"):
            awaitable.close()
        if work is not None:
            run.unused(work.function.__self__, work.used_before)
        raise
    finally:
        if point is not None:
            point.void = run.statements != before


def may_leave_work(run: Run, given: list[Any]) -> None:
    """What is out of sight may have put something into a session that is not written yet."""
    for each in given:
        if is_session(each) and run.trail.choose(2):
            run.quiet = True
            each.add(A(street="left"))
            run.quiet = False


def _note_query(run: Run, function: Any, arguments: tuple[Any, ...]) -> None:
    owner = function.__self__
    if isinstance(owner, sa_orm.Query):
        run.queried(owner.session, _entities(owner))
    elif isinstance(owner, SESSIONS) and function.__name__ in QUERIES:
        run.queried(owner, _entities(arguments[0] if arguments else None))


def _entities(asked: Any) -> tuple[type, ...]:
    """The classes of which a query, or what is asked for by its key or merged, may give instances."""
    if isinstance(asked, type):
        return (asked,)
    if is_mapped(asked):
        return (type(asked),)
    if isinstance(asked, sa_sql.expression.TextClause):
        return ()
    described = getattr(asked, "column_descriptions", None)
    if described is None or getattr(asked, "_with_options", ()):
        return (object,)
    return tuple(each["entity"] for each in described if each["expr"] is each.get("entity"))


def _looks_up(function: Any) -> bool:
    """Whether a method of a session looks for what it holds before it asks the database."""
    kinds = (sa_orm.Session, sa_async.AsyncSession)
    return isinstance(function.__self__, kinds) and function.__name__ in LOOKING_UP


def _is_at_hand(run: Run, function: Any, arguments: tuple[Any, ...]) -> bool:
    """Whether a `get()` asks for what an earlier one has given and the session holds, whatever the rows."""
    if not _looks_up(function) or len(arguments) < 2:
        return False
    session = getattr(function.__self__, "sync_session", function.__self__)
    found = session.identity_map.get(sa.orm.util.identity_key(*arguments[:2]))
    state = sa.inspect(found) if found is not None else None
    return state in run.by_key and not state.expired


def _note_found(run: Run, function: Any, result: Any, *, failed: bool) -> None:
    """What was asked for by its key is there; `failed`: in a session that could not have asked for it."""
    if _looks_up(function) and is_mapped(result):
        state = sa.inspect(result)
        if failed and state not in run.by_key:
            run.spared()
        run.by_key.add(state)


def _is_of(awaitable: Any, filename: str) -> bool:
    """Whether an awaitable is a coroutine of the program, which is interrupted where it awaits."""
    code = getattr(awaitable, "cr_code", None)
    return code is not None and code.co_filename == filename


def _is_cleaning(awaitable: Any) -> bool:
    """Whether an awaitable only closes or rolls back, or enters a stack, so that it is not cancelled."""
    if isinstance(awaitable, asyncio.Future):
        return True
    code = getattr(awaitable, "cr_code", None)
    return getattr(awaitable, "cleans", False) or (
        code is not None and code.co_filename == contextlib.__file__
    )


def _builds_sql(function: Any, owner: Any) -> bool:
    """Whether a call only puts a statement together: `select(U)`, `statement.where(…)`, `U.name.in_(…)`."""
    if isinstance(owner, (sa_sql.ClauseElement, sa_sql.operators.Operators)):
        return True
    module = getattr(function, "__module__", None) or type(function).__module__
    return module.startswith(("sqlalchemy.sql.", "sqlmodel.sql.", "sqlalchemy.orm.strategy_options"))


def _is_quiet(function: Any, owner: Any) -> bool:
    """Whether nobody assumes that a call fails: it writes to a log, or only looks at a thing."""
    if isinstance(owner, logging.Logger) or getattr(function, "__module__", "") == "logging":
        return True
    name = f"{getattr(function, '__module__', '')}.{getattr(function, '__qualname__', '')}"
    return function is silent_print or name.removeprefix("builtins.") in callees.QUIET


def _of_contextlib(thing: Any) -> bool:
    return thing is Suppress or getattr(thing, "__module__", "") == "contextlib"
