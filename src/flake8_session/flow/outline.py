"""What a file offers, as plain values: imports, definitions, models, graphs. A function of its text alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

from flake8_session.flow.graph import Graph


@dataclass(frozen=True, slots=True)
class Named:
    """A dotted name, as written: ``orm.Session``."""

    name: str


@dataclass(frozen=True, slots=True)
class Literal:
    """A string, number, ``True``, ``False``, ``None``. A string in an annotation is parsed, not a literal."""

    value: str | int | bool | None


@dataclass(frozen=True, slots=True)
class Applied:
    """A call: ``relationship("Address", lazy="joined")``. Keywords as in `events.Argument`."""

    function: Expression
    arguments: tuple[tuple[str, Expression], ...]


@dataclass(frozen=True, slots=True)
class Indexed:
    """A subscript: ``Annotated[Session, Depends(get_db)]``."""

    base: Expression
    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """``A | B``."""

    options: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Sequence:
    """A tuple, list or set display."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Element:
    """What one of several targets takes of a value: of ``a, b = f()``, ``b`` takes number 1."""

    of: Expression
    index: int


@dataclass(frozen=True, slots=True)
class Opaque:
    """Anything else."""


Expression: TypeAlias = Named | Literal | Applied | Indexed | Either | Sequence | Element | Opaque
Arguments: TypeAlias = tuple[tuple[str, Expression], ...]
"""The arguments of a call, each with its keyword as in `events.Argument`."""


class Kind(Enum):
    """What a body is."""

    MODULE = "module"
    CLASS = "class"
    FUNCTION = "function"
    LAMBDA = "lambda"
    GENERATOR_EXPRESSION = "generator expression"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter.

    `keyword`: ``""`` ordinary, ``"*"`` keyword-only, ``"/"`` positional-only, ``"*args"``, ``"**kwargs"``.
    """

    name: str
    annotation: Expression | None = None
    default: Expression | None = None
    keyword: str = ""


@dataclass(frozen=True, slots=True)
class Function:
    """A function, method, lambda, generator expression, class body or module body.

    `graph` is None where it was given up (too large, too deep): nothing is known about it.
    `parent` is the qualified name of the enclosing function or class, `""` at module level.
    """

    name: str
    qualname: str
    kind: Kind
    graph: Graph | None
    parameters: tuple[Parameter, ...] = ()
    returns: Expression | None = None
    decorators: tuple[Expression, ...] = ()
    parent: str = ""
    asynchronous: bool = False
    generator: bool = False
    """It has a ``yield`` of its own."""
    origin: int = -1
    annotations: Mapping[str, Expression] = field(default_factory=dict)
    """Annotations of local variables (``db: Session = …``); of a module or class body, of its variables."""


@dataclass(frozen=True, slots=True)
class Class:
    """A class statement: its bases, and what its body assigns (``name: annotation = value``)."""

    name: str
    qualname: str
    bases: tuple[Expression, ...]
    keywords: tuple[tuple[str, Expression], ...]
    decorators: tuple[Expression, ...]
    assigned: Mapping[str, tuple[Expression | None, Expression | None]]
    """Attribute to (annotation, value)."""
    methods: tuple[str, ...]
    """Names of the functions that the body defines, in order."""
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Imported:
    """A module-level import: `name` is what it is called here; ``*`` for a star import."""

    name: str
    module: str
    member: str = ""
    level: int = 0


GIVEN_TO = "()"
"""The keyword, which no call can spell, of the function that a name is given to."""


@dataclass(frozen=True, slots=True)
class Outline:
    """Everything that is known of a file.

    Keys of `functions` and `classes` are qualified names as in ``__qualname__``. Where a name is
    defined more than once, the last has it, and the others are ``f#2``, ``f#3`` in order.
    Lambdas are ``f.<locals>.<lambda:N>``, generator expressions ``f.<locals>.<genexpr:N>``, the
    module's body is ``""`` and a class body ``C.<body>``, N counting in order of the text.
    `assigned` holds what module-level names are bound to, in order, one entry for each binding
    (a binding inside ``if``/``try`` at module level counts).
    """

    functions: Mapping[str, Function]
    classes: Mapping[str, Class]
    imports: tuple[Imported, ...]
    assigned: Mapping[str, tuple[tuple[Expression | None, Expression | None], ...]]
    exports: tuple[str, ...] | None = None
    """``__all__`` where it is a plain list of strings."""
    rebound: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Module-level name to the functions that declare it ``global``."""
    configured: Mapping[str, tuple[Arguments, ...]] = field(default_factory=dict)
    """Name to the arguments of each ``name.configure(...)``, wherever in the file that stands.

    Of ``register(name)`` the one argument is `register` itself, with the keyword `GIVEN_TO`."""
    stored: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    """Class to what its methods store: attribute to the methods that assign ``self.attribute``."""
