"""What is known of a model's attributes: columns, relationships, deferred columns, proxies.

A class of the project is a model in sight. What its body, and the bodies of its bases, say decides;
an attribute that none of them mentions is unknown (a backref of another class may have made it).
"""

from __future__ import annotations

from enum import Enum

from flake8_session.flow.outline import Applied, Expression, Literal
from flake8_session.knowledge import loading
from flake8_session.linking.linker import Linker
from flake8_session.linking.meanings import ClassAt, External
from flake8_session.linking.spelling import argument_named, head_of, last_name


class Attribute(Enum):
    """What an attribute of a model is, as far as loading goes."""

    COLUMN = "column"
    EAGER = "eager"  # a relationship that is loaded with the instance
    EXPRESSION = "expression"  # loaded with the columns, but not by the flush of a new instance
    LAZY = "lazy"  # a relationship or deferred column that a read would have to load
    SAFE = "safe"  # never needs a load: a plain attribute, a dynamic collection
    UNKNOWN = "unknown"
    OUT_OF_SIGHT = "out of sight"  # the model's class is not known


def attribute(linker: Linker, model: object, name: str) -> Attribute:
    """What `name` is on instances of `model` (a `ClassAt`, or anything else for out of sight)."""
    if name.startswith("__") or name in ("metadata", "registry"):
        return Attribute.SAFE
    if not isinstance(model, ClassAt):
        return Attribute.OUT_OF_SIGHT
    for at in linker.ancestry(model):
        class_ = linker.class_(at) if isinstance(at, ClassAt) else None
        if class_ is None:
            continue
        if name in class_.assigned:
            annotation, value = class_.assigned[name]
            field = _is_field(name, annotation, value) and _is_table(linker, model)
            return Attribute.COLUMN if field else _defined(annotation, value)
        if name in class_.methods:
            return Attribute.UNKNOWN
    return Attribute.UNKNOWN


def is_mapped(linker: Linker, model: object) -> bool:
    """Whether the class in sight says that it is mapped: by its table, or by a column."""
    for at in linker.ancestry(model) if isinstance(model, ClassAt) else ():
        class_ = linker.class_(at) if isinstance(at, ClassAt) else None
        if class_ is not None and ("__tablename__" in class_.assigned or "__table__" in class_.assigned):
            return True
    return isinstance(model, ClassAt) and (_is_table(linker, model) or bool(columns(linker, model)))


def columns(linker: Linker, model: object) -> frozenset[str]:
    """The plain columns of a model in sight, without its primary key; empty for any other."""
    found: set[str] = set()
    for at in linker.ancestry(model) if isinstance(model, ClassAt) else ():
        class_ = linker.class_(at) if isinstance(at, ClassAt) else None
        for name, (annotation, value) in class_.assigned.items() if class_ is not None else ():
            key = argument_named(value, "primary_key") == Literal(True)
            if not key and _defined(annotation, value) is Attribute.COLUMN:
                found.add(name)
    return frozenset(found)


def is_key(linker: Linker, model: object, attribute: str) -> bool:
    """Whether an attribute of a model is its whole primary key; of one out of sight `id` is taken for it."""
    if isinstance(model, External):
        return attribute == "id"
    keys = [
        name
        for at in (linker.ancestry(model) if isinstance(model, ClassAt) else ())
        if isinstance(at, ClassAt) and (class_ := linker.class_(at)) is not None
        for name, (_, value) in class_.assigned.items()
        if argument_named(value, "primary_key") == Literal(True)
    ]
    return keys == [attribute]


def set_by_update(linker: Linker, model: object) -> frozenset[str]:
    """The columns that every UPDATE of a row sets in the database, so that their values are unknown after it.

    A value that Python computes is known. With ``eager_defaults`` in its ``__mapper_args__`` the model
    fetches them at once; which arguments stand there is not looked at.
    """
    found: set[str] = set()
    for at in linker.ancestry(model) if isinstance(model, ClassAt) else ():
        class_ = linker.class_(at) if isinstance(at, ClassAt) else None
        if class_ is None or not isinstance(at, ClassAt):
            continue
        if "__mapper_args__" in class_.assigned or "__mapper_args__" in class_.methods:
            return frozenset()
        for name, (_, value) in class_.assigned.items():
            given = [argument_named(value, option) for option in ("onupdate", "server_onupdate")]
            column = construct(value) is loading.Construct.COLUMN
            if column and any(_is_sql(linker, at, each) for each in given):
                found.add(name)
    return frozenset(found)


def set_by_constructor(linker: Linker, model: object) -> frozenset[str]:
    """The attributes that the model's own ``__init__``, or that of a base class in sight, sets.

    That of a dataclass sets what has a default of its own, unless SQLAlchemy is 2.1, which leaves it out.
    """
    found: set[str] = set()
    for at in linker.ancestry(model) if isinstance(model, ClassAt) else ():
        outline = linker.outline(at.module) if isinstance(at, ClassAt) else None
        class_ = linker.class_(at) if isinstance(at, ClassAt) else None
        if not isinstance(at, ClassAt) or outline is None or class_ is None:
            continue
        stored = outline.stored.get(at.qualname, {})
        found.update(name for name, methods in stored.items() if "__init__" in methods)
        for name, (_, value) in class_.assigned.items():
            if construct(value) is loading.Construct.RELATIONSHIP and _has_default(value):
                found.add(name)
    return frozenset(found)


def loading_by_themselves(linker: Linker, model: object) -> frozenset[str]:
    """The relationships and deferred columns of a model in sight."""
    found = {
        name
        for at in (linker.ancestry(model) if isinstance(model, ClassAt) else ())
        if isinstance(at, ClassAt) and (class_ := linker.class_(at)) is not None
        for name in class_.assigned
    }
    kinds = (Attribute.LAZY, Attribute.EAGER)
    return frozenset(name for name in found if attribute(linker, model, name) in kinds)


def _has_default(value: Expression | None) -> bool:
    return any(argument_named(value, keyword) is not None for keyword in ("default", "default_factory"))


def _is_table(linker: Linker, model: ClassAt) -> bool:
    """Whether the class is one of SQLModel's that is mapped, so that its fields are columns."""
    classes = (linker.class_(at) for at in linker.ancestry(model) if isinstance(at, ClassAt))
    return any(("table", Literal(True)) in class_.keywords for class_ in classes if class_ is not None)


def _is_field(name: str, annotation: Expression | None, value: Expression | None) -> bool:
    plain = value is None or isinstance(value, Literal)
    return plain and annotation is not None and head_of(annotation) != "ClassVar" and not name.startswith("_")


def _defined(annotation: Expression | None, value: Expression | None) -> Attribute:
    made_by = construct(value)
    if made_by is None:
        return _annotated(annotation, value)
    match made_by:
        case loading.Construct.COLUMN:
            deferred = argument_named(value, "deferred") == Literal(True)
            return Attribute.LAZY if deferred else Attribute.COLUMN
        case loading.Construct.DEFERRED:
            return Attribute.LAZY
        case loading.Construct.EXPRESSION:
            deferred = argument_named(value, "deferred") == Literal(True)
            return Attribute.LAZY if deferred else Attribute.EXPRESSION
        case loading.Construct.RELATIONSHIP:
            return _relationship(annotation, value)
        case loading.Construct.SYNONYM | loading.Construct.COMPOSITE | loading.Construct.PROXY:
            return Attribute.UNKNOWN
        case loading.Construct.PLAIN:
            return Attribute.UNKNOWN


def _relationship(annotation: Expression | None, value: Expression | None) -> Attribute:
    by_annotation = loading.ANNOTATIONS.get(head_of(annotation), loading.Loads.LAZILY)
    more = argument_named(value, "sa_relationship_kwargs")
    is_made_elsewhere = argument_named(value, "sa_relationship") is not None
    if is_made_elsewhere or (more is not None and not isinstance(more, Applied)):
        return Attribute.UNKNOWN
    given = argument_named(value, "lazy") or argument_named(more, "lazy")
    if given is None:
        loads = by_annotation
        if last_name(value.function if isinstance(value, Applied) else None) == "dynamic_loader":
            loads = loading.Loads.NEVER_FAILING
    elif isinstance(given, Literal):
        loads = loading.lazy(given.value)
    else:
        return Attribute.UNKNOWN
    match loads:
        case loading.Loads.LAZILY:
            return Attribute.LAZY
        case loading.Loads.EAGERLY:
            return Attribute.EAGER
        case loading.Loads.NEVER_FAILING:
            return Attribute.SAFE
    return Attribute.UNKNOWN


def _annotated(annotation: Expression | None, value: Expression | None) -> Attribute:
    if annotation is not None and head_of(annotation) == "Mapped":
        return Attribute.COLUMN
    return Attribute.SAFE if isinstance(value, Literal) and annotation is None else Attribute.UNKNOWN


def _is_sql(linker: Linker, at: ClassAt, value: Expression | None) -> bool:
    """Whether a value is an expression that the database computes: ``func.now()``, ``FetchedValue()``."""
    if not isinstance(value, Applied):
        return False
    meaning = linker.expression(at.module, value.function)
    return isinstance(meaning, External) and meaning.name.startswith("sqlalchemy.")


def construct(value: Expression | None) -> loading.Construct | None:
    """What a class attribute is made by: a column, a relationship, a proxy; None for anything else."""
    return loading.CONSTRUCTS.get(last_name(value)) if isinstance(value, Applied) else None
