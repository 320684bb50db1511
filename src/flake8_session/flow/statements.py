"""Lowering of the statements that do one thing.

Decorators are evaluated, but that they are applied is no event: the outline lists them. Not
modelled: annotations, type parameters, and the value of a type alias, which is evaluated late.
What LibCST may add one day is `Unmodelled`.
"""

from __future__ import annotations

import libcst as cst

from flake8_session.flow import literals
from flake8_session.flow.building import Body, Way
from flake8_session.flow.events import (
    Bind,
    Delete,
    DeleteItem,
    Import,
    Item,
    Place,
    Raise,
    Read,
    Return,
    SetItem,
    Shape,
    Unmodelled,
    Write,
)
from flake8_session.flow.expressions import defaults, define
from flake8_session.flow.operations import build, key
from flake8_session.flow.syntax import bound_by, dotted, leaves
from flake8_session.flow.targets import store


def expression(body: Body, node: cst.Expr) -> None:
    body.value(node.value)


def assign(body: Body, node: cst.Assign) -> None:
    if len(node.targets) == 1 and _pairwise(node.targets[0].target, node.value):
        _assign_pairs(body, node.targets[0].target, node.value)
        return
    source = body.value(node.value)
    for target in node.targets:
        store(body, target.target, source)


def _pairwise(target: cst.CSTNode, value: cst.BaseExpression) -> bool:
    """``a, b = x, y``: each target gets one value, no part is lost in a tuple between."""
    displays = (cst.Tuple, cst.List)
    return (
        isinstance(target, displays)
        and isinstance(value, displays)
        and len(target.elements) == len(value.elements)
        and all(isinstance(each, cst.Element) for each in [*target.elements, *value.elements])
    )


def _assign_pairs(body: Body, target: cst.CSTNode, value: cst.BaseExpression) -> None:
    assert isinstance(target, (cst.Tuple, cst.List))
    assert isinstance(value, (cst.Tuple, cst.List))
    bound = {body.place(leaf.value) for leaf in leaves(target) if isinstance(leaf, cst.Name)}
    places = []
    for element in value.elements:
        place = body.value(element.value)
        if place in bound:  # a, b = b, a
            place, variable = body.temporary(), place
            body.do(Bind(place, variable), element.value)
        places.append(place)
    for each, place in zip(target.elements, places, strict=True):
        store(body, each.value, place)


def annotated(body: Body, node: cst.AnnAssign) -> None:
    if node.value is not None:
        store(body, node.target, body.value(node.value))


def augmented(body: Body, node: cst.AugAssign) -> None:
    """``x += y`` reads, operates, stores; the target's own expressions are evaluated once."""
    target = node.target
    if isinstance(target, cst.Attribute):
        owner = body.value(target.value)
        old = f"{owner}.{target.attr.value}" if owner.startswith("@") else body.temporary()
        if not owner.startswith("@"):
            body.attempt(Read(old, owner, target.attr.value), target)
        body.attempt(Write(owner, target.attr.value, _operated(body, node, old)), target)
    elif isinstance(target, cst.Subscript):
        container = body.value(target.value)
        index, old = key(body, target), body.temporary()
        body.attempt(Item(old, container, index), target)
        body.attempt(SetItem(container, index, _operated(body, node, old)), target)
    else:
        store(body, target, _operated(body, node, body.value(target)))


def _operated(body: Body, node: cst.AugAssign, old: Place) -> Place:
    places = [old, body.value(node.value)]
    if all(map(literals.is_literal, places)):
        return literals.OTHER
    keeps = isinstance(node.operator, (cst.AddAssign, cst.BitOrAssign)) and not literals.is_scalar(places[1])
    return build(body, places, Shape.CONTAINER if keeps else Shape.RAISING, node)


def return_(body: Body, node: cst.Return) -> None:
    value = "=None" if node.value is None else body.value(node.value)
    body.do(Return(value), node)
    body.leave(Way.RETURN)


def raise_(body: Body, node: cst.Raise) -> None:
    exception = "" if node.exc is None else body.value(node.exc)
    if node.cause is not None:
        body.value(node.cause.item)
    body.throw(Raise(exception, _raised(body, node.exc, exception)), node)


def _raised(body: Body, node: cst.BaseExpression | None, exception: Place) -> Place:
    """The outside name of the class that is raised, or of what makes the exception."""
    if isinstance(node, cst.Call):
        name = dotted(node.func)
        place = body.place(name[0]) if name else ""
        return ".".join([place, *name[1:]]) if place.startswith("@") else ""
    return exception if exception.startswith("@") else ""


def assert_(body: Body, node: cst.Assert) -> None:
    yes, body.loose = body.condition(node.test)
    if node.msg is not None:
        body.value(node.msg)
    body.throw(Raise("@AssertionError", "@AssertionError"), node)
    body.loose = yes


def break_(body: Body, _: cst.Break) -> None:
    body.leave(Way.BREAK)


def continue_(body: Body, _: cst.Continue) -> None:
    body.leave(Way.CONTINUE)


def nothing(_: Body, __: cst.CSTNode) -> None:
    """``pass``, and the declarations that scopes have read: ``global``, ``nonlocal``."""


def delete(body: Body, node: cst.Del) -> None:
    for target in leaves(node.target):
        if isinstance(target, cst.Name):
            body.do(Delete(body.place(target.value)), target)
        elif isinstance(target, cst.Attribute):
            body.attempt(DeleteItem(body.value(target.value), target.attr.value), target)
        elif isinstance(target, cst.Subscript):
            container = body.value(target.value)
            key(body, target)
            body.attempt(DeleteItem(container), target)


def import_(body: Body, node: cst.Import | cst.LazyImport) -> None:
    for alias in node.names:
        name = dotted(alias.name)
        module = ".".join(name if alias.asname else name[:1])
        body.attempt(Import(body.place(bound_by(alias)), module), alias)


def import_from(body: Body, node: cst.ImportFrom | cst.LazyImportFrom) -> None:
    module = ".".join(dotted(node.module)) if node.module else ""
    level = len(node.relative)
    if isinstance(node.names, cst.ImportStar):
        body.attempt(Import("", module, "*", level), node)
        return
    for alias in node.names:
        name = ".".join(dotted(alias.name))
        body.attempt(Import(body.place(bound_by(alias)), module, name, level), alias)


def function(body: Body, node: cst.FunctionDef) -> None:
    for decorator in node.decorators:
        body.value(decorator.decorator)
    defaults(body, node.params)
    define(body, node, body.place(node.name.value))


def class_(body: Body, node: cst.ClassDef) -> None:
    for decorator in node.decorators:
        body.value(decorator.decorator)
    for arg in [*node.bases, *node.keywords]:
        body.value(arg.value)
    define(body, node, body.place(node.name.value))


def alias(body: Body, node: cst.TypeAlias) -> None:
    body.do(Bind(body.place(node.name.value), literals.OTHER), node)


def unmodelled(body: Body, node: cst.CSTNode) -> None:
    body.attempt(Unmodelled(), node)


Body.statements.update({
    cst.SimpleStatementLine: Body.suite, cst.Expr: expression, cst.Assign: assign, cst.AnnAssign: annotated,
    cst.AugAssign: augmented, cst.Return: return_, cst.Raise: raise_, cst.Assert: assert_, cst.Break: break_,
    cst.Continue: continue_, cst.Pass: nothing, cst.Global: nothing, cst.Nonlocal: nothing, cst.Del: delete,
    cst.Import: import_, cst.ImportFrom: import_from, cst.FunctionDef: function, cst.ClassDef: class_,
    cst.TypeAlias: alias, None: unmodelled,
})
if hasattr(cst, "LazyImport"):
    Body.statements.update({cst.LazyImport: import_, cst.LazyImportFrom: import_from})
