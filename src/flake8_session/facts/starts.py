"""Where something begins to run beside the function: tasks, threads, what a queue or a framework takes."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from flake8_session.facts.carrying import Carrying
from flake8_session.facts.delayed import Delayed
from flake8_session.facts.depending import ends_with_route
from flake8_session.flow.events import Call, Enter, Place
from flake8_session.knowledge import concurrency
from flake8_session.knowledge.frameworks import Driver
from flake8_session.linking.decorators import drivers
from flake8_session.linking.frames import Frame
from flake8_session.linking.meanings import ClassAt, External, FunctionAt

_LAST_PARTS = frozenset(
    name.rpartition(".")[2]
    for names in (
        concurrency.TASK_STARTERS,
        concurrency.TASK_METHODS,
        concurrency.GATHERERS,
        concurrency.THREADS,
        concurrency.PROCESSES,
        concurrency.THREAD_STARTERS,
        concurrency.EXECUTOR_METHODS,
        concurrency.LOOP_METHODS,
        concurrency.QUEUE_METHODS,
        concurrency.STREAMS,
        ("add_task",),
    )
    for name in names
)


class Runs(Enum):
    """What runs."""

    TASK = "task"
    THREAD = "thread"
    ELSEWHERE = "elsewhere"  # in another process, which gets a copy
    LATER = "later"  # when the framework has closed the session


class Start(NamedTuple):
    """The call at `step` begins something that carries the session; `result` can be waited for."""

    step: int
    runs: Runs
    result: Place
    owner: Place
    """The group or executor whose ``with`` waits as well; `""` where there is none."""
    worker: Place
    """The executor that does one thing after the other; `""` for any other."""


def starts(carrying: Carrying, delayed: Delayed, fastapi: str) -> Iterator[Start]:
    """Every start of something that carries the session, or the instance."""
    frame = carrying.solved.frame
    for step, each in enumerate(frame.graph.steps):
        if isinstance(each.event, Call):
            runs = _runs(carrying, delayed, frame, step, each.event)
            if runs is None and _is_late(carrying, frame, step, each.event, fastapi):
                runs = Runs.LATER
            if runs is not None:
                yield Start(step, runs, each.event.result, *_by(frame, each.event.receiver))


def gathered(carrying: Carrying, delayed: Delayed) -> Iterator[int]:
    """The calls that run several coroutines with the session at the same time."""
    frame = carrying.solved.frame
    for step, each in enumerate(frame.graph.steps):
        event = each.event
        if not isinstance(event, Call) or name_of(frame, event) not in concurrency.GATHERERS:
            continue
        places = [argument.value for argument in event.arguments]
        given = [place for place in places if _is_task(carrying, delayed, frame, place)]
        if len(given) > 1 or any(delayed.several(place) for place in places):
            yield step


def mapped(carrying: Carrying) -> Iterator[int]:
    """The calls that have several threads call one function with the session."""
    frame = carrying.solved.frame
    for step, each in enumerate(frame.graph.steps):
        event = each.event
        if (
            isinstance(event, Call)
            and event.method in concurrency.EXECUTOR_MAPS
            and _is_executor(frame, event.receiver)
            and not _has_one_worker(frame, event.receiver)
            and event.arguments[:1]
            and event.arguments[0].value in carrying.given(step, event)
        ):
            yield step


def starts_anything(frame: Frame) -> bool:
    """Whether anything at all may begin to run in the function, told by names alone."""
    return any(
        method_of(step.event) in _LAST_PARTS
        or name_of(frame, step.event).rpartition(".")[2] in _LAST_PARTS
        or _is_thread(frame, step.event, "")
        for step in frame.graph.steps
        if isinstance(step.event, Call)
    )


def method_of(call: Call) -> str:
    """The last part of what is called, as written."""
    return call.method or call.function.rpartition(".")[2].removeprefix("@")


def name_of(frame: Frame, call: Call) -> str:
    """The full name of what is called, where it stands outside of the project; else `""`."""
    callee = frame.callee(call)
    return callee.name if isinstance(callee, External) else ""


def _runs(carrying: Carrying, delayed: Delayed, frame: Frame, step: int, call: Call) -> Runs | None:
    if step in frame.awaited:
        return None
    name, method = name_of(frame, call), method_of(call)
    values = [argument.value for argument in call.arguments]
    if _makes_task(frame, call):
        if any(_is_threaded(carrying, frame, value) for value in values):
            return Runs.THREAD
        tasks = any(_is_task(carrying, delayed, frame, value) for value in values)
        return Runs.TASK if tasks or (method == "start_soon" and carrying.given(step, call)) else None
    if not carrying.given(step, call):
        return None
    if name in concurrency.THREAD_STARTERS and _is_handed_to_task(frame, call):
        return None
    if name in concurrency.THREAD_STARTERS or method in concurrency.LOOP_METHODS:
        return Runs.THREAD
    if name in concurrency.PROCESSES:
        return None if carrying.of_instance else Runs.ELSEWHERE
    if _is_thread(frame, call, name):
        return Runs.THREAD
    if method in concurrency.EXECUTOR_METHODS and _is_executor(frame, call.receiver):
        return Runs.THREAD
    if method == "submit" and len(values) > 1 and not carrying.holds(step, values[0]):
        return Runs.THREAD
    if method in concurrency.QUEUE_METHODS and _is_queued(frame, call):
        return Runs.ELSEWHERE
    return None


def _is_late(carrying: Carrying, frame: Frame, step: int, call: Call, fastapi: str) -> bool:
    """Whether the framework runs what carries the session when it has closed it."""
    if not _is_after_response(frame, call):
        return False
    if not carrying.given(step, call) and not _is_given_generator(carrying, frame, call):
        return False
    return ends_with_route(frame, carrying.solved.focus.places, fastapi)


def _is_given_generator(carrying: Carrying, frame: Frame, call: Call) -> bool:
    """Whether a generator is given that was started with it: it runs when somebody asks it."""
    return any(
        made is not None and _starts_generator(carrying, frame, made)
        for made in (frame.made_by.get(argument.value) for argument in call.arguments)
    )


def _starts_generator(carrying: Carrying, frame: Frame, step: int) -> bool:
    event = frame.graph.steps[step].event
    callee = frame.callee(event) if isinstance(event, Call) else None
    function = frame.linker.function(callee) if isinstance(callee, FunctionAt) else None
    return isinstance(event, Call) and function is not None and function.generator and bool(
        carrying.given(step, event)
    )


def _is_task(carrying: Carrying, delayed: Delayed, frame: Frame, place: Place) -> bool:
    """Whether a coroutine carries it, and runs in the loop's own thread."""
    return place in delayed.coroutines and not _is_threaded(carrying, frame, place)


def _is_threaded(carrying: Carrying, frame: Frame, place: Place) -> bool:
    made = frame.made_by.get(place)
    event = frame.graph.steps[made].event if made is not None else None
    if made is None or not isinstance(event, Call) or not carrying.given(made, event):
        return False
    return name_of(frame, event) in concurrency.THREAD_STARTERS or event.method in concurrency.LOOP_METHODS


def _is_handed_to_task(frame: Frame, call: Call) -> bool:
    """Whether a task is made at once of what the call gives; the start is the task's then."""
    return any(
        isinstance(each.event, Call)
        and _makes_task(frame, each.event)
        and any(argument.value == call.result for argument in each.event.arguments)
        for each in frame.graph.steps
    )


def _makes_task(frame: Frame, call: Call) -> bool:
    return name_of(frame, call) in concurrency.TASK_STARTERS or method_of(call) in concurrency.TASK_METHODS


def _is_thread(frame: Frame, call: Call, name: str) -> bool:
    callee = frame.callee(call)
    if not isinstance(callee, ClassAt):
        return name in concurrency.THREADS
    bases = frame.linker.ancestry(callee)
    return any(isinstance(base, External) and base.name in concurrency.THREADS for base in bases)


def _is_executor(frame: Frame, place: Place) -> bool:
    if not place:
        return False
    meaning = frame.meaning(_manager(frame, place))
    return isinstance(meaning, External) and meaning.name.removesuffix("()") in concurrency.EXECUTORS


def _has_one_worker(frame: Frame, place: Place) -> bool:
    """Whether the executor does one thing after the other."""
    manager = _manager(frame, place)
    return any(
        isinstance(each.event, Call)
        and (manager == each.event.result or manager in frame.aliases.get(each.event.result, ()))
        and any(
            argument.value == "=1" and (index == 0 or argument.keyword in ("max_workers", "processes"))
            for index, argument in enumerate(each.event.arguments)
        )
        for each in frame.graph.steps
    )


def _manager(frame: Frame, place: Place) -> Place:
    """What a ``with`` has entered that gave `place` its value; else `place` itself."""
    entered = _entered(frame, place)
    return entered.manager if entered is not None else place


def _by(frame: Frame, receiver: Place) -> tuple[Place, Place]:
    """The group or executor that was entered, and the executor with one worker."""
    if not receiver:
        return "", ""
    entered = _entered(frame, receiver)
    one = _is_executor(frame, receiver) and _has_one_worker(frame, receiver)
    return entered.manager if entered is not None else "", _manager(frame, receiver) if one else ""


def _entered(frame: Frame, place: Place) -> Enter | None:
    """The ``with`` that gave `place` its value."""
    for each in frame.graph.steps:
        if isinstance(each.event, Enter):
            result = each.event.result
            if place == result or place in frame.aliases.get(result, ()):
                return each.event
    return None


def _is_after_response(frame: Frame, call: Call) -> bool:
    """Whether the framework runs what is given once the function has returned."""
    if name_of(frame, call) in concurrency.STREAMS:
        return True
    tasks = next((each for each in frame.function.parameters if each.name == call.receiver), None)
    if call.method != "add_task" or tasks is None or tasks.annotation is None:
        return False
    kind = frame.linker.expression(frame.module, tasks.annotation)
    return isinstance(kind, External) and kind.name in concurrency.BACKGROUND


def _is_queued(frame: Frame, call: Call) -> bool:
    """Whether the method is one of a function that is a task, or of something imported."""
    owner = frame.meaning(call.receiver or call.function.rpartition(".")[0])
    if isinstance(owner, FunctionAt):
        function = frame.linker.function(owner)
        return function is not None and Driver.TASK in drivers(frame.linker, owner.module, function)
    return isinstance(owner, External) and not owner.name.startswith("builtins.")
