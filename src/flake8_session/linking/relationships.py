"""What the relationships of a model lead to: collections, single instances, and proxies through them.

Which of the two a relationship gives is decided by its annotation and arguments, and by whether the model has
the key of another one. The tables themselves are not compared.
"""

from __future__ import annotations

from collections.abc import Iterator

from flake8_session.flow.outline import Applied, Either, Expression, Indexed, Literal, Named, Sequence
from flake8_session.knowledge import loading
from flake8_session.linking.linker import Linker
from flake8_session.linking.meanings import ClassAt
from flake8_session.linking.models import Attribute, attribute, construct
from flake8_session.linking.spelling import argument_named, head_of, last_name, names_in

_AROUND = frozenset({"Mapped", "Optional", "Union", "None"})
_KEYS = frozenset({"ForeignKey", "ForeignKeyConstraint"})
_COLLECTING = ("secondary", "collection_class", "order_by")
_COLLECTIONS = frozenset({"List", "list", "Set", "set", "Sequence", "Collection", "Dict", "dict"})
_PLAIN = frozenset(
    {"int", "str", "float", "bool", "bytes", "date", "datetime", "time", "timedelta", "dict", "list"}
)


def proxied(linker: Linker, model: object, name: str) -> str:
    """The relationship through which an association proxy reads; `""` for any other attribute."""
    _, value = _written(linker, model, name)
    if construct(value) is not loading.Construct.PROXY or not isinstance(value, Applied):
        return ""
    named = dict(value.arguments[::-1])
    given = named.get("target_collection", named.get(""))
    return str(given.value) if isinstance(given, Literal) else ""


def is_relationship(linker: Linker, model: object, name: str) -> bool:
    """Whether the class in sight says that `name` is a relationship."""
    return construct(_written(linker, model, name)[1]) is loading.Construct.RELATIONSHIP


def is_collection(linker: Linker, model: object, name: str) -> bool:
    """Whether the class in sight says that `name` is a relationship to many."""
    return is_relationship(linker, model, name) and _is_collection(*_written(linker, model, name))


def needs_old_collection(linker: Linker, model: object, name: str, *, eager: bool) -> bool:
    """Whether `name` is a collection whose replacement needs the old one loaded.

    `eager`: so is one that comes with every query, since none has given the instance.
    """
    kinds = (Attribute.LAZY, Attribute.EAGER) if eager else (Attribute.LAZY,)
    return attribute(linker, model, name) in kinds and is_collection(linker, model, name)


def leads_to(linker: Linker, model: object, name: str) -> frozenset[str]:
    """The names of the classes, one of whose instances a relationship may find by its key in the session.

    Empty for a collection, and where the model has no key of another one. Where neither ``Mapped[User]`` nor
    ``relationship("User")`` names any, every class may be meant: ``*``.
    """
    annotation, value = _written(linker, model, name)
    if not is_relationship(linker, model, name) or _is_collection(annotation, value):
        return frozenset()
    return (_named(annotation, value) or frozenset({"*"})) if _has_foreign_key(linker, model) else frozenset()


def target(linker: Linker, model: object, name: str) -> ClassAt | None:
    """The class to which the relationship `name` leads; None where that is not a class in sight."""
    for at in linker.ancestry(model) if isinstance(model, ClassAt) else ():
        class_ = linker.class_(at) if isinstance(at, ClassAt) else None
        if class_ is None or not isinstance(at, ClassAt) or name not in class_.assigned:
            continue
        annotation, value = class_.assigned[name]
        if construct(value) is not loading.Construct.RELATIONSHIP or not isinstance(value, Applied):
            return None
        given = [each for keyword, each in value.arguments if keyword in ("", "argument")][:1]
        promised = annotation.items if isinstance(annotation, Indexed) else (annotation,)
        classes = {linker.dotted(at.module, each) for part in given or promised for each in _classes(part)}
        found = classes.pop() if len(classes) == 1 else None
        return found if isinstance(found, ClassAt) else None
    return None


def _classes(expression: Expression | None) -> Iterator[str]:
    """The names of classes that stand in ``list["User"]``, ``User | None``, ``"User"``."""
    match expression:
        case Named(name):
            yield name
        case Literal(str(name)):
            yield name
        case Indexed(_, items) | Either(items):
            for each in items:
                yield from _classes(each)


def _written(linker: Linker, model: object, name: str) -> tuple[Expression | None, Expression | None]:
    """The annotation and the value of an attribute in the class that defines it."""
    for at in linker.ancestry(model) if isinstance(model, ClassAt) else ():
        class_ = linker.class_(at) if isinstance(at, ClassAt) else None
        if class_ is not None and name in class_.assigned:
            return class_.assigned[name]
    return None, None


def _is_collection(annotation: Expression | None, value: Expression | None) -> bool:
    uselist = argument_named(value, "uselist")
    if uselist is not None:
        return uselist == Literal(True)
    if any(argument_named(value, option) is not None for option in _COLLECTING):
        return True
    cascade = argument_named(value, "cascade")
    if isinstance(cascade, Literal) and "delete-orphan" in str(cascade.value):
        return argument_named(value, "single_parent") is None
    if isinstance(annotation, Indexed) and annotation.items:
        return last_name(annotation.items[0]) in _COLLECTIONS
    return False


def _named(annotation: Expression | None, value: Expression | None) -> frozenset[str]:
    """The classes that the annotation of a relationship, or else its first argument, names."""
    if annotation is not None:
        return frozenset(names_in(annotation)) - _AROUND
    arguments = value.arguments if isinstance(value, Applied) else ()
    given = next((each for keyword, each in arguments if keyword in ("", "argument")), None)
    if isinstance(given, Literal):
        return frozenset({str(given.value).rpartition(".")[2]})
    return frozenset({last_name(given)} - {""})


def _has_foreign_key(linker: Linker, model: object) -> bool:
    """Whether a column refers to another table, or may: only so can the key of a single instance be known."""
    for at in linker.ancestry(model) if isinstance(model, ClassAt) else ():
        class_ = linker.class_(at) if isinstance(at, ClassAt) else None
        for annotation, value in class_.assigned.values() if class_ is not None else ():
            if _refers(value) or (value is None and _is_told_elsewhere(annotation)):
                return True
    return False


def _refers(value: Expression | None) -> bool:
    match value:
        case Applied(_, arguments):
            given = any(keyword == "foreign_key" or _refers(each) for keyword, each in arguments)
            return given or last_name(value) in _KEYS
        case Sequence(items):
            return any(map(_refers, items))
    return False


def _is_told_elsewhere(annotation: Expression | None) -> bool:
    """Whether the column is defined by an alias: ``owner_id: Mapped[user_key]``."""
    if annotation is None or head_of(annotation) != "Mapped":
        return False
    return any(name.islower() and name not in _PLAIN for name in names_in(annotation))
