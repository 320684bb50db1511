"""What calling a function gives, by the meanings of what it returns, and what it binds outside of itself."""

from __future__ import annotations

from dataclasses import replace

from flake8_session.flow.events import Bind, Build, Return
from flake8_session.linking.frames import Frame
from flake8_session.linking.meanings import (
    UNKNOWN,
    Borrowed,
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
        case Borrowed(options, _, inner):
            return Borrowed(options, registry=True, inner=inner)
        case External(name) if name.endswith("()") or name == "sqlalchemy.Connection":
            return found
    return _promised(frame)


def _promised(frame: Frame) -> Meaning:
    """What the annotation of a result says where the body does not: only a factory is surely one."""
    returns = frame.function.returns
    if returns is None or frame.function.asynchronous:
        return UNKNOWN
    promised = frame.linker.annotation(frame.module, returns)
    if isinstance(promised, Factory | Registry):
        return replace(promised, options=replace(promised.options, expires=None))
    return UNKNOWN


def returned_element(frames: Frames, at: FunctionAt, index: int) -> Meaning:
    """The meaning of element `index` of the tuples that the function returns, where they agree."""
    frame = frames.of(at)
    found: Meaning | None = None
    for step in frame.graph.steps if frame is not None and not frame.function.generator else ():
        if frame is None or not isinstance(step.event, Return):
            continue
        made = frame.made_by.get(step.event.value)
        event = frame.graph.steps[made].event if made is not None else None
        if not isinstance(event, Build) or index >= len(event.parts):
            return UNKNOWN
        found = joined(found, frame.meaning(event.parts[index]))
    return found if isinstance(found, Factory | Registry | Object) else UNKNOWN


def rebound_meaning(frames: Frames, at: FunctionAt, name: str) -> Meaning | None:
    """What the function binds the name of its module to that it declares ``global``."""
    frame = frames.of(at)
    found: Meaning | None = None
    for step in frame.graph.steps if frame is not None else ():
        if frame is not None and isinstance(step.event, Bind) and step.event.target == f"@{name}":
            found = joined(found, frame.meaning(step.event.source))
    return found
