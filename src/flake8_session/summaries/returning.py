"""What calling a function gives, by the meanings of what it returns."""

from __future__ import annotations

from flake8_session.flow.events import Return
from flake8_session.linking.meanings import (
    UNKNOWN,
    Borrowed,
    Constant,
    External,
    Factory,
    FunctionAt,
    Holds,
    Meaning,
    Object,
    Opening,
    Registry,
    Selected,
    joined,
)
from flake8_session.summaries.frames import Frames


def returned_meaning(frames: Frames, at: FunctionAt) -> Meaning:
    """The meaning that all values returned agree on; unknown for generators and for new sessions.

    A session that the function did not make, but returns, is borrowed by the caller.
    """
    frame = frames.of(at)
    if frame is None or frame.function.generator:
        return UNKNOWN
    found: Meaning | None = None
    for step in frame.graph.steps:
        if isinstance(step.event, Return):
            found = joined(found, frame.meaning(step.event.value))
    match found:
        case Selected(holds) if holds in (Holds.INSTANCE, Holds.ROWS):
            return found
        case Factory() | Registry() | Opening() | Object():
            return found
        case Borrowed(options):
            return Borrowed(options, registry=True)
        case External(name) if name.endswith("()") or name == "sqlalchemy.Connection":
            return found
        case Constant() | None:
            return UNKNOWN
    return UNKNOWN
