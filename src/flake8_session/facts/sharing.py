"""One session in several tasks or threads: what is started, and what happens before anybody waits for it.

Only the normal course of things is looked at, not what happens when something fails meanwhile.

Coroutines that take turns are no sharing (`turns`), nor is what waits for the only worker of an executor.

Not modelled: locks of threads, threads that are never started, and waiting by other means than through
what the start gave back, its container, or the ``with`` of its group or executor.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from flake8_session.facts.carrying import Carrying
from flake8_session.facts.delayed import Delayed
from flake8_session.facts.solutions import Solved
from flake8_session.facts.solving import SessionFacts
from flake8_session.facts.starts import Runs, Start, gathered, mapped, name_of, starts, starts_anything
from flake8_session.facts.transactions import made
from flake8_session.flow.events import (
    Await,
    Bind,
    Build,
    Call,
    Door,
    Event,
    Extend,
    Item,
    Iterate,
    Leave,
    Place,
    Read,
    Write,
)
from flake8_session.knowledge import concurrency
from flake8_session.knowledge.words import Role
from flake8_session.linking.places import operands
from flake8_session.typestate.worlds import Hold

_DERIVED = (Role.SESSION, Role.QUERY, Role.RESULT, Role.SCALARS, Role.STREAM, Role.STREAM_SCALARS)
_CLOSING = (Role.SESSION, Hold.OPENING, Hold.CLOSING, Hold.SUSPENDED)


class Shared(NamedTuple):
    """What starts at `step` shares the session (or, with `instance`, what belongs to it) with `other`."""

    solved: Solved
    step: int
    runs: Runs
    other: int | None
    instance: str


def shared(session: SessionFacts, fastapi: str) -> Iterator[Shared]:
    """Every start behind which the session is used by somebody else before anybody waits.

    `fastapi`: the version of FastAPI, `""` where it is not known.
    """
    if session.alone is None or not starts_anything(session.frame):
        return
    for solved in session.solutions:
        carrying = Carrying(solved)
        delayed = Delayed(carrying)
        several = list(mapped(carrying))
        for step in gathered(carrying, delayed):
            yield Shared(solved, step, Runs.TASK, None, "")
        for step in several:
            yield Shared(solved, step, Runs.THREAD, None, "")
        found = [start for start in starts(carrying, delayed, fastapi) if start.step not in several]
        for start in found:
            yield from _judged(session.alone, carrying, start, found)


def _judged(alone: Solved, carrying: Carrying, start: Start, others: list[Start]) -> Iterator[Shared]:
    solved = carrying.solved
    names = (solved.instance_place(world) for world in solved.solution.before(start.step))
    instance = next(filter(None, names), "")
    if start.runs in (Runs.ELSEWHERE, Runs.LATER):
        yield Shared(solved, start.step, start.runs, None, instance)
        return
    other = _Watch(alone, start, others).conflict()
    if other is not None:
        yield Shared(solved, start.step, start.runs, other, instance)


class _Watch:
    """What the function does from a start on, until it waits for what runs."""

    def __init__(self, solved: Solved, start: Start, others: list[Start]) -> None:
        self._solved = solved
        self._start = start
        queued = [other for other in others if start.worker and other.worker == start.worker]
        self._queued = {step for other in queued for step in _beginnings(solved, other)}
        self._others = {step for other in others for step in _beginnings(solved, other)} - self._queued
        self._names = _names(solved, start.result)

    def conflict(self) -> int | None:
        """The first step that uses the session too; None where the function waits before any."""
        graph = self._solved.graph
        seen: set[int] = set()
        begun = _beginnings(self._solved, self._start)
        pending = [target for step in begun for target in _onward(self._solved, step)]
        while pending:
            step = pending.pop(0)
            if step in seen:
                continue
            seen.add(step)
            event = graph.steps[step].event
            if step not in self._queued and (step in self._others or self._uses(step, event)):
                return step
            if step == self._solved.focus.birth or self._waits(event):
                continue
            if step == graph.returned and self._is_still_used_by_caller():
                return step
            pending.extend(_onward(self._solved, step))
        return None

    def _waits(self, event: Event) -> bool:
        if isinstance(event, Leave) and event.manager == self._start.owner:
            return True
        if isinstance(event, Bind | Build | Extend):
            return False
        if isinstance(event, Call) and _keeps_running(self._solved, event):
            return False
        return any(place in self._names for place in operands(event))

    def _uses(self, step: int, event: Event) -> bool:
        """Whether the function itself works with the session; beside a task, where it waits meanwhile."""
        task = self._start.runs is Runs.TASK
        worlds = list(self._solved.solution.before(step))
        if isinstance(event, Leave):
            if event.raising or (task and not event.asynchronous):
                return False
            return any(role in world.roles(event.manager) for world in worlds for role in _CLOSING)
        if isinstance(event, Await):
            event = made(self._solved, step)
        elif task or (isinstance(event, Call) and step in self._solved.frame.awaited):
            return False
        if not isinstance(event, Call | Iterate | Item):
            return False
        places = list(operands(event))
        return any(role in world.roles(place) for world in worlds for place in places for role in _DERIVED)

    def _is_still_used_by_caller(self) -> bool:
        focus = self._solved.focus
        return focus.birth < 0 and not focus.registry


def _beginnings(solved: Solved, start: Start) -> list[int]:
    """The steps where it begins to run: of a thread that is started by its name, those."""
    names = _names(solved, start.result)
    started = [
        step
        for step, each in enumerate(solved.graph.steps)
        if isinstance(each.event, Call) and each.event.method == "start" and each.event.receiver in names
    ]
    return started or [start.step]


def _onward(solved: Solved, step: int) -> list[int]:
    doors = solved.graph.steps[step].doors
    return [target for door, target in doors.items() if door is not Door.RAISED]


def _keeps_running(solved: Solved, call: Call) -> bool:
    name, method = name_of(solved.frame, call), call.method or call.function.rpartition(".")[2]
    return method in concurrency.KEEPS_RUNNING or name in concurrency.TASK_STARTERS


def _names(solved: Solved, result: Place) -> frozenset[Place]:
    """The places through which what runs can be waited for."""
    found = {result}
    while True:
        targets = {place for step in solved.graph.steps for place in _named_anew(solved, step.event, found)}
        if targets <= found:
            return frozenset(found)
        found |= targets


def _named_anew(solved: Solved, event: Event, found: set[Place]) -> list[Place]:
    match event:
        case Bind(target, source) if source in found:
            return [target]
        case Build(result, parts, _) if any(part in found for part in parts):
            return [result]
        case Extend(container, source) if source in found:
            return [container]
        case Write(owner, attribute, source) if source in found:
            return [f"{owner}.{attribute}"]
        case Read(result, owner, attribute) if f"{owner}.{attribute}" in found:
            return [result]
        case Call() if any(argument.value in found for argument in event.arguments):
            if not _keeps_running(solved, event):
                return []
            return [event.receiver, event.result] if event.receiver else [event.result]
    return []
