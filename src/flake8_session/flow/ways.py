"""Which steps of a function may come after which: a question of its graph alone, worlds left aside."""

from __future__ import annotations

from collections.abc import Callable, Collection

from flake8_session.flow.events import Door
from flake8_session.flow.graph import Graph


def behind(graph: Graph, step: int, *, without: Collection[int] = ()) -> frozenset[int]:
    """The steps that may be taken after `step`, itself where it may be taken again; `without` those."""
    return led_to(graph, step, lambda here, door: graph.steps[here].doors[door] not in without)


def reached(graph: Graph, is_open: Callable[[int, Door], bool]) -> frozenset[int]:
    """The steps that the entry leads to, itself among them, through doors that are open."""
    return led_to(graph, 0, is_open) | {0}


def led_to(graph: Graph, start: int, is_open: Callable[[int, Door], bool]) -> frozenset[int]:
    """The steps that `start` leads to, itself where it may be taken again, through doors that are open."""
    seen: set[int] = set()
    pending = [start]
    while pending:
        here = pending.pop()
        for door, target in graph.steps[here].doors.items():
            if target not in seen and is_open(here, door):
                seen.add(target)
                pending.append(target)
    return frozenset(seen)
