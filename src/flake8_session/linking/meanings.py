"""What an expression stands for, as far as it can be told without running anything.

A meaning holds for a name wherever it is read; what changes on the way through a function (a
session's state, an instance's) is no meaning but a world of the typestate. `Unknown` silences.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Options:
    """How the sessions of a site were configured.

    `expires`: ``expire_on_commit``, None where it cannot be told. `resets`: False for
    ``close_resets_only=False``. `on_connection`: bound to a Connection that someone else owns.
    """

    asynchronous: bool = False
    expires: bool | None = True
    autoflush: bool = True
    resets: bool = True
    on_connection: bool = False
    app_scoped: bool = False
    """A Flask extension's: removed when the application context ends."""
    autocommits: bool = False
    """Its statements are committed one by one: by its engine, or by itself (1.4)."""
    exits_unknown: bool = False
    """A subclass with an ``__exit__`` or a ``commit`` of its own."""
    chosen: bool = False
    """The factory is what a parameter holds where no other is given."""
    own: frozenset[str] = frozenset()
    """The methods of a subclass in sight, which may roll back what they fail at."""


class Holds(Enum):
    """What the rows of a statement, a query or a result are."""

    INSTANCE = "instance"
    ROWS = "rows"  # tuples that hold at least one entity
    COLUMNS = "columns"
    UNKNOWN = "unknown"

    __hash__ = object.__hash__


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nothing is known."""


@dataclass(frozen=True, slots=True)
class External:
    """A thing outside of the project, by its dotted name: ``sqlalchemy.orm.Session``."""

    name: str
    autocommits: bool = False
    """It was given ``isolation_level="AUTOCOMMIT"``, as engines are."""


@dataclass(frozen=True, slots=True)
class ModuleAt:
    """A module of the project."""

    module: str


@dataclass(frozen=True, slots=True)
class FunctionAt:
    """A function or method of the project.

    `wraps`: a decorator's own function, put in the place of that one. `bare`: without its decorators.
    """

    module: str
    qualname: str
    wraps: FunctionAt | None = None
    bare: bool = False


@dataclass(frozen=True, slots=True)
class ClassAt:
    """A class of the project."""

    module: str
    qualname: str


@dataclass(frozen=True, slots=True)
class Object:
    """An instance of a class of the project, made at a call or promised by an annotation."""

    of: ClassAt


@dataclass(frozen=True, slots=True)
class Factory:
    """A callable that makes a session which its caller owns: a `sessionmaker`, or a session class."""

    options: Options
    is_class: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping from names to factories: ``{"main": sessionmaker(engine)}``."""

    items: tuple[tuple[str, Factory], ...]

    def of(self, key: Meaning) -> Factory:
        """What stands under `key`, or what all of them agree on where that is not known."""
        factories = dict(self.items)
        name = key.value if isinstance(key, Constant) else None
        if isinstance(name, str) and name in factories:
            return factories[name]
        first = self.items[0][1]
        if len(set(factories.values())) == 1:
            return first
        return Factory(replace(first.options, expires=None, exits_unknown=True))


@dataclass(frozen=True, slots=True)
class Registry:
    """A `scoped_session`: its session is owned by the registry. `inner`: an object made it for itself."""

    options: Options
    inner: bool = False


@dataclass(frozen=True, slots=True)
class Variable:
    """A `ContextVar` that holds a session: ``current.get()`` borrows it from whoever has set it."""

    options: Options


@dataclass(frozen=True, slots=True)
class OneOf:
    """What is one of several functions, or what one of several calls gives."""

    options: tuple[FunctionAt | Called | Opening, ...]


@dataclass(frozen=True, slots=True)
class Made:
    """What a call of a factory gives: a new session."""

    options: Options


@dataclass(frozen=True, slots=True)
class Opening:
    """What ``factory.begin()`` gives: a context manager that opens, commits or rolls back, and closes."""

    options: Options


@dataclass(frozen=True, slots=True)
class Borrowed:
    """A session that someone else owns. `registry`: a framework or a registry, not the caller.

    `inner`: the registry belongs to the object that gave it, and is gone with that object.
    """

    options: Options
    registry: bool = False
    inner: bool = False


@dataclass(frozen=True, slots=True)
class Called:
    """What a call of a project function gives: a value, a generator or a context manager."""

    function: FunctionAt


@dataclass(frozen=True, slots=True)
class Selected:
    """A statement, query, result, row or instance, by what it selects.

    `model` is the meaning of the entity's class; `loads` names the relationships and deferred columns
    that its options load, `drops` those that they leave out, `only` the columns that ``load_only``
    leaves, `deeper` what they load of what these lead to; `writes`: an INSERT, UPDATE or DELETE, or what
    may be one; `surely`: it is one.
    """

    holds: Holds
    model: Meaning | None = None
    loads: frozenset[str] = frozenset()
    drops: frozenset[str] = frozenset()
    only: frozenset[str] | None = None
    writes: bool = False
    surely: bool = False
    deeper: frozenset[str] = frozenset()
    limited: bool = False
    """An option that is not followed: which columns are loaded cannot be told."""
    key: str = ""
    """The primary key that ``get``, or a condition, asks for, where it is a literal."""
    parts: tuple[Meaning | None, ...] = ()
    """Of rows: the class of each part that is an entity, None for columns."""
    part: int = 0
    """Of rows: the part that `model` is about."""

    @property
    def models(self) -> tuple[Meaning | None, ...]:
        """The classes of all entities that it gives."""
        return tuple(each for each in self.parts if each is not None) or (self.model,)


@dataclass(frozen=True, slots=True)
class Loads:
    """A loader option: ``selectinload(User.addresses)``.

    `names` are loaded with the instance, `drops` are not, `only`: no other column is. `deeper` is what it
    may load of other instances, which those lead to. `limits`: it does something that is not followed.
    """

    names: frozenset[str] = frozenset()
    drops: frozenset[str] = frozenset()
    only: frozenset[str] | None = None
    deeper: frozenset[str] = frozenset()
    limits: bool = False


@dataclass(frozen=True, slots=True)
class Lending:
    """A decorator that gives the function a session, and ends it."""


@dataclass(frozen=True, slots=True)
class Closing:
    """A function that closes the session that it is given."""


@dataclass(frozen=True, slots=True)
class Member:
    """An attribute of something whose meaning is known, where the attribute has none of its own."""

    owner: Meaning
    name: str


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal."""

    value: str | int | bool | None = field(default=None)


@dataclass(frozen=True, slots=True)
class Begins:
    """A long string, of which only the first word is kept."""

    word: str


Meaning: TypeAlias = (
    Unknown
    | External
    | ModuleAt
    | FunctionAt
    | ClassAt
    | Object
    | Factory
    | Table
    | Registry
    | Variable
    | OneOf
    | Made
    | Opening
    | Borrowed
    | Called
    | Selected
    | Loads
    | Lending
    | Closing
    | Member
    | Constant
    | Begins
)

UNKNOWN: Meaning = Unknown()

Arguments: TypeAlias = Sequence[tuple[str, Meaning]]
"""What a call is given, each with its keyword, `""` for none."""


def joined(left: Meaning | None, right: Meaning) -> Meaning:
    """The meaning of a name that is bound to both: what they agree on. None on either side says nothing."""
    if left is None or left == right or left == Constant(None):
        return right
    if right == Constant(None):
        return left
    if isinstance(left, Selected) and isinstance(right, Selected):
        return _joined_selections(left, right)
    options = (*_options_of(left), *_options_of(right))
    if isinstance(left, _JOINING) and isinstance(right, _JOINING) and len(options) <= _MOST_OPTIONS:
        return OneOf(tuple(sorted(dict.fromkeys(options), key=repr)))
    return UNKNOWN


_JOINING = (FunctionAt, Called, Opening, OneOf)
_MOST_OPTIONS = 4


def _options_of(meaning: Meaning) -> tuple[FunctionAt | Called | Opening, ...]:
    match meaning:
        case OneOf(options):
            return options
        case FunctionAt() | Called() | Opening():
            return (meaning,)
    return ()


def _joined_selections(left: Selected, right: Selected) -> Selected:
    same = left.holds is right.holds
    return Selected(
        holds=left.holds if same else Holds.UNKNOWN,
        model=left.model if left.model == right.model else None,
        loads=left.loads & right.loads,
        writes=left.writes or right.writes,
        surely=left.surely and right.surely,
        deeper=left.deeper | right.deeper,
        limited=left.limited or right.limited or _options(left) != _options(right),
        parts=left.parts if left.parts == right.parts else (),
    )


def _options(selected: Selected) -> tuple[object, ...]:
    return (selected.loads, selected.drops, selected.only)
