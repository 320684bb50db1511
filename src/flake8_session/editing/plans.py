"""What a rule wants done about a report, as values: which nodes, and what the facts say against it.

A plan names nodes by their *origin* (see `flow.graph.Step`) and knows no syntax. It becomes edits
only when somebody asks for them.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Touch:
    """A node that reads the session or what is derived from it.

    `bound`: it needs the session itself. `open`: the session is open there on some path.
    """

    origin: int
    bound: bool
    open: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """What all have: `site`, a node in the slice that is changed, and what speaks against the change.

    `doubts` say why it may do more than lose the misuse; none: it is safe, as far as the facts tell.
    """

    site: int
    doubts: tuple[str, ...] = field(default=(), kw_only=True)


@dataclass(frozen=True, slots=True)
class Enclose(Plan):
    """Close a session at the end of its live range: by a ``with``, or in the ``finally`` of a ``try``.

    `site` is the call that makes the session, `name` the variable that it goes to (`""` for none).
    `closes` are the calls that close it and nothing else. `driver` is the function of `contextlib`
    that makes a context manager of the generator whose ``next()`` opens it (`""`: nothing lends it).
    `foreign`: what opens it is no class or factory of SQLAlchemy, so that it may fail, or do more.
    """

    name: str
    touches: tuple[Touch, ...]
    closes: tuple[int, ...]
    asynchronous: bool
    driver: str = ""
    foreign: bool = False


@dataclass(frozen=True, slots=True)
class RollBack(Plan):
    """Call ``name.rollback()`` first in a handler. `name` is an expression: ``session``, ``db.session``.

    `site` is the ``except``, or the item of a ``with suppress(…)``. `busy` are pairs of origins: on the
    way from the one to the other the session may hold a transaction. Where such a way leads into the
    ``try``, the rollback undoes more than its work.
    `unless` are calls of which none may stand in the handler already. `optional`: where there is no
    session yet, `name` is None.
    """

    name: str
    asynchronous: bool
    busy: tuple[tuple[int, int], ...]
    unless: tuple[int, ...] = ()
    optional: bool = False


@dataclass(frozen=True, slots=True)
class RollBackEarlier(Plan):
    """Move the rollback of a handler in front of `site`, which cannot be done before it.

    `rollbacks` are the calls that roll the session back, `works` its other work.
    """

    rollbacks: tuple[int, ...]
    works: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class EndLater(Plan):
    """Move the end of a session below what still needs it.

    `site` is the call of ``close()``, or the item of the ``with`` whose exit closes. `needed` are the
    nodes that stand behind it and need the session, or the instances as it gave them. `harmless` are
    the calls that may run between the old end and the new one. `flushes`: changes may wait at the end,
    which what asks the database in front of it would write, and may fail to write, which expires.
    `together`: where some of the needed nodes stand outside of the end's block it cannot be moved.
    """

    needed: tuple[int, ...]
    harmless: tuple[int, ...] = ()
    flushes: bool = False
    together: bool = False


@dataclass(frozen=True, slots=True)
class GiveArgument(Plan):
    """Give the call `site` one more keyword argument: ``expire_on_commit=False``."""

    keyword: str
    value: str


@dataclass(frozen=True, slots=True)
class Refresh(Plan):
    """``session.refresh(instance)`` in front of `before`, or where the session ends, which is at `site`."""

    before: int
    session: str
    instance: str
    asynchronous: bool


@dataclass(frozen=True, slots=True)
class RefreshFirst(Plan):
    """``session.refresh(instance)`` in front of the statement that holds `site`."""

    session: str
    instance: str
    asynchronous: bool


@dataclass(frozen=True, slots=True)
class LoadEagerly(Plan):
    """Load `attribute` of `model` with the call `site`, by the loader option `option`."""

    model: str
    attribute: str
    option: str


@dataclass(frozen=True, slots=True)
class ReadAll(Plan):
    """Read a query or result to its end where it is made: ``.all()`` behind the expression `site`.

    `asynchronous`: what it makes is read by ``await``.
    """

    asynchronous: bool = False


@dataclass(frozen=True, slots=True)
class AwaitCall(Plan):
    """``await`` in front of the call `site`."""


@dataclass(frozen=True, slots=True)
class EnterAsynchronously(Plan):
    """``async with`` in place of the ``with`` that holds `site`; `items` are all that it may hold."""

    items: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class EnterLoop(Plan):
    """``async with`` in place of the ``async for`` at `site`, whose generator is to give one thing.

    `driver` is the function of `contextlib` that makes a context manager of the generator.
    """

    driver: str


@dataclass(frozen=True, slots=True)
class Drop(Plan):
    """Take the statement away that is the call `site` and nothing else."""


@dataclass(frozen=True, slots=True)
class CommitFirst(Plan):
    """``session.commit()`` where the session `name` ends: in front of its close, or last in its ``with``.

    `site` is the call of ``close()``, or the item of the ``with``.
    """

    name: str
    asynchronous: bool
