"""What is written short, written as the steps that it stands for."""

from __future__ import annotations

from collections.abc import Callable

from flake8_session.flow.graph import Graph
from flake8_session.linking.callbacks import called_for_each
from flake8_session.linking.meanings import Meaning
from flake8_session.linking.paired import without_pairs
from flake8_session.linking.stacks import unstacked
from flake8_session.linking.threads import called_here


def spelled_out(graph: Graph, outside: Callable[[str], Meaning]) -> Graph:
    """`graph` with more steps, by what the names from outside of the function mean."""
    for spell in (called_here, called_for_each, without_pairs, unstacked):
        graph = spell(graph, outside)
    return graph
