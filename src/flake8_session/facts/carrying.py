"""Which values carry a session (or an instance of it) to where it is used later, or by somebody else.

*Bundles* hold the session itself: a tuple of arguments, a function that reads it, a ``partial``, a
method of it that is not called here. A place is judged for all ways through the function at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from flake8_session.facts.solutions import Solved
from flake8_session.flow.events import Bind, Build, Call, Define, Event, Extend, Place, Read, Shape
from flake8_session.flow.ways import behind
from flake8_session.knowledge.sessions import ASYNC_SESSION, SESSION
from flake8_session.knowledge.words import Role
from flake8_session.linking import models
from flake8_session.linking.frames import Frame
from flake8_session.linking.meanings import External, FunctionAt, Registry
from flake8_session.linking.places import operands
from flake8_session.typestate.loading import model
from flake8_session.typestate.worlds import Columns, Hold, Tie, World

PARTIALS = (External("functools.partial"), External("functools.partialmethod"))


class Carrying:
    """What carries the session of a solution, or, where an instance is followed, the instance alone."""

    def __init__(self, solved: Solved) -> None:
        self.solved = solved
        self._frame: Frame = solved.frame
        self._instance = solved.focus.instance >= 0
        self._roles: dict[int, frozenset[Place]] = {}

    @property
    def of_instance(self) -> bool:
        """Whether it is an instance that is carried, and not its session."""
        return self._instance

    def holds(self, step: int, place: Place) -> bool:
        """Whether `place` may hold it, or a function that reads it, in front of `step`."""
        if step not in self._roles:
            worlds = self.solved.solution.before(step)
            self._roles[step] = frozenset(name for world in worlds for name in self._held(world))
        return place in self._roles[step]

    def given(self, step: int, call: Call) -> list[Place]:
        """The arguments of a call that hold or bundle it."""
        places = [argument.value for argument in call.arguments]
        return [place for place in places if self.holds(step, place) or place in self.bundles]

    @cached_property
    def bundles(self) -> frozenset[Place]:
        """The places that bundle it."""
        steps = enumerate(self._frame.graph.steps)
        return self.spread(filter(None, (self._bundled(step, each.event) for step, each in steps)))

    def _held(self, world: World) -> list[Place]:
        if self._instance:
            if world.instance is None or world.instance.tie not in (Tie.ATTACHED, Tie.PENDING):
                return []
            wanted: tuple[object, ...] = (Role.INSTANCE, Role.INSTANCES)
        else:
            wanted = (Role.SESSION, Hold.CLOSURE)
        return [
            place
            for place, holding in world.names
            if holding in wanted and not isinstance(self._frame.meaning(place), Registry)
        ]

    def _bundled(self, step: int, event: Event) -> Place:
        match event:
            case Build(result, parts, Shape.CONTAINER) if any(self.holds(step, part) for part in parts):
                return result
            case Extend(container, source) if self.holds(step, source):
                return container
            case Define(target, _, captures, _, _) if any(self.holds(step, place) for place in captures):
                return "" if self._only_reads_columns(step, event) else target
            case Read(result, owner, method) if not self._instance and self.holds(step, owner):
                return result if method in SESSION or method in ASYNC_SESSION else ""
            case Call() if self._frame.callee(event) in PARTIALS:
                if any(self.holds(step, argument.value) for argument in event.arguments):
                    return event.result
        return ""

    def _only_reads_columns(self, step: int, function: Define) -> bool:
        """Whether the function asks the instance for nothing that has to be loaded."""
        if not self._instance:
            return False
        worlds = self.solved.solution.before(step)
        if any(world.instance is not None and world.instance.columns is Columns.EXPIRED for world in worlds):
            return False
        body = self._frame.linker.body(FunctionAt(self._frame.module, function.function))
        if body is None or body.graph is None:
            return False
        held = {place for place in function.captures if self.holds(step, place)}
        return all(
            isinstance(each.event, Read) and self._is_column(each.event.attribute)
            for each in body.graph.steps
            if not held.isdisjoint(operands(each.event))
        )

    def _is_column(self, attribute: str) -> bool:
        found = models.attribute(self._frame.linker, model(self.solved.movement.context), attribute)
        return found is not models.Attribute.LAZY

    def spread(self, places: Iterable[Place]) -> frozenset[Place]:
        """`places`, with the variables and containers that they are put into."""
        found = set(places)
        while True:
            targets = {target for step in self._frame.graph.steps for target in _put_into(step.event, found)}
            if targets <= found:
                return frozenset(found)
            found |= targets


def loops(solved: Solved, step: int) -> bool:
    """Whether the step may be taken again after it."""
    return step in behind(solved.graph, step)


def _put_into(event: Event, places: set[Place]) -> list[Place]:
    match event:
        case Bind(target, source) if source in places:
            return [target]
        case Build(result, parts, Shape.CONTAINER) if any(part in places for part in parts):
            return [result]
        case Extend(container, source) if source in places:
            return [container]
        case Call() if event.receiver and event.method in ("append", "add", "extend"):
            return [event.receiver] if any(each.value in places for each in event.arguments) else []
    return []
