"""What a rule wants done about a report, as values: which nodes, and what the facts say against it.

A plan names nodes by their *origin* (see `flow.graph.Step`) and knows no syntax. It becomes edits
only when somebody asks for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Touch:
    """A node that reads the session or what is derived from it.

    `bound`: it needs the session itself. `open`: the session is open there on some path.
    """

    origin: int
    bound: bool
    open: bool


@dataclass(frozen=True, slots=True)
class Enclose:
    """Close a session at the end of its live range: by a ``with``, or in the ``finally`` of a ``try``.

    `opening` is the call that makes the session, `name` the variable that it goes to (`""` for none).
    `closes` are the calls that close it and nothing else. `driver` is the function of `contextlib`
    that makes a context manager of the generator whose ``next()`` opens it (`""`: nothing lends it).
    `foreign`: what opens it is no class or factory of SQLAlchemy, so that it may fail, or do more.
    `doubts` say why the change may do more than lose the misuse; none: it is safe, as far as the
    facts tell.
    """

    opening: int
    name: str
    touches: tuple[Touch, ...]
    closes: tuple[int, ...]
    asynchronous: bool
    driver: str = ""
    foreign: bool = False
    doubts: tuple[str, ...] = ()

    @property
    def site(self) -> int:
        """An origin in the slice that is changed."""
        return self.opening


@dataclass(frozen=True, slots=True)
class RollBack:
    """Call ``name.rollback()`` first in a handler. `name` is an expression: ``session``, ``db.session``.

    `busy` are pairs of origins: on the way from the one to the other the session may hold a
    transaction. Where such a way leads into the ``try``, the rollback undoes more than its work.
    `unless` are calls of which none may stand in the handler already. `optional`: where there is no
    session yet, `name` is None.
    """

    handler: int
    name: str
    asynchronous: bool
    busy: tuple[tuple[int, int], ...]
    doubts: tuple[str, ...] = ()
    unless: tuple[int, ...] = ()
    optional: bool = False

    @property
    def site(self) -> int:
        """An origin in the slice that is changed."""
        return self.handler


@dataclass(frozen=True, slots=True)
class RollBackEarlier:
    """Move the rollback of a handler in front of `work`, which cannot be done before it.

    `rollbacks` are the calls that roll the session back, `works` its other work.
    """

    work: int
    rollbacks: tuple[int, ...]
    works: tuple[int, ...]
    doubts: tuple[str, ...] = ()

    @property
    def site(self) -> int:
        """An origin in the slice that is changed."""
        return self.work


@dataclass(frozen=True, slots=True)
class EndLater:
    """Move the end of a session below what still needs it.

    `end` is the call of ``close()``, or the item of the ``with`` whose exit closes. `needed` are the
    nodes that stand behind it and need the session, or the instances as it gave them. `harmless` are
    the calls that may run between the old end and the new one.
    """

    end: int
    needed: tuple[int, ...]
    harmless: tuple[int, ...] = ()
    doubts: tuple[str, ...] = ()

    @property
    def site(self) -> int:
        """An origin in the slice that is changed."""
        return self.end


@dataclass(frozen=True, slots=True)
class GiveArgument:
    """Give the call `call` one more keyword argument: ``expire_on_commit=False``."""

    call: int
    keyword: str
    value: str
    doubts: tuple[str, ...] = ()

    @property
    def site(self) -> int:
        """An origin in the slice that is changed."""
        return self.call


@dataclass(frozen=True, slots=True)
class Refresh:
    """``session.refresh(instance)`` in front of `before`, or where the session ends."""

    end: int
    before: int
    session: str
    instance: str
    asynchronous: bool
    doubts: tuple[str, ...] = ()

    @property
    def site(self) -> int:
        """An origin in the slice that is changed."""
        return self.end


@dataclass(frozen=True, slots=True)
class RefreshFirst:
    """``session.refresh(instance)`` in front of the statement that holds `read`."""

    read: int
    session: str
    instance: str
    asynchronous: bool
    doubts: tuple[str, ...] = ()

    @property
    def site(self) -> int:
        """An origin in the slice that is changed."""
        return self.read


@dataclass(frozen=True, slots=True)
class LoadEagerly:
    """Load `attribute` of `model` with the call `call`, by the loader option `option`."""

    call: int
    model: str
    attribute: str
    option: str
    doubts: tuple[str, ...] = ()

    @property
    def site(self) -> int:
        """An origin in the slice that is changed."""
        return self.call


@dataclass(frozen=True, slots=True)
class ReadAll:
    """Read a query or result to its end where it is made: ``.all()`` behind the expression `made`.

    `asynchronous`: what it makes is read by ``await``.
    """

    made: int
    asynchronous: bool = False
    doubts: tuple[str, ...] = ()

    @property
    def site(self) -> int:
        """An origin in the slice that is changed."""
        return self.made


@dataclass(frozen=True, slots=True)
class AwaitCall:
    """``await`` in front of the call `call`."""

    call: int
    doubts: tuple[str, ...] = ()

    @property
    def site(self) -> int:
        """An origin in the slice that is changed."""
        return self.call


@dataclass(frozen=True, slots=True)
class EnterAsynchronously:
    """``async with`` in place of the ``with`` that holds `item`; `items` are all that it may hold."""

    item: int
    items: tuple[int, ...]
    doubts: tuple[str, ...] = ()

    @property
    def site(self) -> int:
        """An origin in the slice that is changed."""
        return self.item


@dataclass(frozen=True, slots=True)
class EnterLoop:
    """``async with`` in place of the ``async for`` at `loop`, whose generator is to give one thing.

    `driver` is the function of `contextlib` that makes a context manager of the generator.
    """

    loop: int
    driver: str
    doubts: tuple[str, ...] = ()

    @property
    def site(self) -> int:
        """An origin in the slice that is changed."""
        return self.loop


@dataclass(frozen=True, slots=True)
class Drop:
    """Take the statement away that is the call `call` and nothing else."""

    call: int
    doubts: tuple[str, ...] = ()

    @property
    def site(self) -> int:
        """An origin in the slice that is changed."""
        return self.call


@dataclass(frozen=True, slots=True)
class CommitFirst:
    """``session.commit()`` where the session `name` ends: in front of its close, or last in its ``with``."""

    end: int
    name: str
    asynchronous: bool
    doubts: tuple[str, ...] = ()

    @property
    def site(self) -> int:
        """An origin in the slice that is changed."""
        return self.end


Plan: TypeAlias = (
    Enclose
    | RollBack
    | RollBackEarlier
    | EndLater
    | GiveArgument
    | Refresh
    | RefreshFirst
    | LoadEagerly
    | ReadAll
    | AwaitCall
    | EnterAsynchronously
    | EnterLoop
    | Drop
    | CommitFirst
)
