"""Graphs of small functions, held as text that people can read and review.

``snapshots/lowering/*.txt`` hold cases: a title, Python, ``---``, and the graphs that it is lowered to.
``python tests/test_lowering.py`` writes the graphs anew; read the difference.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from flake8_session.flow import lower_module
from flake8_session.flow.events import Define
from flake8_session.flow.graph import render
from flake8_session.flow.outline import Kind

FOLDER = Path(__file__).parent / "snapshots" / "lowering"
TITLE = "### "


@dataclass(frozen=True)
class Case:
    title: str
    source: str
    graphs: str


def cases(file: Path) -> list[Case]:
    found = []
    for block in file.read_text(encoding="utf-8").split(TITLE)[1:]:
        title, _, rest = block.partition("\n")
        source, _, graphs = rest.partition("---\n")
        found.append(Case(title, source, graphs.strip("\n")))
    return found


def drawn(source: str) -> str:
    """The graphs of `source`, each under the key of its function; a module that only defines is left out."""
    outline = lower_module(source).outline
    blocks = []
    for key, function in outline.functions.items():
        assert function.graph is not None
        events = [step.event for step in function.graph.steps[:-2]]
        if function.kind is Kind.MODULE and all(isinstance(event, Define) for event in events):
            continue
        graph = function.graph
        notes = [
            f"{name} {', '.join(sorted(places))}"
            for name, places in (("captures", graph.captured), ("shares", graph.shared))
            if places
        ]
        blocks.append("; ".join([key or "<module>", *notes]) + "\n" + render(graph).rstrip())
    return "\n".join(blocks)


FILES = sorted(FOLDER.glob("*.txt"))
CASES = [pytest.param(case, id=f"{file.stem}: {case.title}") for file in FILES for case in cases(file)]


@pytest.mark.parametrize("case", CASES)
def test_a_function_is_lowered_to_the_graph_that_was_reviewed(case: Case) -> None:
    assert drawn(case.source) == case.graphs


@pytest.mark.parametrize("case", CASES)
def test_every_step_is_reached_and_leads_somewhere(case: Case) -> None:
    for function in lower_module(case.source).outline.functions.values():
        assert function.graph is not None
        graph = function.graph
        led_to = {to for step in graph.steps for to in step.doors.values()}
        assert led_to | {0, graph.returned, graph.raised} == set(range(len(graph.steps)))
        without_doors = {number for number, step in enumerate(graph.steps) if not step.doors}
        assert without_doors == {graph.returned, graph.raised}


def write_anew() -> None:
    for file in FILES:
        blocks = [f"{TITLE}{case.title}\n{case.source}---\n{drawn(case.source)}" for case in cases(file)]
        file.write_text("\n\n".join(blocks) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_anew()
