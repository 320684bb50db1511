"""Flags of the caller: parameters that are true or false, by annotation or default, and what they decide."""

from __future__ import annotations

from flake8_session.flow.events import Door, Test
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
        if isinstance(each.event, Test) and each.event.subject in flags:
            for door in (Door.TRUE, Door.FALSE):
                found |= set(range(len(frame.graph.steps))) - _reached_without(frame.graph, step, door)
    return frozenset(found)


def _is_flag(parameter: Parameter) -> bool:
    by_default = isinstance(parameter.default, Literal) and isinstance(parameter.default.value, bool)
    return by_default or (parameter.annotation is not None and last_name(parameter.annotation) == "bool")


def _reached_without(graph: Graph, closed: int, door: Door) -> frozenset[int]:
    return reached(graph, lambda step, each: (step, each) != (closed, door))
