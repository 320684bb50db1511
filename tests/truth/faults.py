"""What is wrong with a fixed program, by its runs and those of the program that it was made from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from tests.truth.logs import INSTANCE, WAITS, Executed, Key, Seen, lasting
from tests.truth.verdicts import COMPARED


@dataclass(frozen=True, slots=True)
class Mended:
    """A program after its fixes. `keys` are what they mended, with the words of the lines at that time."""

    text: str
    keys: tuple[Key, ...] = ()
    withdrawn: int = 0


def witness_faults(
    text: str, fixed: Mended, before: Executed, after: Executed, functions: frozenset[str]
) -> Iterator[str]:
    """What was mended and is still there, and what is new.

    A change in a session that nobody closes is lost (SES304) like one in a closed session, but the runs see
    only the latter: of such codes a new witness says nothing. A report that no run demands has no witness
    that could go, so it is not counted among those of its function; and what the runs of the first program
    leave open is nothing new in those of the other.
    """
    was, now = before.witnesses(text, functions), after.witnesses(fixed.text, functions)
    known = before.witnesses(text, functions, doubtful=True) | before.waits(text, functions)
    for key in now - known:
        same_read = key[0] in _OF_READS and any((code, *key[1:]) in known for code in _OF_READS)
        if key[0] in COMPARED and not same_read:
            yield f"new witness: {key}"
    mended = Counter(key for key in fixed.keys if key[0] in COMPARED)
    judged = Counter({key: count for key, count in mended.items() if key in was or not _stands(key, text)})
    for name, what in ((_whole, mended), (_place, judged)):
        had, has, gone = _named(was, name), _named(now, name), _named(what, name)
        for each in gone & had:
            if has[each] > max(had[each] - gone[each], 0):
                yield f"witness stays: {each}"


def log_faults(
    before: Executed, after: Executed, functions: frozenset[str], fixed: Mended, *, rows: bool
) -> Iterator[str]:
    """Where a run without an injected failure goes another way than before.

    With `rows` also where it leaves other rows.
    """
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
        refused = any((function, code) in mended and _is_refused(old, code) for code in _REFUSED)
        sane = len(old.log) if refused else old.sane
        if new is None:
            if sane is None:
                yield f"{function}: no run answers {answers} any more"
        elif sane is not None:
            if new.log[:sane] != old.log[:sane]:
                yield f"{function} {answers}: begins otherwise: {old.log} became {new.log}"
        elif (old.log, lasting(old.story.how)) != (new.log, lasting(new.story.how)):
            yield f"{function} {answers}: {old.log} {old.story.how} became {new.log} {new.story.how}"
        elif new.story.unbound or new.story.misused:
            yield f"{function} {answers}: cannot be meant any more: {new.story.misused or 'unbound'}"
        elif rows and old.rows != new.rows:
            yield f"{function} {answers}: other rows: {old.rows ^ new.rows}"


def _named(keys: Counter[Key], name: Callable[[Key], tuple[str, ...]]) -> Counter[tuple[str, ...]]:
    found: Counter[tuple[str, ...]] = Counter()
    for key, count in keys.items():
        found[name(key)] += count
    return found


def _stands(key: Key, text: str) -> bool:
    """Whether the words of a key are those of a line of the first program, so that they can be asked for."""
    return any(" ".join(line.split()) == key[2] for line in text.splitlines())


def _whole(key: Key) -> tuple[str, ...]:
    return key


def _place(key: Key) -> tuple[str, ...]:
    """The code and the function: of a line that an earlier round has changed the words say nothing."""
    return key[:2]


_OF_READS = ("SES201", "SES202", "SES203", "SES204", WAITS)
"""One of these for a read; which one is seen first may change with what stands in front of it."""

_REFUSED = {
    "SES401": ("_SessionAwaitable", "coroutine"),
    "SES402": ("context manager protocol", "__enter__", "__exit__"),
}
"""What the fault of such a rule is refused with, at its place: up to there the runs are the same.

A coroutine that is taken for its result is named by the error, under the name that the runs give it.
"""


def _is_refused(old: Seen, code: str) -> bool:
    """Whether the run was left by the error that the fault of `code` is refused with."""
    how = old.story.how
    return how.startswith(("raised TypeError", "raised AttributeError")) and any(
        words in how for words in _REFUSED[code]
    )


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
    if _LOST in codes and was[:1] == (INSTANCE,) and was[:2] == now[:2] and was[2] is None:
        return now
    return tuple(_meant(*each, codes) for each in zip(was, now, strict=True))


_READ_LATE = "SES207"
"""Whoever mends this gets a list where there was something that is read later, and nothing else."""

_LOST = "SES304"
"""Whoever mends this wants the row: a new instance has a key then, and nothing else may differ."""

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
