"""What an author of random programs knows and decides, whatever it writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar

T = TypeVar("T")


class Draw(Protocol):
    """Where chance comes from: the standard library, or Hypothesis."""

    def below(self, bound: int) -> int: ...


@dataclass(frozen=True, slots=True)
class Weights:
    """How often an author writes what."""

    shapes: Mapping[str, int]
    """The function's outline."""
    phrases: Mapping[str, int]
    """Statements."""
    length: tuple[int, int]
    """Statements of a function, from and up to."""
    sense: int
    """Of a hundred statements, how many are chosen to make sense where they stand."""
    asynchronous: int
    """Of a hundred programs, how many use `AsyncSession`."""


@dataclass(slots=True)
class Thing:
    """An instance that a name stands for: in which session it is, and whether it has been there before."""

    home: str
    stored: bool
    stale: bool = False
    """It may have to be loaded again."""


@dataclass(slots=True)
class Scope:
    """What the author knows where it writes."""

    sessions: list[str] = field(default_factory=list)
    closed: set[str] = field(default_factory=set)
    busy: set[str] = field(default_factory=set)
    """Sessions with a transaction."""
    blocks: frozenset[str] = frozenset()
    """Sessions inside their `begin()` block."""
    things: dict[str, Thing] = field(default_factory=dict)
    lists: dict[str, str] = field(default_factory=dict)
    values: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    in_loop: bool = False
    in_generator: bool = False
    conditional: bool = False
    depth: int = 0

    def inner(self, *, in_loop: bool | None = None, conditional: bool = False, block_of: str = "") -> Scope:
        """The knowledge inside a block; what is bound there is not known behind it."""
        return Scope(
            list(self.sessions),
            set(self.closed),
            set(self.busy),
            self.blocks | {block_of} if block_of else self.blocks,
            {name: replace(each) for name, each in self.things.items()},
            dict(self.lists),
            list(self.values),
            list(self.flags),
            self.in_loop if in_loop is None else in_loop,
            self.in_generator,
            self.conditional or conditional,
            self.depth + 1,
        )


Lines = list[str]


def indent(lines: Lines) -> Lines:
    return ["    " + each for each in lines]


READS = {
    "write_relation", "append", "read", "read_relation", "read_deferred", "format", "each_of_relation",
}


class Writer:
    """Chance, names, and what stands for what."""

    def __init__(self, draw: Draw, weights: Weights) -> None:
        self.draw = draw
        self.weights = weights
        self.asynchronous = draw.below(100) < weights.asynchronous
        self.in_sight = draw.below(100) < 60
        self.left = 0
        self.serial: dict[str, int] = {}
        self.helpers: set[str] = set()
        self.parameters: list[str] = []

    def chance(self, percent: int) -> bool:
        return self.draw.below(100) < percent

    def pick(self, options: Sequence[T]) -> T:
        return options[self.draw.below(len(options))]

    def weighted(self, weights: Mapping[str, int], usable: Callable[[str], bool] = lambda _: True) -> str:
        options = [(name, weight) for name, weight in weights.items() if weight and usable(name)]
        mark = self.draw.below(sum(weight for _, weight in options))
        for name, weight in options:
            mark -= weight
            if mark < 0:
                return name
        raise AssertionError("weights are positive")

    def new(self, stem: str) -> str:
        self.serial[stem] = number = self.serial.get(stem, 0) + 1
        return f"{stem}{number}" if number > 1 else stem

    @property
    def a(self) -> str:
        return "async " if self.asynchronous else ""

    @property
    def w(self) -> str:
        return "await " if self.asynchronous else ""

    @property
    def session_class(self) -> str:
        return "AsyncSession" if self.asynchronous else "Session"

    def constructor(self) -> str:
        engine = "async_engine" if self.asynchronous else "engine"
        kind = self.draw.below(20)
        if kind < 6:
            return f"{self.session_class}({engine})"
        if kind < 14:
            return "SessionLocal()"
        if kind < 17:
            return "Keeping()"
        if kind < 18:
            return f"{self.session_class}({engine}, expire_on_commit=False)"
        self.helpers.add("make")
        return "make()"

    def any_name(self, scope: Scope) -> str:
        return self.pick([*scope.things, *scope.things, *scope.lists, *scope.values, "None"])

    def result(self, scope: Scope) -> str:
        name = self.any_name(scope)
        if name in scope.things:
            return self.pick(
                [name, name, name, f"{name}.name", f"[{name}]", f"({name}, 1)", f'{{"it": {name}}}']
            )
        return name

    def shut(self, scope: Scope, session: str) -> None:
        """A session has been closed: nothing is in it any more."""
        scope.closed.add(session)
        scope.busy.discard(session)
        for thing in scope.things.values():
            if thing.home == session:
                thing.home = ""

    def stores(self, scope: Scope, session: str) -> None:
        for thing in scope.things.values():
            thing.stored = thing.stored or thing.home == session

    def session(self, scope: Scope, *, ends: bool = False, idle: bool = False) -> str:
        """A session, mostly an open one. `ends`: its transaction is to end; `idle`: it has none."""
        fitting = [
            each
            for each in scope.sessions
            if each not in scope.closed
            and not (ends and each in scope.blocks)
            and not (idle and (each in scope.busy or each in scope.blocks))
        ]
        chosen = self.pick(fitting if fitting and self.chance(self.weights.sense) else scope.sessions)
        if not ends:
            scope.busy.add(chosen)
        return chosen

    def readable(self, scope: Scope, phrase: str) -> list[str]:
        """The instances that a phrase may read: an async session loads nothing by itself."""
        if not self.asynchronous:
            return list(scope.things)
        loads = phrase not in {"read", "format"}
        return [name for name, each in scope.things.items() if not each.home or not (loads or each.stale)]

    def thing(self, scope: Scope, phrase: str = "") -> str:
        fitting = self.readable(scope, phrase) if phrase in READS else list(scope.things)
        return self.pick(fitting if fitting and self.chance(self.weights.sense) else list(scope.things))

    def stale(self, scope: Scope, session: str) -> None:
        """What is in a session may have to be loaded again."""
        for thing in scope.things.values():
            thing.stale = thing.stale or thing.home == session

    def member(self, scope: Scope) -> tuple[str, str]:
        """A stored instance and the session that it is in."""
        fitting = [(name, each.home) for name, each in scope.things.items() if each.home and each.stored]
        if fitting and self.chance(self.weights.sense):
            return self.pick(fitting)
        return self.thing(scope), self.session(scope)
