"""Lowering of operators and subscripts.

A ``+`` or ``|`` keeps its operands only where one of them is written as a display (``[s] + rest``);
any other operator is an operation that keeps nothing. Operations on literals alone are literals.
"""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from flake8_session.flow import literals
from flake8_session.flow.building import Body
from flake8_session.flow.events import Build, Item, Place, Shape


def subscript(body: Body, node: cst.Subscript) -> Place:
    source = body.value(node.value)
    index = key(body, node)
    result = body.temporary()
    body.attempt(Item(result, source, index), node)
    return result


def key(body: Body, node: cst.Subscript) -> Place:
    """The place of what stands between the brackets; slices are evaluated and forgotten."""
    places = [_index(body, element.slice) for element in node.slice]
    if len(places) == 1:
        return places[0]
    if all(map(literals.is_literal, places)):
        return literals.OTHER
    return build(body, places, Shape.CONTAINER, node)


def _index(body: Body, node: cst.BaseSlice) -> Place:
    if isinstance(node, cst.Index):
        return body.value(node.value)
    if isinstance(node, cst.Slice):
        for bound in (node.lower, node.upper, node.step):
            if bound is not None:
                body.value(bound)
    return literals.OTHER


def binary(body: Body, node: cst.BinaryOperation) -> Place:
    places = [body.value(node.left), body.value(node.right)]
    if all(map(literals.is_literal, places)):
        return literals.OTHER
    displays = _is_display(node.left) or _is_display(node.right)
    joins = displays and isinstance(node.operator, (cst.Add, cst.BitOr))
    return build(body, places, Shape.CONTAINER if joins else Shape.RAISING, node)


def _is_display(node: cst.BaseExpression) -> bool:
    return isinstance(node, (cst.List, cst.Tuple, cst.Set, cst.Dict, cst.ListComp, cst.SetComp, cst.DictComp))


def unary(body: Body, node: cst.UnaryOperation) -> Place:
    """``-x``, ``+x``, ``~x``; ``not x`` is lowered as a condition."""
    place = body.value(node.expression)
    if literals.is_literal(place):
        return literals.literal(f"-{place[1:]}") if isinstance(node.operator, cst.Minus) else literals.OTHER
    return build(body, [place], Shape.RAISING, node)


def build(
    body: Body, places: Sequence[Place], shape: Shape, node: cst.CSTNode, *, equals: Place = ""
) -> Place:
    result = body.temporary()
    event = Build(result, literals.operands(places), shape, equals)
    if shape in (Shape.TEXT, Shape.RAISING):
        body.attempt(event, node)
    else:
        body.do(event, node)
    return result


Body.values.update({cst.Subscript: subscript, cst.BinaryOperation: binary})
