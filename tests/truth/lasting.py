"""Sessions that live longer than a function: in an object (SES107), a registry (SES108), a module (SES109).

What is wrong with them does not show in one run of one function. So the module is looked at as a whole:

- A session that an object keeps is open at the end of each run, whichever method of the object was called.
- A registry still has its session once all functions have run, and none of them has emptied it.
- Two threads work with the session of a module at once, and SQLAlchemy refuses one of them. The second
  thread begins, and ends, while the first one is getting its connection.

A session of a module that a generator has closed (SES110) is open again once all functions have run.
"""

from __future__ import annotations

import ast
import threading
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
import sqlalchemy.exc as sa_exc
import sqlalchemy.ext.asyncio as sa_async
import sqlalchemy.orm as sa_orm

from tests.truth.notes import Fate
from tests.truth.tables import ENGINE

if TYPE_CHECKING:
    from tests.truth.running import Program, Stories

LASTING = ("SES107", "SES108", "SES109")

_REGISTRIES = (sa_orm.scoped_session, sa_async.async_scoped_session)


def last(program: Program, told: list[Stories], text: str) -> Iterator[tuple[int, str]]:
    """The line and code of each session that lasts, after all of a program's functions have run."""
    yield from ((line, "SES107") for line in _kept(told))
    for line, value in _globals(program, text):
        if isinstance(value, _REGISTRIES) and _has_session(value) and value not in program.emptied:
            yield line, "SES108"
        elif isinstance(value, sa_orm.Session):
            if value.in_transaction():
                yield line, "SES110"
            if _is_shared(value):
                yield line, "SES109"


def registries(values: list[Any]) -> list[Any]:
    """The registries that have a session at the moment."""
    return [each for each in values if isinstance(each, _REGISTRIES) and _has_session(each)]


def _has_session(registry: Any) -> bool:
    """Whether a registry keeps a session, of whatever scope."""
    kept = registry.registry
    return kept.has() if isinstance(kept, sa.util.ThreadLocalRegistry) else bool(kept.registry)


def _kept(told: list[Stories]) -> set[int]:
    """The lines that open a session for somebody who never closes it."""
    endings = [ending for stories in told for story in stories.told for ending in story.endings]
    kept = {each.opened for each in endings if each.fate is Fate.HANDED_ON}
    return kept - {each.opened for each in endings if not each.open}


def _globals(program: Program, text: str) -> Iterator[tuple[int, Any]]:
    """What the names of a module, and of its classes, stand for, by the line that binds them."""
    yield from _bound(ast.parse(text).body, program.space)


def _bound(body: list[ast.stmt], space: Mapping[str, Any]) -> Iterator[tuple[int, Any]]:
    for node in body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                yield node.lineno, space.get(name)
            case ast.ClassDef(name=name, body=inner):
                yield from _bound(inner, vars(space[name]))
            case ast.If(body=inner, orelse=others):
                yield from _bound([*inner, *others], space)


def _is_shared(session: sa_orm.Session) -> bool:
    """Whether a thread that works with a session is refused, since another one does."""
    refused: list[Exception] = []

    def work() -> None:
        try:
            session.connection()
        except sa_exc.InvalidRequestError as error:
            refused.append(error)

    def meanwhile(*_: object) -> None:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()

    session.close()
    sa.event.listen(ENGINE, "checkout", meanwhile, once=True)
    session.connection()
    session.close()
    return bool(refused)
