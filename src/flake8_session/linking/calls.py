"""What calling something known gives: factories, sessions, statements, loader options.

A call of anything else outside of the project gives `External` with ``()`` behind its name, so that
``create_engine(url).connect()`` is ``sqlalchemy.create_engine().connect()`` and can be looked up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from flake8_session.knowledge import callees, factories, loading, statements
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
    Loads,
    Made,
    Meaning,
    Member,
    Object,
    Opening,
    Options,
    Registry,
    Selected,
)

Arguments = Sequence[tuple[str, Meaning]]

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
        case Member(owner, method):
            return _method(owner, method, arguments)
    return UNKNOWN


def selected(model: Meaning, arguments: Arguments) -> Selected:
    """What ``Model.select(...)`` gives, whose body is out of sight: a statement over the model."""
    options = [
        value for keyword, value in arguments if keyword == "options" or isinstance(value, Loads)
    ]
    return _with_loads(Selected(Holds.INSTANCE, model=model), options)


def method(receiver: Meaning, name: str, arguments: Arguments) -> Meaning:
    """What ``receiver.name(arguments)`` means where `receiver` is no module or class of the project."""
    return _method(receiver, name, arguments)


def _external(name: str, arguments: Arguments) -> Meaning:
    if name in ("typing.cast", "typing_extensions.cast") and len(arguments) == 2:
        return arguments[1][1]
    maker = factories.MAKERS.get(name)
    if maker is not None:
        return _made(name, maker, arguments)
    kind = statements.CONSTRUCTORS.get(name)
    if kind is not None:
        return _statement(kind, arguments)
    if name == "functools.partial" and arguments:
        return _partial(arguments[0][1], arguments[1:])
    given = _passed_on(name, arguments)
    if given is not None:
        return given
    last = name.rpartition(".")[2]
    if name.startswith("sqlalchemy.") and last in loading.OPTIONS:
        return _loader(last, arguments)
    return External(f"{name}()", _autocommits(arguments))


def _partial(function: Meaning, arguments: Arguments) -> Meaning:
    """What ``partial(function, ...)`` is: a factory where a call of it gives a new session."""
    made = applied(function, arguments)
    if isinstance(made, Made):
        return Factory(made.options)
    if isinstance(function, FunctionAt) and not arguments:
        return function
    return External("functools.partial()")


def _passed_on(name: str, arguments: Arguments) -> Selected | None:
    """What a function of Python gives that iterates over entities, and gives the same ones."""
    place = callees.PASSING_ON.get(name.removeprefix("builtins."))
    given = [value for keyword, value in arguments if not keyword]
    if place is None or place >= len(given):
        return None
    found = given[place]
    return found if isinstance(found, Selected) and found.holds is not Holds.UNKNOWN else None


def _made(name: str, maker: factories.Maker, arguments: Arguments) -> Meaning:
    given = dict(_by_name(maker.positional, arguments))
    if maker.makes is factories.Makes.REGISTRY:
        source = given.get("session_factory", UNKNOWN)
        return Registry(
            source.options if isinstance(source, Factory) else Options(maker.asynchronous, expires=None)
        )
    defaults = {**factories.DEFAULT_OPTIONS, **factories.DEFAULTS_OF.get(name, {})}
    base = Options(
        asynchronous=maker.asynchronous,
        expires=defaults["expire_on_commit"],
        autoflush=defaults["autoflush"],
    )
    class_ = given.get("class_")
    if isinstance(class_, External):
        of = factories.MAKERS.get(class_.name)
        base = replace(base, asynchronous=of is not None and of.asynchronous, exits_unknown=of is None)
    elif isinstance(class_, Factory):
        base = replace(
            base, asynchronous=class_.options.asynchronous, exits_unknown=class_.options.exits_unknown
        )
    elif class_ is not None:
        base = replace(base, exits_unknown=True, expires=None)
    options = reconfigured(base, list(given.items()))
    if maker.makes is factories.Makes.FACTORY:
        return Factory(options)
    return Made(options)


def _by_name(positional: Sequence[str], arguments: Arguments) -> list[tuple[str, Meaning]]:
    named = []
    position = 0
    for keyword, value in arguments:
        if keyword:
            named.append((keyword, value))
        elif position < len(positional):
            named.append((positional[position], value))
            position += 1
    return named


def reconfigured(options: Options, arguments: Arguments) -> Options:
    """`options` with what the arguments of a constructor, a factory's call or ``configure`` change."""
    for keyword, value in arguments:
        constant = value.value if isinstance(value, Constant) else None
        match keyword:
            case "expire_on_commit":
                options = replace(options, expires=constant if isinstance(constant, bool) else None)
            case "autoflush":
                options = replace(options, autoflush=constant is not False)
            case "close_resets_only":
                options = replace(options, resets=constant is not False)
            case "**":
                options = replace(options, expires=None)
            case "autocommit":
                options = replace(options, autocommits=constant is not False)
            case "bind" | "":
                options = replace(options, on_connection=options.on_connection or is_connection(value))
                if isinstance(value, External) and value.autocommits:
                    options = replace(options, autocommits=True)
    return options


def _autocommits(arguments: Arguments) -> bool:
    return ("isolation_level", Constant("AUTOCOMMIT")) in arguments


def is_connection(value: Meaning) -> bool:
    """Whether a ``bind`` is a Connection that someone else owns, and so checks out nothing."""
    if isinstance(value, Member):
        return value.name in factories.CONNECTING_PARAMETERS
    if isinstance(value, Selected):
        return False
    if not isinstance(value, External):
        return False
    name = value.name
    while name.endswith(".execution_options()"):
        name = name.removesuffix(".execution_options()")
    if name in factories.CONNECTIONS or name.removesuffix("()") in factories.CONNECTIONS:
        return True
    return name.endswith("()") and name[:-2].rpartition(".")[2] in factories.CONNECTING_METHODS


def _statement(kind: statements.Statement, arguments: Arguments) -> Selected:
    match kind:
        case statements.Statement.SELECT:
            return entities([value for keyword, value in arguments if not keyword])
        case statements.Statement.WRITE:
            model = arguments[0][1] if arguments else None
            return Selected(Holds.COLUMNS, model=model, writes=True)
        case statements.Statement.TEXT:
            return Selected(Holds.COLUMNS, writes=not _only_reads(arguments))
    return Selected(Holds.COLUMNS)


def _only_reads(arguments: Arguments) -> bool:
    """Whether the text of a ``text()`` is a literal that begins as a query does."""
    value = arguments[0][1] if arguments else UNKNOWN
    text = value.value if isinstance(value, Constant) else None
    return isinstance(text, str) and text.lstrip().lower().startswith(("select", "show", "pragma", "explain"))


def _loader(name: str, arguments: Arguments) -> Loads:
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


def all_loads(options: Sequence[Loads]) -> Loads:
    """What several options do together; a later one wins."""
    together = Loads()
    for option in options:
        together = Loads(
            (together.names - option.drops) | option.names,
            (together.drops - option.names) | option.drops,
            option.only if option.only is not None else together.only,
            together.limits or option.limits,
        )
    return together


def _attribute(value: Meaning) -> str:
    match value:
        case External(name) | Member(_, name):
            return name.rpartition(".")[2]
    return "?"


def _method(owner: Meaning, name: str, arguments: Arguments) -> Meaning:
    if isinstance(owner, Factory) and name == "begin":
        return Opening(reconfigured(owner.options, arguments))
    if isinstance(owner, Loads):
        return owner if name in loading.OPTIONS else Loads(owner.names, limits=True)
    if name in _QUERY_METHODS and not isinstance(owner, Selected):
        return _queried(arguments)
    if name in _ENTITY_METHODS and not isinstance(owner, Selected):
        return _entity(name, arguments)
    if isinstance(owner, Selected):
        return _refined(owner, name, arguments)
    if name in ("connect", "connection", "get_bind") and not isinstance(owner, External):
        return External("sqlalchemy.Connection")
    if isinstance(owner, External):
        return External(f"{owner.name}.{name}()", owner.autocommits or _autocommits(arguments))
    return UNKNOWN


def _queried(arguments: Arguments) -> Selected:
    given = [value for keyword, value in arguments if keyword in ("", "statement")]
    if len(given) >= 1 and isinstance(given[0], Selected):
        return given[0]
    return entities(given)


def _entity(name: str, arguments: Arguments) -> Selected:
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


def _refined(owner: Selected, name: str, arguments: Arguments) -> Selected:
    if name == "options":
        return _with_loads(owner, [value for _, value in arguments])
    if name in statements.SELECTING:
        chosen = entities([value for keyword, value in arguments if not keyword])
        return replace(chosen, writes=owner.writes)
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


def _with_loads(owner: Selected, options: Sequence[Meaning]) -> Selected:
    known = [option for option in options if isinstance(option, Loads)]
    loads = all_loads([Loads(owner.loads, owner.drops, owner.only, owner.limited), *known])
    limited = loads.limits or len(known) < len(options)
    return replace(owner, loads=loads.names, drops=loads.drops, only=loads.only, limited=limited)


def entities(selected: Sequence[Meaning]) -> Selected:
    """What a select or query of these holds: entities where a class is named, columns elsewhere."""
    kinds = [_entity_kind(value) for value in selected]
    if not kinds or Holds.UNKNOWN in kinds:
        return Selected(Holds.UNKNOWN)
    if kinds == [Holds.INSTANCE]:
        return Selected(Holds.INSTANCE, model=selected[0])
    if Holds.INSTANCE in kinds:
        model = next(value for value, kind in zip(selected, kinds) if kind is Holds.INSTANCE)
        return Selected(Holds.ROWS, model=model)
    return Selected(Holds.COLUMNS)


def _entity_kind(value: Meaning) -> Holds:
    match value:
        case ClassAt():
            return Holds.INSTANCE
        case External(name):
            return _external_kind(name)
        case Member() | Constant():
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


def is_class_name(name: str) -> bool:
    """Whether a name is written as classes are: ``User``, ``_User``, ``U``, not ``USERS``."""
    bare = name.lstrip("_")
    return bare[:1].isupper() and (len(bare) == 1 or not bare.isupper())
