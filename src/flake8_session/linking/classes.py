"""What classes of the project are, and what their attributes mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from flake8_session.flow.events import Pass, Raise
from flake8_session.flow.outline import Class
from flake8_session.knowledge import frameworks
from flake8_session.linking.calls import applied
from flake8_session.linking.meanings import (
    UNKNOWN,
    Borrowed,
    ClassAt,
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
)
from flake8_session.linking.promises import of_any_kind
from flake8_session.linking.spelling import last_name

if TYPE_CHECKING:
    from flake8_session.linking.linker import Linker

_ABSTRACT = frozenset({"abstractmethod", "abstractproperty"})
_CONSTRUCTORS = frozenset({"__init__", "__new__"})
_ENDING = frozenset({"__enter__", "__exit__", "__aenter__", "__aexit__", "commit", "close"})
_PROPERTIES = frozenset({"property", "cached_property", "hybrid_property", "classproperty"})


def class_meaning(linker: Linker, at: ClassAt) -> Meaning:
    """See `Linker.class_meaning`."""
    class_ = linker.class_(at)
    if class_ is None:
        return UNKNOWN
    for base in class_.bases:
        meaning = linker.expression(at.module, base)
        made = applied(meaning, ())
        if isinstance(meaning, External) and isinstance(made, Made):
            return Factory(_overridden_options(class_, made.options), is_class=True)
        if isinstance(meaning, Factory) and meaning.is_class:
            return Factory(_overridden_options(class_, meaning.options), is_class=True)
    return at


def _overridden_options(class_: Class, options: Options) -> Options:
    """The options of a session class's sessions, where the class may have ways of its own."""
    own = set(class_.methods)
    if not own.isdisjoint(_CONSTRUCTORS):
        options = replace(options, expires=None)
    ends = options.exits_unknown or not own.isdisjoint(_ENDING)
    return replace(options, exits_unknown=ends, own=options.own | own)


def ancestry(linker: Linker, at: ClassAt) -> Sequence[ClassAt | External]:
    """See `Linker.ancestry`."""
    return linker.answers.ask(("ancestry", at), lambda: _ancestry(linker, at), [at], [at])


def _ancestry(linker: Linker, at: ClassAt) -> list[ClassAt | External]:
    seen: dict[ClassAt | External, None] = {}
    pending: list[ClassAt | External] = [at]
    while pending and len(seen) < 50:
        here = pending.pop(0)
        if here in seen:
            continue
        seen[here] = None
        class_ = linker.class_(here) if isinstance(here, ClassAt) else None
        if class_ is None or not isinstance(here, ClassAt):
            continue
        for base in class_.bases:
            meaning = linker.expression(here.module, base)
            if isinstance(meaning, ClassAt | External):
                pending.append(meaning)
            elif isinstance(meaning, Factory) and meaning.is_class:
                pending.append(External("sqlalchemy.orm.Session"))
    return list(seen)


def next_class(linker: Linker, owner: ClassAt | Object) -> Meaning:
    """What ``super()`` is in a method of `owner`: of the nearest base class that is in sight."""
    at = owner.of if isinstance(owner, Object) else owner
    for base in ancestry(linker, at)[1:]:
        if isinstance(base, ClassAt):
            return Object(base) if isinstance(owner, Object) else base
    return UNKNOWN


def of_receiver(linker: Linker, found: Meaning, receiver: Meaning) -> Meaning:
    """What a method gives of its own class is of the class that it was called on.

    ``select(cls)`` in a class method of a base class selects ``User`` in ``User.all()``, and what
    gives back ``self`` gives the object itself.
    """
    at = receiver.of if isinstance(receiver, Object) else receiver
    if not isinstance(at, ClassAt):
        return found
    bases = ancestry(linker, at)[1:]
    if isinstance(found, Object) and found.of in bases:
        return Object(at)
    if isinstance(found, Selected):
        model = found.model.of if isinstance(found.model, Object) else found.model
        if model in bases:
            return replace(found, model=at)
    return found


def entered(linker: Linker, manager: Object) -> Meaning:
    """What ``with manager as target`` gives the target, where that is no new session."""
    for name in ("__enter__", "__aenter__"):
        method = linker.member(manager, name)
        if isinstance(method, FunctionAt):
            given = of_receiver(linker, linker.call(method, ()), manager)
            return given if isinstance(given, Object | Borrowed) else UNKNOWN
    return UNKNOWN


def of_class(linker: Linker, owner: ClassAt | Object, name: str) -> Meaning:
    """What ``owner.name`` means: a method, what the class binds, or what its methods store."""
    if name == "query" and isinstance(owner, ClassAt) and _is_extension_model(linker, owner):
        return Selected(Holds.INSTANCE, model=owner)
    at = owner.of if isinstance(owner, Object) else owner
    for ancestor in ancestry(linker, at):
        if isinstance(ancestor, External):
            continue
        class_ = linker.class_(ancestor)
        if class_ is None:
            break
        if name in class_.methods:
            found = FunctionAt(ancestor.module, f"{ancestor.qualname}.{name}")
            if isinstance(owner, Object):
                found = _overriding(linker, ancestor, found, name)
            return _method(linker, owner, found, name)
        if name in class_.assigned:
            annotation, value = class_.assigned[name]
            stored = _stored(linker, owner, name) if value is None else UNKNOWN
            if isinstance(stored, Registry):
                return stored
            meaning = linker.assigned(ancestor.module, annotation, value)
            if value is None and isinstance(meaning, Factory):
                return stored if isinstance(stored, Factory) else of_any_kind(meaning)
            known = isinstance(meaning, Factory | Registry | Borrowed | FunctionAt | ClassAt | Object)
            return meaning if known else _stored(linker, owner, name)
    return _stored(linker, owner, name)


def _overriding(linker: Linker, at: ClassAt, method: FunctionAt, name: str) -> FunctionAt:
    """The method, or that of a single subclass in its module where it is there to be overridden."""
    question = ("overriding", method)
    return linker.answers.ask(question, lambda: _overridden(linker, at, method, name), method, method)


def _overridden(linker: Linker, at: ClassAt, method: FunctionAt, name: str) -> FunctionAt:
    outline = linker.outline(at.module)
    found = [
        qualname
        for qualname, class_ in (outline.classes.items() if outline is not None else ())
        if name in class_.methods
        and qualname != at.qualname
        and at in linker.ancestry(ClassAt(at.module, qualname))
    ]
    if len(found) != 1 or not _is_abstract(linker, method):
        return method
    return FunctionAt(at.module, f"{found[0]}.{name}")


def _is_abstract(linker: Linker, at: FunctionAt) -> bool:
    """Whether a method is there to be overridden: it says so, or only raises `NotImplementedError`."""
    function = linker.body(at)
    if function is None or function.graph is None:
        return False
    if any(last_name(each) in _ABSTRACT for each in function.decorators):
        return True
    events = [step.event for step in function.graph.steps if not isinstance(step.event, Pass)]
    return bool(events) and all(
        isinstance(event, Raise) and event.function == "@NotImplementedError" for event in events
    )


def _is_extension_model(linker: Linker, at: ClassAt) -> bool:
    """Whether the class is a model of a Flask extension, which gives it ``query``."""
    return any(
        isinstance(base, External)
        and base.name.rpartition(".")[2] == frameworks.EXTENSION_BASE
        and base.name.rpartition(".")[0].removesuffix("()") in frameworks.EXTENSIONS
        for base in ancestry(linker, at)
    )


def _method(linker: Linker, owner: ClassAt | Object, at: FunctionAt, name: str) -> Meaning:
    """A method, or the factory, session or object that reading it gives where it is a property."""
    if linker.told.of(at) != at:
        return linker.told.of(at)
    function = linker.function(at)
    decorators = {last_name(decorator) for decorator in function.decorators} if function else set()
    if not isinstance(owner, Object) or not decorators & _PROPERTIES:
        return at
    given = linker._returned(at)
    return given if isinstance(given, Factory | Registry | Borrowed | Object) else at


def _stored(linker: Linker, owner: ClassAt | Object, name: str) -> Meaning:
    """What the methods store under that name, of an object, or class methods of the class; found once."""
    if linker.bodies is None:
        return Member(owner, name)
    bodies, on_class = linker.bodies, isinstance(owner, ClassAt)
    at = owner if isinstance(owner, ClassAt) else owner.of
    question = ("stored", at, name, on_class)
    found = linker.answers.ask(
        question, lambda: bodies.attribute(at, name, on_class=on_class), UNKNOWN, UNKNOWN
    )
    return Member(owner, name) if found == UNKNOWN else found
