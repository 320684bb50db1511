"""From names to meanings: module scopes, imports, classes, annotations, and what a call gives.

The linker reads outlines only. It never follows control flow: a module-level name that is bound to
things of different meaning is unknown. Import cycles end as unknown.

Not modelled: ``setattr`` on modules, ``__getattr__`` of modules, conditional definitions (the last
one counts), metaclasses.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Protocol

from flake8_session.flow.outline import (
    Applied,
    Class,
    Either,
    Element,
    Expression,
    Function,
    Indexed,
    Kind,
    Literal,
    Named,
    Outline,
)
from flake8_session.knowledge import factories, frameworks
from flake8_session.linking.answers import Answers
from flake8_session.linking.calls import applied, reconfigured
from flake8_session.linking.meanings import (
    UNKNOWN,
    Borrowed,
    Called,
    ClassAt,
    Constant,
    External,
    Factory,
    FunctionAt,
    Holds,
    Made,
    Meaning,
    Member,
    ModuleAt,
    Object,
    Options,
    Registry,
    Selected,
    joined,
)
from flake8_session.linking.spelling import last_name
from flake8_session.linking.told import Told

Argument = tuple[str, Meaning]
_PROPERTIES = frozenset({"property", "cached_property", "hybrid_property", "classproperty"})
_SAYING_NOTHING = (Constant(None), External("typing.Any"), External("builtins.object"))
"""What a name is bound to where the real thing cannot be imported, or for type checkers only."""


class Modules(Protocol):
    """The project's modules; what their names look like is for whoever gives them. Answers never change."""

    def outline(self, module: str) -> Outline | None:
        """The outline of a module of the project, None for anything else."""
        ...

    def target(self, module: str, imported: str, level: int) -> str | None:
        """The project module that `module` means by ``imported``, with `level` leading dots; else None."""
        ...

    def inner(self, module: str, name: str) -> str | None:
        """The module `name` inside of the package `module`, None where there is none."""
        ...

    def body(self, module: str, qualname: str) -> Function | None:
        """The function as in the outline, and with its graph."""
        ...


class Bodies(Protocol):
    """What the bodies of functions and methods say about names."""

    def attribute(self, at: ClassAt, name: str) -> Meaning:
        """What the methods of a class store in ``self.name``."""
        ...

    def returned(self, at: FunctionAt) -> Meaning:
        """What a call of the function gives, where it is no session of its own; else unknown."""
        ...

    def element(self, at: FunctionAt, index: int) -> Meaning:
        """What element `index` of the tuples is that a function returns."""
        ...

    def rebound(self, at: FunctionAt, name: str) -> Meaning | None:
        """What the function binds the module's `name` to; None where it does not."""
        ...


class Linker:
    """Answers what names mean, and remembers the answers."""

    def __init__(self, modules: Modules) -> None:
        self._modules = modules
        self.bodies: Bodies | None = None
        """What only the bodies of functions tell; set by whoever can solve them."""
        self.answers = Answers()
        self.told = Told()
        """What the user tells of names; set before anything is asked."""

    def outline(self, module: str) -> Outline | None:
        """The outline of a project module."""
        return self._modules.outline(module)

    def function(self, at: FunctionAt) -> Function | None:
        """The function of the project that `at` names; maybe without its graph."""
        outline = self._modules.outline(at.module)
        listed = outline.functions.get(at.qualname) if outline is not None else None
        return self.body(at) if listed is None and ".<locals>." in at.qualname else listed

    def body(self, at: FunctionAt) -> Function | None:
        """The function of the project that `at` names, with its graph."""
        return self._modules.body(at.module, at.qualname)

    def functions(self, module: str) -> Iterator[Function]:
        """The functions and methods of a project module with their graphs, but for those inside of others."""
        outline = self._modules.outline(module)
        for qualname, listed in outline.functions.items() if outline is not None else ():
            if listed.kind is Kind.FUNCTION and ".<locals>." not in qualname:
                body = self._modules.body(module, qualname)
                if body is not None:
                    yield body

    def class_(self, at: ClassAt) -> Class | None:
        """The class of the project that `at` names."""
        outline = self._modules.outline(at.module)
        return outline.classes.get(at.qualname) if outline is not None else None

    def storing(self, at: ClassAt, name: str) -> tuple[str, ...]:
        """The methods of the class that assign ``self.name``."""
        outline = self._modules.outline(at.module)
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
        question = ("name", module, name)
        return self.answers.ask(question, lambda: self._top_level(module, name), UNKNOWN, UNKNOWN)

    def _top_level(self, module: str, name: str) -> Meaning:
        if (module, name) in self.told.names:
            return self.told.names[module, name]
        outline = self._modules.outline(module)
        if outline is None:
            return UNKNOWN
        found: list[Meaning] = []
        if name in outline.classes:
            found.append(self.class_meaning(ClassAt(module, name)))
        if name in outline.functions and name:
            found.append(FunctionAt(module, name))
        for annotation, value in outline.assigned.get(name, ()):
            found.append(self.assigned(module, annotation, value))
        found.extend(
            self.imported(module, entry.module, entry.member, entry.level)
            for entry in outline.imports
            if entry.name == name
        )
        for qualname in outline.rebound.get(name, ()):
            rebound = self.bodies.rebound(FunctionAt(module, qualname), name) if self.bodies else None
            if rebound is not None:
                found.append(Borrowed(rebound.options) if isinstance(rebound, Made) else rebound)
        if found:
            return self._configured(module, outline, name, _agreed(found))
        starred = self._from_star(module, outline, name, {module})
        if starred is not None:
            return starred
        is_hidden = not _is_builtin(name) and any(entry.name == "*" for entry in outline.imports)
        return UNKNOWN if is_hidden else External(f"builtins.{name}")

    def _configured(self, module: str, outline: Outline, name: str, meaning: Meaning) -> Meaning:
        """A factory or registry with the options that ``name.configure(...)`` gives it."""
        if isinstance(meaning, Factory | Registry):
            for arguments in outline.configured.get(name, ()):
                given = [(keyword, self.expression(module, value)) for keyword, value in arguments]
                meaning = replace(meaning, options=reconfigured(meaning.options, given))
        return meaning

    def _from_star(self, module: str, outline: Outline, name: str, seen: set[str]) -> Meaning | None:
        """What a star import of `module` binds `name` to; None where none does."""
        for entry in outline.imports:
            if entry.name != "*":
                continue
            target = self._modules.target(module, entry.module, entry.level)
            if target is None:
                known = External(f"{entry.module}.{name}")
                if applied(known, ()) != UNKNOWN:
                    return known
                continue
            offered = self._modules.outline(target)
            if target in seen or offered is None or not _is_offered(offered, name):
                continue
            seen.add(target)
            if _binds(offered, name):
                return self.top_level(target, name)
            inner = self._modules.inner(target, name) if offered.exports is not None else None
            deeper = self._from_star(target, offered, name, seen) if inner is None else ModuleAt(inner)
            if deeper is not None:
                return deeper
        return None

    def imported(self, module: str, imported: str, member: str, level: int) -> Meaning:
        """What ``import imported`` (no `member`) or ``from imported import member`` binds in `module`."""
        target = self._modules.target(module, imported, level)
        if target is None:
            if level:
                return UNKNOWN
            return self.told.of(External(f"{imported}.{member}" if member else imported))
        if not member:
            return ModuleAt(target)
        outline = self._modules.outline(target)
        if outline is not None and _binds(outline, member):
            return self.top_level(target, member)
        inner = self._modules.inner(target, member)
        if inner is not None:
            return ModuleAt(inner)
        if outline is not None:
            return self.top_level(target, member)
        return UNKNOWN if level else self.told.of(External(f"{imported}.{member}"))

    def imported_path(self, module: str, names: Sequence[str]) -> Meaning:
        """What ``import a.b; a.b.C`` leads to from `module`: as far as there are modules, then into them.

        A folder that lacks the name may be part of a package that is elsewhere.
        """
        target = self._modules.target(module, names[0], 0)
        meaning: Meaning = External(names[0]) if target is None else ModuleAt(target)
        for count, name in enumerate(names[1:], 2):
            is_folder = isinstance(meaning, ModuleAt) and self.outline(meaning.module) is None
            meaning = self.member(meaning, name)
            if is_folder and meaning == UNKNOWN:
                return External(".".join(names[:count]))
        return meaning

    def may_bind(self, module: str, name: str) -> bool:
        """Whether the project's `module` binds `name` itself, to whatever, or cannot be read."""
        outline = self._modules.outline(module)
        return outline is None or _binds(outline, name)

    def member(self, owner: Meaning, name: str) -> Meaning:
        """What ``owner.name`` means."""
        match owner:
            case External(dotted):
                return self.told.of(_external_member(dotted, name))
            case ModuleAt(module):
                inner = self._modules.inner(module, name)
                meaning = self.top_level(module, name)
                if inner is not None and meaning == External(f"builtins.{name}"):
                    return ModuleAt(inner)
                return meaning if meaning != External(f"builtins.{name}") else UNKNOWN
            case ClassAt() | Object():
                return self._of_class(owner, name)
            case Registry(options) if name == "session_factory":
                return Factory(options)
        return UNKNOWN if owner == UNKNOWN else Member(owner, name)

    def _is_extension_model(self, at: ClassAt) -> bool:
        """Whether the class is a model of a Flask extension, which gives it ``query``."""
        return any(
            isinstance(base, External)
            and base.name.rpartition(".")[2] == frameworks.EXTENSION_BASE
            and base.name.rpartition(".")[0].removesuffix("()") in frameworks.EXTENSIONS
            for base in self.ancestry(at)
        )

    def _of_class(self, owner: ClassAt | Object, name: str) -> Meaning:
        if name == "query" and isinstance(owner, ClassAt) and self._is_extension_model(owner):
            return Selected(Holds.INSTANCE, model=owner)
        at = owner.of if isinstance(owner, Object) else owner
        for ancestor in self.ancestry(at):
            if isinstance(ancestor, External):
                continue
            class_ = self.class_(ancestor)
            if class_ is None:
                break
            if name in class_.methods:
                return self._method(owner, FunctionAt(ancestor.module, f"{ancestor.qualname}.{name}"), name)
            if name in class_.assigned:
                annotation, value = class_.assigned[name]
                stored = self._stored(owner, name) if value is None else UNKNOWN
                if isinstance(stored, Registry):
                    return stored
                meaning = self.assigned(ancestor.module, annotation, value)
                known = isinstance(meaning, Factory | Registry | Borrowed | FunctionAt | ClassAt | Object)
                return meaning if known else self._stored(owner, name)
        return self._stored(owner, name)

    def _method(self, owner: ClassAt | Object, at: FunctionAt, name: str) -> Meaning:
        """A method, or the factory or session that reading it gives where it is a property."""
        if self.told.of(at) != at:
            return self.told.of(at)
        function = self.function(at)
        decorators = {last_name(decorator) for decorator in function.decorators} if function else set()
        if not isinstance(owner, Object) or not decorators & _PROPERTIES:
            return at
        given = self._returned(at)
        return given if isinstance(given, Factory | Registry | Borrowed) else at

    def _stored(self, owner: ClassAt | Object, name: str) -> Meaning:
        """What the methods of the class store under that name, found once."""
        if self.bodies is None or not isinstance(owner, Object):
            return Member(owner, name)
        bodies, at = self.bodies, owner.of
        found = self.answers.ask(("stored", at, name), lambda: bodies.attribute(at, name), UNKNOWN, UNKNOWN)
        return Member(owner, name) if found == UNKNOWN else found

    def ancestry(self, at: ClassAt) -> Sequence[ClassAt | External]:
        """The class and its bases, nearest first, each once; externals by name; unknown bases left out."""
        return self.answers.ask(("ancestry", at), lambda: self._ancestry(at), [at], [at])

    def _ancestry(self, at: ClassAt) -> list[ClassAt | External]:
        seen: dict[ClassAt | External, None] = {}
        pending: list[ClassAt | External] = [at]
        while pending and len(seen) < 50:
            here = pending.pop(0)
            if here in seen:
                continue
            seen[here] = None
            class_ = self.class_(here) if isinstance(here, ClassAt) else None
            if class_ is None or not isinstance(here, ClassAt):
                continue
            for base in class_.bases:
                meaning = self.expression(here.module, base)
                if isinstance(meaning, ClassAt | External):
                    pending.append(meaning)
                elif isinstance(meaning, Factory) and meaning.is_class:
                    pending.append(External("sqlalchemy.orm.Session"))
        return list(seen)

    def class_meaning(self, at: ClassAt) -> Meaning:
        """A class of the project: a factory where it derives from a session class."""
        class_ = self.class_(at)
        if class_ is None:
            return UNKNOWN
        for base in class_.bases:
            meaning = self.expression(at.module, base)
            made = applied(meaning, ())
            if isinstance(meaning, External) and isinstance(made, Made):
                own = {"__exit__", "__aexit__", "commit", "close", "__enter__"} & set(class_.methods)
                options = Options(asynchronous=made.options.asynchronous, exits_unknown=bool(own))
                return Factory(options, is_class=True)
            if isinstance(meaning, Factory) and meaning.is_class:
                return meaning
        return at

    def assigned(self, module: str, annotation: Expression | None, value: Expression | None) -> Meaning:
        """What a name means that is annotated and bound so."""
        if value is not None:
            meaning = self.expression(module, value)
            if meaning not in (UNKNOWN, Constant(None)):
                return Borrowed(meaning.options) if isinstance(meaning, Made) else meaning
        if annotation is not None:
            promised = self.annotation(module, annotation)
            if promised != UNKNOWN:
                return promised
        return Constant(None) if value == Literal(None) else UNKNOWN

    def expression(self, module: str, expression: Expression) -> Meaning:
        """What a module-level expression means."""
        match expression:
            case Named(name):
                return self.dotted(module, name)
            case Literal(value):
                return Constant(value)
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
            case ClassAt():
                return Object(function)
            case Object():
                called = self._of_class(function, "__call__")
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
        module, expression = self.unaliased(module, expression)
        match expression:
            case Named(name):
                return self._promised(self.dotted(module, name))
            case Indexed(base, items):
                return self._subscripted(module, base, items)
            case Either(options):
                return self._either(module, options)
            case Applied():
                return UNKNOWN
        return UNKNOWN

    def unaliased(self, module: str, expression: Expression, depth: int = 0) -> tuple[str, Expression]:
        """The annotation that an alias stands for, with the module in which it is to be read.

        ``SessionDep = Annotated[Session, Depends(get_db)]``, here or in another module.
        """
        if not isinstance(expression, Named) or "." in expression.name or depth > 8:
            return module, expression
        outline = self._modules.outline(module)
        if outline is None:
            return module, expression
        bound = [value for _, value in outline.assigned.get(expression.name, ()) if value is not None]
        if len(bound) == 1 and isinstance(bound[0], Indexed | Either | Named):
            return self.unaliased(module, bound[0], depth + 1)
        for entry in outline.imports:
            if entry.name == expression.name and entry.member:
                target = self._modules.target(module, entry.module, entry.level)
                if target is not None:
                    return self.unaliased(target, Named(entry.member), depth + 1)
        return module, expression

    def _promised(self, meaning: Meaning) -> Meaning:
        if isinstance(meaning, External):
            maker = factories.MAKERS.get(meaning.name)
            if maker is None:
                return UNKNOWN
            options = Options(asynchronous=maker.asynchronous, expires=None if maker.asynchronous else True)
            if maker.makes is factories.Makes.SESSION:
                return Borrowed(options)
            return Factory(options) if maker.makes is factories.Makes.FACTORY else Registry(options)
        if isinstance(meaning, Factory) and meaning.is_class:
            return Borrowed(Options(asynchronous=meaning.options.asynchronous, expires=None))
        if isinstance(meaning, ClassAt):
            return Object(meaning)
        return meaning if isinstance(meaning, Borrowed | Object | Factory | Registry) else UNKNOWN

    def _subscripted(self, module: str, base: Expression, items: tuple[Expression, ...]) -> Meaning:
        outer = self.expression(module, base)
        name = outer.name.rpartition(".")[2] if isinstance(outer, External) else ""
        if name in ("Annotated", "ClassVar", "Final", "Optional", "Mapped") and items:
            return self.annotation(module, items[0])
        if name == "Union":
            return self._either(module, items)
        if name in ("sessionmaker", "async_sessionmaker", "scoped_session", "async_scoped_session"):
            return self._promised(outer)
        return UNKNOWN

    def _either(self, module: str, options: tuple[Expression, ...]) -> Meaning:
        promised = [
            self.annotation(module, option)
            for option in options
            if option not in (Literal(None), Named("None"))
        ]
        if promised and all(isinstance(meaning, Borrowed) for meaning in promised):
            return promised[0] if len(set(promised)) == 1 else Borrowed(Options(expires=None))
        return promised[0] if len(promised) == 1 else UNKNOWN


def _external_member(owner: str, name: str) -> Meaning:
    if owner.endswith("()") and owner[:-2] in frameworks.EXTENSIONS:
        if name == frameworks.EXTENSION_REGISTRY:
            return Registry(Options(app_scoped=True))
        if name != frameworks.EXTENSION_BASE:
            return External(frameworks.extension_name(name))
    return External(f"{owner}.{name}")


def _agreed(meanings: Sequence[Meaning]) -> Meaning:
    """What all bindings of a name agree on; those that say nothing are passed over where another one does."""
    saying = [meaning for meaning in meanings if meaning not in _SAYING_NOTHING] or meanings
    agreed: Meaning | None = None
    for meaning in saying:
        agreed = joined(agreed, meaning)
    return UNKNOWN if agreed is None else agreed


def _binds(outline: Outline, name: str) -> bool:
    return (
        name in outline.assigned
        or name in outline.rebound
        or name in outline.functions
        or name in outline.classes
        or any(entry.name == name for entry in outline.imports)
    )


def _is_offered(outline: Outline, name: str) -> bool:
    """Whether ``from … import *`` takes `name`."""
    return name in outline.exports if outline.exports is not None else not name.startswith("_")


def _is_builtin(name: str) -> bool:
    return hasattr(builtins, name)
