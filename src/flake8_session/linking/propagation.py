"""What the places of a function mean, found by propagating meanings along the steps that bind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from flake8_session.flow.events import (
    Await,
    Bind,
    Build,
    Call,
    Define,
    Enter,
    Event,
    Extend,
    Import,
    Item,
    Iter,
    Iterate,
    Place,
    Read,
    Unpack,
    Yield,
)
from flake8_session.flow.outline import Parameter
from flake8_session.knowledge import callees
from flake8_session.linking.call_sites import called
from flake8_session.linking.classes import entered
from flake8_session.linking.making import is_connection
from flake8_session.linking.meanings import (
    UNKNOWN,
    Borrowed,
    ClassAt,
    External,
    FunctionAt,
    Loads,
    Made,
    Meaning,
    Object,
    Opening,
    Selected,
    Table,
    joined,
)
from flake8_session.linking.places import operands
from flake8_session.linking.selecting import all_loads

if TYPE_CHECKING:
    from flake8_session.linking.frames import Frame


_GROWING = frozenset({"append", "extend", "insert"})


class Meanings:
    """The meanings of a function's places, found when they are asked for."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._found: dict[Place, Meaning] = {}
        self._bound: dict[tuple[Place, int], Meaning] = {}
        """What each step binds a variable to that more than one binds."""
        self._parameters = {parameter.name: parameter for parameter in frame.function.parameters}

    def of(self, place: Place) -> Meaning | None:
        """What `place` means; None where this function does not bind it."""
        if place in self._found:
            return self._found[place]
        frame = self._frame
        if place not in frame.binders and place not in self._parameters:
            return None
        question = ("place", frame.module, frame.function.qualname, frame.wraps, place)
        return frame.linker.answers.ask(question, lambda: self._solved(place), UNKNOWN, UNKNOWN)

    def _solved(self, place: Place) -> Meaning:
        """Looks at the steps alone that bind `place`, or what flows into it.

        Two passes over them in order are enough for what loops carry around.
        """
        steps, places = self._flowing_into(place)
        solving = _Pass(self._frame, self._found, self._bound)
        for name in places & self._parameters.keys():
            solving.start(self._parameters[name])
        for _ in range(2):
            for index in steps:
                solving.step(index, self._frame.graph.steps[index].event)
        if self._frame.linker.answers.is_final:
            self._found.update(solving.found)
            self._bound.update(solving.bound)
        return solving.found.get(place, UNKNOWN)

    def _flowing_into(self, place: Place) -> tuple[list[int], set[Place]]:
        steps: set[int] = set()
        seen = {place}
        pending = [place]
        while pending:
            place = pending.pop()
            binders = self._frame.binders.get(place, ())
            steps.update(binders)
            events = (self._frame.graph.steps[index].event for index in binders)
            for event in (*events, *self._frame.preparing.get(place, ())):
                for source in operands(event):
                    if source not in seen and source not in self._found:
                        seen.add(source)
                        pending.append(source)
        return sorted(steps), seen


class _Pass:
    """Binds places step by step; `found` are the meanings so far, beside those that are `known` for good.

    A variable means what all its bindings agree on; where they disagree, a step that reads it is told
    what those bindings agree on that reach the step (`bound`).
    """

    def __init__(
        self, frame: Frame, known: Mapping[Place, Meaning], known_bound: Mapping[tuple[Place, int], Meaning]
    ) -> None:
        self._frame = frame
        self._known = known
        self._known_bound = known_bound
        self._step = 0
        self.found: dict[Place, Meaning] = {}
        self.bound: dict[tuple[Place, int], Meaning] = {}

    def _bind(self, place: Place, meaning: Meaning) -> None:
        if not place.startswith("%") and len(self._frame.binders.get(place, ())) > 1:
            self.bound[place, self._step] = meaning
        known = self.found.get(place)
        if place.startswith("%") and known == UNKNOWN:
            known = None
        self.found[place] = joined(known, meaning)

    def _meaning(self, place: Place) -> Meaning:
        if place.startswith(("@", "=")):
            return self._frame.meaning(place)
        reaching = self._reaching(place)
        if reaching is not None:
            return reaching
        if place in self._known:
            return self._known[place]
        if place in self.found:
            return self.found[place]
        parent = self._frame.parent
        if parent is not None and place in self._frame.graph.captured:
            return parent.meaning(place)
        return UNKNOWN

    def _reaching(self, place: Place) -> Meaning | None:
        """What the bindings of a variable agree on that reach this step; None where all of them do."""
        frame = self._frame
        binders = frame.binders.get(place, ())
        parameters = {parameter.name for parameter in frame.function.parameters}
        if len(binders) < 2 or place.startswith("%") or place in parameters | frame.graph.shared:
            return None
        meanings = [self.bound.get((place, each), self._known_bound.get((place, each))) for each in binders]
        if len(set(meanings)) < 2:
            return None
        agreed: Meaning | None = None
        reaching = frame.reaching(place, self._step)
        for each, meaning in zip(binders, meanings):
            if each in reaching and meaning is not None:
                agreed = joined(agreed, meaning)
        return agreed if len(reaching) < len(binders) else None

    def start(self, parameter: Parameter) -> None:
        """Binds a parameter."""
        owner = self._frame.owner if parameter == self._frame.function.parameters[0] else None
        if owner is not None:
            self.found[parameter.name] = owner
        elif parameter.keyword in ("*args", "**kwargs"):
            self.found[parameter.name] = UNKNOWN
        else:
            self.found[parameter.name] = self._frame.parameter_meaning(parameter)

    def step(self, index: int, event: Event) -> None:
        """Binds what `event`, the step `index`, binds."""
        self._step = index
        match event:
            case Bind(target, source):
                self._bind(target, self._meaning(source))
            case Call():
                self._bind(event.result, called(self._frame, event, self._meaning))
            case Await(result, value):
                self._bind(result, self._meaning(value))
            case Read(result, object_, attribute):
                self._bind(result, self._frame.linker.member(self._meaning(object_), attribute))
            case Enter(result, manager, _):
                self._bind(result, self._entered(manager))
            case Iter(result, source, _) | Iterate(result, source, _):
                self._bind(result, self._part(source))
            case Item(result, source, key):
                self._bind(result, self._item(source, key))
            case Unpack(targets, source):
                for target in targets:
                    self._bind(target, UNKNOWN)
            case Extend(container, source):
                self._bind(container, self._part(source))
            case Build(result, parts, _):
                built = self._built(parts)
                if isinstance(built, Loads) and self._grows(result):
                    built = replace(built, limits=True)
                self._bind(result, built)
            case Define(target, function, _, _, _):
                self._bind(target, self._defined(function))
            case Import(target, module, name, level):
                if target:
                    self._bind(target, self._imported(target, module, name, level))
            case Yield(result, _, _):
                self._bind(result, UNKNOWN)

    def _entered(self, manager: Place) -> Meaning:
        """What ``with manager as target`` gives the target."""
        meaning = self._meaning(manager)
        if isinstance(meaning, Opening):
            return Made(meaning.options)
        if isinstance(meaning, Object):
            return entered(self._frame.linker, meaning)
        if not isinstance(meaning, External):
            return meaning if isinstance(meaning, Made | Borrowed) else UNKNOWN
        if meaning.name.removesuffix("()") in callees.MANAGERS:
            made = self._frame.made_by.get(manager)
            call = self._frame.graph.steps[made].event if made is not None else None
            given = call.arguments if isinstance(call, Call) else ()
            return self._meaning(given[0].value) if given else UNKNOWN
        return meaning if is_connection(meaning) else UNKNOWN

    def _part(self, source: Place) -> Meaning:
        meaning = self._meaning(source)
        return meaning if isinstance(meaning, Selected) else UNKNOWN

    def _item(self, source: Place, key: Place) -> Meaning:
        meaning = self._meaning(source)
        return meaning.of(self._meaning(key)) if isinstance(meaning, Table) else self._part(source)

    def _grows(self, container: Place) -> bool:
        """Whether a method puts more into a container than it was built with."""
        names = {container, *self._frame.aliases.get(container, ())}
        events = (step.event for step in self._frame.graph.steps)
        return any(
            isinstance(event, Call) and event.receiver in names and event.method in _GROWING
            for event in events
        )

    def _built(self, parts: tuple[Place, ...]) -> Meaning:
        meanings = [self._meaning(part) for part in parts]
        if meanings and all(isinstance(meaning, Loads) for meaning in meanings):
            return all_loads([meaning for meaning in meanings if isinstance(meaning, Loads)])
        return meanings[0] if meanings and isinstance(meanings[0], Selected) else UNKNOWN

    def _defined(self, qualname: str) -> Meaning:
        outline = self._frame.linker.outline(self._frame.module)
        if outline is not None and qualname in outline.classes:
            return self._frame.linker.class_meaning(ClassAt(self._frame.module, qualname))
        return FunctionAt(self._frame.module, qualname)

    def _imported(self, target: Place, module: str, name: str, level: int) -> Meaning:
        if not name and "." in module and target == module.partition(".")[0]:
            module = target
        return self._frame.linker.imported(self._frame.module, module, name, level)
