"""How names are spelled in expressions of the outline, whatever they mean."""

from __future__ import annotations

from flake8_session.flow.outline import Applied, Expression, Indexed, Named


def last_name(expression: Expression) -> str:
    """The last part of what is named, called or subscripted: ``get`` of ``router.get("/")``; else nothing."""
    match expression:
        case Named(name):
            return name.rpartition(".")[2]
        case Applied(function, _):
            return last_name(function)
        case Indexed(base, _):
            return last_name(base)
    return ""
