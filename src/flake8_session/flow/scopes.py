"""Which variable a name means: the scopes of one file, built in one walk over its syntax.

A *scope* is a body that is lowered to a graph of its own (module, class, function, lambda, lazy
generator expression), or a comprehension. A comprehension has variables of its own but is lowered
within the body around it, so its variables are renamed apart: ``u`` becomes ``u'1``.

The place of a name is found as Python does it: the innermost scope that binds it, class bodies
seen only from within themselves. What no function around binds is outside: ``@name``. From a
function, a variable of the module is outside; in the module's own body it is a plain variable.

Not modelled: annotations (never walked), type parameters, private name mangling, and the rule
that a comprehension does not see the variables of the class body that it stands in.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import libcst as cst

from flake8_session.flow.events import Place
from flake8_session.flow.outline import Kind
from flake8_session.flow.syntax import (
    bound_by,
    children,
    consumed_generator,
    parameters_of,
    pattern_names,
    target_names,
)

_Pair = tuple[cst.CSTNode, "Scope"]


class Scope:
    """One scope. `kind` is None for a comprehension; `bound` counts the bindings of each name."""

    __slots__ = (
        "_places", "annotations", "bound", "captured", "children", "generator", "kind", "name", "node", "number",
        "outside", "parent", "qualname", "rebinds", "rebound", "shared", "slice", "used",
    )

    def __init__(self, kind: Kind | None, node: cst.CSTNode | None, name: str, parent: Scope | None) -> None:
        self.kind = kind
        self.node = node
        self.name = name
        self.parent = parent
        self.slice = parent.slice if parent else 0
        self.qualname = ""
        self.number = 0
        self.generator = kind is Kind.GENERATOR_EXPRESSION
        self.annotations: dict[str, cst.CSTNode] = {}
        self.bound: dict[str, int] = {}
        self.outside: set[str] = set()
        self.rebound: set[str] = set()
        self.used: dict[str, None] = {}
        self.children: list[Scope] = []
        self.captured: dict[Place, None] = {}
        self.rebinds: dict[Place, None] = {}
        self.shared: set[Place] = set()
        self._places: dict[str, Place] = {}

    @property
    def body(self) -> Scope:
        """The scope whose graph this one's events belong to."""
        scope = self
        while scope.kind is None:
            assert scope.parent is not None
            scope = scope.parent
        return scope

    @property
    def key(self) -> str:
        """The key of this body in the outline. A class body's is not that of the class that it makes."""
        return f"{self.qualname}.<body>" if self.kind is Kind.CLASS else self.qualname

    def place(self, name: str) -> Place:
        """The place that `name` means here."""
        place = self._places.get(name)
        if place is None:
            place = self._places[name] = self._find(name)[0]
        return place

    def rebinds_often(self, place: Place) -> bool:
        """Whether a name of this body is bound at more than one spot, so that its value may change."""
        return self.body.bound.get(place, 2) > 1

    def variables(self) -> frozenset[Place]:
        """Every variable that this body binds, those of its comprehensions included."""
        return frozenset(
            scope.place(name)
            for scope in [self, *self._comprehensions()]
            for name in scope.bound
            if name not in scope.outside and name not in scope.rebound
        )

    def link(self) -> None:
        """Records, for every scope below, what it captures and what it rebinds of the bodies around it."""
        for scope in self.below():
            for name in [*scope.used, *scope.rebound]:
                place, owner = scope._find(name)
                if owner is not None:
                    _capture(scope.body, owner.body, place, name in scope.rebound)

    def below(self) -> Iterator[Scope]:
        """This scope and all inner ones, in the order of the text."""
        stack = [self]
        while stack:
            scope = stack.pop()
            yield scope
            stack.extend(reversed(scope.children))

    def bind(self, name: str) -> None:
        self.bound[name] = self.bound.get(name, 0) + 1

    def _comprehensions(self) -> list[Scope]:
        found = [child for child in self.children if child.kind is None]
        return found + [deep for child in found for deep in child._comprehensions()]

    def _find(self, name: str) -> tuple[Place, Scope | None]:
        """The place, and the scope that owns the variable (None for an outside name)."""
        here: Scope | None = self
        crossed = False
        while here is not None:
            if here.kind is None:
                if name in here.bound:
                    return f"{name}'{here.number}", here
            elif not (crossed and here.kind is Kind.CLASS):
                if name in here.outside and here.kind is not Kind.MODULE:
                    break
                if name in here.bound and name not in here.rebound:
                    if crossed and here.kind is Kind.MODULE:
                        break
                    return name, here
            crossed = crossed or here.kind is not None
            here = here.parent
        return f"@{name}", None


def _capture(inner: Scope, owner: Scope, place: Place, rebinds: bool) -> None:
    scope = inner
    while scope is not owner:
        scope.captured[place] = None
        if rebinds:
            scope.rebinds[place] = None
            owner.shared.add(place)
        assert scope.parent is not None
        scope = scope.parent.body


class Scopes:
    """The scopes of one file: `root` is the module's, `of` finds the one that a node opens."""

    def __init__(self) -> None:
        self.root = Scope(Kind.MODULE, None, "", None)
        self._by_node: dict[int, Scope] = {}
        self._numbers: dict[int, int] = {}

    def of(self, node: cst.CSTNode) -> Scope:
        return self._by_node[id(node)]

    def add(self, module: cst.Module, slice_number: int) -> None:
        """Walks one slice of the module's body."""
        self.root.slice = slice_number
        stack: list[_Pair] = [(module, self.root)]
        while stack:
            node, scope = stack.pop()
            opener = _SPECIAL.get(type(node))
            if opener is not None:
                inner = opener(self, node, scope)
            else:
                inner = [(child, scope) for child in children(node)]
            inner.reverse()
            stack.extend(inner)

    def open(self, kind: Kind | None, node: cst.CSTNode, name: str, parent: Scope) -> Scope:
        scope = Scope(kind, node, name, parent)
        parent.children.append(scope)
        self._by_node[id(node)] = scope
        if kind is None or kind is Kind.GENERATOR_EXPRESSION:
            outermost = _outermost(parent)
            scope.number = self._numbers[outermost] = self._numbers.get(outermost, 0) + 1
        return scope

    def finish(self) -> None:
        """Once every slice was added: gives each scope its qualified name and links the captures."""
        for scope in self.root.below():
            _name_children(scope)
        self.root.link()


def _outermost(scope: Scope) -> int:
    """Variables are numbered within the outermost function: what inner functions capture stays distinct."""
    while scope.parent is not None and scope.parent.kind is not Kind.MODULE:
        scope = scope.parent
    return id(scope)


def _name_children(parent: Scope) -> None:
    named: dict[str, list[Scope]] = {}
    for child in _bodies(parent):
        named.setdefault(child.name, []).append(child)
    for name, same in named.items():
        for count, child in enumerate(same):
            last = count == len(same) - 1
            child.qualname = _below(parent) + (name if last else f"{name}#{count + 2}")


def _bodies(parent: Scope) -> Iterator[Scope]:
    """The scopes whose qualified name `parent` gives, numbering those without a name of their own."""
    if parent.kind is None:
        return
    counts: dict[Kind, int] = {}
    stack = list(reversed(parent.children))
    while stack:
        child = stack.pop()
        if child.kind is None:
            stack.extend(reversed(child.children))
            continue
        if child.kind in _NAMELESS:
            counts[child.kind] = counts.get(child.kind, 0) + 1
            child.name = f"<{_NAMELESS[child.kind]}:{counts[child.kind]}>"
        yield child


def _below(parent: Scope) -> str:
    if parent.kind is Kind.MODULE:
        return ""
    return f"{parent.qualname}." if parent.kind is Kind.CLASS else f"{parent.qualname}.<locals>."


_NAMELESS = {Kind.LAMBDA: "lambda", Kind.GENERATOR_EXPRESSION: "genexpr"}


# The nodes that bind, declare or open a scope. Each function takes (scopes, node, scope), and gives
# the children that are still to be walked, each with its scope.


def _name(_: Scopes, node: cst.Name, scope: Scope) -> list[_Pair]:
    scope.used[node.value] = None
    return []


def _bind_target(target: cst.CSTNode, scope: Scope) -> list[_Pair]:
    """Binds the names of an assignment target; gives the expressions that it holds besides."""
    names, others = target_names(target)
    for name in names:
        if scope.kind is None:
            scope.bind(name)
        else:
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
    made = [node.elt] if hasattr(node, "elt") else [child for child in (getattr(node, "key", None), node.value) if child]
    return [*found, *((child, inner) for child in made)]


_SPECIAL: dict[type[cst.CSTNode], Any] = {
    cst.Name: _name, cst.Assign: _assign, cst.AnnAssign: _annotated, cst.AugAssign: _augmented,
    cst.NamedExpr: _walrus, cst.Del: _delete, cst.For: _for, cst.AsName: _as_name, cst.Import: _import,
    cst.ImportFrom: _import_from, cst.Global: _global, cst.Nonlocal: _nonlocal, cst.TypeAlias: _alias,
    cst.MatchCase: _case, cst.Yield: _yield, cst.FunctionDef: _function, cst.Lambda: _lambda,
    cst.ClassDef: _class, cst.Call: _call, cst.GeneratorExp: _generator, cst.ListComp: _comprehension,
    cst.SetComp: _comprehension, cst.DictComp: _comprehension,
}
for _late, _handler in (("LazyImport", _import), ("LazyImportFrom", _import_from), ("StarredDictComp", _comprehension)):
    if hasattr(cst, _late):
        _SPECIAL[getattr(cst, _late)] = _handler
