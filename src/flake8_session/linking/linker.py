"""From names to meanings: module scopes, imports, classes, annotations, and what a call gives.

The linker reads outlines only. It never follows control flow: a module-level name that is bound to
things of different meaning is unknown. Import cycles end as unknown.

Not modelled: ``setattr`` on modules, ``__getattr__`` of modules, conditional definitions (the last
one counts), metaclasses.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flake8_session.flow import plain
from flake8_session.flow.outline import (
    Applied,
    Class,
    Element,
    Expression,
    Function,
    Indexed,
    Kind,
    Literal,
    Named,
    Outline,
)
from flake8_session.knowledge import frameworks
from flake8_session.linking import classes, promises, scopes
from flake8_session.linking.answers import Answers
from flake8_session.linking.calls import applied
from flake8_session.linking.meanings import (
    UNKNOWN,
    Borrowed,
    Called,
    ClassAt,
    Constant,
    External,
    Factory,
    FunctionAt,
    Made,
    Meaning,
    Member,
    ModuleAt,
    Object,
    OneOf,
    Options,
    Registry,
    Variable,
    joined,
)
from flake8_session.linking.modules import Bodies, Modules
from flake8_session.linking.told import Told

Argument = tuple[str, Meaning]
_CONTEXT_VARIABLE = External("contextvars.ContextVar()")


class Linker:
    """Answers what names mean, and remembers the answers."""

    def __init__(self, modules: Modules) -> None:
        self.modules = modules
        self.bodies: Bodies | None = None
        """What only the bodies of functions tell; set by whoever can solve them."""
        self.answers = Answers()
        self.told = Told()
        """What the user tells of names; set before anything is asked."""

    def outline(self, module: str) -> Outline | None:
        """The outline of a project module."""
        return self.modules.outline(module)

    def function(self, at: FunctionAt) -> Function | None:
        """The function of the project that `at` names; maybe without its graph."""
        outline = self.modules.outline(at.module)
        listed = outline.functions.get(at.qualname) if outline is not None else None
        return self.body(at) if listed is None and ".<locals>." in at.qualname else listed

    def body(self, at: FunctionAt) -> Function | None:
        """The function of the project that `at` names, with its graph."""
        return self.modules.body(at.module, at.qualname)

    def functions(self, module: str, naming: str = "") -> Iterator[Function]:
        """The functions and methods of a project module with their graphs, but for those inside of others.

        `naming`: only those in whose text that name stands; some others may come with them.
        """
        outline = self.modules.outline(module)
        for qualname, listed in outline.functions.items() if outline is not None else ():
            if listed.kind is Kind.FUNCTION and ".<locals>." not in qualname:
                if naming and naming not in (self.modules.text(module, qualname) or naming):
                    continue
                body = self.modules.body(module, qualname)
                if body is not None:
                    yield body

    def class_(self, at: ClassAt) -> Class | None:
        """The class of the project that `at` names."""
        outline = self.modules.outline(at.module)
        return outline.classes.get(at.qualname) if outline is not None else None

    def storing(self, at: ClassAt, name: str) -> tuple[str, ...]:
        """The methods of the class that assign ``self.name``."""
        outline = self.modules.outline(at.module)
        return outline.stored.get(at.qualname, {}).get(name, ()) if outline is not None else ()

    def dotted(self, module: str, name: str) -> Meaning:
        """What a dotted name means at the top level of `module`."""
        owner, _, last = name.rpartition(".")
        if not owner:
            return self.top_level(module, name)
        return self.answers.ask(
            ("dotted", module, name), lambda: self.member(self.dotted(module, owner), last), UNKNOWN, UNKNOWN
        )

    def top_level(self, module: str, name: str) -> Meaning:
        """What a name means at the top level of `module`; a builtin where nothing binds it."""
        return scopes.top_level(self, module, name)

    def imported(self, module: str, imported: str, member: str, level: int) -> Meaning:
        """What ``import imported`` (no `member`) or ``from imported import member`` binds in `module`."""
        return scopes.imported(self, module, imported, member, level)

    def imported_path(self, module: str, names: Sequence[str]) -> Meaning:
        """What ``import a.b; a.b.C`` leads to from `module`: as far as there are modules, then into them.

        A folder that lacks the name may be part of a package that is elsewhere.
        """
        return scopes.imported_path(self, module, names)

    def origin(self, module: str, name: str) -> tuple[str, str] | None:
        """The module, and the name, by which what `name` means in `module` is bound; None where unclear."""
        return scopes.origin(self, module, name)

    def may_bind(self, module: str, name: str) -> bool:
        """Whether the project's `module` binds `name` itself, to whatever, or cannot be read."""
        return scopes.may_bind(self, module, name)

    def member(self, owner: Meaning, name: str) -> Meaning:
        """What ``owner.name`` means."""
        match owner:
            case External(dotted):
                return self.told.of(_external_member(dotted, name))
            case ModuleAt(module):
                inner = self.modules.inner(module, name)
                if inner is not None and self.outline(module) is None:
                    return ModuleAt(inner)  # a folder without `__init__.py`
                meaning = self.top_level(module, name)
                if inner is not None and meaning == External(f"builtins.{name}"):
                    return ModuleAt(inner)
                return meaning if meaning != External(f"builtins.{name}") else UNKNOWN
            case ClassAt() | Object():
                return classes.of_class(self, owner, name)
            case Registry(options) if name == "session_factory":
                return Factory(options)
            case Variable(options) if name == "get":
                return Registry(options)
        return UNKNOWN if owner == UNKNOWN else Member(owner, name)

    def ancestry(self, at: ClassAt) -> Sequence[ClassAt | External]:
        """The class and its bases, nearest first, each once; externals by name; unknown bases left out."""
        return classes.ancestry(self, at)

    def class_meaning(self, at: ClassAt) -> Meaning:
        """A class of the project: a factory where it derives from a session class."""
        return classes.class_meaning(self, at)

    def assigned(self, module: str, annotation: Expression | None, value: Expression | None) -> Meaning:
        """What a name means that is annotated and bound so."""
        if value is not None:
            meaning = self.expression(module, value)
            if meaning == _CONTEXT_VARIABLE:
                return self._variable(module, annotation, value)
            if meaning not in (UNKNOWN, Constant(None)):
                return Borrowed(meaning.options) if isinstance(meaning, Made) else meaning
        if annotation is not None:
            promised = self.annotation(module, annotation)
            if promised != UNKNOWN:
                return promised
        return Constant(None) if value == Literal(None) else UNKNOWN

    def _variable(self, module: str, annotation: Expression | None, value: Expression) -> Meaning:
        """A `ContextVar`, by what its annotation or its construction says that it holds."""
        made = value.function if isinstance(value, Applied) else None
        for expression in (annotation, made):
            if isinstance(expression, Indexed) and expression.items:
                held = self.annotation(module, expression.items[0])
                if isinstance(held, Borrowed):
                    return Variable(held.options)
        return _CONTEXT_VARIABLE

    def expression(self, module: str, expression: Expression) -> Meaning:
        """What a module-level expression means."""
        match expression:
            case Named(name):
                return self.dotted(module, name)
            case Literal(value):
                return Constant(value)
            case Applied(Named(plain.LAMBDA), ((_, body),)):
                made = self.expression(module, body)
                return Factory(made.options) if isinstance(made, Made) else UNKNOWN
            case Applied(function, arguments):
                called = self.expression(module, function)
                given = [(keyword, self.expression(module, value)) for keyword, value in arguments]
                return self.call(called, given)
            case Indexed(base, _):
                return self.expression(module, base)
            case Element(value, index):
                return self._element(module, value, index)
        return UNKNOWN

    def call(self, function: Meaning, arguments: Sequence[Argument]) -> Meaning:
        """What calling `function` gives."""
        match function:
            case FunctionAt():
                return self._returned(function)
            case OneOf(options):
                given: Meaning | None = None
                for option in options:
                    given = joined(given, self.call(option, arguments))
                return given if given is not None else UNKNOWN
            case ClassAt():
                return Object(function)
            case Object():
                called = classes.of_class(self, function, "__call__")
                return self._returned(called) if isinstance(called, FunctionAt) else UNKNOWN
        return applied(function, arguments)

    def _returned(self, at: FunctionAt) -> Meaning:
        """What a call of a project function gives: a factory or a borrowed session where its body says so."""
        bodies = self.bodies
        if bodies is None:
            return Called(at)
        found = self.answers.ask(("returned", at), lambda: bodies.returned(at), UNKNOWN, UNKNOWN)
        return Called(at) if found == UNKNOWN else found

    def _element(self, module: str, value: Expression, index: int) -> Meaning:
        """What a target takes of a call of a project function that returns tuples."""
        called = self.expression(module, value.function) if isinstance(value, Applied) else UNKNOWN
        bodies = self.bodies
        if not isinstance(called, FunctionAt) or bodies is None:
            return UNKNOWN
        question = ("element", called, index)
        return self.answers.ask(question, lambda: bodies.element(called, index), UNKNOWN, UNKNOWN)

    def annotation(self, module: str, expression: Expression) -> Meaning:
        """What a value so annotated is: a borrowed session, an object of a class, a factory, or unknown."""
        return promises.annotation(self, module, expression)

    def unaliased(self, module: str, expression: Expression) -> tuple[str, Expression]:
        """The annotation that an alias stands for, with the module in which it is to be read.

        ``SessionDep = Annotated[Session, Depends(get_db)]``, here or in another module.
        """
        return promises.unaliased(self, module, expression)


def _external_member(owner: str, name: str) -> Meaning:
    if owner.endswith("()") and owner[:-2] in frameworks.EXTENSIONS:
        if name == frameworks.EXTENSION_REGISTRY:
            return Registry(Options(app_scoped=True))
        if name != frameworks.EXTENSION_BASE:
            return External(frameworks.extension_name(name))
    return External(f"{owner}.{name}")
