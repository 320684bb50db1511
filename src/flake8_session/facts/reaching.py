"""Which steps of a function may come after which: a question of its graph alone, worlds left aside."""

from __future__ import annotations

from collections.abc import Collection

from flake8_session.flow.graph import Graph


def behind(graph: Graph, step: int, *, without: Collection[int] = ()) -> frozenset[int]:
    """The steps that may be taken after `step`, itself where it may be taken again; `without` those."""
    seen: set[int] = set()
    pending = list(graph.steps[step].doors.values())
    while pending:
        here = pending.pop()
        if here not in seen and here not in without:
            seen.add(here)
            pending.extend(graph.steps[here].doors.values())
    return frozenset(seen)
