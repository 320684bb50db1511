"""Lowering of expressions: each gives the place of its value.

A variable is read where its place is used: ``f(x, (x := g()))`` is lowered as if the second ``x``
had been read for both. A display that unpacks a mapping (``{**d}``) keeps `d` itself as a part.
What LibCST may add one day is `Unmodelled`.
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from flake8_session.flow import literals
from flake8_session.flow.building import Body
from flake8_session.flow.comprehensions import comprehension, drain
from flake8_session.flow.events import (
    Argument,
    Await,
    Bind,
    Call,
    Define,
    Extend,
    Place,
    Read,
    Shape,
    Unmodelled,
    Yield,
)
from flake8_session.flow.operations import build
from flake8_session.flow.syntax import consumed_generator, parameters_of


def name(body: Body, node: cst.Name) -> Place:
    if node.value in ("None", "True", "False"):
        return f"={node.value}"
    return body.place(node.value)


def number(_: Body, node: cst.Integer | cst.Float | cst.Imaginary) -> Place:
    return literals.literal(node.value)


def string(_: Body, node: cst.SimpleString) -> Place:
    return literals.string(node)


def ellipsis(_: Body, __: cst.Ellipsis) -> Place:
    return literals.OTHER


def text(body: Body, node: cst.FormattedString | cst.ConcatenatedString) -> Place:
    """An f-string formats its parts from left to right; strings side by side are one."""
    parts = [body.value(expression) for expression in _interpolated(node)]
    if not parts:
        return literals.beginning(node)
    return build(body, parts, Shape.TEXT, node)


def template(body: Body, node: cst.TemplatedString) -> Place:
    """A t-string formats nothing: it is a container of its parts."""
    return build(body, [body.value(part) for part in _interpolated(node)], Shape.CONTAINER, node)


def attribute(body: Body, node: cst.Attribute) -> Place:
    source = body.value(node.value)
    if source.startswith("@"):
        return f"{source}.{node.attr.value}"
    result = body.temporary()
    body.attempt(Read(result, source, node.attr.value), node)
    return result


def call(body: Body, node: cst.Call) -> Place:
    function = receiver = method = ""
    if isinstance(node.func, cst.Attribute):
        receiver, method = body.value(node.func.value), node.func.attr.value
        if receiver.startswith("@"):
            function, receiver, method = f"{receiver}.{method}", "", ""
    else:
        function = body.value(node.func)
    passed = arguments(body, node)
    result = body.temporary()
    body.attempt(Call(result, function, receiver, method, passed), node)
    return result


def arguments(body: Body, node: cst.Call) -> tuple[Argument, ...]:
    """Evaluates the arguments in the order of the text."""
    consumed = consumed_generator(node)
    found = []
    for arg in node.args:
        runs_at_once = consumed is not None and arg.value is consumed
        place = comprehension(body, consumed) if runs_at_once else body.value(arg.value)
        found.append(Argument(place, arg.keyword.value if arg.keyword else arg.star))
    return tuple(found)


def awaited(body: Body, node: cst.Await) -> Place:
    value = body.value(node.expression)
    result = body.temporary()
    body.attempt(Await(result, value), node)
    return result


def yielded(body: Body, node: cst.Yield) -> Place:
    delegated = isinstance(node.value, cst.From)
    operand = node.value.item if isinstance(node.value, cst.From) else node.value
    value = "=None" if operand is None else body.value(operand)
    result = body.temporary()
    body.attempt(Yield(result, value, delegated), node)
    return result


def walrus(body: Body, node: cst.NamedExpr) -> Place:
    value = body.value(node.value)
    target = body.value(node.target)
    body.do(Bind(target, value), node)
    return target


def conditional(body: Body, node: cst.IfExp) -> Place:
    result = body.temporary()
    yes, no = body.condition(node.test)
    after = []
    for ends, branch in ((yes, node.body), (no, node.orelse)):
        body.loose = ends
        if ends:
            body.do(Bind(result, body.value(branch)), branch)
        after += body.loose
    body.loose = after
    return result


def display(body: Body, node: cst.Tuple | cst.List | cst.Set) -> Place:
    elements = node.elements
    starred = [i for i, each in enumerate(elements) if isinstance(each, cst.StarredElement)]
    plain = starred[0] if starred else len(elements)
    places = [body.value(element.value) for element in elements[:plain]]
    # An empty list is no literal: it is there to be filled.
    constant = (places or isinstance(node, cst.Tuple)) and all(map(literals.is_literal, places))
    if constant and not starred:
        return literals.display(_BRACKETS[type(node)], places)
    result = build(body, places, Shape.CONTAINER, node)
    for element in elements[plain:]:
        if isinstance(element, cst.StarredElement):
            drain(body, element.value, result)
        else:
            _extend(body, result, element.value)
    return result


_BRACKETS = {cst.Tuple: "()", cst.List: "[]", cst.Set: "{}"}


def _extend(body: Body, container: Place, node: cst.BaseExpression) -> None:
    place = body.value(node)
    if not literals.is_literal(place):
        body.do(Extend(container, place), node)


def mapping(body: Body, node: cst.Dict) -> Place:
    places: list[Place] = []
    for element in node.elements:
        if isinstance(element, cst.DictElement):
            places.append(body.value(element.key))
        places.append(body.value(element.value))
    if places and all(map(literals.is_literal, places)):
        return literals.OTHER
    return build(body, places, Shape.CONTAINER, node)


def lambda_(body: Body, node: cst.Lambda) -> Place:
    defaults(body, node.params)
    result = body.temporary()
    define(body, node, result)
    return result


def defaults(body: Body, node: cst.Parameters) -> None:
    """Evaluates the defaults of parameters, in the order of the text."""
    for parameter in parameters_of(node):
        if parameter.default is not None:
            body.value(parameter.default)


def define(body: Body, node: cst.CSTNode, target: Place) -> None:
    """The event that makes a function or class out of the scope that `node` opens."""
    scope = body.scopes.of(node)
    body.do(Define(target, scope.key, tuple(scope.captured), tuple(scope.rebinds)), node)


def unstarred(body: Body, node: cst.StarredElement) -> Place:
    return body.value(node.value)


def unmodelled(body: Body, node: cst.CSTNode) -> Place:
    result = body.temporary()
    body.attempt(Unmodelled((result,)), node)
    return result


def _interpolated(node: cst.CSTNode) -> Iterator[cst.BaseExpression]:
    """The expressions inside a string, those of nested format specifications included."""
    stack: list[cst.CSTNode] = [node]
    while stack:
        part = stack.pop()
        if isinstance(part, cst.ConcatenatedString):
            stack += [part.right, part.left]
        elif isinstance(part, (cst.FormattedString, cst.TemplatedString)):
            stack += reversed(part.parts)
        elif isinstance(part, (cst.FormattedStringExpression, cst.TemplatedStringExpression)):
            yield part.expression
            stack += reversed(part.format_spec or ())


Body.values.update({
    cst.Name: name, cst.Integer: number, cst.Float: number, cst.Imaginary: number,
    cst.SimpleString: string, cst.Ellipsis: ellipsis, cst.FormattedString: text, cst.ConcatenatedString: text,
    cst.TemplatedString: template, cst.Attribute: attribute, cst.Await: awaited, cst.Yield: yielded,
    cst.NamedExpr: walrus, cst.IfExp: conditional, cst.Tuple: display, cst.List: display, cst.Set: display,
    cst.Dict: mapping, cst.Lambda: lambda_, cst.StarredElement: unstarred, None: unmodelled,
})
