"""How names are spelled in expressions of the outline, whatever they mean."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_session.flow.outline import Applied, Either, Expression, Indexed, Named, Sequence


def last_name(expression: Expression | None) -> str:
    """The last part of what is named, called or subscripted: ``get`` of ``router.get("/")``; else nothing."""
    match expression:
        case Named(name):
            return name.rpartition(".")[2]
        case Applied(function, _):
            return last_name(function)
        case Indexed(base, _):
            return last_name(base)
    return ""


def names_in(expression: Expression) -> Iterator[str]:
    """The last part of every name that an annotation mentions: ``dict``, ``str``, ``User``."""
    match expression:
        case Named():
            yield last_name(expression)
        case Indexed(base, items):
            for each in (base, *items):
                yield from names_in(each)
        case Either(options) | Sequence(options):
            for each in options:
                yield from names_in(each)


def head_of(expression: Expression | None) -> str:
    """What is subscripted: ``Mapped`` of ``Mapped[int]``; nothing for what is not."""
    return last_name(expression) if isinstance(expression, Indexed) else ""


def argument_named(call: Expression | None, keyword: str) -> Expression | None:
    """The argument of a call that is given by this keyword."""
    arguments = call.arguments if isinstance(call, Applied) else ()
    return next((given for each, given in arguments if each == keyword), None)
