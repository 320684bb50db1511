"""A graph while it is being built: steps, loose ends, and where control goes when it leaves.

A *loose end* is a door that leads nowhere yet; the next step that is added takes all of them. Code
that no loose end leads to is unreachable: nothing is added for it, so no graph holds dead steps.

A *way* is a manner of leaving a stretch of code other than by its end. `Control` knows for each way
which loose ends have taken it, and hands what it does not own to the `Control` around it; so a
``finally`` is lowered once for each way that its body was really left by (`Body.guarded`).
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, ClassVar, TypeAlias, TypeVar

import libcst as cst

from flake8_session.flow.events import Door, Event, Pass, Place
from flake8_session.flow.graph import Graph, Step
from flake8_session.flow.scopes import Scope, Scopes

LARGEST = 4_000
"""A function of more steps is given up: copies of nested ``finally`` clauses double with each level."""

Ends: TypeAlias = "list[tuple[int, Door]]"
Cleanup: TypeAlias = "Callable[[Way | None], Ends]"

_Lowered = TypeVar("_Lowered")


class Way(Enum):
    """How code is left otherwise than by its end."""

    RETURN = "return"
    BREAK = "break"
    CONTINUE = "continue"
    RAISE = "raise"


class TooLarge(Exception):
    """The graph would have more than `LARGEST` steps."""


class Control:
    """Where each way leads, seen from one stretch of code."""

    __slots__ = ("_around", "own")

    def __init__(self, own: tuple[Way, ...], around: Control | None = None) -> None:
        self.own: dict[Way, Ends] = {way: [] for way in own}
        self._around = around

    def ends(self, way: Way) -> Ends:
        """The loose ends that have left by `way`; add to them what leaves."""
        control = self
        while way not in control.own:
            assert control._around is not None, f"{way.value} outside of a body"
            control = control._around
        return control.own[way]


class Origins:
    """The syntax nodes of one file that events come from, each with the slice that it stands in."""

    def __init__(self) -> None:
        self.nodes: list[tuple[int, cst.CSTNode]] = []
        self._numbers: dict[int, int] = {}

    def number(self, node: cst.CSTNode | None, slice_number: int) -> int:
        """The number of `node`, a new one when it is first asked for; -1 where there is no node."""
        if node is None:
            return -1
        number = self._numbers.get(id(node))
        if number is None:
            number = self._numbers[id(node)] = len(self.nodes)
            self.nodes.append((slice_number, node))
        return number


class Body:
    """One function (or module, or class body) on its way to a graph.

    The tables hold how each class of node is lowered, under None any other; the modules beside this
    one fill them.
    """

    values: ClassVar[dict[type | None, Callable[[Body, Any], Place]]] = {}
    conditions: ClassVar[dict[type | None, Callable[[Body, Any], tuple[Ends, Ends]]]] = {}
    statements: ClassVar[dict[type | None, Callable[[Body, Any], None]]] = {}

    def __init__(self, scopes: Scopes, scope: Scope, origins: Origins) -> None:
        self.scopes = scopes
        self.scope = scope
        self.control = Control((Way.RETURN, Way.RAISE))
        self.loose: Ends = [(-1, Door.COMPLETED)]
        self.turns = 0
        """How many loops stand around what is being lowered."""
        self._origins = origins
        self._events: list[tuple[Event, int]] = []
        self._doors: list[dict[Door, int]] = []
        self._temporaries = 0

    # Steps.

    @property
    def reachable(self) -> bool:
        return bool(self.loose)

    def temporary(self) -> Place:
        self._temporaries += 1
        return f"%{self._temporaries}"

    def place(self, name: str) -> Place:
        return self.scope.place(name)

    def do(self, event: Event, node: cst.CSTNode | None) -> None:
        """Adds a step that cannot raise."""
        step = self._add(event, node)
        if step is not None:
            self.loose = [(step, Door.COMPLETED)]

    def attempt(self, event: Event, node: cst.CSTNode | None) -> None:
        """Adds a step that completes or raises."""
        step = self._add(event, node)
        if step is not None:
            self.loose = [(step, Door.COMPLETED)]
            self.control.ends(Way.RAISE).append((step, Door.RAISED))

    def ask(self, event: Event, node: cst.CSTNode, raises: bool = False) -> tuple[Ends, Ends]:
        """Adds a step that answers; gives the ends of yes and of no, and leaves no end loose."""
        step = self._add(event, node)
        self.loose = []
        if step is None:
            return [], []
        if raises:
            self.control.ends(Way.RAISE).append((step, Door.RAISED))
        return [(step, Door.TRUE)], [(step, Door.FALSE)]

    def throw(self, event: Event, node: cst.CSTNode) -> None:
        """Adds a step whose only door is RAISED."""
        step = self._add(event, node)
        if step is not None:
            self.control.ends(Way.RAISE).append((step, Door.RAISED))
            self.loose = []

    def leave(self, way: Way) -> None:
        self.control.ends(way).extend(self.loose)
        self.loose = []

    def head(self, node: cst.CSTNode) -> int:
        """A step that does nothing, for a loop to come back to."""
        self.do(Pass(), node)
        return self.last

    @property
    def last(self) -> int:
        return len(self._events) - 1

    def close(self, ends: Ends, step: int) -> None:
        """Leads `ends` back to an earlier step."""
        for end, door in ends:
            self._doors[end][door] = step

    def graph(self) -> Graph:
        """The finished graph: the two exits come last."""
        self.leave(Way.RETURN)
        exits: list[int] = []
        for way in (Way.RETURN, Way.RAISE):
            self.loose = self.control.ends(way)
            self._place(Pass(), None)
            exits.append(self.last)
        scope = self.scope
        return Graph(
            steps=tuple(
                Step(event, doors, origin)
                for (event, origin), doors in zip(self._events, self._doors, strict=True)
            ),
            returned=exits[0],
            raised=exits[1],
            captured=frozenset(scope.captured),
            shared=frozenset(scope.shared),
            variables=scope.variables(),
        )

    # Dispatch.

    def value(self, node: cst.CSTNode) -> Place:
        """Lowers an expression; gives the place of its value."""
        return self.values.get(type(node), self.values[None])(self, node)

    def condition(self, node: cst.CSTNode) -> tuple[Ends, Ends]:
        """Lowers an expression that is only asked for its truth; leaves no end loose."""
        return self.conditions.get(type(node), self.conditions[None])(self, node)

    def suite(self, suite: cst.BaseSuite | cst.Module) -> None:
        """Lowers statements up to the first that cannot be reached."""
        for statement in suite.body:
            if not self.loose:
                return
            self.statements.get(type(statement), self.statements[None])(self, statement)

    def under(self, control: Control, lower: Callable[[], None]) -> None:
        """Runs `lower` with `control` in force."""
        before, self.control = self.control, control
        lower()
        self.control = before

    def turning(self, lower: Callable[[], _Lowered]) -> _Lowered:
        """Runs `lower` for what stands in a loop."""
        self.turns += 1
        lowered = lower()
        self.turns -= 1
        return lowered

    def guarded(self, body: Callable[[], None], cleanup: Cleanup, ways: tuple[Way, ...] = tuple(Way)) -> None:
        """Lowers `body`, then `cleanup` once for each of `ways` by which control leaves `body`.

        `cleanup` is told the way (None: by the end) and leaves loose what goes on in that way. It
        gives the ends that go on behind the statement instead (a ``with`` exit that swallows).
        """
        inner = Control(ways, self.control)
        self.under(inner, body)
        if self.loose:
            cleanup(None)
        after = self.loose
        for way in ways:
            self.loose = inner.own[way]
            if self.loose:
                after = after + cleanup(way)
                self.leave(way)
        self.loose = after

    def _add(self, event: Event, node: cst.CSTNode | None) -> int | None:
        if not self.loose:
            return None
        if len(self._events) >= LARGEST:
            raise TooLarge
        return self._place(event, node)

    def _place(self, event: Event, node: cst.CSTNode | None) -> int:
        step = len(self._events)
        for end, door in self.loose:
            if end >= 0:
                self._doors[end][door] = step
        self._events.append((event, self._origins.number(node, self.scope.slice)))
        self._doors.append({})
        return step
