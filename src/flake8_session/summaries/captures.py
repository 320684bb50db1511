"""What a nested function may do to a session that it captures, from its steps alone."""

from __future__ import annotations

from flake8_session.flow.events import Call, Define, Place
from flake8_session.linking.meanings import FunctionAt
from flake8_session.linking.places import operands
from flake8_session.summaries.frames import Frames

_ENDING = frozenset({"close", "aclose", "remove", "reset", "invalidate", "__exit__", "__aexit__"})


def may_end(frames: Frames, at: FunctionAt, places: frozenset[Place]) -> bool:
    """Whether the function closes one of `places`, or hands it to where it may be closed.

    Anything but calling a method that does not close counts as handing on.
    """
    frame = frames.of(at)
    if frame is None:
        return True
    for step in frame.graph.steps:
        event = step.event
        if isinstance(event, Call) and event.receiver in places:
            if event.method in _ENDING:
                return True
            if any(argument.value in places for argument in event.arguments):
                return True
        elif isinstance(event, Define):
            inner = frozenset(event.captures) & places
            if inner and may_end(frames, FunctionAt(at.module, event.function), inner):
                return True
        elif any(place in places for place in operands(event)):
            return True
    return False
