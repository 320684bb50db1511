"""Expressions of `ast` as plain values, and annotations that are written as strings."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from collections.abc import Sequence as Names
from functools import lru_cache

from flake8_session.flow.outline import (
    Applied,
    Arguments,
    Either,
    Element,
    Expression,
    Indexed,
    Literal,
    Named,
    Opaque,
    Sequence,
)

LAMBDA = "lambda"
"""What is applied to the body of a lambda: no name can be spelled so."""
_LONGEST = 500


@lru_cache(maxsize=2_000)
def from_string(text: str) -> Expression:
    """The expression in `text`; where it holds none (``Annotated[int, "a note"]``), the string itself."""
    if len(text) > _LONGEST:
        return Literal(text)
    try:
        return expression(ast.parse(text.strip(), mode="eval").body, annotation=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Literal(text)


def expression(node: ast.expr, annotation: bool = False) -> Expression:
    """An expression of `ast` as a plain value; opaque where it is nested too deeply for our stack."""
    try:
        return _expression(node, annotation)
    except RecursionError:
        return Opaque()


def _expression(node: ast.expr, annotation: bool) -> Expression:
    match node:
        case ast.Name():
            return Named(node.id)
        case ast.Attribute():
            base = _expression(node.value, False)
            return Named(f"{base.name}.{node.attr}") if isinstance(base, Named) else Opaque()
        case ast.Constant(value=str(value)):
            return from_string(value) if annotation else Literal(value)
        case ast.Constant(value=int() | None as value):
            return Literal(value)
        case ast.Call():
            return Applied(_expression(node.func, annotation), arguments(node, annotation))
        case ast.Subscript():
            inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            items = tuple(_expression(each, annotation) for each in inner)
            return Indexed(_expression(node.value, annotation), items)
        case ast.BinOp(op=ast.BitOr()):
            return either(_expression(node.left, annotation), _expression(node.right, annotation))
        case ast.Tuple() | ast.List() | ast.Set():
            return Sequence(tuple(_expression(each, annotation) for each in node.elts))
        case ast.Starred():
            return _expression(node.value, annotation)
        case ast.Dict():
            return _dictionary(node)
        case ast.Lambda():
            return Applied(Named(LAMBDA), (("", _expression(node.body, False)),))
        case _:
            return Opaque()


def _dictionary(node: ast.Dict) -> Expression:
    """A display whose keys are names, ``{"lazy": "joined"}``, as the call ``dict(lazy="joined")``."""
    given = []
    for key, value in zip(node.keys, node.values):
        if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
            return Opaque()
        given.append((key.value, _expression(value, False)))
    return Applied(Named("dict"), tuple(given))


def either(left: Expression, right: Expression) -> Either:
    """``A | B | C`` as one choice of three."""
    return Either((*(left.options if isinstance(left, Either) else (left,)), right))


def arguments(node: ast.Call, annotation: bool = False) -> Arguments:
    """The arguments of a call, those with a keyword last."""
    positional = [
        ("*" if isinstance(each, ast.Starred) else "", _expression(each, annotation)) for each in node.args
    ]
    return (*positional, *((each.arg or "**", _expression(each.value, annotation)) for each in node.keywords))


def elements(names: Names[str], value: Expression) -> Iterator[tuple[str, Expression]]:
    """What each of several targets takes of a value that is no display; only calls are worth remembering."""
    for index, name in enumerate(names):
        yield name, Element(value, index) if isinstance(value, Applied) else Opaque()
