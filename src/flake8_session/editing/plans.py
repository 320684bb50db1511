"""What a rule wants done about a report, as values: which nodes, and what the facts say against it.

A plan names nodes by their *origin* (see `flow.graph.Step`) and knows no syntax. It becomes edits
only when somebody asks for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Touch:
    """A node that reads the session or what is derived from it.

    `bound`: it needs the session itself. `open`: the session is open there on some path.
    """

    origin: int
    bound: bool
    open: bool


@dataclass(frozen=True, slots=True)
class Enclose:
    """Close a session at the end of its live range: by a ``with``, or in the ``finally`` of a ``try``.

    `opening` is the call that makes the session, `name` the variable that it goes to (`""` for none).
    `closes` are the calls that close it and nothing else. `doubts` say why the change may do more
    than lose the misuse; none: it is safe, as far as the facts tell.
    """

    opening: int
    name: str
    touches: tuple[Touch, ...]
    closes: tuple[int, ...]
    asynchronous: bool
    doubts: tuple[str, ...] = ()


Plan: TypeAlias = Enclose
