"""What makers give: sessions, factories and registries, with the options that they are given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from flake8_session.flow.outline import GIVEN_TO
from flake8_session.knowledge import factories
from flake8_session.linking.meanings import (
    UNKNOWN,
    Arguments,
    Constant,
    External,
    Factory,
    Made,
    Meaning,
    Member,
    Options,
    Registry,
    Selected,
)


def made(name: str, maker: factories.Maker, arguments: Arguments) -> Meaning:
    """What a call of `maker` gives: a session, a factory or a registry, with its options."""
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
        autocommits=defaults["autocommit"],
    )
    class_ = given.get("class_")
    if isinstance(class_, External):
        of = factories.MAKERS.get(class_.name)
        base = replace(base, asynchronous=of is not None and of.asynchronous, exits_unknown=of is None)
    elif isinstance(class_, Factory):
        base = replace(
            base,
            asynchronous=class_.options.asynchronous,
            exits_unknown=class_.options.exits_unknown,
            own=class_.options.own,
            expires=base.expires if class_.options.expires is not None else None,
        )
    elif class_ is not None:
        base = replace(base, exits_unknown=True, expires=None)
    options = reconfigured(base, list(given.items()))
    if maker.makes is factories.Makes.FACTORY:
        return Registry(options) if _is_managed(given.get("extension", UNKNOWN)) else Factory(options)
    return Made(options)


def prepared(maker: Factory | Registry, arguments: Arguments) -> Factory | Registry:
    """A factory or registry that ``configure(…)`` is called on, or that is given to a function.

    What it is given to comes as an argument with the keyword `GIVEN_TO`. A transaction manager ends the
    sessions of a factory, like those of a registry.
    """
    managed = any(
        keyword == GIVEN_TO and isinstance(value, External) and value.name in factories.MANAGING
        for keyword, value in arguments
    )
    options = reconfigured(maker.options, arguments)
    return Registry(options) if managed and isinstance(maker, Factory) else replace(maker, options=options)


def _is_managed(extension: Meaning) -> bool:
    """Whether it is an instance of an extension that ends the sessions itself."""
    if not isinstance(extension, External):
        return False
    return extension.name.removesuffix("()") in factories.MANAGING_EXTENSIONS


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


def autocommits(arguments: Arguments) -> bool:
    """Whether the arguments of an engine or a connection have it commit by itself."""
    return ("isolation_level", Constant("AUTOCOMMIT")) in arguments


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
