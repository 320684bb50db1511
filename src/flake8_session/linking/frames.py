"""One function, linked: what its places mean, which steps make which value, and who reads what later.

A *frame* is what the typestate asks about a function. It is flow-insensitive: a variable that is
bound to things of different meaning is unknown (None does not count, so that ``s = None`` before
``s = Session()`` says nothing).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import get_args

from flake8_session.flow.events import (
    Argument,
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
    Return,
    SetItem,
    Unpack,
    Yield,
)
from flake8_session.flow.graph import Graph
from flake8_session.flow.outline import (
    Either,
    Function,
    Indexed,
    Kind,
    Literal,
    Named,
    Parameter,
)
from flake8_session.knowledge import callees
from flake8_session.knowledge.frameworks import EXTENSION_QUERIES, Driver
from flake8_session.linking import calls, evidence
from flake8_session.linking.decorators import drivers, lent_parameter
from flake8_session.linking.linker import Linker
from flake8_session.linking.liveness import Liveness
from flake8_session.linking.meanings import (
    UNKNOWN,
    Borrowed,
    ClassAt,
    Constant,
    External,
    Factory,
    FunctionAt,
    Holds,
    Loads,
    Made,
    Meaning,
    Member,
    ModuleAt,
    Object,
    Opening,
    Options,
    Registry,
    Selected,
    Unknown,
    joined,
)
from flake8_session.linking.spelling import last_name

_FILLING = frozenset({"append", "appendleft", "add", "extend", "insert", "set", "update"})


class Frame:
    """A function with a graph, in its module. Raises nothing; what is not known is `UNKNOWN`."""

    def __init__(self, module: str, function: Function, linker: Linker, parent: Frame | None = None) -> None:
        if function.graph is None:
            raise ValueError(f"{function.qualname} has no graph")
        self.module = module
        self.function = function
        self.graph: Graph = function.graph
        self.linker = linker
        self.parent = parent

    @cached_property
    def liveness(self) -> Liveness:
        """Which places are read later."""
        return Liveness(self.graph)

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
    def filled(self) -> frozenset[Place]:
        """The values that something is put into where they are read: ``user.addresses.append(…)``."""
        steps = (step.event for step in self.graph.steps)
        return frozenset(
            event.receiver if isinstance(event, Call) else event.object
            for event in steps
            if isinstance(event, SetItem) or (isinstance(event, Call) and event.method in _FILLING)
        )

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

    @cached_property
    def _meanings(self) -> _Meanings:
        return _Meanings(self)

    @cached_property
    def drivers(self) -> frozenset[Driver]:
        """Who calls the function, as far as its decorators tell."""
        return frozenset(drivers(self.linker, self.module, self.function))

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

    @cached_property
    def certain_objects(self) -> frozenset[int]:
        """Calls that give an object, never None: constructors, factories, ``scalar_one()`` of entities."""
        return frozenset(
            index
            for index, step in enumerate(self.graph.steps)
            if isinstance(step.event, Call) and self._gives_object(step.event)
        )

    def _gives_object(self, call: Call) -> bool:
        match self.meaning(call.result):
            case Made() | Factory() | Registry() | Object():
                return True
            case Selected(holds) if holds in (Holds.INSTANCE, Holds.ROWS):
                return call.method in ("one", "scalar_one", "get_one", "merge", *EXTENSION_QUERIES)
            case External(name) if name.endswith("()"):
                return calls.is_class_name(name[:-2].rpartition(".")[2]) and not name.startswith("builtins.")
        return False

    @cached_property
    def certain_sessions(self) -> frozenset[Place]:
        """Parameters that hold a session and never None, by annotation and default."""
        return frozenset(
            parameter.name
            for parameter in self.function.parameters
            if isinstance(self.parameter_meaning(parameter), Borrowed)
            and (parameter.name == self.lent_parameter or not _may_be_none(parameter))
        )

    def constructor(self, place: Place) -> Call | None:
        """The call of a class that made what is in `place`, where every binding of it is that one call."""
        bound = self.bindings.get(place, ())
        made = self.made_by.get(bound[0]) if len(bound) == 1 else None
        event = self.graph.steps[made].event if made is not None else None
        if not isinstance(event, Call) or made not in self.certain_objects:
            return None
        return event if isinstance(self.meaning(event.result), Object | External) else None

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
    def lent_parameter(self) -> str:
        """The parameter for which a decorator gives a session; `""` where none does."""
        return lent_parameter(self.linker, self.module, self.function)

    def parameter_meaning(self, parameter: Parameter) -> Meaning:
        """What a parameter holds when the function is called, by its annotation or default."""
        if parameter.annotation is not None:
            promised = self.linker.annotation(self.module, parameter.annotation)
            if promised != UNKNOWN:
                return promised
        if parameter.name == self.lent_parameter:
            return Borrowed(Options(asynchronous=self.function.asynchronous, expires=None), registry=True)
        if isinstance(parameter.default, Named):
            given = self.linker.expression(self.module, parameter.default)
            if isinstance(given, Factory | Registry):
                return given
        return Member(UNKNOWN, parameter.name)

    def meaning(self, place: Place) -> Meaning:
        """What `place` means."""
        if place.startswith("@"):
            return self.outside(place[1:])
        if place.startswith("="):
            return _literal(place)
        known = self._meanings.of(place)
        if known is not None:
            return known
        if self.parent is not None and place in self.graph.captured:
            return self.parent.meaning(place)
        return UNKNOWN

    def outside(self, dotted: str) -> Meaning:
        """What a name from outside of the function means: of a class body around it, else of the module."""
        return self.linker.dotted(self.module, dotted)

    def callee(self, call: Call) -> Meaning:
        """What is called."""
        if call.function:
            called = self.meaning(call.function)
        else:
            called = self.linker.member(self.meaning(call.receiver), call.method)
        if isinstance(called, Object):
            return self.linker.member(called, "__call__")
        return called

    def outside_places(self) -> list[Place]:
        """Every place from outside that the function reads, longest prefixes not split, in order."""
        found: dict[Place, None] = {}
        for step in self.graph.steps:
            for place in operands(step.event):
                if place.startswith("@"):
                    found[place] = None
        return list(found)


def operands(event: Event) -> Iterator[Place]:
    """Every place that an event reads."""
    match event:
        case Call(_, function, receiver, _, arguments):
            if function:
                yield function
            if receiver:
                yield receiver
            for argument in arguments:
                yield argument.value
        case Build(_, parts, _):
            yield from parts
        case Define(_, _, captures, _, _):
            yield from captures
        case _:
            for name in _READ_BY[type(event)]:
                place = getattr(event, name)
                if place:
                    yield place
            yield from getattr(event, "parts", ())
            yield from getattr(event, "classes", ())


_READING = frozenset(
    {
        "source",
        "value",
        "object",
        "key",
        "iterable",
        "iterator",
        "manager",
        "subject",
        "container",
        "exception",
    }
)
_READ_BY = {kind: tuple(name for name in kind.__slots__ if name in _READING) for kind in get_args(Event)}


def bound(event: Event) -> Iterator[Place]:
    """Every place that an event gives a value to."""
    match event:
        case Unpack(targets, _):
            yield from targets
        case Extend(container, _):
            yield container
        case Bind(target, _) | Define(target, _, _, _, _) | Import(target, _, _, _):
            if target:
                yield target
        case _:
            result = getattr(event, "result", "")
            if result:
                yield result


class _Meanings:
    """The meanings of a function's places, found when they are asked for."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._found: dict[Place, Meaning] = {}
        self._parameters = {parameter.name: parameter for parameter in frame.function.parameters}

    def of(self, place: Place) -> Meaning | None:
        """What `place` means; None where this function does not bind it."""
        if place in self._found:
            return self._found[place]
        frame = self._frame
        if place not in frame.binders and place not in self._parameters:
            return None
        question = ("place", frame.module, frame.function.qualname, place)
        return frame.linker.answers.ask(question, lambda: self._solved(place), UNKNOWN, UNKNOWN)

    def _solved(self, place: Place) -> Meaning:
        """Looks at the steps alone that bind `place`, or what flows into it.

        Two passes over them in order are enough for what loops carry around.
        """
        steps, places = self._flowing_into(place)
        solving = _Pass(self._frame, self._found)
        for name in places & self._parameters.keys():
            solving.start(self._parameters[name])
        for _ in range(2):
            for index in steps:
                solving.step(self._frame.graph.steps[index].event)
        if self._frame.linker.answers.is_final:
            self._found.update(solving.found)
        return solving.found.get(place, UNKNOWN)

    def _flowing_into(self, place: Place) -> tuple[list[int], set[Place]]:
        steps: set[int] = set()
        seen = {place}
        pending = [place]
        while pending:
            for index in self._frame.binders.get(pending.pop(), ()):
                steps.add(index)
                for source in operands(self._frame.graph.steps[index].event):
                    if source not in seen and source not in self._found:
                        seen.add(source)
                        pending.append(source)
        return sorted(steps), seen


class _Pass:
    """Binds places step by step; `found` are the meanings so far, beside those that are `known` for good."""

    def __init__(self, frame: Frame, known: Mapping[Place, Meaning]) -> None:
        self._frame = frame
        self._known = known
        self.found: dict[Place, Meaning] = {}

    def _bind(self, place: Place, meaning: Meaning) -> None:
        known = self.found.get(place)
        if place.startswith("%") and known == UNKNOWN:
            known = None
        self.found[place] = joined(known, meaning)

    def _meaning(self, place: Place) -> Meaning:
        if place.startswith(("@", "=")):
            return self._frame.meaning(place)
        if place in self._known:
            return self._known[place]
        if place in self.found:
            return self.found[place]
        parent = self._frame.parent
        if parent is not None and place in self._frame.graph.captured:
            return parent.meaning(place)
        return UNKNOWN

    def start(self, parameter: Parameter) -> None:
        """Binds a parameter."""
        owner = self._owner() if parameter == self._frame.function.parameters[0] else None
        if owner is not None:
            self.found[parameter.name] = owner
        elif parameter.keyword in ("*args", "**kwargs"):
            self.found[parameter.name] = UNKNOWN
        else:
            self.found[parameter.name] = self._frame.parameter_meaning(parameter)

    def _owner(self) -> Meaning | None:
        """The class that a method's first parameter is of."""
        function, linker = self._frame.function, self._frame.linker
        if function.kind is not Kind.FUNCTION or not function.parent or not function.parameters:
            return None
        at = ClassAt(self._frame.module, function.parent)
        if linker.class_(at) is None:
            return None
        decorators = {last_name(decorator) for decorator in function.decorators}
        if "staticmethod" in decorators:
            return None
        return at if "classmethod" in decorators else Object(at)

    def step(self, event: Event) -> None:
        """Binds what `event` binds."""
        match event:
            case Bind(target, source):
                self._bind(target, self._meaning(source))
            case Call():
                self._bind(event.result, self._called(event))
            case Await(result, value):
                self._bind(result, self._meaning(value))
            case Read(result, object_, attribute):
                self._bind(result, self._frame.linker.member(self._meaning(object_), attribute))
            case Enter(result, manager, _):
                self._bind(result, self._entered(manager))
            case Iter(result, source, _) | Iterate(result, source, _):
                self._bind(result, self._part(source))
            case Item(result, source, _):
                self._bind(result, self._part(source))
            case Unpack(targets, source):
                for target in targets:
                    self._bind(target, UNKNOWN)
            case Extend(container, source):
                self._bind(container, self._part(source))
            case Build(result, parts, _):
                self._bind(result, self._built(parts))
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
        if not isinstance(meaning, External):
            return meaning if isinstance(meaning, Made | Borrowed) else UNKNOWN
        if meaning.name.removesuffix("()") in callees.MANAGERS:
            made = self._frame.made_by.get(manager)
            call = self._frame.graph.steps[made].event if made is not None else None
            given = call.arguments if isinstance(call, Call) else ()
            return self._meaning(given[0].value) if given else UNKNOWN
        return meaning if calls.is_connection(meaning) else UNKNOWN

    def _part(self, source: Place) -> Meaning:
        meaning = self._meaning(source)
        return meaning if isinstance(meaning, Selected) else UNKNOWN

    def _built(self, parts: tuple[Place, ...]) -> Meaning:
        meanings = [self._meaning(part) for part in parts]
        if meanings and all(isinstance(meaning, Loads) for meaning in meanings):
            return calls.all_loads([meaning for meaning in meanings if isinstance(meaning, Loads)])
        return meanings[0] if meanings and isinstance(meanings[0], Selected) else UNKNOWN

    def _called(self, call: Call) -> Meaning:
        given = [(argument.keyword, self._argument(argument)) for argument in call.arguments]
        linker = self._frame.linker
        if call.function:
            callee = self._meaning(call.function)
            if (
                isinstance(callee, Registry)
                and self._is_own(call.function)
                and self._is_returned(call.result)
            ):
                return Made(callee.options)
            found = linker.call(callee, given)
            unresolved = isinstance(callee, Unknown | Member) and found == UNKNOWN
            return self._evident(call, given) if unresolved else found
        receiver = self._meaning(call.receiver)
        member = linker.member(receiver, call.method)
        if isinstance(member, External | FunctionAt | ClassAt | Factory | Registry) and not isinstance(
            receiver, Selected
        ):
            found = linker.call(member, given)
            if isinstance(found, Borrowed) and found.inner and self._is_passing(call.receiver):
                return Made(found.options)
            return found
        found = calls.method(receiver, call.method, given)
        unresolved = isinstance(member, Unknown | Member) and not isinstance(receiver, Selected)
        return self._evident(call, given) if unresolved and found == UNKNOWN else found

    def _is_passing(self, place: Place) -> bool:
        """Whether an object was made, given nothing, for this one call: ``Manager().open()``."""
        made = self._frame.made_by.get(place)
        event = self._frame.graph.steps[made].event if made is not None else None
        constructs = isinstance(self._meaning(place), Object) and isinstance(event, Call)
        return constructs and isinstance(event, Call) and not event.arguments

    def _is_own(self, place: Place) -> bool:
        """Whether a registry was made in this very function: then nobody else can end its session."""
        graph = self._frame.graph
        bound = self._frame.bindings.get(place, ())
        made = [self._frame.made_by.get(source) for source in bound]
        here = all(index is not None and self._constructs_registry(index) for index in made)
        return bool(made) and here and place not in graph.captured and place not in graph.shared

    def _constructs_registry(self, index: int) -> bool:
        event = self._frame.graph.steps[index].event
        callee = self._meaning(event.function) if isinstance(event, Call) and event.function else UNKNOWN
        return isinstance(callee, External)

    def _is_returned(self, result: Place) -> bool:
        """Whether the function gives its caller what is in `result`."""
        held = evidence.holders(self._frame.graph, result)
        steps = self._frame.graph.steps
        cast = {
            step.event.result
            for step in steps
            if isinstance(step.event, Call)
            and step.event.function.rpartition(".")[2].removeprefix("@") == "cast"
            and any(argument.value in held for argument in step.event.arguments)
        }
        return any(isinstance(step.event, Return) and step.event.value in held | cast for step in steps)

    def _evident(self, call: Call, given: list[tuple[str, Meaning]]) -> Meaning:
        """A session by its use, where what is called cannot be resolved."""
        outline = self._frame.linker.outline(self._frame.module)
        if (
            outline is None
            or not evidence.speaks_of_sessions(call)
            or not evidence.imports_sqlalchemy(outline)
        ):
            return UNKNOWN
        if not evidence.is_used_as_session(self._frame.graph, call):
            return UNKNOWN
        entered = evidence.is_entered(self._frame.graph, call)
        borrowed = any(
            keyword in ("", "bind") and calls.is_connection(value) for keyword, value in given
        )
        options = Options(expires=None, exits_unknown=entered, on_connection=borrowed)
        linker, module = self._frame.linker, self._frame.module
        owned = entered or evidence.is_closed_somewhere(
            (function.graph for function in linker.functions(module) if function.graph is not None), call
        )
        return Made(options) if owned else Borrowed(options, registry=True)

    def _argument(self, argument: Argument) -> Meaning:
        return self._meaning(argument.value)

    def _defined(self, qualname: str) -> Meaning:
        outline = self._frame.linker.outline(self._frame.module)
        if outline is not None and qualname in outline.classes:
            return self._frame.linker.class_meaning(ClassAt(self._frame.module, qualname))
        return FunctionAt(self._frame.module, qualname)

    def _imported(self, target: Place, module: str, name: str, level: int) -> Meaning:
        if not name and "." in module and target == module.partition(".")[0]:
            module = target
        return self._frame.linker.imported(self._frame.module, module, name, level)


def _literal(place: Place) -> Meaning:
    text = place[1:]
    match text:
        case "None":
            return Constant(None)
        case "True":
            return Constant(True)
        case "False":
            return Constant(False)
    if text.lstrip("-").isdigit():
        return Constant(int(text))
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "'\"":
        return Constant(text[1:-1])
    return UNKNOWN


def _may_be_none(parameter: Parameter) -> bool:
    annotation = parameter.annotation
    optional = isinstance(annotation, Either) or (
        isinstance(annotation, Indexed) and last_name(annotation.base) in ("Optional", "Union")
    )
    return optional or parameter.default == Literal(None)


__all__ = ["Frame", "ModuleAt", "operands"]
