"""What a program finds when it runs: modules, models, engines, and sessions that report themselves.

A program imports from SQLAlchemy as ever; `load` gives it the same modules with watched classes in
place of the sessions, and a database of its own in place of every engine. Besides there are the
modules `models` and `models_async` with mapped classes, factories and the opaque functions:
`work()` may fail, `cond()` answers yes or no, `items()` gives none, one or two things.
"""

from __future__ import annotations

import ast
import asyncio
import builtins
import contextlib
import sqlite3
import sys
import types
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

import sqlalchemy as sa
import sqlalchemy.exc as sa_exc
import sqlalchemy.ext.asyncio as sa_async
import sqlalchemy.orm as sa_orm
import sqlalchemy.orm.exc as orm_exc
from sqlalchemy.pool import NullPool

from tests.truth.database import AsyncLane, Lane, Store
from tests.truth.witnesses import Activation, Run, is_session

MODELS = '''\
class Base(DeclarativeBase):
    pass


class U(Base):
    __tablename__ = "u"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None] = mapped_column()
    email: Mapped[str | None] = mapped_column()
    bio: Mapped[str | None] = mapped_column(deferred=True)
    addresses: Mapped[list["A"]] = relationship(back_populates="user")


class A(Base):
    __tablename__ = "a"
    id: Mapped[int] = mapped_column(primary_key=True)
    street: Mapped[str | None] = mapped_column()
    user_id: Mapped[int | None] = mapped_column(ForeignKey("u.id"))
    user: Mapped["U | None"] = relationship(back_populates="addresses")
'''
"""The mapped classes of `models`. A program that holds this very text uses the same classes."""

STORE = Store()
ENGINE = sa.create_engine("sqlite://", creator=partial(Lane, STORE), poolclass=NullPool)


async def _async_lane(*_: object, **__: object) -> AsyncLane:
    return AsyncLane(Lane(STORE))


ASYNC_ENGINE = sa_async.create_async_engine("sqlite+aiosqlite://", async_creator=_async_lane, poolclass=NullPool)


class Stage:
    """Holds the run that is going on; None between runs."""

    run: Run | None = None


# Sessions.


class WatchedSession(sa_orm.Session):
    """A session that tells the run when it is made and closed."""

    def __init__(self, bind: Any = None, **options: Any) -> None:
        super().__init__(bind, **options)
        if Stage.run is not None and not isinstance(bind, sa.Connection):
            Stage.run.opened(self)

    def close(self) -> None:
        super().close()
        _tell_closed(self)

    def reset(self) -> None:
        super().reset()
        _tell_closed(self)

    def invalidate(self) -> None:
        super().invalidate()
        _tell_closed(self)


class WatchedAsyncSession(sa_async.AsyncSession):
    """The same for `AsyncSession`, by the session inside it."""

    sync_session_class = WatchedSession

    def __init__(self, bind: Any = None, **options: Any) -> None:
        super().__init__(bind, **options)
        if Stage.run is not None:
            Stage.run.also(self.sync_session, self)


class WatchedMaker(sa_orm.sessionmaker):  # type: ignore[type-arg]
    """A `sessionmaker` whose sessions are watched."""

    def __init__(self, bind: Any = None, *, class_: Any = WatchedSession, **options: Any) -> None:
        super().__init__(bind, class_=class_, **options)


class WatchedAsyncMaker(sa_async.async_sessionmaker):  # type: ignore[type-arg]
    """An `async_sessionmaker` whose sessions are watched."""

    def __init__(self, bind: Any = None, *, class_: Any = WatchedAsyncSession, **options: Any) -> None:
        super().__init__(bind, class_=class_, **options)

    def begin(self) -> Any:
        """SQLAlchemy leaves the session open where the COMMIT at the block's end fails: not held against the program."""
        manager = super().begin()
        if Stage.run is not None:
            Stage.run.closes_itself(manager.async_session)
        return manager


def _tell_closed(session: sa_orm.Session) -> None:
    if Stage.run is not None:
        Stage.run.closed(session)


class _Suppress(contextlib.suppress):
    """`contextlib.suppress`, which is a handler without an ``except``."""

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> bool:
        taken = bool(super().__exit__(kind, error, traceback))
        run = Stage.run
        if taken and run is not None and not run.finished and run.handling(error):
            run.handled(run.line(), raising=False)
        return taken


# What raises in the depths of SQLAlchemy is noted where it is made.


def _note_detached(self: orm_exc.DetachedInstanceError, *arguments: Any, **options: Any) -> None:
    sa_exc.SQLAlchemyError.__init__(self, *arguments, **options)
    run = Stage.run
    if run is not None and not run.finished:
        run.detached(sys._getframe(1).f_locals.get("state"))


def _note_invalid(self: sa_exc.InvalidRequestError, *arguments: Any, **options: Any) -> None:
    sa_exc.SQLAlchemyError.__init__(self, *arguments, **options)
    run = Stage.run
    if run is None or run.finished:
        return
    run.invalid(self)
    if isinstance(self, sa_exc.PendingRollbackError) or "in 'prepared' state" in str(self):
        run.refused(self)
    elif "permanently closed" in str(self):
        run.see("SES206")


orm_exc.DetachedInstanceError.__init__ = _note_detached  # type: ignore[method-assign]
sa_exc.InvalidRequestError.__init__ = _note_invalid  # type: ignore[method-assign]


@sa.event.listens_for(sa_orm.Mapper, "expire", raw=True)
def _note_expired(state: sa_orm.InstanceState[Any], _: Any) -> None:
    run = Stage.run
    if run is not None and not run.finished:
        run.expired(state, state.session, by_commit=_within("_remove_snapshot"))


def _within(name: str) -> bool:
    frame: types.FrameType | None = sys._getframe(2)
    for _ in range(8):
        if frame is None:
            return False
        if frame.f_code.co_name == name:
            return True
        frame = frame.f_back
    return False


# The hooks that `instrumenting` writes.

CLEANING = {"close", "aclose", "rollback", "reset", "invalidate", "remove", "expunge_all", "close_all"}
"""Methods whose failure nobody assumes."""

COROUTINES = {
    "close", "commit", "connection", "delete", "execute", "flush", "get", "get_one", "invalidate", "merge",
    "refresh", "reset", "rollback", "run_sync", "scalar", "scalars", "stream", "stream_scalars", "aclose",
}  # fmt: skip
"""Methods of `AsyncSession` that do nothing until they are awaited."""

SESSIONS = (sa_orm.Session, sa_async.AsyncSession, sa_orm.scoped_session, sa_async.async_scoped_session)
MAKERS = (sa_orm.sessionmaker, sa_async.async_sessionmaker, sa_orm.scoped_session, sa_async.async_scoped_session)
DATABASE = (sa_orm.Query, sa.Result, sa.ScalarResult, sa_orm.SessionTransaction, sa_async.AsyncSessionTransaction)


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
            return ours or issubclass(function, (BaseException, *SESSIONS, *MAKERS)) or _of_contextlib(function)
        if isinstance(function, MAKERS) or isinstance(owner, MAKERS) or _of_contextlib(type(owner)):
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
        if isinstance(session, sa_async.AsyncSession) and name in COROUTINES:
            return _SessionAwaitable(function, function(*arguments, **options), before)
        if name in CLEANING:
            return function(*arguments, **options)
        try:
            return Hooks._database_call(run, function, line, *arguments, **options)
        except BaseException as error:
            run.unused(session, before)
            if name in {"get", "get_one"} and run.mishap is None and run.injected:
                run.missed(session, error)
            raise

    @staticmethod
    def _database_call(run: Run, function: Any, line: int, *arguments: Any, **options: Any) -> Any:
        point = None
        before = run.statements
        try:
            point = run.may_fail(run.failures.database, line)
            result = function(*arguments, **options)
            _note_query(run, function)
            return result
        finally:
            if point is not None:
                point.void = run.statements != before

    @staticmethod
    def _other_call(run: Run, function: Any, line: int, keeps: bool, *arguments: Any, **options: Any) -> Any:
        # The call of `awork` only makes a coroutine; what fails is the `await`.
        given = [*arguments, *options.values()]
        if keeps:
            run.hand_on(given)
        if function in OUT_OF_SIGHT:
            run.out_of_sight(given)
            may_leave_work(run, given)
        if function is not awork and not any(isinstance(each, _SessionAwaitable) and each.cleans for each in given):
            run.may_fail(run.failures.other, line)
        run.call_line = line
        return function(*arguments, **options)


class _SessionAwaitable:
    """What a method of `AsyncSession` gives: its coroutine, known to be database work."""

    def __init__(self, function: Any, coroutine: Any, used_before: int) -> None:
        self.function = function
        self.used_before = used_before
        self.coroutine = coroutine
        self.cleans = coroutine.__name__ in CLEANING

    def __await__(self) -> Any:
        return self.coroutine.__await__()

    async def __aenter__(self) -> Any:
        return await self.coroutine

    def close(self) -> None:
        self.coroutine.close()


async def _awaited(run: Run, line: int, awaitable: Any) -> Any:
    """Awaits; before it begins it may be interrupted, and a session's work may fail."""
    run.await_line = line
    work = awaitable if isinstance(awaitable, _SessionAwaitable) else None
    point = None
    before = run.statements
    try:
        if not _is_cleaning(awaitable) and not _is_of(awaitable, run.filename):
            run.may_fail(run.failures.interrupted, line)
        if work is not None and not work.cleans:
            point = run.may_fail(run.failures.database, line)
        result = await awaitable
        if work is not None:
            _note_query(run, work.function)
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
            each.add(A(street="left"))


QUERIES = {"get", "get_one", "execute", "scalar", "scalars", "query", "stream", "stream_scalars", "merge"}
"""Methods of a session that bring instances into it."""


def _note_query(run: Run, function: Any) -> None:
    owner = function.__self__
    if isinstance(owner, sa_orm.Query):
        run.queried(owner.session)
    elif isinstance(owner, SESSIONS) and function.__name__ in QUERIES:
        run.queried(owner)


def _is_of(awaitable: Any, filename: str) -> bool:
    """Whether an awaitable is a coroutine of the program: it is interrupted where it awaits something itself."""
    code = getattr(awaitable, "cr_code", None)
    return code is not None and code.co_filename == filename


def _is_cleaning(awaitable: Any) -> bool:
    """Whether an awaitable only closes or rolls back, or enters a stack: nobody assumes that it is cancelled."""
    if isinstance(awaitable, asyncio.Future):
        return True
    code = getattr(awaitable, "cr_code", None)
    return getattr(awaitable, "cleans", False) or (code is not None and code.co_filename == contextlib.__file__)


def _of_contextlib(thing: Any) -> bool:
    return thing is _Suppress or getattr(thing, "__module__", "") == "contextlib"


def _print(*_: object, **__: object) -> None:
    """`print`, silent."""


# Opaque functions.


def work(*_: object, **__: object) -> int:
    """Anything; fails as every call may."""
    return 1


def cond(*_: object) -> bool:
    """Yes or no; when asked often at the same line: no, yes, no, yes …"""
    run = Stage.run
    assert run is not None
    times = run.calls_by_line[run.call_line] = run.calls_by_line.get(run.call_line, 0) + 1
    return run.trail.choose(2) == 1 if times <= run.turns else (times - run.turns) % 2 == 0


def items(*_: object) -> Iterator[int]:
    """None, one or more things, whose iteration may fail."""
    run = Stage.run
    assert run is not None
    return _Items(run, run.trail.choose(run.turns + 1), run.call_line)


class _Items:
    def __init__(self, run: Run, length: int, line: int) -> None:
        self._run = run
        self._left = length
        self._line = line

    def __iter__(self) -> _Items:
        return self

    def __next__(self) -> int:
        if not self._run.finished:
            self._run.may_fail(self._run.failures.other, self._line)
        if self._left == 0:
            raise StopIteration
        self._left -= 1
        return self._left + 1


async def awork(*_: object, **__: object) -> int:
    """Anything that is awaited."""
    run = Stage.run
    if run is not None and not run.finished:
        run.may_fail(run.failures.other, run.await_line)
    return 1


HARMLESS = {sa_orm.close_all_sessions, sa_async.close_all_sessions}
"""Functions whose failure nobody assumes."""

OUT_OF_SIGHT = {work, cond, items, awork}
"""Functions of which nobody knows what they do with what they are given."""


# Modules.


def _standard_models() -> dict[str, Any]:
    names = "DeclarativeBase Mapped mapped_column relationship".split()
    space: dict[str, Any] = {"__name__": "models", "ForeignKey": sa.ForeignKey}
    space.update((name, getattr(sa_orm, name)) for name in names)
    exec(compile(MODELS, "<models>", "exec", dont_inherit=True), space)
    return {name: space[name] for name in ("Base", "U", "A")}


CLASSES = _standard_models()
U, A = CLASSES["U"], CLASSES["A"]


def _module(name: str, like: types.ModuleType | None = None, **names: Any) -> types.ModuleType:
    module = types.ModuleType(name)
    if like is not None:
        module.__dict__.update(like.__dict__)
    module.__dict__.update(names)
    return module


def _own_engine(*_: object, **__: object) -> sa.Engine:
    return ENGINE


def _own_async_engine(*_: object, **__: object) -> sa_async.AsyncEngine:
    return ASYNC_ENGINE


_orm = _module("sqlalchemy.orm", sa_orm, Session=WatchedSession, sessionmaker=WatchedMaker)
_async = _module(
    "sqlalchemy.ext.asyncio",
    sa_async,
    AsyncSession=WatchedAsyncSession,
    async_sessionmaker=WatchedAsyncMaker,
    create_async_engine=_own_async_engine,
)
_ext = _module("sqlalchemy.ext", sys.modules["sqlalchemy.ext"], asyncio=_async)
_sa = _module("sqlalchemy", sa, orm=_orm, ext=_ext, create_engine=_own_engine)
OPAQUE = {"work": work, "cond": cond, "items": items, "awork": awork}
MODULES = {
    "sqlalchemy": _sa,
    "sqlalchemy.orm": _orm,
    "sqlalchemy.orm.session": _orm,
    "sqlalchemy.ext": _ext,
    "sqlalchemy.ext.asyncio": _async,
    "contextlib": _module("contextlib", contextlib, suppress=_Suppress),
    "models": _module(
        "models",
        **CLASSES,
        **OPAQUE,
        engine=ENGINE,
        SessionLocal=WatchedMaker(ENGINE),
        Keeping=WatchedMaker(ENGINE, expire_on_commit=False),
    ),
    "models_async": _module(
        "models_async",
        **CLASSES,
        **OPAQUE,
        async_engine=ASYNC_ENGINE,
        AsyncSessionLocal=WatchedAsyncMaker(ASYNC_ENGINE),
    ),
}


def _import(name: str, space: Any = None, local: Any = None, wanted: Any = (), level: int = 0) -> Any:
    if name in MODULES:
        return MODULES[name] if wanted else MODULES[name.partition(".")[0]]
    return builtins.__import__(name, space, local, wanted, level)


BUILTINS = {**vars(builtins), "__import__": _import, "print": _print}


def namespace(filename: str) -> dict[str, Any]:
    """The globals of a program."""
    return {"__name__": filename, "__builtins__": BUILTINS, "__truth__": Hooks(filename)}


def run_module(tree: ast.Module, filename: str, wanted: dict[str, list[str]]) -> dict[str, Any]:
    """Executes a program's module body; tables of models that it defines are made and filled.

    The rows hold the values in `wanted`, by column.
    """
    space = namespace(filename)
    if not any(isinstance(node, ast.ClassDef) and node.name == "Base" for node in tree.body):
        space.update(CLASSES)
    exec(compile(tree, filename, "exec", dont_inherit=True), space)
    for base in _bases(space.values()):
        for table in base.metadata.sorted_tables:
            STORE.forget(table.name)
            table.create(ENGINE)
            STORE.seed(table.name, _rows_for(table, wanted))
    return space


def forget_module(space: dict[str, Any]) -> None:
    """Drops the tables of the models that a program defined."""
    own = list(_bases(space.values()))
    for base in own:
        for table in base.metadata.sorted_tables:
            STORE.forget(table.name)
        base.registry.dispose()
    if own:
        _seed_standard()


def _bases(values: Iterable[Any]) -> Iterator[Any]:
    for value in list(values):
        if isinstance(value, type) and "metadata" in vars(value) and value is not CLASSES["Base"]:
            yield value


def _rows_for(table: sa.Table, wanted: dict[str, list[str]]) -> Iterator[tuple[Any, ...]]:
    for number in range(1, 4 + max(map(len, wanted.values()), default=0)):
        yield tuple(_value_for(column, number, wanted.get(column.name, [])) for column in table.columns)


def _value_for(column: sa.Column[Any], number: int, wanted: list[str]) -> Any:
    if number <= len(wanted):
        return wanted[number - 1]
    if column.foreign_keys:
        return 1
    if isinstance(column.type, (sa.Integer, sa.Numeric)):
        return number
    return f"{column.name}{number}"


def _seed_standard() -> None:
    CLASSES["Base"].metadata.drop_all(ENGINE)
    CLASSES["Base"].metadata.create_all(ENGINE)
    STORE.seed("u", [(i, n, f"{n}@example.org", f"bio{i}") for i, n in enumerate(["ann", "bob", "cid"], 1)])
    STORE.seed("a", [(1, "first", 1), (2, "second", 1), (3, "third", 2)])


_seed_standard()
sa_orm.configure_mappers()

__all__ = ["ASYNC_ENGINE", "ENGINE", "MODELS", "MODULES", "STORE", "A", "U", "Stage", "forget_module", "may_leave_work", "run_module"]
assert sqlite3.sqlite_version_info >= (3, 35), "the ORM's RETURNING"
