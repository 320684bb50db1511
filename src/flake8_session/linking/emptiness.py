"""Variables that a display makes empty: ``rows = []``.

Passed over are variables that nested functions know, and ``list()``, which few write.
"""

from __future__ import annotations

from collections.abc import Mapping

from flake8_session.flow.events import Bind, Build, Define, Door, Place, Shape
from flake8_session.flow.graph import Graph


def emptied(graph: Graph) -> Mapping[int, Place]:
    """The steps that bind a variable to an empty display, with the variable.

    What a comprehension or a starred display goes on to fill is not bound at once.
    """
    known = {
        place for step in graph.steps if isinstance(step.event, Define) for place in step.event.captures
    }
    known |= graph.captured | graph.shared
    found: dict[int, Place] = {}
    for step in graph.steps:
        match step.event:
            case Build(result, (), Shape.CONTAINER):
                behind = step.doors[Door.COMPLETED]
                event = graph.steps[behind].event
                if isinstance(event, Bind) and event.source == result and event.target not in known:
                    found[behind] = event.target
    return {step: place for step, place in found.items() if place[:1] not in "@%" and "." not in place}
