"""Random programs that use sessions rightly and wrongly.

A program is a module with one function of interest and the helpers that it calls. An *author* writes
it: it knows roughly what each name stands for where it writes, so that most of what it writes makes
sense, and leaves the rest to chance. There are two sets of weights: `DEVELOP`, to find and mend
disagreements with, and `FINAL`, which is only run.

Left out: sessions in attributes and containers, classes, nested functions, threads and tasks, `Row`
and `Query` objects that outlive a statement, natural database errors (constraints), registries,
sessions of a Connection, instances as parameters. The fixtures hold those.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar

from tests.truth.world import MODELS

T = TypeVar("T")


class Draw(Protocol):
    """Where chance comes from: the standard library, or Hypothesis."""

    def below(self, bound: int) -> int: ...


class Dice:
    """Chance by a seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def below(self, bound: int) -> int:
        return self._random.randrange(bound)


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


DEVELOP = Weights(
    shapes={
        "plain": 20, "finally": 10, "guarded": 10, "with": 22, "maker_begin": 5, "with_begin": 4, "borrowed": 16,
        "optional": 4, "flagged": 4, "manager": 7, "dependency": 4, "generator": 3, "turns": 6, "two": 6,
        "temporary": 4, "handing": 3,
    },
    phrases={
        "load": 12, "make": 7, "add": 8, "merge": 2, "refresh": 4, "expire": 2, "expire_all": 1, "expunge": 3,
        "delete": 1, "write": 5, "write_relation": 2, "append": 2, "read": 10, "read_relation": 6,
        "read_deferred": 3, "format": 3, "comprehend": 3, "each_of_relation": 2, "opaque": 4, "opaque_given": 1,
        "flush": 5, "commit": 11, "rollback": 4, "close": 7, "reset": 1, "execute": 5, "ask": 4, "load_all": 3,
        "forget": 1, "anew": 1, "loose": 1, "helper_close": 1, "branch": 9, "flag": 4, "none": 3, "loop": 6,
        "turn": 2, "attempt": 12, "ensure": 5, "attempt_ensure": 4, "suppressed": 1, "block": 3, "savepoint": 3,
        "open_with": 3, "leave": 5, "fail": 2, "next_turn": 3, "stop_turn": 2, "noop": 1,
    },
    length=(3, 11),
    sense=94,
    asynchronous=15,
)  # fmt: skip

FINAL = Weights(
    shapes={
        "plain": 16, "finally": 12, "guarded": 12, "with": 26, "maker_begin": 6, "with_begin": 5, "borrowed": 15,
        "optional": 5, "flagged": 5, "manager": 8, "dependency": 5, "generator": 4, "turns": 7, "two": 7,
        "temporary": 5, "handing": 4,
    },
    phrases={
        "load": 11, "make": 8, "add": 9, "merge": 3, "refresh": 4, "expire": 3, "expire_all": 2, "expunge": 3,
        "delete": 1, "write": 4, "write_relation": 2, "append": 2, "read": 11, "read_relation": 6,
        "read_deferred": 3, "format": 4, "comprehend": 3, "each_of_relation": 2, "opaque": 4, "opaque_given": 1,
        "flush": 6, "commit": 11, "rollback": 5, "close": 6, "reset": 1, "execute": 5, "ask": 4, "load_all": 3,
        "forget": 1, "anew": 1, "loose": 1, "helper_close": 2, "branch": 8, "flag": 5, "none": 3, "loop": 7,
        "turn": 2, "attempt": 13, "ensure": 5, "attempt_ensure": 5, "suppressed": 1, "block": 3, "savepoint": 4,
        "open_with": 4, "leave": 5, "fail": 2, "next_turn": 3, "stop_turn": 2, "noop": 1,
    },
    length=(4, 12),
    sense=92,
    asynchronous=20,
)  # fmt: skip

GRAMMARS = {"develop": DEVELOP, "final": FINAL}


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


class Author:
    """Writes one program."""

    def __init__(self, draw: Draw, weights: Weights) -> None:
        self.draw = draw
        self.weights = weights
        self.asynchronous = draw.below(100) < weights.asynchronous
        self.in_sight = draw.below(100) < 60
        self.left = 0
        self.serial: dict[str, int] = {}
        self.helpers: set[str] = set()
        self.parameters: list[str] = []

    # Chance.

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

    # The module.

    def program(self) -> str:
        """The text of a module."""
        low, high = self.weights.length
        self.left = low + self.draw.below(high - low + 1)
        shape = self.weighted(self.weights.shapes)
        body = getattr(self, f"shape_{shape}")(Scope())
        decorator = {"manager": ["@asynccontextmanager" if self.asynchronous else "@contextmanager"]}.get(shape, [])
        head = f"{self.a}def function({', '.join(self.parameters)}):"
        function = [*decorator, head, *indent(body)]
        parts = [*self.imports(), *(self.helper(each) for each in sorted(self.helpers)), "\n".join(function)]
        return "\n\n\n".join(parts) + "\n"

    @property
    def a(self) -> str:
        return "async " if self.asynchronous else ""

    @property
    def w(self) -> str:
        return "await " if self.asynchronous else ""

    @property
    def session_class(self) -> str:
        return "AsyncSession" if self.asynchronous else "Session"

    def imports(self) -> Lines:
        engine = "async_engine" if self.asynchronous else "engine"
        opaque = ["awork"] if self.asynchronous else []
        own = ["A", "U"] if not self.in_sight else []
        maker = "async_sessionmaker" if self.asynchronous else "sessionmaker"
        orm = ["DeclarativeBase", "Mapped", "mapped_column", "relationship"] if self.in_sight else []
        lines = ["from contextlib import asynccontextmanager, closing, contextmanager, suppress", ""]
        lines += ["from sqlalchemy import ForeignKey, select, text, update"]
        lines += ["from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError"]
        if self.asynchronous:
            lines += ["from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker"]
        else:
            orm += ["Session", "sessionmaker"]
        if orm:
            lines += [f"from sqlalchemy.orm import {', '.join(sorted(orm))}"]
        module = "models_async" if self.asynchronous else "models"
        lines += ["", f"from {module} import {', '.join([*own, *opaque, 'cond', engine, 'items', 'work'])}", ""]
        lines += [f"SessionLocal = {maker}({engine})", f"Keeping = {maker}({engine}, expire_on_commit=False)"]
        return ["\n".join(lines), *([MODELS.rstrip()] if self.in_sight else [])]

    def helper(self, name: str) -> str:
        manager = "asynccontextmanager" if self.asynchronous else "contextmanager"
        return {
            "make": "def make():\n    return SessionLocal()",
            "close_it": f"{self.a}def close_it(session: {self.session_class}):\n    {self.w}session.close()",
            "scope": f"@{manager}\n{self.a}def scope():\n    session = SessionLocal()\n    try:\n        yield session\n"
            f"        {self.w}session.commit()\n    except Exception:\n        {self.w}session.rollback()\n"
            f"        raise\n    finally:\n        {self.w}session.close()",
            "lend": f"@{manager}\n{self.a}def lend():\n    {self.a}with SessionLocal() as session:\n        yield session",
        }[name]

    # Outlines.

    def shape_plain(self, scope: Scope) -> Lines:
        lines = self.opening(scope)
        lines += self.block(scope, self.left)
        if self.chance(60):
            lines += self.phrase_close(scope)
            lines += self.tail(scope)
        return lines + self.ending(scope)

    def shape_finally(self, scope: Scope) -> Lines:
        lines = self.opening(scope)
        if self.chance(20):
            lines += self.block(scope, 1)
        inner = scope.inner()
        body = self.block(inner, self.left) + self.ending(inner)
        cleanup = self.block(scope.inner(), 1) if self.chance(25) else []
        cleanup += [f"{self.w}{scope.sessions[0]}.close()"] if self.chance(85) else ["work()"]
        lines += ["try:", *indent(body), "finally:", *indent(cleanup)]
        self.shut(scope, scope.sessions[0])
        return lines + self.tail(scope) + self.ending(scope)

    def shape_guarded(self, scope: Scope) -> Lines:
        lines = self.opening(scope)
        lines += self.block(scope, self.left // 3)
        lines += self.phrase_attempt(scope)
        lines += self.block(scope, self.left)
        if self.chance(65):
            lines += self.phrase_close(scope)
        return lines + self.tail(scope) + self.ending(scope)

    def shape_with(self, scope: Scope) -> Lines:
        lines = self.phrase_open_with(scope)
        return lines + self.tail(scope) + self.ending(scope)

    def shape_maker_begin(self, scope: Scope) -> Lines:
        session = self.new("session")
        inner = scope.inner(block_of=session)
        inner.sessions.append(session)
        body = self.first_load(inner) + self.block(inner, self.left) + self.ending(inner, 30)
        self.leave_with(scope, inner, session)
        lines = [f"{self.a}with SessionLocal.begin() as {session}:", *indent(body)]
        return lines + self.tail(scope) + self.ending(scope)

    def shape_with_begin(self, scope: Scope) -> Lines:
        session = self.new("session")
        inner = scope.inner(block_of=session)
        inner.sessions.append(session)
        body = self.first_load(inner) + self.block(inner, self.left) + self.ending(inner, 30)
        self.leave_with(scope, inner, session)
        opened = self.constructor()
        lines = [f"{self.a}with {opened} as {session}, {session}.begin():", *indent(body)]
        return lines + self.tail(scope) + self.ending(scope)

    def shape_borrowed(self, scope: Scope) -> Lines:
        self.parameters.append(f"session: {self.session_class}")
        scope.sessions.append(self.new("session"))
        return self.first_load(scope) + self.block(scope, self.left) + self.ending(scope)

    def shape_optional(self, scope: Scope) -> Lines:
        self.parameters.append(f"session: {self.session_class} | None = None")
        session = self.new("session")
        own = self.chance(70)
        lines = ["own = session is None"] if own else []
        lines += ["if own:" if own else "if session is None:", f"    session = {self.constructor()}"]
        scope.sessions.append(session)
        inner = scope.inner()
        body = self.block(inner, self.left) + self.ending(inner)
        shut = [f"if {'own' if self.chance(80) and own else 'session is None' if self.chance(30) else 'flag'}:"]
        if "flag" in shut[0]:
            self.parameters.append("flag: bool = False")
        shut += [f"    {self.w}session.close()"]
        if self.chance(70):
            return [*lines, "try:", *indent(body), "finally:", *indent(shut)]
        return [*lines, *body, *shut] if not body[-1].startswith("return") else [*lines, *body[:-1], *shut, body[-1]]

    def shape_flagged(self, scope: Scope) -> Lines:
        if self.chance(50):
            self.parameters.append("flag: bool")
            lines: Lines = []
        else:
            lines = ["flag = cond()"]
        scope.flags.append("flag")
        session = self.new("session")
        sessions = Scope(sessions=[session], flags=["flag"], depth=1)
        lines += ["if flag:", f"    session = {self.constructor()}", *indent(self.block(sessions, 2))]
        lines += self.block(scope, 2)
        closing = ["if flag:" if self.chance(75) else "if not flag:" if self.chance(30) else "if cond():"]
        closing += [f"    {self.w}session.close()"]
        return lines + closing + self.ending(scope)

    def shape_manager(self, scope: Scope) -> Lines:
        return self.lending(scope)

    def shape_dependency(self, scope: Scope) -> Lines:
        return self.lending(scope)

    def shape_generator(self, scope: Scope) -> Lines:
        scope.in_generator = True
        lines = self.phrase_open_with(scope) if self.chance(50) else self.opening(scope)
        lines += self.block(scope, 2)
        yielded = self.any_name(scope)
        body = [f"yield {yielded}", *self.block(scope.inner(in_loop=True), 2)]
        lines += ["for item in items():", *indent(body)] if self.chance(60) else [f"yield {yielded}"]
        if scope.sessions and self.chance(60):
            lines += self.phrase_close(scope)
        return lines

    def lending(self, scope: Scope) -> Lines:
        """A generator that lends its session at one `yield`, more or less guarded."""
        scope.in_generator = True
        how = self.pick(["with", "finally", "handler", "plain", "both", "with", "finally"])
        if how == "with":
            session = self.new("session")
            inner = scope.inner()
            inner.sessions.append(session)
            body = [*self.maybe(inner, 30), f"yield {session}", *self.maybe(inner, 50)]
            self.leave_with(scope, inner, session)
            return [f"{self.a}with {self.constructor()} as {session}:", *indent(body), *self.maybe(scope, 20)]
        lines = self.opening(scope)
        session = scope.sessions[0]
        lines += self.maybe(scope, 30)
        if how == "plain":
            return [*lines, f"yield {session}", *self.maybe(scope, 50), *self.often_close(session)]
        inner = scope.inner()
        body = [f"yield {session}", *self.maybe(inner, 60)]
        if how == "finally":
            return [*lines, "try:", *indent(body), "finally:", *indent(self.often_close(session))]
        handler = self.handler(scope.inner(), always_close=self.chance(50))
        if how == "handler":
            return [*lines, "try:", *indent(body), *handler, *self.often_close(session)]
        return [*lines, "try:", *indent(body), *handler, "finally:", *indent(self.often_close(session))]

    def shape_turns(self, scope: Scope) -> Lines:
        inner = scope.inner(in_loop=True)
        body = self.opening(inner) + self.block(inner, self.left)
        if self.chance(60):
            body += self.phrase_close(inner)
        head = self.pick(["for item in items():", "for item in items():", "while cond():"])
        lines = [head, *indent(body)]
        if self.chance(40):
            first = f"session = {self.constructor()}"
            lines = [first, *lines]
            scope.sessions.append("session")
            lines += self.phrase_close(scope) if self.chance(60) else []
        return lines + self.ending(scope)

    def shape_two(self, scope: Scope) -> Lines:
        lines = self.opening(scope)
        if self.chance(50):
            lines += self.opening(scope)
            lines += self.block(scope, self.left)
        else:
            lines += self.block(scope, self.left // 2)
            lines += self.phrase_open_with(scope)
        for session in list(scope.sessions):
            if self.chance(60):
                lines += [f"{self.w}{session}.close()"]
                self.shut(scope, session)
        return lines + self.tail(scope) + self.ending(scope)

    def shape_temporary(self, scope: Scope) -> Lines:
        lines = self.maybe(scope, 30)
        for _ in range(1 + self.draw.below(2)):
            lines += self.phrase_loose(scope)
        return lines + self.ending(scope)

    def shape_handing(self, scope: Scope) -> Lines:
        lines = self.opening(scope)
        lines += self.block(scope, self.left // 2)
        session = scope.sessions[0]
        given = self.pick([session, session, f"({session}, 1)", f"[{session}]"])
        if self.chance(40):
            lines += ["if cond():", f"    return {given}", *self.block(scope, 2), *self.often_close(session)]
            return lines
        return [*lines, f"return {given}"]

    # Pieces of outlines.

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

    def opening(self, scope: Scope) -> Lines:
        session = self.new("session")
        scope.sessions.append(session)
        return [f"{session} = {self.constructor()}", *self.first_load(scope)]

    def first_load(self, scope: Scope) -> Lines:
        """Mostly an instance, since much can be done with one."""
        return self.pick([self.phrase_load, self.phrase_load, self.phrase_make])(scope) if self.chance(60) else []

    def often_close(self, session: str) -> Lines:
        return [f"{self.w}{session}.close()"] if self.chance(80) else ["work()"]

    def maybe(self, scope: Scope, percent: int) -> Lines:
        return self.block(scope, 1) if self.chance(percent) else []

    def tail(self, scope: Scope) -> Lines:
        """Something behind the close, mostly a read of what it detached."""
        lines: Lines = []
        for _ in range(self.draw.below(3)):
            kind = self.pick(["read", "read", "read_relation", "read_deferred", "format", "comprehend", "any"])
            usable = scope.lists if kind == "comprehend" else scope.things
            lines += getattr(self, f"phrase_{kind}")(scope) if kind != "any" and usable else self.maybe(scope, 60)
        return lines

    def ending(self, scope: Scope, percent: int = 55) -> Lines:
        """Mostly the return of something."""
        return [f"return {self.result(scope)}"] if self.chance(percent) and not scope.in_generator else []

    def result(self, scope: Scope) -> str:
        name = self.any_name(scope)
        if name in scope.things:
            return self.pick([name, name, name, f"{name}.name", f"[{name}]", f"({name}, 1)", f'{{"it": {name}}}'])
        return name

    def any_name(self, scope: Scope) -> str:
        return self.pick([*scope.things, *scope.things, *scope.lists, *scope.values, "None"])

    def shut(self, scope: Scope, session: str) -> None:
        """A session has been closed: nothing is in it any more."""
        scope.closed.add(session)
        scope.busy.discard(session)
        for thing in scope.things.values():
            if thing.home == session:
                thing.home = ""

    def leave_with(self, scope: Scope, inner: Scope, session: str) -> None:
        """What was bound in a ``with`` is there behind it, detached."""
        scope.things = inner.things
        scope.lists = inner.lists
        scope.values = inner.values
        scope.closed = inner.closed
        scope.busy = inner.busy
        if session not in scope.sessions:
            scope.sessions.append(session)
        self.shut(scope, session)

    # Statements.

    def block(self, scope: Scope, count: int) -> Lines:
        """About `count` statements, at least one line."""
        lines: Lines = []
        for _ in range(max(1, count)):
            if lines and (self.left <= 0 or lines[-1].startswith(("return", "raise", "break", "continue"))):
                break
            self.left -= 1
            name = self.weighted(self.weights.phrases, lambda each: self.usable(each, scope))
            lines += getattr(self, f"phrase_{name}")(scope)
        return lines or ["pass"]

    def usable(self, name: str, scope: Scope) -> bool:
        """Whether a statement can be written here at all, and mostly whether it makes sense."""
        sensible = self.chance(self.weights.sense)
        open_ones = [each for each in scope.sessions if each not in scope.closed]
        if name in NEEDS_SESSION and not (open_ones if sensible else scope.sessions):
            return False
        if name in ENDS and sensible and not any(each not in scope.blocks for each in open_ones):
            return False
        if name == "block" and sensible and all(each in scope.busy or each in scope.blocks for each in open_ones):
            return False
        if name in READS and sensible and not self.readable(scope, name):
            return False
        if name == "forget" and scope.depth == 0:
            return False
        if name in NEEDS_THING and not scope.things:
            return False
        if name in NEEDS_MEMBER and not any(each.home and each.stored for each in scope.things.values()) and sensible:
            return False
        if name in COMPOUND and (scope.depth >= 3 or self.left <= 0):
            return False
        if name in {"next_turn", "stop_turn"}:
            return scope.in_loop
        if name in {"leave", "fail"}:
            return scope.conditional and not scope.in_generator
        if name in {"comprehend"} and not scope.lists:
            return False
        if name == "none" and not scope.things:
            return False
        return not (name == "open_with" and len(scope.sessions) >= 2)

    def session(self, scope: Scope, *, ends: bool = False, idle: bool = False) -> str:
        """A session, mostly an open one. `ends`: for an end of its transaction; `idle`: without a transaction."""
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

    def phrase_load(self, scope: Scope) -> Lines:
        session = self.session(scope)
        name = self.new("user") if self.chance(90) or not scope.things else self.pick(list(scope.things))
        number = self.serial["row"] = self.serial.get("row", 0) % 3 + 1
        one = f"select(U).where(U.id == {number})"
        ways = [f"{self.w}{session}.get(U, {number})"] * 5
        if self.asynchronous:
            ways += [f"(await {session}.scalars({one})).first()", f"await {session}.scalar({one})"]
        else:
            ways += [f"{session}.scalars({one}).first()", f"{session}.query(U).filter_by(id={number}).first()"]
            ways += [f"{session}.scalar({one})", f"{session}.execute({one}).scalar_one()"]
        scope.things[name] = Thing(session, True)
        return [f"{name} = {self.pick(ways)}"]

    def phrase_load_all(self, scope: Scope) -> Lines:
        session = self.session(scope)
        name = self.new("users")
        scope.lists[name] = session
        if self.asynchronous:
            return [f"{name} = (await {session}.scalars(select(U))).all()"]
        return [f"{name} = {self.pick([f'{session}.scalars(select(U)).all()', f'{session}.query(U).all()'])}"]

    def phrase_make(self, scope: Scope) -> Lines:
        name = self.new("user")
        scope.things[name] = Thing("", False)
        lines = [f'{name} = U(name="new")']
        if scope.sessions and self.chance(75):
            session = self.session(scope)
            scope.things[name].home = session
            lines += [f"{session}.add({name})"]
            if self.chance(30):
                lines += [f"{self.w}{session}.{self.pick(['flush', 'commit'])}()"]
                scope.things[name].stored = True
        return lines

    def phrase_add(self, scope: Scope) -> Lines:
        session, name = self.session(scope), self.thing(scope)
        loose = [each for each, thing in scope.things.items() if thing.home in {"", session}]
        if loose and self.chance(self.weights.sense):
            name = self.pick(loose)
        scope.things[name].home = session
        return [f"{session}.add({name})" if self.chance(85) else f"{session}.add_all([{name}])"]

    def phrase_merge(self, scope: Scope) -> Lines:
        session, name, new = self.session(scope), self.thing(scope), self.new("merged")
        scope.things[new] = Thing(session, True)
        return [f"{new} = {self.w}{session}.merge({name})"]

    def phrase_refresh(self, scope: Scope) -> Lines:
        name, session = self.member(scope)
        scope.things[name].stale = False
        return [f"{self.w}{session}.refresh({name})"]

    def phrase_expire(self, scope: Scope) -> Lines:
        name, session = self.member(scope)
        scope.things[name].stale = True
        return [f"{session}.expire({name})"]

    def phrase_expire_all(self, scope: Scope) -> Lines:
        session = self.session(scope)
        self.stale(scope, session)
        return [f"{session}.expire_all()"]

    def phrase_expunge(self, scope: Scope) -> Lines:
        name, session = self.member(scope)
        if self.chance(25):
            self.shut(scope, session)
            scope.closed.discard(session)
            return [f"{session}.expunge_all()"]
        scope.things[name].home = ""
        return [f"{session}.expunge({name})"]

    def phrase_delete(self, scope: Scope) -> Lines:
        name, session = self.member(scope)
        del scope.things[name]
        return [f"{self.w}{session}.delete({name})"]

    def phrase_write(self, scope: Scope) -> Lines:
        return [f'{self.thing(scope)}.{self.pick(["name", "name", "email"])} = "changed"']

    def phrase_write_relation(self, scope: Scope) -> Lines:
        return [f'{self.thing(scope, "write_relation")}.addresses = []']

    def phrase_append(self, scope: Scope) -> Lines:
        return [f'{self.thing(scope, "append")}.addresses.append(A(street="high"))']

    def phrase_read(self, scope: Scope) -> Lines:
        read = f"{self.thing(scope, 'read')}.{self.pick(['name', 'name', 'email', 'id'])}"
        if self.chance(30):
            name = self.new("value")
            scope.values.append(name)
            return [f"{name} = {read}"]
        return [f"{self.pick(['work', 'print'])}({read})"]

    def phrase_read_relation(self, scope: Scope) -> Lines:
        read = f"{self.thing(scope, 'read_relation')}.addresses"
        return [self.pick([f"work({read})", f"len({read})", f"work([each.street for each in {read}])"])]

    def phrase_each_of_relation(self, scope: Scope) -> Lines:
        return [f"for address in {self.thing(scope, 'each_of_relation')}.addresses:", "    work(address.street)"]

    def phrase_read_deferred(self, scope: Scope) -> Lines:
        return [f"work({self.thing(scope, 'read_deferred')}.bio)"]

    def phrase_format(self, scope: Scope) -> Lines:
        name = self.thing(scope, "format")
        return [self.pick([f'work(f"{{{name}.name}}")', f'print(f"{{{name}.id}}: {{{name}.email}}")'])]

    def phrase_comprehend(self, scope: Scope) -> Lines:
        return [f"work([each.name for each in {self.pick(list(scope.lists))}])"]

    def phrase_opaque(self, scope: Scope) -> Lines:
        if self.asynchronous and self.chance(60):
            return ["await awork()"]
        given = self.pick(["", "", "1", *scope.values])
        return [f"work({given})"]

    def phrase_opaque_given(self, scope: Scope) -> Lines:
        options = [*scope.things, *scope.sessions]
        return [f"work({self.pick(options)})"] if options else ["work()"]

    def phrase_flush(self, scope: Scope) -> Lines:
        session = self.session(scope)
        self.stores(scope, session)
        return [f"{self.w}{session}.flush()"]

    def phrase_commit(self, scope: Scope) -> Lines:
        session = self.session(scope, ends=True)
        self.stores(scope, session)
        self.stale(scope, session)
        scope.busy.discard(session)
        return [f"{self.w}{session}.commit()"]

    def stores(self, scope: Scope, session: str) -> None:
        for thing in scope.things.values():
            thing.stored = thing.stored or thing.home == session

    def phrase_rollback(self, scope: Scope) -> Lines:
        session = self.session(scope, ends=True)
        self.stale(scope, session)
        scope.busy.discard(session)
        return [f"{self.w}{session}.rollback()"]

    def phrase_close(self, scope: Scope) -> Lines:
        if not scope.sessions:
            return ["work()"]
        session = self.session(scope, ends=True)
        self.shut(scope, session)
        return [f"{self.w}{session}.close()"]

    def phrase_reset(self, scope: Scope) -> Lines:
        session = self.session(scope, ends=True)
        self.shut(scope, session)
        return [f"{self.w}{session}.reset()"]

    def phrase_helper_close(self, scope: Scope) -> Lines:
        self.helpers.add("close_it")
        session = self.session(scope, ends=True)
        self.shut(scope, session)
        return [f"{self.w}close_it({session})"]

    def phrase_execute(self, scope: Scope) -> Lines:
        statement = self.pick(["select(U)", 'text("select 1")', 'update(U).values(name="all")'])
        return [f"{self.w}{self.session(scope)}.execute({statement})"]

    def phrase_ask(self, scope: Scope) -> Lines:
        name = self.new("value")
        scope.values.append(name)
        return [f"{name} = {self.w}{self.session(scope)}.scalar(select(U.name))"]

    def phrase_forget(self, scope: Scope) -> Lines:
        session = self.session(scope)
        scope.sessions.remove(session)
        for thing in scope.things.values():
            if thing.home == session:
                thing.home = ""
        return [self.pick([f"{session} = None", f"del {session}"])]

    def phrase_anew(self, scope: Scope) -> Lines:
        session = self.session(scope)
        self.shut(scope, session)
        scope.closed.discard(session)
        return [f"{session} = {self.constructor()}"]

    def phrase_loose(self, scope: Scope) -> Lines:
        made = self.constructor()
        if self.chance(50):
            name = self.new("user")
            scope.things[name] = Thing("", True)
            return [f"{name} = {self.w}{made}.get(U, 1)"]
        statement = self.pick(["select(U)", 'text("select 1")'])
        options = [f"{self.w}{made}.execute({statement})", f"work({made})", f"{self.w}{made}.scalar(select(U.name))"]
        return [self.pick(options)]

    def phrase_noop(self, scope: Scope) -> Lines:
        return ["pass"]

    # Blocks.

    def phrase_branch(self, scope: Scope) -> Lines:
        lines = ["if cond():", *indent(self.block(scope.inner(conditional=True), 1 + self.draw.below(2)))]
        if self.chance(35):
            lines += ["else:", *indent(self.block(scope.inner(conditional=True), 1 + self.draw.below(2)))]
        return lines

    def phrase_flag(self, scope: Scope) -> Lines:
        lines: Lines = []
        if not scope.flags:
            name = self.new("flag")
            scope.flags.append(name)
            if self.chance(50) and scope.depth == 0:
                self.parameters.append(f"{name}: bool = False")
            else:
                lines = [f"{name} = cond()"]
        test = self.pick(scope.flags)
        if self.chance(30):
            test = f"not {test}"
        return [*lines, f"if {test}:", *indent(self.block(scope.inner(conditional=True), 1 + self.draw.below(2)))]

    def phrase_none(self, scope: Scope) -> Lines:
        name = self.thing(scope)
        if scope.in_generator or self.chance(40):
            lines = [f"if {name} is not None:", *indent(self.block(scope.inner(), 2))]
            del scope.things[name]
            return lines
        test = self.pick([f"{name} is None", f"not {name}"])
        inner = scope.inner()
        del inner.things[name]
        return [f"if {test}:", *indent([*self.maybe(inner, 40), "return None"])]

    def phrase_loop(self, scope: Scope) -> Lines:
        return ["for item in items():", *indent(self.block(scope.inner(in_loop=True, conditional=True), 1 + self.draw.below(3)))]

    def phrase_turn(self, scope: Scope) -> Lines:
        return ["while cond():", *indent(self.block(scope.inner(in_loop=True, conditional=True), 1 + self.draw.below(2)))]

    def phrase_attempt(self, scope: Scope) -> Lines:
        inner = scope.inner()
        body = self.block(inner, 1 + self.draw.below(3))
        if inner.sessions and self.chance(50) and not body[-1].startswith(("return", "raise", "break", "continue")):
            body += self.phrase_commit(inner)
        lines = ["try:", *indent(body), *self.handler(scope.inner())]
        if self.chance(12):
            lines += ["else:", *indent(self.block(scope.inner(), 1))]
        return lines

    def handler(self, scope: Scope, *, always_close: bool = False) -> Lines:
        """One or two ``except`` clauses."""
        lines: Lines = []
        kinds = ["Exception"] * 7 + ["SQLAlchemyError"] * 4 + ["IntegrityError", "OperationalError", "ValueError"]
        kinds += ["BaseException", "", "(SQLAlchemyError, ValueError)", "(IntegrityError, OperationalError)"]
        first = self.pick(kinds)
        for kind in [first, "Exception"] if first and "Exception" not in first and self.chance(25) else [first]:
            name = " as error" if kind and self.chance(25) else ""
            inner = scope.inner(conditional=True)
            body = self.handler_body(inner, always_close=always_close)
            lines += [f"except {kind}{name}:" if kind else "except:", *indent(body)]
        return lines

    def handler_body(self, scope: Scope, *, always_close: bool) -> Lines:
        lines: Lines = []
        if self.readable(scope, "read") and self.chance(20):
            lines += self.phrase_read(scope)
        if always_close and scope.sessions:
            lines += [f"{self.w}{scope.sessions[0]}.close()"]
        elif scope.sessions and self.chance(45):
            lines += self.phrase_rollback(scope)
        elif scope.sessions and self.chance(15):
            lines += self.phrase_close(scope)
        if self.chance(30):
            lines += self.block(scope, 1)
        if lines and lines[-1].startswith(("return", "raise", "break", "continue")):
            return lines
        if self.chance(30):
            return [*lines, "raise"]
        if scope.in_loop and self.chance(15):
            return [*lines, self.pick(["continue", "break"])]
        return lines or [self.pick(["pass", "work()", "pass"])]

    def phrase_ensure(self, scope: Scope) -> Lines:
        body = self.block(scope.inner(), 1 + self.draw.below(3))
        cleanup = self.block(scope.inner(), 1)
        if scope.sessions and self.chance(50):
            cleanup = self.phrase_close(scope)
        if cleanup[-1].startswith(("return", "break", "continue")):
            cleanup = ["work()"]
        return ["try:", *indent(body), "finally:", *indent(cleanup)]

    def phrase_attempt_ensure(self, scope: Scope) -> Lines:
        body = self.block(scope.inner(), 1 + self.draw.below(3))
        handler = self.handler(scope.inner())
        cleanup = self.block(scope.inner(), 1)
        if scope.sessions and self.chance(60):
            cleanup = self.phrase_close(scope)
        if cleanup[-1].startswith(("return", "break", "continue")):
            cleanup = ["work()"]
        return ["try:", *indent(body), *handler, "finally:", *indent(cleanup)]

    def phrase_suppressed(self, scope: Scope) -> Lines:
        kind = self.pick(["Exception", "SQLAlchemyError", "IntegrityError"])
        return [f"with suppress({kind}):", *indent(self.block(scope.inner(), 1 + self.draw.below(2)))]

    def phrase_block(self, scope: Scope) -> Lines:
        session = self.session(scope, idle=True)
        body = self.block(scope.inner(block_of=session), 1 + self.draw.below(3))
        self.stale(scope, session)
        scope.busy.discard(session)
        return [f"{self.a}with {session}.begin():", *indent(body)]

    def phrase_savepoint(self, scope: Scope) -> Lines:
        head = f"{self.a}with {self.session(scope)}.begin_nested():"
        return [head, *indent(self.block(scope.inner(), 1 + self.draw.below(2)))]

    def phrase_open_with(self, scope: Scope) -> Lines:
        session = self.new("session")
        inner = scope.inner()
        inner.sessions.append(session)
        opened = self.constructor()
        if self.chance(25):
            helper = self.pick(["scope", "lend"])
            self.helpers.add(helper)
            opened = f"{helper}()"
        elif self.chance(8) and not self.asynchronous:
            opened = f"closing({opened})"
        first = self.first_load(inner) if scope.depth == 0 else []
        body = first + self.block(inner, max(2, self.left)) if scope.depth == 0 else self.block(inner, 2)
        if scope.depth == 0:
            body += self.ending(inner, 20)
        self.leave_with(scope, inner, session)
        return [f"{self.a}with {opened} as {session}:", *indent(body)]

    # Ways out.

    def phrase_leave(self, scope: Scope) -> Lines:
        return [f"return {self.result(scope)}"]

    def phrase_fail(self, scope: Scope) -> Lines:
        return ['raise ValueError("no")']

    def phrase_next_turn(self, scope: Scope) -> Lines:
        return ["continue"]

    def phrase_stop_turn(self, scope: Scope) -> Lines:
        return ["break"]


NEEDS_SESSION = {
    "load", "add", "merge", "refresh", "expire", "expire_all", "expunge", "delete", "flush", "commit", "rollback",
    "close", "reset", "execute", "ask", "load_all", "forget", "anew", "helper_close", "block", "savepoint",
}  # fmt: skip
NEEDS_THING = {
    "add", "merge", "refresh", "expire", "expunge", "delete", "write", "write_relation", "append", "read",
    "read_relation", "read_deferred", "format", "each_of_relation",
}  # fmt: skip
NEEDS_MEMBER = {"refresh", "expire", "expunge", "delete"}
ENDS = {"commit", "rollback", "close", "reset", "helper_close"}
READS = {
    "write_relation", "append", "read", "read_relation", "read_deferred", "format", "each_of_relation",
}  # fmt: skip
COMPOUND = {
    "branch", "flag", "none", "loop", "turn", "attempt", "ensure", "attempt_ensure", "suppressed", "block",
    "savepoint", "open_with",
}  # fmt: skip


def write_program(draw: Draw, grammar: str = "develop") -> str:
    """A random program."""
    return Author(draw, GRAMMARS[grammar]).program()
