"""What a program shows of itself when it is run in every way: its logs, the rows it leaves, its witnesses.

A *log* is what a run shows to the outside: its opaque calls, what it yields and gives back.
A run in which one session sees what another has not committed says nothing: the lanes of these runs
are not kept apart as the transactions of a database are.
"""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.orm import InstanceState

from tests.truth.database import Lane
from tests.truth.running import Program, Stories, Story
from tests.truth.verdicts import COMPARED, demands
from tests.truth.witnesses import Activation, Run
from tests.truth.world import SESSIONS, STORE, Hooks

RUNS = 1_000
"""Runs of one function, before and after; programs that need more are left out."""

OPAQUE = frozenset({"work", "awork", "cond", "items"})

Log = tuple[tuple[Any, ...], ...]

Key = tuple[str, str, str]

WAITS = "SES403"

INSTANCE = "instance"


@dataclass(frozen=True, slots=True)
class Seen:
    """One run without an injected failure: how it went, what it showed, and the rows that it left.

    `sane` is how much of the log was there when it showed a misuse, None where it shows none.
    `crossed`: a session saw what another had not committed.
    """

    story: Story
    log: Log
    rows: frozenset[Any]
    sane: int | None
    crossed: bool


@dataclass(frozen=True, slots=True)
class Executed:
    """All runs of a program. `calm` holds those without an injected failure, by function and answers."""

    told: tuple[Stories, ...]
    calm: dict[tuple[str, tuple[int, ...]], Seen]

    @property
    def complete(self) -> frozenset[str]:
        """The functions whose runs are all here."""
        return frozenset(each.entry.name for each in self.told if each.complete)

    @property
    def sound(self) -> frozenset[str]:
        """Those of them that somebody could mean as they are."""
        return self.complete - {
            each.entry.name for each in self.told for story in each.told if story.unbound or story.misused
        }

    def waits(self, text: str, functions: frozenset[str]) -> Counter[Key]:
        """The lines that ask an asynchronous session for what must be awaited; they fail as they stand."""
        lines = text.splitlines()
        return Counter(
            (sight.code, each.entry.name, " ".join(lines[sight.line - 1].split()))
            for each in self.told
            if each.entry.name in functions
            for story in each.told
            for sight in story.sights
            if sight.code == WAITS
        )

    def witnesses(self, text: str, functions: frozenset[str], *, doubtful: bool = False) -> Counter[Key]:
        """What the runs demand of a linter, by code, function and the words of the line.

        With `doubtful` also what they leave open.
        """
        lines = text.splitlines()
        found: Counter[Key] = Counter()
        for each in self.told:
            if each.entry.name not in functions:
                continue
            for demand in demands(each.told):
                if demand.required or doubtful:
                    found[demand.code, each.entry.name, " ".join(lines[demand.line - 1].split())] += 1
        return found


def execute(text: str) -> Executed:
    """Runs a program in every way."""
    with _Recording(text) as program:
        told = tuple(program.stories(RUNS))
    return Executed(told, program.calm)


def lasting(text: str) -> str:
    """Without what differs from run to run: where something lies in memory, and what the clock says."""
    text = re.sub(r"0x[0-9a-f]{6,}", "0x…", text)
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?", "now", text)


class _Recording(Program):
    """A program whose runs are logged."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.calm: dict[tuple[str, tuple[int, ...]], Seen] = {}

    def run(self, entry: Any, trail: Any) -> Story:
        notes = _Notes()
        with _noted(notes):
            story = super().run(entry, trail)
        if trail.script.point < 0 and not trail.given_up:
            seen = Seen(story, tuple(notes.log), notes.rows, notes.sane, notes.crossed)
            self.calm[entry.name, tuple(trail.answers)] = seen
        return story


@dataclass(slots=True)
class _Notes:
    """What is noted down during a run; see `Seen`."""

    log: list[tuple[Any, ...]] = field(default_factory=list)
    rows: frozenset[Any] = frozenset()
    sane: int | None = None
    crossed: bool = False
    lanes: dict[int, Lane] = field(default_factory=dict)


@contextmanager
def _noted(notes: _Notes) -> Iterator[None]:
    """While this is open, `notes` are taken."""
    call, returning, yielding, restore = (
        Hooks._other_call,
        Activation.returning,
        Activation.yielding,
        STORE.restore,
    )
    see, execute = Run.see, Lane.execute
    log = notes.log

    def other_call(run: Any, function: Any, line: int, keeps: bool, *arguments: Any, **options: Any) -> Any:
        name = getattr(function, "__name__", "")
        if name in OPAQUE:
            log.append(
                (name, *map(_shown, arguments), *((key, _shown(value)) for key, value in options.items()))
            )
        return call(run, function, line, keeps, *arguments, **options)

    def noted_return(self: Activation, line: int, value: Any) -> Any:
        log.append(("return", self.name, _shown(value)))
        return returning(self, line, value)

    def noted_yield(self: Activation, line: int, value: Any) -> Any:
        log.append(("yield", self.name, _shown(value)))
        return yielding(self, line, value)

    def noted_restore() -> None:
        with suppress(sqlite3.OperationalError):  # the program has dropped a table
            notes.rows = frozenset(STORE.content().items())
        restore()

    def noted_sight(self: Run, code: str, *arguments: Any, **options: Any) -> None:
        if notes.sane is None and code in _DERAILING:
            notes.sane = len(log)
        see(self, code, *arguments, **options)

    def noted_execute(self: Lane, *arguments: Any) -> None:
        notes.lanes[id(self)] = self
        if any(lane is not self and lane._undo for lane in notes.lanes.values()):
            notes.crossed = True
        execute(self, *arguments)

    Hooks._other_call = staticmethod(other_call)  # type: ignore[method-assign]
    Activation.returning = noted_return  # type: ignore[method-assign]
    Activation.yielding = noted_yield  # type: ignore[method-assign]
    Run.see = noted_sight  # type: ignore[method-assign]
    Lane.execute = noted_execute  # type: ignore[method-assign]
    STORE.restore = noted_restore  # type: ignore[method-assign]
    try:
        yield
    finally:
        Hooks._other_call = staticmethod(call)  # type: ignore[method-assign]
        Activation.returning = returning  # type: ignore[method-assign]
        Activation.yielding = yielding  # type: ignore[method-assign]
        Run.see = see  # type: ignore[method-assign]
        Lane.execute = execute  # type: ignore[method-assign]
        del STORE.restore


def _shown(value: Any) -> Any:
    """A value as it may be compared between two runs; an instance is which row it is."""
    if value is None or isinstance(value, (bool, float)):
        return value
    if isinstance(value, int):
        return value if value < _ADDRESSES else "an address"
    if isinstance(value, str):
        return lasting(value)
    if isinstance(value, (list, tuple, set, frozenset)):
        return (type(value).__name__, *map(_shown, value))
    if isinstance(value, dict):
        return ("dict", *((_shown(key), _shown(each)) for key, each in value.items()))
    if isinstance(value, SESSIONS):
        return "session"
    state = inspect(value, raiseerr=False) if hasattr(type(value), "_sa_class_manager") else None
    if isinstance(state, InstanceState):
        return INSTANCE, type(value).__name__, state.identity
    return type(value).__name__


_DERAILING = frozenset({*COMPARED, WAITS}) - {"SES205"}
"""What has a run go another way than it was meant to; what is handed out expired harms the receiver alone."""

_ADDRESSES = 2**40
"""No program counts as far; what is greater is what `id` gives."""
