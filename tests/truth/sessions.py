"""Sessions that report themselves, and errors of SQLAlchemy that are noted where they are made."""

from __future__ import annotations

import contextlib
import sys
from typing import Any

import sqlalchemy as sa
import sqlalchemy.exc as sa_exc
import sqlalchemy.ext.asyncio as sa_async
import sqlalchemy.orm as sa_orm
import sqlalchemy.orm.exc as orm_exc

from tests.truth import refusals, writes
from tests.truth.instances import failed_in_block, is_broken, within
from tests.truth.witnesses import Run
from tests.truth.writes import Changes, Outcome


class Stage:
    """Holds the run that is going on; None between runs."""

    run: Run | None = None


class WatchedSession(sa_orm.Session):
    """A session that tells the run when it is made and closed."""

    def __init__(self, bind: Any = None, **options: Any) -> None:
        super().__init__(bind, **options)
        if Stage.run is not None and not isinstance(bind, sa.Connection):
            Stage.run.opened(self)

    def add(self, instance: Any, *arguments: Any, **options: Any) -> None:
        super().add(instance, *arguments, **options)
        if instance in self.new:
            _note_change(self, added=instance)

    def merge(self, instance: Any, **options: Any) -> Any:
        given = super().merge(instance, **options)
        _taken_in(instance)
        if given in self.new or self.is_modified(given, include_collections=False):
            _note_change(self)
        return given

    def delete(self, instance: Any) -> None:
        super().delete(instance)
        _note_change(self)

    def bulk_save_objects(self, *arguments: Any, **options: Any) -> None:
        super().bulk_save_objects(*arguments, **options)
        _note_change(self)

    def expunge(self, instance: Any) -> None:
        super().expunge(instance)
        _settle(self, Outcome.TAKEN_BACK)

    def expunge_all(self) -> None:
        super().expunge_all()
        _settle(self, Outcome.TAKEN_BACK)

    def rollback(self) -> None:
        in_block = self._trans_context_manager is not None
        super().rollback()
        _settle(self, Outcome.LOST if in_block else Outcome.TAKEN_BACK)

    def close(self) -> None:
        _settle(self, Outcome.LOST)
        super().close()
        _tell_closed(self)

    def reset(self) -> None:
        _settle(self, Outcome.LOST)
        super().reset()
        _tell_closed(self)

    def invalidate(self) -> None:
        _settle(self, Outcome.LOST)
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
        """Where the COMMIT at the block's end fails SQLAlchemy leaves the session open; that is excused."""
        manager = super().begin()
        if Stage.run is not None:
            Stage.run.closes_itself(manager.async_session)
        return manager


refusals.listen(lambda: Stage.run)


def _tell_closed(session: sa_orm.Session) -> None:
    if Stage.run is not None:
        Stage.run.contexts.use(session)
        Stage.run.closed(session)


def _changes() -> Changes | None:
    run = Stage.run
    return run.changes if run is not None and not run.quiet and not run.finished else None


def _note_change(session: Any, about: Any = None, added: Any = None) -> None:
    """A session is told to write something, at the line that the program is at."""
    changes = _changes()
    if changes is not None and Stage.run is not None:
        changes.note(session, Stage.run.line(session), about, added)


def _settle(session: Any, outcome: Outcome) -> None:
    changes = _changes()
    if changes is not None:
        changes.settle(session, outcome)


def _note_set(instance: Any) -> None:
    session = sa_orm.object_session(instance)
    run = Stage.run
    if session is not None:
        _note_change(session, instance)
    elif run is not None and not run.quiet and not run.finished and sa.inspect(instance).detached:
        run.lone.setdefault(id(instance), (instance, run.line(instance)))


def _taken_in(instance: Any) -> None:
    """A session has an instance, or what was set of it."""
    if Stage.run is not None:
        Stage.run.lone.pop(id(instance), None)


@sa.event.listens_for(sa_orm.Session, "after_attach")
def _note_attached(_: Any, instance: Any) -> None:
    _taken_in(instance)


writes.listen(_changes, _note_set)


@sa.event.listens_for(sa_orm.Session, "do_orm_execute")
def _note_statement(state: sa_orm.ORMExecuteState) -> None:
    text = state.statement.text if isinstance(state.statement, sa.TextClause) else ""
    word = text.split(None, 1)[0].upper() if text else ""
    if state.is_insert or state.is_update or state.is_delete or word in ("INSERT", "UPDATE", "DELETE"):
        _note_change(state.session)
    elif word == "COMMIT":
        _settle(state.session, Outcome.KEPT)


class Suppress(contextlib.suppress):
    """`contextlib.suppress`, which is a handler without an ``except``."""

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> bool:
        taken = bool(super().__exit__(kind, error, traceback))
        run = Stage.run
        if taken and run is not None and not run.finished and run.handling(error):
            run.handled(run.line(), raising=False)
        return taken


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
    refusals.refused(run, self)
    if isinstance(self, sa_exc.PendingRollbackError) or _stands_in_the_way(str(self), run):
        run.refused(self)
    elif "permanently closed" in str(self):
        run.see("SES206")


def _stands_in_the_way(said: str, run: Run) -> bool:
    """Whether SQLAlchemy refuses because of a transaction that has failed and was not rolled back."""
    if "in 'prepared' state" in said:
        return True
    if "closed transaction inside context manager" in said:
        return any(map(failed_in_block, run.sessions()))
    return "already begun on this Session" in said and any(map(is_broken, run.sessions()))


orm_exc.DetachedInstanceError.__init__ = _note_detached  # type: ignore[assignment, method-assign]


sa_exc.InvalidRequestError.__init__ = _note_invalid  # type: ignore[assignment, method-assign]


@sa.event.listens_for(sa_orm.Mapper, "expire", raw=True)
def _note_expired(state: sa_orm.InstanceState[Any], _: Any) -> None:
    run = Stage.run
    if run is not None and not run.finished:
        run.expired(state, state.session, by_commit=within("_remove_snapshot", "session.py", run.filename))
