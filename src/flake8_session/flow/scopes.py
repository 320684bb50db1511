"""Which variable a name means: the scopes of one file.

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
from typing import TYPE_CHECKING

from flake8_session.flow.events import Place
from flake8_session.flow.outline import Kind

if TYPE_CHECKING:
    import ast

    import libcst as cst


class Scope:
    """One scope. `kind` is None for a comprehension; `bound` counts the bindings of each name."""

    __slots__ = (
        "_places", "annotations", "bound", "captured", "children", "generator", "kind", "name", "node",
        "number", "outside", "parent", "qualname", "rebinds", "rebound", "shared", "slice", "used",
    )

    def __init__(
        self, kind: Kind | None, node: cst.CSTNode | ast.stmt | None, name: str, parent: Scope | None
    ) -> None:
        self.kind = kind
        self.node = node
        self.name = name
        self.parent = parent
        self.slice: int = parent.slice if parent else 0
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
        body = self.body
        return body.bound.get(place, 2) > 1 or place in body.shared

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

    def of(self, node: cst.CSTNode | ast.stmt) -> Scope:
        return self._by_node[id(node)]

    def open(
        self, kind: Kind | None, node: cst.CSTNode | ast.stmt, name: str, parent: Scope
    ) -> Scope:
        """The scope that `node` opens inside of `parent`."""
        scope = Scope(kind, node, name, parent)
        parent.children.append(scope)
        self._by_node[id(node)] = scope
        if kind is None or kind is Kind.GENERATOR_EXPRESSION:
            outermost = _outermost(parent)
            scope.number = self._numbers[outermost] = self._numbers.get(outermost, 0) + 1
        return scope

    def dissolve(self) -> None:
        """Once nothing is asked any more: scopes that know one another would wait for the collector."""
        for scope in list(self.root.below()):
            scope.children.clear()

    def finish(self) -> None:
        """Once every slice was added: gives each scope its qualified name and links the captures."""
        for scope in self.root.below():
            _name_children(scope)
        self.root.link()


def _outermost(scope: Scope) -> int:
    """Variables are numbered within the outermost function: what inner functions capture stays distinct.

    What else a class holds does not count, so that a method is lowered alone as it is in its class.
    """
    around = [scope]
    while around[-1].parent is not None and around[-1].parent.kind is not Kind.MODULE:
        around.append(around[-1].parent)
    functions = [each for each in around if each.kind not in (Kind.CLASS, None)]
    return id((functions or around)[-1])


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
