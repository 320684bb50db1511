"""Whether a function can raise, and whether it can return, from its steps alone.

Calls are followed a few functions deep. A function that is called in many places is looked at once for
each depth that it is met at, so that the cost does not grow with the number of ways that lead to it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from flake8_session.flow.events import Call, Door, Raise
from flake8_session.flow.ways import reached
from flake8_session.knowledge import callees
from flake8_session.linking.frames import Frame
from flake8_session.linking.initializing import initializers
from flake8_session.linking.meanings import ClassAt, External, Factory, FunctionAt, Made, Registry
from flake8_session.linking.quiet import is_quiet
from flake8_session.summaries.frames import Frames

_DEEPEST = 4
_CLEANING = frozenset({"close", "aclose", "rollback", "reset", "remove", "expunge_all", "invalidate"})


Below: TypeAlias = Callable[[FunctionAt], bool]
"""The answer for a function that is called."""


def never_raises(frames: Frames, at: FunctionAt) -> bool:
    """Whether the function can only construct, close or roll back."""
    return _asked(frames, at, _never_raises, beyond=False)


def can_return(frames: Frames, at: FunctionAt) -> bool:
    """Whether some path gets to the function's end: not where it always raises, or leaves the process."""
    return _asked(frames, at, _can_return, beyond=True)


def _asked(
    frames: Frames, at: FunctionAt, answer: Callable[[Frames, Frame, Below], bool], *, beyond: bool
) -> bool:
    """What `answer` gives for a function; `beyond` for those out of sight, or called too deep below it."""
    known: dict[tuple[FunctionAt, int], bool] = {}

    def ask(at: FunctionAt, depth: int) -> bool:
        frame = frames.of(at)
        if frame is None or depth > _DEEPEST:
            return beyond
        if (at, depth) not in known:
            known[at, depth] = answer(frames, frame, lambda called: ask(called, depth + 1))
        return known[at, depth]

    return ask(at, 0)


def _never_raises(frames: Frames, frame: Frame, below: Below) -> bool:
    return not any(
        Door.RAISED in step.doors and _may_raise(frame, step.event, below) for step in frame.graph.steps
    )


def _may_raise(frame: Frame, event: object, below: Below) -> bool:
    if isinstance(event, Raise):
        return True
    if not isinstance(event, Call):
        return type(event).__name__ in ("Await", "Yield", "Iterate", "Enter")
    if event.method in _CLEANING or event.function.rpartition(".")[2] in _CLEANING:
        return False
    callee = frame.callee(event)
    if isinstance(callee, Factory | Registry) or isinstance(
        frame.meaning(event.result), Made | Factory | Registry
    ):
        return False
    if isinstance(callee, FunctionAt):
        return not below(callee)
    if isinstance(callee, ClassAt):
        runs = initializers(frame.linker, callee)
        return runs is None or not all(map(below, runs))
    return not is_quiet(frame, event)


def _can_return(frames: Frames, frame: Frame, below: Below) -> bool:
    graph = frame.graph

    def goes_on(step: int, door: Door) -> bool:
        event = graph.steps[step].event
        ends = door is Door.COMPLETED and isinstance(event, Call) and _ends_here(frames, frame, event, below)
        return not ends

    return graph.returned in reached(graph, goes_on)


def _ends_here(frames: Frames, frame: Frame, call: Call, below: Below) -> bool:
    callee = frame.callee(call)
    if isinstance(callee, External):
        return callee.name.removeprefix("builtins.") in callees.NEVER_RETURN
    if isinstance(callee, FunctionAt):
        function = frames.linker.function(callee)
        plain = function is not None and not function.generator and not function.decorators
        return plain and not below(callee)
    return False


__all__ = ["ClassAt", "can_return", "never_raises"]
