"""What statements, queries and loader options select: instances of a class, rows, columns; and how loaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from flake8_session.knowledge import loading, statements
from flake8_session.linking.meanings import (
    UNKNOWN,
    Arguments,
    Begins,
    Called,
    ClassAt,
    Constant,
    External,
    Holds,
    Loads,
    Meaning,
    Member,
    Object,
    Selected,
)


def selected(model: Meaning, arguments: Arguments) -> Selected:
    """What ``Model.select(...)`` gives, whose body is out of sight: a statement over the model."""
    options = [
        value for keyword, value in arguments if keyword == "options" or isinstance(value, Loads)
    ]
    return _with_loads(Selected(Holds.INSTANCE, model=model), options)


def queried(arguments: Arguments) -> Selected:
    """What ``query(...)``, ``execute(...)`` and their like give for what they are asked."""
    given = [value for keyword, value in arguments if keyword in ("", "statement")]
    if len(given) >= 1 and isinstance(given[0], Selected):
        return given[0]
    return entities(given)


def entity(name: str, arguments: Arguments) -> Selected:
    """What ``get(...)`` or ``merge(...)`` gives: one instance."""
    given = [value for keyword, value in arguments if not keyword]
    if name == "merge":
        source = given[0] if given else UNKNOWN
        if isinstance(source, Selected):
            return Selected(Holds.INSTANCE, model=source.model, key=source.key)
        return Selected(Holds.INSTANCE, model=source.of if isinstance(source, Object) else None)
    model = given[0] if given else None
    key = repr(given[1].value) if len(given) > 1 and isinstance(given[1], Constant) else ""
    options = [value for keyword, value in arguments if keyword == "options"]
    return _with_loads(Selected(Holds.INSTANCE, model=model, key=key), options)


def refined(owner: Selected, name: str, arguments: Arguments) -> Selected:
    """What a method of a statement, query or result gives: mostly the same again."""
    if name == "options":
        return _with_loads(owner, [value for _, value in arguments])
    if name in statements.SELECTING:
        chosen = entities([value for keyword, value in arguments if not keyword])
        return replace(chosen, writes=owner.writes, surely=owner.surely)
    if name in statements.ADDING or name in ("columns", "with_entities", "mappings"):
        return (
            entities([value for _, value in arguments])
            if name == "with_entities"
            else Selected(Holds.UNKNOWN)
        )
    if name == "get" and arguments:
        return owner
    if name in ("count", "exists", "keys"):
        return Selected(Holds.COLUMNS)
    return owner


def statement(kind: statements.Statement, arguments: Arguments) -> Selected:
    """What a constructor of statements gives, by its kind."""
    match kind:
        case statements.Statement.SELECT:
            return entities([value for keyword, value in arguments if not keyword])
        case statements.Statement.WRITE:
            model = arguments[0][1] if arguments else None
            return Selected(Holds.COLUMNS, model=model, writes=True, surely=True)
        case statements.Statement.TEXT:
            effect = statements.effect((said(arguments[0][1]) if arguments else None) or "")
            reads = effect is statements.Effect.READS
            return Selected(Holds.COLUMNS, writes=not reads, surely=effect is statements.Effect.WRITES)
    return Selected(Holds.COLUMNS)


def said(value: Meaning) -> str | None:
    """What a string says, from its first word on at least; None of what is no literal string."""
    match value:
        case Constant(str(text)) | Begins(text):
            return text
    return None


def loader(name: str, arguments: Arguments) -> Loads:
    """What the loader option of that name changes, for the attributes that it is given."""
    named = frozenset(_attribute(value) for keyword, value in arguments if not keyword)
    if "?" in named:
        return Loads(limits=True)
    if name == "load_only":
        return Loads(only=named)
    match loading.OPTIONS[name]:
        case loading.Loads.EAGERLY if name not in ("undefer_group", "with_expression"):
            return Loads(named)
        case loading.Loads.LAZILY:
            return Loads(drops=named)
        case loading.Loads.UNCHANGED if name in ("defaultload", "Load"):
            return Loads()
    return Loads(limits=True)


def further(owner: Loads, name: str, arguments: Arguments) -> Loads:
    """What ``selectinload(Post.user).joinedload(User.team)`` changes; `name`: that of the last loader."""
    if name not in loading.OPTIONS and name != "options":
        return replace(owner, limits=True)
    named: set[str] = set()
    for _, value in arguments:
        named |= value.names | value.deeper if isinstance(value, Loads) else {_attribute(value)}
    return replace(owner, deeper=owner.deeper | named)


def all_loads(options: Sequence[Loads]) -> Loads:
    """What several options do together; a later one wins."""
    together = Loads()
    for option in options:
        together = Loads(
            (together.names - option.drops) | option.names,
            (together.drops - option.names) | option.drops,
            option.only if option.only is not None else together.only,
            together.deeper | option.deeper,
            together.limits or option.limits,
        )
    return together


def entities(selected: Sequence[Meaning]) -> Selected:
    """What a select or query of these holds: entities where a class is named, columns elsewhere."""
    kinds = [_entity_kind(value) for value in selected]
    if not kinds or Holds.UNKNOWN in kinds:
        return Selected(Holds.UNKNOWN)
    if kinds == [Holds.INSTANCE]:
        return Selected(Holds.INSTANCE, model=selected[0])
    if Holds.INSTANCE in kinds:
        parts = tuple(value if kind is Holds.INSTANCE else None for value, kind in zip(selected, kinds))
        first = next(index for index, part in enumerate(parts) if part is not None)
        return Selected(Holds.ROWS, model=parts[first], parts=parts, part=first)
    return Selected(Holds.COLUMNS)


def is_class_name(name: str) -> bool:
    """Whether a name is written as classes are: ``User``, ``_User``, ``U``, not ``USERS``."""
    bare = name.lstrip("_")
    return bare[:1].isupper() and (len(bare) == 1 or not bare.isupper())


def _with_loads(owner: Selected, options: Sequence[Meaning]) -> Selected:
    known = [option for option in options if isinstance(option, Loads)]
    before = Loads(owner.loads, owner.drops, owner.only, owner.deeper, owner.limited)
    loads = all_loads([before, *known])
    limited = loads.limits or len(known) < len(options)
    return replace(
        owner,
        loads=loads.names,
        drops=loads.drops,
        only=loads.only,
        deeper=loads.deeper,
        limited=limited,
    )


def _attribute(value: Meaning) -> str:
    match value:
        case External(name) | Member(_, name):
            return name.rpartition(".")[2]
    return "?"


def _entity_kind(value: Meaning) -> Holds:
    match value:
        case ClassAt():
            return Holds.INSTANCE
        case External(name):
            return _external_kind(name)
        case Member() | Constant() | Begins():
            return Holds.COLUMNS
        case Called() | Object():
            return Holds.UNKNOWN
    return Holds.UNKNOWN


def _external_kind(name: str) -> Holds:
    """A class by its CapWords name, a column as an attribute of one, an aggregate as a call."""
    if name.endswith("()"):
        return Holds.UNKNOWN if name.startswith(("sqlalchemy.orm.aliased", "builtins")) else Holds.COLUMNS
    *owners, last = name.split(".")
    if is_class_name(last):
        return Holds.INSTANCE
    if owners and is_class_name(owners[-1]):
        return Holds.COLUMNS
    return Holds.UNKNOWN
