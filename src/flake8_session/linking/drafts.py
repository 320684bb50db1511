"""A graph that is rewritten: what is written short is spelled out with more steps.

The numbers of the steps that are there stay as they are; what is added comes behind them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from flake8_session.flow.events import Door, Event
from flake8_session.flow.graph import Graph, Step


class Draft:
    """The steps of a graph, and those that are added to them."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self.steps = list(graph.steps)

    def add(self, event: Event, doors: Mapping[Door, int], origin: int) -> int:
        """One more step; returns its number."""
        self.steps.append(Step(event, dict(doors), origin))
        return len(self.steps) - 1

    def move(self, number: int) -> int:
        """Moves a step behind all others, so that its number can be given to what comes in front of it."""
        self.steps.append(self.steps[number])
        return len(self.steps) - 1

    def put(self, number: int, event: Event, doors: Mapping[Door, int], origin: int) -> None:
        """Another step takes a number."""
        self.steps[number] = Step(event, dict(doors), origin)

    def lead(self, number: int, door: Door, target: int) -> None:
        """Leads a door of a step to somewhere else."""
        step = self.steps[number]
        self.steps[number] = replace(step, doors={**step.doors, door: target})

    def graph(self) -> Graph:
        """The graph with all steps."""
        return replace(self._graph, steps=tuple(self.steps))
