"""What calling something known gives: factories, sessions, statements, loader options.

A call of anything else outside of the project gives `External` with ``()`` behind its name, so that
``create_engine(url).connect()`` is ``sqlalchemy.create_engine().connect()`` and can be looked up.
"""

from __future__ import annotations

from flake8_session.knowledge import callees, factories, loading, statements
from flake8_session.linking.making import autocommits, made, reconfigured
from flake8_session.linking.meanings import (
    UNKNOWN,
    Arguments,
    Borrowed,
    External,
    Factory,
    FunctionAt,
    Holds,
    Loads,
    Made,
    Meaning,
    Member,
    Opening,
    Registry,
    Selected,
    Table,
)
from flake8_session.linking.selecting import entity, further, loader, queried, refined, statement

_QUERY_METHODS = frozenset(
    {
        "query",
        "execute",
        "scalars",
        "scalar",
        "exec",
        "stream",
        "stream_scalars",
        "with_entities",
    }
)

_MANAGING = frozenset({"contextlib.contextmanager", "contextlib.asynccontextmanager"})
_ENTITY_METHODS = frozenset({"get", "get_one", "merge"})


def applied(function: Meaning, arguments: Arguments) -> Meaning:
    """What ``function(arguments)`` means."""
    match function:
        case External(name):
            return _external(name, arguments)
        case Factory(options):
            return Made(reconfigured(options, arguments))
        case Registry(options, inner):
            return Borrowed(options, registry=True, inner=inner)
        case Member(owner, name):
            return method(owner, name, arguments)
    return UNKNOWN


def method(owner: Meaning, name: str, arguments: Arguments) -> Meaning:
    """What ``receiver.name(arguments)`` means where `owner`, the receiver, is no class of the project."""
    if isinstance(owner, Factory) and name == "begin":
        return Opening(reconfigured(owner.options, arguments))
    if isinstance(owner, Table) and name == "get" and arguments:
        return owner.of(arguments[0][1])
    if isinstance(owner, Loads):
        return further(owner, name, arguments)
    if name in _QUERY_METHODS and not isinstance(owner, Selected):
        return queried(arguments)
    if name in _ENTITY_METHODS and not isinstance(owner, Selected):
        return entity(name, arguments)
    if isinstance(owner, Selected):
        return refined(owner, name, arguments)
    if name in statements.OF_TABLE and _is_table(owner):
        return statement(statements.OF_TABLE[name], (("", owner), *arguments))
    if name in ("connect", "connection", "get_bind") and not isinstance(owner, External):
        return External("sqlalchemy.Connection")
    if isinstance(owner, External):
        return External(f"{owner.name}.{name}()", owner.autocommits or autocommits(arguments))
    return UNKNOWN


def _is_table(owner: Meaning) -> bool:
    """Whether it is a `Table`: one that is made here, or that of a mapped class."""
    match owner:
        case External(name):
            return name == "sqlalchemy.Table()" or name.endswith(".__table__")
        case Member(_, name):
            return name == "__table__"
    return False


def _external(name: str, arguments: Arguments) -> Meaning:
    if name in ("typing.cast", "typing_extensions.cast") and len(arguments) == 2:
        return arguments[1][1]
    maker = factories.MAKERS.get(name)
    if maker is not None:
        return made(name, maker, arguments)
    kind = statements.CONSTRUCTORS.get(name)
    owner, _, last = name.rpartition(".")
    if kind is None and last in statements.OF_TABLE and _is_table(External(owner)):
        return method(External(owner), last, arguments)
    if kind is not None:
        return statement(kind, arguments)
    if name in _MANAGING and arguments and isinstance(arguments[0][1], FunctionAt):
        return arguments[0][1]  # A generator without decorators is a manager wherever a ``with`` enters it.
    if name == "functools.partial" and arguments:
        return _partial(arguments[0][1], arguments[1:])
    if name == "builtins.dict" and arguments:
        return _table(arguments)
    given = _passed_on(name, arguments)
    if given is not None:
        return given
    if name.startswith("sqlalchemy.") and last in loading.OPTIONS:
        return loader(last, arguments)
    return External(f"{name}()", autocommits(arguments))


def _partial(function: Meaning, arguments: Arguments) -> Meaning:
    """What ``partial(function, ...)`` is: a factory where a call of it gives a new session."""
    given = applied(function, arguments)
    if isinstance(given, Made):
        return Factory(given.options)
    if isinstance(function, FunctionAt) and not arguments:
        return function
    return External("functools.partial()")


def _table(arguments: Arguments) -> Meaning:
    """What a mapping means, as it is written down: nothing but of factories of one kind."""
    named = [(key, value) for key, value in arguments if key not in ("", "*", "**")]
    items = tuple((key, value) for key, value in named if isinstance(value, Factory))
    kinds = {factory.options.asynchronous for _, factory in items}
    return Table(items) if len(items) == len(arguments) and len(kinds) == 1 else External("builtins.dict()")


def _passed_on(name: str, arguments: Arguments) -> Selected | None:
    """What a function of Python gives that iterates over entities, and gives the same ones."""
    place = callees.PASSING_ON.get(name.removeprefix("builtins."))
    given = [value for keyword, value in arguments if not keyword]
    if place is None or place >= len(given):
        return None
    found = given[place]
    return found if isinstance(found, Selected) and found.holds is not Holds.UNKNOWN else None
