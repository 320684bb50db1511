"""Flags of the caller, and what they decide.

A flag is a parameter that is true or false, by annotation or default, or what a parameter of the caller says
under a name that speaks of committing: ``options.commit``, ``keywords.get("commit", True)``.
"""

from __future__ import annotations

from flake8_session.flow.events import Call, Door, Place, Read, Test
from flake8_session.flow.graph import Graph
from flake8_session.flow.outline import Literal, Parameter
from flake8_session.flow.ways import reached
from flake8_session.linking.frames import Frame
from flake8_session.linking.spelling import last_name


def decided_by_flags(frame: Frame) -> frozenset[int]:
    """The steps that are reached by one answer only of a flag of the caller's: ``if auto_commit: ...``."""
    flags = {parameter.name for parameter in frame.function.parameters if _is_flag(parameter)}
    found: set[int] = set()
    for step, each in enumerate(frame.graph.steps):
        asked = each.event.subject if isinstance(each.event, Test) else ""
        if asked and (asked in flags or _speaks(frame, asked)):
            for door in (Door.TRUE, Door.FALSE):
                found |= set(range(len(frame.graph.steps))) - _reached_without(frame.graph, step, door)
    return frozenset(found)


def _is_flag(parameter: Parameter) -> bool:
    by_default = isinstance(parameter.default, Literal) and isinstance(parameter.default.value, bool)
    return by_default or (parameter.annotation is not None and last_name(parameter.annotation) == "bool")


def _speaks(frame: Frame, place: Place) -> bool:
    """Whether a value is what a parameter says of committing."""
    made = frame.made_by.get(place)
    event = frame.graph.steps[made].event if made is not None else None
    parameters = {parameter.name for parameter in frame.function.parameters}
    match event:
        case Read(_, owner, name):
            return owner in parameters and "commit" in name
        case Call(method="get" | "pop") if event.arguments and event.receiver in parameters:
            return "commit" in event.arguments[0].value
    return False


def _reached_without(graph: Graph, closed: int, door: Door) -> frozenset[int]:
    return reached(graph, lambda step, each: (step, each) != (closed, door))
