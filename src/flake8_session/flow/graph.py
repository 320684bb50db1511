"""The flow graph of one function, and its printed form.

``s = Session(e)`` / ``s.add(x)`` becomes::

    0  %1 = call @Session(e)  -> 1, raised 4
    1  s = %1                 -> 2
    2  %2 = call s.add(x)     -> 3, raised 4
    3  returned
    4  raised
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from flake8_session.flow.events import Door, Event, Place
from flake8_session.flow.phrases import phrase


@dataclass(frozen=True, slots=True)
class Step:
    """One event with its doors. `origin` names the syntax node it came from (see `Graph.origins`)."""

    event: Event
    doors: Mapping[Door, int]
    origin: int


@dataclass(frozen=True, slots=True)
class Graph:
    """The steps of one function. `entry` is step 0.

    `returned` and `raised` are the two exits: steps without doors.
    `captured`: variables of an enclosing function that this one reads or writes.
    `shared`: variables of this function that a nested function binds (``nonlocal``).
    `outside`: names that this function declares ``global``: bound as ``@name`` places.
    """

    steps: tuple[Step, ...]
    returned: int
    raised: int
    captured: frozenset[Place] = frozenset()
    shared: frozenset[Place] = frozenset()
    variables: frozenset[Place] = field(default=frozenset())
    """Every variable that this function itself binds, parameters included."""


def render(graph: Graph) -> str:
    """The printed form: a line for each step, with its event and its doors."""
    exits = {graph.returned: "returned", graph.raised: "raised"}
    phrases = [exits.get(number) or phrase(step.event) for number, step in enumerate(graph.steps)]
    width = min(max(map(len, phrases)), 44)
    return "".join(
        f"{number:>3}  {text:<{width}}  {_doors(step)}".rstrip() + "\n"
        for number, (text, step) in enumerate(zip(phrases, graph.steps, strict=True))
    )


def _doors(step: Step) -> str:
    leads = ", ".join(f"{_DOORS[door]}{step.doors[door]}" for door in Door if door in step.doors)
    return f"-> {leads}" if leads else ""


_DOORS = {Door.COMPLETED: "", Door.RAISED: "raised ", Door.TRUE: "yes ", Door.FALSE: "no "}
