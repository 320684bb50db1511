"""Whether a function can raise, and whether it can return, from its steps alone."""

from __future__ import annotations

from flake8_session.flow.events import Call, Door, Raise
from flake8_session.knowledge import callees
from flake8_session.linking.frames import Frame
from flake8_session.linking.meanings import ClassAt, External, Factory, FunctionAt, Made, Registry
from flake8_session.linking.quiet import is_quiet
from flake8_session.summaries.frames import Frames

_CLEANING = frozenset({"close", "aclose", "rollback", "reset", "remove", "expunge_all", "invalidate"})


def never_raises(frames: Frames, at: FunctionAt, depth: int = 0) -> bool:
    """Whether the function can only construct, close or roll back."""
    frame = frames.of(at)
    if frame is None or depth > 4:
        return False
    return not any(
        Door.RAISED in step.doors and _may_raise(frames, frame, step.event, depth)
        for step in frame.graph.steps
    )


def _may_raise(frames: Frames, frame: Frame, event: object, depth: int) -> bool:
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
        return not never_raises(frames, callee, depth + 1)
    return not is_quiet(frame, event)


def can_return(frames: Frames, at: FunctionAt, depth: int = 0) -> bool:
    """Whether some path gets to the function's end: not where it always raises, or leaves the process."""
    frame = frames.of(at)
    if frame is None or depth > 4:
        return True
    graph = frame.graph
    seen, pending = {0}, [0]
    while pending:
        step = graph.steps[pending.pop()]
        for door, target in step.doors.items():
            if (
                door is Door.COMPLETED
                and isinstance(step.event, Call)
                and _ends_here(frames, frame, step.event, depth)
            ):
                continue
            if target not in seen:
                seen.add(target)
                pending.append(target)
    return graph.returned in seen


def _ends_here(frames: Frames, frame: Frame, call: Call, depth: int) -> bool:
    callee = frame.callee(call)
    if isinstance(callee, External):
        return callee.name.removeprefix("builtins.") in callees.NEVER_RETURN
    if isinstance(callee, FunctionAt):
        function = frames.linker.function(callee)
        plain = function is not None and not function.generator and not function.decorators
        return plain and not can_return(frames, callee, depth + 1)
    return False


__all__ = ["ClassAt", "can_return", "never_raises"]
