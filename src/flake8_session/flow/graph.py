"""The flow graph of one function, and its printed form.

``s = Session(e)`` / ``s.add(x)`` becomes::

    0  %1 = call @Session(e)           completed 1, raised 4
    1  s = %1                          completed 2
    2  %2 = call s.add(x)              completed 3, raised 4
    3  returned
    4  raised
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from flake8_session.flow.events import Door, Event, Place


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
