"""Libraries with sessions of their own, real ones, whose sessions are watched like SQLAlchemy's.

- SQLModel's sessions are SQLAlchemy's, with `exec`.
- Flask-SQLAlchemy's session belongs to the context of an application. A run is one such context: it begins
  before the function is called, and its end removes the session.

They are imported by the cases that name them alone. What a project imports from `elsewhere`, which the
linter cannot find, stands in a folder of that name beside this file.
"""

from __future__ import annotations

import importlib.util
import re
import types
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy.pool import NullPool

from tests.truth.database import Lane
from tests.truth.sessions import WatchedAsyncSession, WatchedSession
from tests.truth.tables import ENGINE, STORE

LIBRARIES = ("sqlmodel", "flask_sqlalchemy")
ELSEWHERE = Path(__file__).parent
"""The folder that holds `elsewhere`."""


def named(text: str) -> list[str]:
    """The libraries of this module that a program imports."""
    return [each for each in LIBRARIES if re.search(rf"^(?:from|import) {each}\b", text, re.M)]


def missing(text: str) -> str:
    """The library that a program imports and that is not installed; empty if there is none."""
    return next((each for each in named(text) if importlib.util.find_spec(each) is None), "")


def modules(text: str) -> dict[str, types.ModuleType]:
    """What a program finds in place of the libraries that it names."""
    found: dict[str, types.ModuleType] = {}
    for each in named(text):
        found |= _sqlmodel() if each == "sqlmodel" else _flask_sqlalchemy()
    return found


def _sqlmodel() -> dict[str, types.ModuleType]:
    import sqlmodel
    import sqlmodel.ext.asyncio.session as of_async

    class Session(sqlmodel.Session, WatchedSession):
        """SQLModel's session, watched."""

    class AsyncSession(of_async.AsyncSession, WatchedAsyncSession):
        """The same for its `AsyncSession`."""

        sync_session_class = Session

    return {
        "sqlmodel": _like(sqlmodel, Session=Session, create_engine=_engine),
        "sqlmodel.ext.asyncio.session": _like(of_async, AsyncSession=AsyncSession),
    }


def _engine(*_: object, **__: object) -> Any:
    return ENGINE


def _flask_sqlalchemy() -> dict[str, types.ModuleType]:
    import flask
    import flask_sqlalchemy
    from flask_sqlalchemy.session import Session as Theirs

    class Session(Theirs, WatchedSession):
        """Flask-SQLAlchemy's session, watched."""

    class SQLAlchemy(flask_sqlalchemy.SQLAlchemy):
        """The extension, with an application whose database is that of the runs."""

        Session = WatchedSession

        def __init__(self, app: Any = None, **options: Any) -> None:
            super().__init__(session_options={"class_": Session}, **options)
            self.application = app or flask.Flask("truth")
            self.application.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
            lanes = {"creator": partial(Lane, STORE), "poolclass": NullPool}
            self.application.config["SQLALCHEMY_ENGINE_OPTIONS"] = lanes
            self.init_app(self.application)

    return {"flask_sqlalchemy": _like(flask_sqlalchemy, SQLAlchemy=SQLAlchemy)}


def _like(module: types.ModuleType, **names: Any) -> types.ModuleType:
    new = types.ModuleType(module.__name__)
    new.__dict__.update(module.__dict__)
    new.__dict__.update(names)
    return new


@contextmanager
def contexts(values: Iterable[Any]) -> Iterator[None]:
    """The contexts of the applications of what a program holds, from here to the end."""
    with ExitStack() as stack:
        for each in values:
            if any(base.__module__ == "flask_sqlalchemy.extension" for base in type(each).__mro__):
                stack.enter_context(each.application.app_context())
        yield
