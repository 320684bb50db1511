"""How the steps of a function's graph hang together: which step makes which value, what is bound to what.

All of it is read from the graph alone; what the values mean is for `frames.Frame`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from flake8_session.flow.events import (
    Await,
    Bind,
    Build,
    Call,
    Enter,
    Event,
    Extend,
    Place,
    Read,
    SetItem,
    Shape,
    Test,
    TestSame,
)
from flake8_session.flow.graph import Graph
from flake8_session.flow.ways import behind
from flake8_session.linking.emptiness import emptied, looped
from flake8_session.linking.liveness import Liveness
from flake8_session.linking.places import bound, operands

_FILLING = frozenset({"append", "appendleft", "add", "extend", "insert", "set", "update"})


class Wiring:
    """The steps of a graph by the places that they bind."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._behind: dict[int, frozenset[int]] = {}

    @cached_property
    def liveness(self) -> Liveness:
        """Which places are read later."""
        return Liveness(self.graph, self.flags)

    @property
    def flags(self) -> frozenset[Place]:
        """The parameters that are True or False by default, and are given on as they came."""
        return frozenset()

    @cached_property
    def emptied(self) -> Mapping[int, Place]:
        """The steps that bind a variable to an empty display."""
        return emptied(self.graph)

    @cached_property
    def looped(self) -> frozenset[Place]:
        """The attributes that are read for a loop alone."""
        return looped(self.graph)

    @cached_property
    def made_by(self) -> Mapping[Place, int]:
        """The step that makes each temporary (the first, where branches share one)."""
        made: dict[Place, int] = {}
        for index, step in enumerate(self.graph.steps):
            result = getattr(step.event, "result", "")
            if result.startswith("%"):
                made.setdefault(result, index)
        return made

    @cached_property
    def preparing(self) -> Mapping[Place, tuple[Call, ...]]:
        """Variable to the calls of its ``configure``, and to those of a function that takes it first."""
        found: dict[Place, list[Call]] = {}
        for step in self.graph.steps:
            match step.event:
                case Call(receiver=place, method="configure") as call:
                    found.setdefault(place, []).append(call)
                case Call(arguments=[first, *_]) as call if not first.keyword:
                    found.setdefault(first.value, []).append(call)
        return {place: tuple(calls) for place, calls in found.items() if place[:1] not in "%@="}

    @cached_property
    def awaited(self) -> Mapping[int, int]:
        """Call step to the `Await` step that awaits its result directly."""
        return {
            self.made_by[step.event.value]: index
            for index, step in enumerate(self.graph.steps)
            if isinstance(step.event, Await) and step.event.value in self.made_by
        }

    def called(self, step: int) -> Event:
        """The event of a step; for an ``await`` of a call, the call."""
        event = self.graph.steps[step].event
        made = self.made_by.get(event.value) if isinstance(event, Await) else None
        return self.graph.steps[made].event if made is not None else event

    @cached_property
    def comparisons(self) -> tuple[tuple[Place, str, str], ...]:
        """The questions whether two things are equal or the same, each with both sides as written."""
        found: dict[tuple[Place, str, str], None] = {}
        for step in self.graph.steps:
            question = step.event.question if isinstance(step.event, Test | TestSame) else ""
            for sign in (" == ", " is "):
                left, _, right = question.partition("|")[2].partition(sign)
                if right and sign not in right:
                    found[question, left, right] = None
        return tuple(found)

    @cached_property
    def filled(self) -> frozenset[Place]:
        """The values that something is put into where they are read: ``user.addresses.append(…)``."""
        steps = (step.event for step in self.graph.steps)
        return frozenset(
            event.receiver if isinstance(event, Call) else event.object
            for event in steps
            if isinstance(event, SetItem) or (isinstance(event, Call) and event.method in _FILLING)
        )

    def single_part(self, place: Place) -> Place:
        """The one thing in a list, or its like, that is written out, ``[user]``; `""` for anything else."""
        made = self.made_by.get(place)
        event = self.graph.steps[made].event if made is not None else None
        if not isinstance(event, Build) or event.shape is not Shape.CONTAINER or len(event.parts) != 1:
            return ""
        return "" if place in self._grown else event.parts[0]

    @cached_property
    def empty(self) -> frozenset[Place]:
        """The temporaries of lists and their like that are written with nothing in them."""
        events = (step.event for step in self.graph.steps)
        made = {event.result for event in events if isinstance(event, Build) and not event.parts}
        return frozenset(place for place in made - self._grown if place.startswith("%"))

    @cached_property
    def _grown(self) -> frozenset[Place]:
        """The containers that more is put into while they are made."""
        events = (step.event for step in self.graph.steps)
        return frozenset(event.container for event in events if isinstance(event, Extend))

    def is_read(self, place: Place) -> bool:
        """Whether an attribute is read of what is in `place`, or in a variable that is bound to it."""
        places = {place, *self.aliases.get(place, ())}
        return any(isinstance(step.event, Read) and step.event.object in places for step in self.graph.steps)

    def origins(self, place: Place) -> frozenset[int]:
        """The steps that make what a variable is bound to."""
        sources = self.bindings.get(place, ())
        return frozenset(
            made for source in sources or (place,) for made in self.binders.get(source, ()) if source != place
        )

    def behind(self, step: int) -> frozenset[int]:
        """The steps that may be taken after `step`, itself where it may be taken again; remembered."""
        known = self._behind.get(step)
        if known is None:
            known = self._behind[step] = behind(self.graph, step)
        return known

    @cached_property
    def entered(self) -> frozenset[Place]:
        """The places that a ``with`` gives a value to, and the variables that are bound to them."""
        given = {step.event.result for step in self.graph.steps if isinstance(step.event, Enter)}
        return frozenset(given.union(*(self.aliases.get(place, frozenset()) for place in given)))

    @cached_property
    def binders(self) -> Mapping[Place, tuple[int, ...]]:
        """The steps that bind each place, in order."""
        found: dict[Place, list[int]] = {}
        for index, step in enumerate(self.graph.steps):
            for place in bound(step.event):
                found.setdefault(place, []).append(index)
        return {place: tuple(steps) for place, steps in found.items()}

    def reaching(self, place: Place, step: int) -> frozenset[int]:
        """The steps whose binding of `place` may be the last one in front of `step`."""
        if place not in self._reached:
            self._reached[place] = self._reached_from(place)
        return self._reached[place].get(step, frozenset())

    @cached_property
    def _reached(self) -> dict[Place, Mapping[int, frozenset[int]]]:
        return {}

    def _reached_from(self, place: Place) -> Mapping[int, frozenset[int]]:
        found: dict[int, frozenset[int]] = {}
        binders = self.binders.get(place, ())
        for binder in binders:
            seen: set[int] = set()
            pending = list(self.graph.steps[binder].doors.values())
            while pending:
                step = pending.pop()
                if step not in seen:
                    seen.add(step)
                    found[step] = found.get(step, frozenset()) | {binder}
                    if step not in binders:
                        pending.extend(self.graph.steps[step].doors.values())
        return found

    @cached_property
    def aliases(self) -> Mapping[Place, frozenset[Place]]:
        """The places that each place is bound to directly."""
        found: dict[Place, set[Place]] = {}
        for target, sources in self.bindings.items():
            for source in sources:
                found.setdefault(source, set()).add(target)
        return {source: frozenset(targets) for source, targets in found.items()}

    @cached_property
    def bindings(self) -> Mapping[Place, tuple[Place, ...]]:
        """What each place is bound to, by every `Bind` of it."""
        found: dict[Place, list[Place]] = {}
        for step in self.graph.steps:
            if isinstance(step.event, Bind):
                found.setdefault(step.event.target, []).append(step.event.source)
        return {target: tuple(sources) for target, sources in found.items()}

    def is_never_none(self, place: Place) -> bool:
        """Whether every binding of a variable gives it a display, a comprehension, or another literal."""
        made = [step.event for step in self.graph.steps if isinstance(step.event, Build)]
        built = {event.result for event in made}
        bound = self.bindings.get(place, ())
        if place in built:
            return True
        return bool(bound) and all(
            source in built or (source.startswith("=") and source != "=None") for source in bound
        )

    def source(self, place: Place) -> Place:
        """The variable from which a chain of calls and reads made the value of `place`; ``""`` for none."""
        for _ in range(20):
            if not place.startswith("%"):
                bound = self.bindings.get(place, ())
                if len(bound) != 1 or not bound[0].startswith("%"):
                    return place
                place = bound[0]
            made = self.made_by.get(place)
            event = self.graph.steps[made].event if made is not None else None
            match event:
                case Call() if event.receiver:
                    place = event.receiver
                case Call() if event.function.startswith("@"):
                    return event.function.rpartition(".")[0]
                case Await(_, value):
                    place = value
                case _:
                    return ""
            if not place.startswith("%"):
                return place
        return ""

    @cached_property
    def reached(self) -> frozenset[Place]:
        """The places from outside that the function reads, and those that these are attributes of."""
        found: set[Place] = set()
        for place in self.outside_places():
            while place and place not in found:
                found.add(place)
                place = place.rpartition(".")[0]
        return frozenset(found)

    def outside_places(self) -> list[Place]:
        """Every place from outside that the function reads, longest prefixes not split, in order."""
        found: dict[Place, None] = {}
        for step in self.graph.steps:
            for place in operands(step.event):
                if place.startswith("@"):
                    found[place] = None
        return list(found)
