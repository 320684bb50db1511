"""Programs run before and after they are fixed, and both held against each other.

``python -m tests.truth.fixing --n 2000``: random programs, fixed safely and then also unsafely. What is
demanded of every fixed program:

- it still loads,
- the witness of every finding that was mended is gone, and no run shows a new one,
- every run without an injected failure makes the same opaque calls with the same values in the same
  order, and yields and returns the same; where a run has shown a misuse, up to that,
- where only safe fixes were made, every such run leaves the same rows behind.

A *log* is what a run shows of itself to the outside: its opaque calls, what it yields and gives back.
A run in which one session sees what another has not committed says nothing: the lanes of these runs
are not kept apart as the transactions of a database are.
"""

from __future__ import annotations

import argparse
import gc
import re
import sqlite3
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.orm import InstanceState

from flake8_session.checker import check_source
from flake8_session.diagnostics import Diagnostic
from flake8_session.fixing.choosing import Wanted
from flake8_session.fixing.rounds import fix_text
from flake8_session.settings import Settings
from tests.truth.database import Lane
from tests.truth.grammar import GRAMMARS, Dice, write_program
from tests.truth.running import Program, Stories, Story
from tests.truth.shrinking import shrink
from tests.truth.verdicts import COMPARED, demands
from tests.truth.witnesses import Activation, Run
from tests.truth.world import SESSIONS, STORE, Hooks

RUNS = 1_000
"""Runs of one function, before and after; programs that need more are left out."""

OPAQUE = frozenset({"work", "awork", "cond", "items"})

Log = tuple[tuple[Any, ...], ...]
Key = tuple[str, str, str]


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
            if sight.code == _WAITS
        )

    def witnesses(self, text: str, functions: frozenset[str]) -> Counter[Key]:
        """What the runs demand of a linter, by code, function and the words of the line."""
        lines = text.splitlines()
        found: Counter[Key] = Counter()
        for each in self.told:
            if each.entry.name not in functions:
                continue
            for demand in demands(each.told):
                if demand.required:
                    found[demand.code, each.entry.name, " ".join(lines[demand.line - 1].split())] += 1
        return found


@dataclass(frozen=True, slots=True)
class Mended:
    """A program after its fixes. `keys` are what they mended, with the words of the lines at that time."""

    text: str
    keys: tuple[Key, ...] = ()
    withdrawn: int = 0


@dataclass(frozen=True, slots=True)
class Result:
    """What fixing one program has shown. `fixed` is None where it was left out.

    `compared` are the functions that were run before and after.
    """

    before: str
    fixed: Mended | None
    faults: tuple[str, ...] = ()
    compared: frozenset[str] = frozenset()


def execute(text: str) -> Executed:
    """Runs a program in every way."""
    with _Recording(text) as program:
        told = tuple(program.stories(RUNS))
    return Executed(told, program.calm)


def mend(text: str, *, unsafe: bool, settings: Settings = Settings()) -> Mended:
    """The program with its fixes."""
    wanted = Wanted(unsafe=unsafe)
    seen: dict[int, tuple[Diagnostic, Key]] = {}

    def wants(finding: Diagnostic, now: str) -> bool:
        seen[id(finding)] = finding, _key(finding, now)
        return wanted.wants(finding)

    fixed = fix_text(text, lambda changed: check_source(changed, settings=settings, fixes=True), wants)
    return Mended(fixed.text, tuple(seen[id(each)][1] for each in fixed.mended), len(fixed.withdrawn))


def examine(text: str, *, unsafe: bool, settings: Settings = Settings()) -> Result:
    """Fixes a program and holds its runs against those of the fixed one."""
    fixed = mend(text, unsafe=unsafe, settings=settings)
    if fixed.text == text:
        return Result(text, None)
    before = execute(text)
    try:
        after = execute(fixed.text)
    except SyntaxError as error:
        return Result(text, fixed, (f"does not compile: {error}",))
    functions = before.sound & after.complete
    faults = [*_witness_faults(text, fixed, before, after, functions)]
    faults += _log_faults(before, after, functions, fixed, rows=not unsafe)
    if mend(fixed.text, unsafe=unsafe, settings=settings).text != fixed.text:
        faults.append("a second time changes something")
    return Result(text, fixed if functions else None, tuple(faults), functions)


def _witness_faults(
    text: str, fixed: Mended, before: Executed, after: Executed, functions: frozenset[str]
) -> Iterator[str]:
    """What was mended and is still there, and what is new.

    A change in a session that nobody closes is lost (SES304) like one in a closed session, but the runs see
    only the latter: of such codes a new witness says nothing.
    """
    was, now = before.witnesses(text, functions), after.witnesses(fixed.text, functions)
    known = was | before.waits(text, functions)
    for key in now - known:
        same_read = key[0] in _OF_READS and any((code, *key[1:]) in known for code in _OF_READS)
        if key[0] in COMPARED and not same_read:
            yield f"new witness: {key}"
    mended = Counter(key for key in fixed.keys if key[0] in COMPARED)
    for name in (_whole, _place):
        had, has, gone = _named(was, name), _named(now, name), _named(mended, name)
        for each in gone & had:
            if has[each] > max(had[each] - gone[each], 0):
                yield f"witness stays: {each}"


def _named(keys: Counter[Key], name: Callable[[Key], tuple[str, ...]]) -> Counter[tuple[str, ...]]:
    found: Counter[tuple[str, ...]] = Counter()
    for key, count in keys.items():
        found[name(key)] += count
    return found


def _whole(key: Key) -> tuple[str, ...]:
    return key


def _place(key: Key) -> tuple[str, ...]:
    """The code and the function: of a line that an earlier round has changed the words say nothing."""
    return key[:2]


_WAITS = "SES403"
_OF_READS = ("SES201", "SES202", "SES203", "SES204", _WAITS)
"""One of these for a read; which one is seen first may change with what stands in front of it."""


def _key(finding: Diagnostic, text: str) -> Key:
    lines = text.splitlines()
    line = lines[finding.span.line - 1] if finding.span.line <= len(lines) else ""
    return finding.code, finding.function.partition(".")[0], " ".join(line.split())


def _log_faults(
    before: Executed, after: Executed, functions: frozenset[str], fixed: Mended, *, rows: bool
) -> Iterator[str]:
    mended = {(function, code) for code, function, _ in fixed.keys}
    for (function, answers), old in before.calm.items():
        if function not in functions:
            continue
        new = _same_run(after, function, answers)
        if old.crossed or (new is not None and new.crossed):
            continue
        if new is not None:
            codes = frozenset(code for name, code in mended if name == function)
            old = _as_meant(old, new, codes)
        sane = len(old.log) if (function, _REFUSED) in mended and _is_refused(old) else old.sane
        if new is None:
            if sane is None:
                yield f"{function}: no run answers {answers} any more"
        elif sane is not None:
            if new.log[:sane] != old.log[:sane]:
                yield f"{function} {answers}: begins otherwise: {old.log} became {new.log}"
        elif (old.log, _lasting(old.story.how)) != (new.log, _lasting(new.story.how)):
            yield f"{function} {answers}: {old.log} {old.story.how} became {new.log} {new.story.how}"
        elif new.story.unbound or new.story.misused:
            yield f"{function} {answers}: cannot be meant any more: {new.story.misused or 'unbound'}"
        elif rows and old.rows != new.rows:
            yield f"{function} {answers}: other rows: {old.rows ^ new.rows}"


_REFUSED = "SES402"
"""What is refused by this rule's fault fails at the ``with``: up to there the runs are the same."""


def _is_refused(old: Seen) -> bool:
    """Whether it was left by the error of an asynchronous session in a plain ``with``."""
    return old.story.how.startswith(("raised TypeError", "raised AttributeError"))


def _as_meant(old: Seen, new: Seen, codes: frozenset[str]) -> Seen:
    """The run of the program with those values of the fixed one for whose sake `codes` are mended."""
    log = list(old.log)
    for index, (was, now) in enumerate(zip(old.log, new.log, strict=False)):
        log[index] = _meant(was, now, codes)
    how = old.story.how
    if _READ_LATE in codes and how.removeprefix("returned ") in _LATE and new.story.how == "returned list":
        how = new.story.how
    return replace(old, story=replace(old.story, how=how), log=tuple(log))


def _meant(was: Any, now: Any, codes: frozenset[str]) -> Any:
    """What `was` may have become; itself where it had to stay as it was."""
    if _READ_LATE in codes and was in _LATE and isinstance(now, tuple) and now[:1] == ("list",):
        return now
    if not (isinstance(was, tuple) and isinstance(now, tuple) and len(was) == len(now)):
        return was
    if _LOST in codes and was[:1] == (_INSTANCE,) and was[:2] == now[:2] and was[2] is None:
        return now
    return tuple(_meant(*each, codes) for each in zip(was, now, strict=True))


_READ_LATE = "SES207"
"""Whoever mends this gets a list where there was something that is read later, and nothing else."""

_LOST = "SES304"
"""Whoever mends this wants the row: a new instance has a key then, and nothing else may differ."""

_INSTANCE = "instance"

_LATE = (
    "Query",
    "Result",
    "ChunkedIteratorResult",
    "ScalarResult",
    "MappingResult",
    "AsyncResult",
    "AsyncScalarResult",
    "generator",
)
"""The kinds of values that are read later."""


def _same_run(after: Executed, function: str, answers: tuple[int, ...]) -> Seen | None:
    """The run of the fixed program that answers as this one did; it may go on longer."""
    exact = after.calm.get((function, answers))
    if exact is not None:
        return exact
    longer = (
        seen
        for (name, given), seen in after.calm.items()
        if name == function and given[: len(answers)] == answers
    )
    return next(longer, None)


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
        return _lasting(value)
    if isinstance(value, (list, tuple, set, frozenset)):
        return (type(value).__name__, *map(_shown, value))
    if isinstance(value, dict):
        return ("dict", *((_shown(key), _shown(each)) for key, each in value.items()))
    if isinstance(value, SESSIONS):
        return "session"
    state = inspect(value, raiseerr=False) if hasattr(type(value), "_sa_class_manager") else None
    if isinstance(state, InstanceState):
        return _INSTANCE, type(value).__name__, state.identity
    return type(value).__name__


_DERAILING = frozenset({*COMPARED, _WAITS}) - {"SES205"}
"""What has a run go another way than it was meant to; what is handed out expired harms the receiver alone."""

_ADDRESSES = 2**40
"""No program counts as far; what is greater is what `id` gives."""


def _lasting(text: str) -> str:
    """Without what differs from run to run: where something lies in memory, and what the clock says."""
    text = re.sub(r"0x[0-9a-f]{6,}", "0x…", text)
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?", "now", text)


@dataclass(slots=True)
class Sums:
    """What many programs have shown."""

    programs: int = 0
    left_out: int = 0
    changed: int = 0
    faulty: int = 0
    withdrawn: int = 0
    mended: Counter[str] = field(default_factory=Counter)

    def add(self, result: Result) -> None:
        self.programs += 1
        if result.fixed is None:
            self.left_out += 1
            return
        self.changed += 1
        self.faulty += bool(result.faults)
        self.withdrawn += result.fixed.withdrawn
        self.mended.update(code for code, *_ in result.fixed.keys)


def main() -> int:
    """Fixes and runs the programs that the command line asks for."""
    options = _options()
    begun = time.process_time()
    total = 0
    for unsafe in KINDS[options.only]:
        sums = Sums()
        shown = 0
        for number in range(options.seed, options.seed + options.n):
            text = write_program(Dice(number), options.grammar)
            try:
                result = examine(text, unsafe=unsafe)
            except Exception:
                result = Result(text, Mended(text), (traceback.format_exc(limit=-4),))
            sums.add(result)
            if result.faults:
                print(f"program {number}: {'; '.join(result.faults)}"[:400], flush=True)
            if result.faults and shown < options.show:
                shown += 1
                print(
                    f"=== program {number}, {'unsafe' if unsafe else 'safe'}\n{_told(result, unsafe)}\n",
                    flush=True,
                )
            if number % 200 == 199:
                gc.collect()
        total += sums.faulty
        kind = "with unsafe" if unsafe else "safe"
        print(f"{kind} fixes: {sums.changed} of {sums.programs} programs were changed,")
        print(f"  {dict(sorted(sums.mended.items()))}, {sums.withdrawn} taken back, {sums.faulty} faulty")
    print(f"{time.process_time() - begun:.0f} s of CPU")
    return int(bool(total))


KINDS = {"": (False, True), "safe": (False,), "unsafe": (True,)}
"""Whether unsafe fixes are made as well, by what the command line asks for."""


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.truth.fixing", description=__doc__)
    parser.add_argument("--n", type=int, default=200, help="how many programs")
    parser.add_argument("--seed", type=int, default=0, help="the first program's number")
    parser.add_argument("--grammar", choices=sorted(GRAMMARS), default="develop")
    parser.add_argument("--only", choices=sorted(KINDS), default="", help="one kind of fixes alone")
    parser.add_argument("--show", type=int, default=3, help="faulty programs that are shown")
    return parser.parse_args()


def _told(result: Result, unsafe: bool) -> str:
    """The smallest program with the same kind of fault."""
    kind = result.faults[0].partition(":")[0].split()[0]

    def still(text: str) -> bool:
        try:
            smaller = examine(text, unsafe=unsafe)
        except Exception:
            return False
        return any(each.startswith(kind) for each in smaller.faults)

    small = shrink(result.before, still, 150)
    try:
        result = examine(small, unsafe=unsafe)
    except Exception:
        return f"{small}\n{result.faults}"
    assert result.fixed is not None
    faults = "\n".join(result.faults)
    return f"{_body(result.before)}\n--- fixed:\n{_body(result.fixed.text)}\n--- {faults}"


def _body(text: str) -> str:
    """Without the imports and models."""
    start = max(text.find("\ndef "), 0)
    first = text.find("\nasync def ")
    return text[min(start, first) if first >= 0 else start :]


if __name__ == "__main__":
    sys.exit(main())
