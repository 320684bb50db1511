"""What a program finds when it runs: the modules that it imports, and its own tables.

A program imports from SQLAlchemy as ever; it gets the same modules with watched classes in place of
the sessions, and a database of its own in place of every engine. Besides there are the modules
`models` and `models_async` with mapped classes, factories and the opaque functions: `work()` may fail,
`cond()` answers yes or no, `items()` gives none, one or more things.
"""

from __future__ import annotations

import ast
import asyncio
import builtins
import concurrent.futures
import contextlib
import multiprocessing
import sys
import threading
import types
from typing import Any

import sqlalchemy as sa
import sqlalchemy.ext.asyncio as sa_async
import sqlalchemy.orm as sa_orm

from tests.truth.frameworks import importer
from tests.truth.held import HeldExecutor, HeldThread, HeldTimer, NotedLock, NotedSemaphore, Pickler
from tests.truth.hooks import SESSIONS, Hooks, silent_print
from tests.truth.neighbours import Finder, Place
from tests.truth.opaque import awork, cond, items, work
from tests.truth.sessions import (
    Suppress,
    WatchedAsyncMaker,
    WatchedAsyncSession,
    WatchedMaker,
    WatchedSession,
)
from tests.truth.tables import ASYNC_ENGINE, CLASSES, ENGINE, STORE, rows_for, seed_standard
from tests.truth.unseen import watch_attributes


def _module(name: str, like: types.ModuleType | None = None, **names: Any) -> types.ModuleType:
    module = types.ModuleType(name)
    if like is not None:
        module.__dict__.update(like.__dict__)
    module.__dict__.update(names)
    return module


def _own_engine(*_: object, **options: object) -> sa.Engine:
    level = options.get("isolation_level")
    return ENGINE.execution_options(isolation_level=level) if level == "AUTOCOMMIT" else ENGINE


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


OPAQUE: dict[str, Any] = {"work": work, "cond": cond, "items": items, "awork": awork}


MODULES = {
    "sqlalchemy": _sa,
    "sqlalchemy.orm": _orm,
    "sqlalchemy.orm.session": _orm,
    "sqlalchemy.ext": _ext,
    "sqlalchemy.ext.asyncio": _async,
    "asyncio": _module("asyncio", asyncio, Lock=NotedLock, Semaphore=NotedSemaphore),
    "contextlib": _module("contextlib", contextlib, suppress=Suppress),
    "threading": _module("threading", threading, Thread=HeldThread, Timer=HeldTimer),
    "concurrent.futures": _module(
        "concurrent.futures", concurrent.futures, ThreadPoolExecutor=HeldExecutor
    ),
    "multiprocessing": _module("multiprocessing", multiprocessing, Process=Pickler),
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


watch_attributes()


def _import(name: str, space: Any = None, local: Any = None, wanted: Any = (), level: int = 0) -> Any:
    if name in MODULES:
        return MODULES[name] if wanted else MODULES[name.partition(".")[0]]
    return builtins.__import__(name, space, local, wanted, level)


BUILTINS = {**vars(builtins), "__import__": _import, "print": silent_print}


def run_module(
    tree: ast.Module,
    filename: str,
    wanted: dict[str, list[str]],
    own: dict[str, types.ModuleType],
    project: Place | None = None,
) -> dict[str, Any]:
    """Executes a program's module body; tables of models that it defines are made and filled.

    The rows hold the values in `wanted`, by column; `own` are modules that this program alone finds, besides
    those of its project.
    """
    space = namespace(filename, own, project)
    if not any(isinstance(node, ast.ClassDef) and node.name == "Base" for node in tree.body):
        space.update(CLASSES)
    exec(compile(tree, filename, "exec", dont_inherit=True), space)
    for metadata in _mappings(space):
        for table in metadata.sorted_tables:
            STORE.forget(table.name)
            table.create(ENGINE)
            STORE.seed(table.name, rows_for(table, wanted))
    return space


def forget_module(space: dict[str, Any]) -> None:
    """Drops the tables of the models that a program defined."""
    own = _mappings(space)
    for metadata, registry in own.items():
        for table in metadata.sorted_tables:
            STORE.forget(table.name)
        registry.dispose()
        metadata.clear()
    if own:
        seed_standard()


def namespace(
    filename: str, own: dict[str, types.ModuleType], project: Place | None = None
) -> dict[str, Any]:
    """The globals of a program."""
    find = importer(own, _import) if own else _import
    space = {"__name__": filename, "__builtins__": {**BUILTINS, "__import__": find}}
    if project is not None:
        finder = Finder(project, BUILTINS, find, filename if project.whole else "")
        finder.hooks = Hooks(filename)
        space["__builtins__"]["__import__"] = finder.find
        space |= {"__package__": project.package, "__finder__": finder}
    return {**space, "__truth__": Hooks(filename)}


def everything(space: dict[str, Any]) -> list[Any]:
    """The values of a program's globals, and those of its project's other modules."""
    finder = space.get("__finder__")
    others = [each.__dict__ for each in finder.loaded.values()] if finder is not None else []
    return [value for each in (space, *others) for value in each.values()]


def _mappings(space: dict[str, Any]) -> dict[sa.MetaData, sa_orm.registry]:
    """The tables of the models that a program has defined, with what has mapped them."""
    found = {}
    for each in everything(space):
        metadata = getattr(each, "metadata", None) if isinstance(each, type) else None
        if isinstance(metadata, sa.MetaData) and metadata is not CLASSES["Base"].metadata:
            # SQLModel has another name for it.
            found[metadata] = getattr(each, "registry", None) or each._sa_registry
    return found


__all__ = ["MODULES", "SESSIONS", "STORE", "Hooks", "everything", "forget_module", "run_module"]
