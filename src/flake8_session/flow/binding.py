"""The walk over the syntax of a slice that finds what binds names and opens scopes.

Each function below takes (scopes, node, scope) for one class of node, and gives the children that
are still to be walked, each with its scope. The walk keeps a stack, it does not recurse.
"""

from __future__ import annotations

from typing import Any

import libcst as cst

from flake8_session.flow.outline import Kind
from flake8_session.flow.scopes import Scope, Scopes
from flake8_session.flow.syntax import (
    bound_by,
    children,
    consumed_generator,
    made_by,
    parameters_of,
    pattern_names,
    target_names,
)

_Pair = tuple[cst.CSTNode, Scope]


def add(scopes: Scopes, module: cst.Module) -> None:
    """Adds to `scopes` what one slice of the module's body binds and opens."""
    stack: list[_Pair] = [(module, scopes.root)]
    while stack:
        node, scope = stack.pop()
        opener = _SPECIAL.get(type(node))
        if opener is not None:
            inner = opener(scopes, node, scope)
        else:
            inner = [(child, scope) for child in children(node)]
        inner.reverse()
        stack.extend(inner)


def _name(_: Scopes, node: cst.Name, scope: Scope) -> list[_Pair]:
    scope.used[node.value] = None
    return []


def _bind_target(target: cst.CSTNode, scope: Scope) -> list[_Pair]:
    """Binds the names of an assignment target; gives the expressions that it holds besides."""
    names, others = target_names(target)
    for name in names:
        _bind(scope, name)
    return [(other, scope) for other in others]


def _bind(scope: Scope, name: str) -> None:
    scope.body.bind(name)


def _assign(_: Scopes, node: cst.Assign, scope: Scope) -> list[_Pair]:
    found = [pair for target in node.targets for pair in _bind_target(target.target, scope.body)]
    return [*found, (node.value, scope)]


def _annotated(_: Scopes, node: cst.AnnAssign, scope: Scope) -> list[_Pair]:
    if isinstance(node.target, cst.Name):
        scope.annotations[node.target.value] = node.annotation.annotation
    found = _bind_target(node.target, scope.body)
    return [*found, (node.value, scope)] if node.value else found


def _augmented(_: Scopes, node: cst.AugAssign, scope: Scope) -> list[_Pair]:
    found = _bind_target(node.target, scope.body)
    if isinstance(node.target, cst.Name):
        scope.used[node.target.value] = None
    return [*found, (node.value, scope)]


def _walrus(_: Scopes, node: cst.NamedExpr, scope: Scope) -> list[_Pair]:
    if isinstance(node.target, cst.Name):
        name = node.target.value
        _bind(scope, name)
        scope.used[name] = None
    return [(node.value, scope)]


def _delete(_: Scopes, node: cst.Del, scope: Scope) -> list[_Pair]:
    return _bind_target(node.target, scope.body)


def _for(_: Scopes, node: cst.For, scope: Scope) -> list[_Pair]:
    found = [*_bind_target(node.target, scope), (node.iter, scope), (node.body, scope)]
    return [*found, (node.orelse, scope)] if node.orelse else found


def _as_name(_: Scopes, node: cst.AsName, scope: Scope) -> list[_Pair]:
    return _bind_target(node.name, scope)


def _import(_: Scopes, node: cst.Import | cst.LazyImport, scope: Scope) -> list[_Pair]:
    for alias in node.names:
        _bind(scope, bound_by(alias))
    return []


def _import_from(_: Scopes, node: cst.ImportFrom | cst.LazyImportFrom, scope: Scope) -> list[_Pair]:
    if not isinstance(node.names, cst.ImportStar):
        for alias in node.names:
            _bind(scope, bound_by(alias))
    return []


def _global(_: Scopes, node: cst.Global, scope: Scope) -> list[_Pair]:
    if scope.kind is not Kind.MODULE:
        scope.outside.update(item.name.value for item in node.names)
    return []


def _nonlocal(_: Scopes, node: cst.Nonlocal, scope: Scope) -> list[_Pair]:
    scope.rebound.update(item.name.value for item in node.names)
    return []


def _alias(_: Scopes, node: cst.TypeAlias, scope: Scope) -> list[_Pair]:
    _bind(scope, node.name.value)
    return []


def _case(_: Scopes, node: cst.MatchCase, scope: Scope) -> list[_Pair]:
    for name in pattern_names(node.pattern):
        _bind(scope, name)
    found: list[_Pair] = [(node.pattern, scope)]
    if node.guard:
        found.append((node.guard, scope))
    return [*found, (node.body, scope)]


def _yield(_: Scopes, node: cst.Yield, scope: Scope) -> list[_Pair]:
    scope.body.generator = True
    return [(child, scope) for child in children(node)]


def _function(scopes: Scopes, node: cst.FunctionDef, scope: Scope) -> list[_Pair]:
    _bind(scope, node.name.value)
    inner = scopes.open(Kind.FUNCTION, node, node.name.value, scope)
    found: list[_Pair] = [(decorator.decorator, scope) for decorator in node.decorators]
    return [*found, *_parameters(node.params, inner, scope), (node.body, inner)]


def _lambda(scopes: Scopes, node: cst.Lambda, scope: Scope) -> list[_Pair]:
    inner = scopes.open(Kind.LAMBDA, node, "", scope)
    return [*_parameters(node.params, inner, scope), (node.body, inner)]


def _parameters(node: cst.Parameters, inner: Scope, scope: Scope) -> list[_Pair]:
    found: list[_Pair] = []
    for parameter in parameters_of(node):
        inner.bind(parameter.name.value)
        if parameter.default is not None:
            found.append((parameter.default, scope))
    return found


def _class(scopes: Scopes, node: cst.ClassDef, scope: Scope) -> list[_Pair]:
    _bind(scope, node.name.value)
    inner = scopes.open(Kind.CLASS, node, node.name.value, scope)
    found: list[_Pair] = [(decorator.decorator, scope) for decorator in node.decorators]
    found.extend((arg.value, scope) for arg in [*node.bases, *node.keywords])
    return [*found, (node.body, inner)]


def _call(scopes: Scopes, node: cst.Call, scope: Scope) -> list[_Pair]:
    consumed = consumed_generator(node)
    if consumed is None:
        return [(child, scope) for child in children(node)]
    rest: list[_Pair] = [(arg.value, scope) for arg in node.args[1:]]
    return [(node.func, scope), *_comprehension(scopes, consumed, scope), *rest]


def _generator(scopes: Scopes, node: cst.GeneratorExp, scope: Scope) -> list[_Pair]:
    inner = scopes.open(Kind.GENERATOR_EXPRESSION, node, "", scope)
    inner.bind(".0")
    return _clauses(node, inner, scope)


def _comprehension(scopes: Scopes, node: cst.BaseComp, scope: Scope) -> list[_Pair]:
    return _clauses(node, scopes.open(None, node, "", scope), scope)


def _clauses(node: Any, inner: Scope, scope: Scope) -> list[_Pair]:
    found: list[_Pair] = []
    clause: cst.CompFor | None = node.for_in
    around = scope
    while clause is not None:
        found.append((clause.iter, around))
        for name in target_names(clause.target)[0]:
            inner.bind(name)
        found.extend((other, inner) for other in target_names(clause.target)[1])
        found.extend((condition.test, inner) for condition in clause.ifs)
        around, clause = inner, clause.inner_for_in
    return [*found, *((child, inner) for child in made_by(node))]


_SPECIAL: dict[type[cst.CSTNode], Any] = {
    cst.Name: _name, cst.Assign: _assign, cst.AnnAssign: _annotated, cst.AugAssign: _augmented,
    cst.NamedExpr: _walrus, cst.Del: _delete, cst.For: _for, cst.AsName: _as_name, cst.Import: _import,
    cst.ImportFrom: _import_from, cst.Global: _global, cst.Nonlocal: _nonlocal, cst.TypeAlias: _alias,
    cst.MatchCase: _case, cst.Yield: _yield, cst.FunctionDef: _function, cst.Lambda: _lambda,
    cst.ClassDef: _class, cst.Call: _call, cst.GeneratorExp: _generator, cst.ListComp: _comprehension,
    cst.SetComp: _comprehension, cst.DictComp: _comprehension,
}
_LATE = {"LazyImport": _import, "LazyImportFrom": _import_from, "StarredDictComp": _comprehension}
_SPECIAL.update({getattr(cst, name): handler for name, handler in _LATE.items() if hasattr(cst, name)})
