"""What an annotation promises of the values that it stands at."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from flake8_session.flow.outline import Applied, Either, Expression, Indexed, Literal, Named
from flake8_session.knowledge import factories
from flake8_session.linking.as_made import as_made
from flake8_session.linking.meanings import (
    UNKNOWN,
    Borrowed,
    ClassAt,
    External,
    Factory,
    Meaning,
    Object,
    Options,
    Registry,
)

if TYPE_CHECKING:
    from flake8_session.linking.linker import Linker


_NEW_TYPES = (External("typing.NewType"), External("typing_extensions.NewType"))
"""What gives a type another name, for type checkers alone."""


def annotation(linker: Linker, module: str, expression: Expression) -> Meaning:
    """See `Linker.annotation`."""
    here = module
    module, expression = unaliased(linker, module, expression)
    match expression:
        case Named(name):
            return _promised(linker, module, linker.dotted(module, name), own_ways(linker, here))
        case Indexed(base, items):
            return _subscripted(linker, module, base, items)
        case Either(options):
            return _either(linker, module, options)
        case Applied():
            return UNKNOWN
    return UNKNOWN


def unaliased(linker: Linker, module: str, expression: Expression, depth: int = 0) -> tuple[str, Expression]:
    """See `Linker.unaliased`."""
    if not isinstance(expression, Named) or "." in expression.name or depth > 8:
        return module, expression
    outline = linker.outline(module)
    if outline is None:
        return module, expression
    bound = [value for _, value in outline.assigned.get(expression.name, ()) if value is not None]
    if len(bound) == 1 and isinstance(bound[0], Indexed | Either | Named):
        return unaliased(linker, module, bound[0], depth + 1)
    if len(bound) == 1 and isinstance(bound[0], Applied) and len(bound[0].arguments) == 2:
        if linker.expression(module, bound[0].function) in _NEW_TYPES:
            return unaliased(linker, module, bound[0].arguments[1][1], depth + 1)
    for entry in outline.imports:
        if entry.name == expression.name and entry.member:
            target = linker.modules.target(module, entry.module, entry.level)
            if target is not None:
                return unaliased(linker, target, Named(entry.member), depth + 1)
    return module, expression


def own_ways(linker: Linker, module: str) -> frozenset[str]:
    """The methods that the project's session classes, which the module defines or imports, have of their own.

    What is annotated as a plain session there may be one of these. Imported are those that are called one.
    """
    nothing: frozenset[str] = frozenset()
    return linker.answers.ask(("own ways", module), lambda: _own_ways(linker, module), nothing, nothing)


def of_any_kind(meaning: Meaning) -> Meaning:
    """The factory that somebody else gives, of which only the annotation is known.

    It may have been made with ``expire_on_commit=False``.
    """
    if isinstance(meaning, Factory):
        return replace(meaning, options=replace(meaning.options, expires=None))
    return meaning


def _own_ways(linker: Linker, module: str) -> frozenset[str]:
    outline = linker.outline(module)
    if outline is None:
        return frozenset()
    called = {entry.name for entry in outline.imports if entry.member and "session" in entry.member.lower()}
    classes = {name for name in outline.classes if "." not in name}
    found = [linker.dotted(module, name) for name in sorted(called | classes)]
    return frozenset().union(*(each.options.own for each in found if isinstance(each, Factory)))


def _promised(
    linker: Linker, module: str, meaning: Meaning, own: frozenset[str] = frozenset()
) -> Meaning:
    if isinstance(meaning, External):
        maker = factories.MAKERS.get(meaning.name)
        if maker is None:
            return UNKNOWN
        expires = None if maker.asynchronous else True
        options = Options(asynchronous=maker.asynchronous, expires=expires, own=own)
        if maker.makes is factories.Makes.SESSION:
            return Borrowed(as_made(linker, module, options))
        return Factory(options) if maker.makes is factories.Makes.FACTORY else Registry(options)
    if isinstance(meaning, Factory) and meaning.is_class:
        of_class = meaning.options
        return Borrowed(Options(of_class.asynchronous, expires=None, own=of_class.own))
    if isinstance(meaning, Factory):
        # Only its sessions can be meant: ``db: SessionLocal`` where `SessionLocal` is a ``sessionmaker()``.
        return Borrowed(meaning.options)
    if isinstance(meaning, ClassAt):
        return Object(meaning)
    return meaning if isinstance(meaning, Borrowed | Object | Factory | Registry) else UNKNOWN


def _subscripted(linker: Linker, module: str, base: Expression, items: tuple[Expression, ...]) -> Meaning:
    outer = linker.expression(module, base)
    name = outer.name.rpartition(".")[2] if isinstance(outer, External) else ""
    if name in ("Annotated", "ClassVar", "Final", "Optional", "Mapped") and items:
        return annotation(linker, module, items[0])
    if name == "Union":
        return _either(linker, module, items)
    if name in ("sessionmaker", "async_sessionmaker", "scoped_session", "async_scoped_session"):
        return _promised(linker, module, outer)
    return UNKNOWN


def _either(linker: Linker, module: str, options: tuple[Expression, ...]) -> Meaning:
    promised = [
        annotation(linker, module, option)
        for option in options
        if option not in (Literal(None), Named("None"))
    ]
    if promised and all(isinstance(meaning, Borrowed) for meaning in promised):
        return promised[0] if len(set(promised)) == 1 else Borrowed(Options(expires=None))
    return promised[0] if len(promised) == 1 else UNKNOWN
