"""Whether calling a function may reach a session that everybody can reach: that of a registry.

A registry's session needs no argument. A helper in another module may commit or roll it back, and so may
whatever is not known at all; what stands outside of the project is presumed not to know the registry.
"""

from __future__ import annotations

from flake8_session.flow.events import Call
from flake8_session.linking.frames import Frame
from flake8_session.linking.meanings import Borrowed, FunctionAt, Registry, Selected
from flake8_session.linking.quiet import reaches_nothing
from flake8_session.summaries.solved import Solved


def may_touch(solved: Solved, at: FunctionAt) -> bool:
    """Whether the function, or what it calls, uses a registry or calls something unknown."""
    return solved.ask(("touches", at), lambda: _touches(solved, at)) is not False


def _touches(solved: Solved, at: FunctionAt) -> bool:
    frame = solved.frames.of(at)
    if frame is None or any(_is_shared(frame, place) for place in frame.outside_places()):
        return True
    return any(
        isinstance(step.event, Call) and _calls_what_touches(solved, frame, step.event)
        for step in frame.graph.steps
    )


def _is_shared(frame: Frame, place: str) -> bool:
    """Whether a name from outside, or a part of it, stands for a registry, or for a query of one."""
    parts = place[1:].split(".")
    meanings = (frame.meaning("@" + ".".join(parts[:count])) for count in range(1, len(parts) + 1))
    return any(isinstance(meaning, Registry | Borrowed | Selected) for meaning in meanings)


def _calls_what_touches(solved: Solved, frame: Frame, call: Call) -> bool:
    callee = frame.callee(call)
    if isinstance(callee, FunctionAt):
        return may_touch(solved, callee)
    return not reaches_nothing(frame, call)
