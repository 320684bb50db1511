"""One function, linked: what its places mean.

A *frame* is what the typestate asks about a function. It is flow-insensitive: a variable that is
bound to things of different meaning is unknown (None does not count, so that ``s = None`` before
``s = Session()`` says nothing).
"""

from __future__ import annotations

import ast
from dataclasses import replace
from functools import cached_property

from flake8_session.flow.events import Call, Place, Write
from flake8_session.flow.literals import first_word
from flake8_session.flow.outline import Either, Function, Indexed, Kind, Literal, Named, Parameter
from flake8_session.knowledge.frameworks import EXTENSION_QUERIES, Driver, may_make
from flake8_session.linking.call_sites import is_super
from flake8_session.linking.decorators import drivers, lent_parameter
from flake8_session.linking.holding import with_holders
from flake8_session.linking.linker import Linker
from flake8_session.linking.meanings import (
    UNKNOWN,
    Begins,
    Borrowed,
    ClassAt,
    Constant,
    External,
    Factory,
    FunctionAt,
    Holds,
    Made,
    Meaning,
    Member,
    Object,
    Options,
    Registry,
    Selected,
    Unknown,
)
from flake8_session.linking.models import is_mapped
from flake8_session.linking.presence import session_or_none
from flake8_session.linking.promises import of_any_kind
from flake8_session.linking.propagation import Meanings
from flake8_session.linking.selecting import is_class_name
from flake8_session.linking.spelled_out import spelled_out
from flake8_session.linking.spelling import last_name
from flake8_session.linking.wiring import Wiring


class Frame(Wiring):
    """A function with a graph, in its module. Raises nothing; what is not known is `UNKNOWN`."""

    def __init__(
        self,
        module: str,
        function: Function,
        linker: Linker,
        parent: Frame | None = None,
        *,
        wraps: FunctionAt | None = None,
        decorates: FunctionAt | None = None,
    ) -> None:
        """`wraps`: a decorated function that stands behind what is captured from a decorator;
        `decorates`: this is the decorator, and its first parameter is that function.
        """
        if function.graph is None:
            raise ValueError(f"{function.qualname} has no graph")
        super().__init__(spelled_out(function.graph, lambda dotted: linker.dotted(module, dotted)))
        self.module = module
        self.function = function
        self.linker = linker
        self.parent = parent
        self.wraps = wraps
        self._decorates = decorates
        self._outside: dict[str, Meaning] = {}

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
        found = self._outside.get(dotted)
        if found is None:
            found = self.linker.dotted(self.module, dotted)
            if self.linker.answers.is_final:
                self._outside[dotted] = found
        return found

    def callee(self, call: Call) -> Meaning:
        """What is called."""
        if call.function:
            called = self.meaning(call.function)
        else:
            called = self.linker.member(self.meaning(call.receiver), call.method)
        if isinstance(called, Object):
            return self.linker.member(called, "__call__")
        return called

    @cached_property
    def _meanings(self) -> Meanings:
        return Meanings(self)

    @cached_property
    def drivers(self) -> frozenset[Driver]:
        """Who calls the function, as far as its decorators tell."""
        return frozenset(drivers(self.linker, self.module, self.function))

    @cached_property
    def owner(self) -> ClassAt | Object | None:
        """What a method's first parameter is: the class, or an object of it; None for other functions."""
        function = self.function
        if function.kind is not Kind.FUNCTION or not function.parent or not function.parameters:
            return None
        at = ClassAt(self.module, function.parent)
        if self.linker.class_(at) is None:
            return None
        decorators = {last_name(decorator) for decorator in function.decorators}
        if "staticmethod" in decorators:
            return None
        return at if "classmethod" in decorators else Object(at)

    def on_receiver(self, call: Call) -> Call:
        """The call as one of a method on what it is bound to, where that is not how it is spelled.

        ``super().save()`` is called on the method's own object; a name from outside, ``store.save()`` or
        ``User.load()`` of a class method, is one place to the graph.
        """
        made = self.made_by.get(call.receiver)
        event = self.graph.steps[made].event if made is not None else None
        if self.owner is not None and isinstance(event, Call) and is_super(self, event, self.meaning):
            return replace(call, receiver=self.function.parameters[0].name)
        owner, _, name = call.function.rpartition(".")
        if owner.startswith("@") and self._binds(owner, name):
            return Call(call.result, receiver=owner, method=name, arguments=call.arguments)
        return call

    def _binds(self, owner: Place, name: str) -> bool:
        meaning = self.meaning(owner)
        method = self.linker.member(meaning, name)
        function = self.linker.function(method) if isinstance(method, FunctionAt) else None
        if function is None or not isinstance(meaning, ClassAt):
            return function is not None and isinstance(meaning, Object)
        return "classmethod" in {last_name(decorator) for decorator in function.decorators}

    @cached_property
    def lent_parameter(self) -> str:
        """The parameter for which a decorator gives a session; `""` where none does."""
        return lent_parameter(self.linker, self.module, self.function)

    @property
    def flags(self) -> frozenset[Place]:
        """See `Wiring.flags`."""
        switches = (Literal(True), Literal(False))
        found = [parameter.name for parameter in self.function.parameters if parameter.default in switches]
        return frozenset(found).difference(self.bindings) if found else frozenset()

    def parameter_meaning(self, parameter: Parameter) -> Meaning:
        """What a parameter holds when the function is called, by its annotation or default."""
        if self._decorates is not None and parameter == self.function.parameters[0]:
            return self._decorates
        promised: Meaning = UNKNOWN
        if parameter.annotation is not None:
            promised = self.linker.annotation(self.module, parameter.annotation)
            if not isinstance(promised, Unknown | Factory):
                return promised
        if parameter.name == self.lent_parameter:
            return Borrowed(Options(asynchronous=self.function.asynchronous, expires=None), registry=True)
        if isinstance(parameter.default, Named):
            given = self.linker.expression(self.module, parameter.default)
            if isinstance(given, Factory | Registry):
                return replace(given, options=replace(given.options, chosen=True))
        if promised != UNKNOWN:
            return of_any_kind(promised)
        return self._factory_given(parameter) or Member(UNKNOWN, parameter.name)

    def _factory_given(self, parameter: Parameter) -> Factory | Registry | None:
        """The factory that callers in the module give, where the function calls or keeps what it is given."""
        bodies, name = self.linker.bodies, parameter.name
        if bodies is None or parameter.annotation is not None or not may_make(name):
            return None
        used = any(
            getattr(step.event, "function", "") == name
            or (isinstance(step.event, Write) and step.event.source == name)
            for step in self.graph.steps
        )
        at = FunctionAt(self.module, self.function.qualname)
        if not used:
            return None
        found = self.linker.answers.ask(
            ("parameter", at, name), lambda: bodies.parameter(at, name), UNKNOWN, UNKNOWN
        )
        return found if isinstance(found, Factory | Registry) else None

    @cached_property
    def new_instances(self) -> frozenset[Place]:
        """The places that may hold new objects of mapped classes in sight, or containers of such."""
        calls = [step.event for step in self.graph.steps if isinstance(step.event, Call)]
        made = [call.result for call in calls if self._makes_instance(call)]
        return with_holders(self.graph, made) if made else frozenset()

    def _makes_instance(self, call: Call) -> bool:
        callee = self.callee(call)
        return isinstance(callee, ClassAt) and is_mapped(self.linker, callee)

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
                return is_class_name(name[:-2].rpartition(".")[2]) and not name.startswith("builtins.")
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

    @cached_property
    def sessions_or_none(self) -> frozenset[Place]:
        """The variables that hold a session or None; see `presence`."""
        parameters = [parameter.name for parameter in self.function.parameters]
        return session_or_none(parameters, self.bindings, self.meaning)

    def constructor(self, place: Place) -> Call | None:
        """The call of a class that made what is in `place`, where every binding of it is that one call."""
        bound = self.bindings.get(place, ())
        made = self.made_by.get(bound[0]) if len(bound) == 1 else None
        event = self.graph.steps[made].event if made is not None else None
        if not isinstance(event, Call) or made not in self.certain_objects:
            return None
        return event if isinstance(self.meaning(event.result), Object | External) else None


def _literal(place: Place) -> Meaning:
    if word := first_word(place):
        return Begins(word)
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
        return Constant(text[1:-1] if "\\" not in text else ast.literal_eval(text))
    return UNKNOWN


def _may_be_none(parameter: Parameter) -> bool:
    annotation = parameter.annotation
    optional = isinstance(annotation, Either) or (
        isinstance(annotation, Indexed) and last_name(annotation.base) in ("Optional", "Union")
    )
    return optional or parameter.default == Literal(None)
