"""What of LibCST's syntax holds meaning: fields to follow, names that targets and patterns bind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import libcst as cst

CONSUMERS = frozenset(
    {"all", "any", "dict", "frozenset", "len", "list", "max", "min", "set", "sorted", "sum", "tuple"}
)
"""Builtins that run a generator expression to its end (or to the first answer) before they return."""

FIELDS: Mapping[type[cst.CSTNode], tuple[str, ...]] = {
    cst.Module: ("body",),
    cst.IndentedBlock: ("body",),
    cst.SimpleStatementLine: ("body",),
    cst.SimpleStatementSuite: ("body",),
    cst.Expr: ("value",),
    cst.Return: ("value",),
    cst.Raise: ("exc", "cause"),
    cst.From: ("item",),
    cst.Assert: ("test", "msg"),
    cst.If: ("test", "body", "orelse"),
    cst.Else: ("body",),
    cst.While: ("test", "body", "orelse"),
    cst.For: ("iter", "body", "orelse"),
    cst.Try: ("body", "handlers", "orelse", "finalbody"),
    cst.TryStar: ("body", "handlers", "orelse", "finalbody"),
    cst.ExceptHandler: ("type", "name", "body"),
    cst.ExceptStarHandler: ("type", "name", "body"),
    cst.Finally: ("body",),
    cst.With: ("items", "body"),
    cst.WithItem: ("item", "asname"),
    cst.Match: ("subject", "cases"),
    cst.MatchCase: ("pattern", "guard", "body"),
    cst.MatchValue: ("value",),
    cst.MatchList: ("patterns",),
    cst.MatchTuple: ("patterns",),
    cst.MatchSequenceElement: ("value",),
    cst.MatchMapping: ("elements",),
    cst.MatchMappingElement: ("key", "pattern"),
    cst.MatchClass: ("cls", "patterns", "kwds"),
    cst.MatchKeywordElement: ("pattern",),
    cst.MatchAs: ("pattern",),
    cst.MatchOr: ("patterns",),
    cst.MatchOrElement: ("pattern",),
    cst.Attribute: ("value",),
    cst.Subscript: ("value", "slice"),
    cst.SubscriptElement: ("slice",),
    cst.Index: ("value",),
    cst.Slice: ("lower", "upper", "step"),
    cst.Call: ("func", "args"),
    cst.Arg: ("value",),
    cst.Await: ("expression",),
    cst.IfExp: ("test", "body", "orelse"),
    cst.Yield: ("value",),
    cst.Tuple: ("elements",),
    cst.List: ("elements",),
    cst.Set: ("elements",),
    cst.Dict: ("elements",),
    cst.Element: ("value",),
    cst.StarredElement: ("value",),
    cst.DictElement: ("key", "value"),
    cst.StarredDictElement: ("value",),
    cst.Comparison: ("left", "comparisons"),
    cst.ComparisonTarget: ("comparator",),
    cst.UnaryOperation: ("expression",),
    cst.BinaryOperation: ("left", "right"),
    cst.BooleanOperation: ("left", "right"),
    cst.ConcatenatedString: ("left", "right"),
    cst.FormattedString: ("parts",),
    cst.FormattedStringExpression: ("expression", "format_spec"),
    cst.TemplatedString: ("parts",),
    cst.TemplatedStringExpression: ("expression", "format_spec"),
}


def consumed_generator(call: cst.Call) -> cst.GeneratorExp | None:
    """The generator expression that `call` runs at once: ``sum(x for x in y)``, ``", ".join(…)``."""
    if not call.args or call.args[0].star or call.args[0].keyword:
        return None
    first = call.args[0].value
    if not isinstance(first, cst.GeneratorExp):
        return None
    function = call.func
    runs = (
        function.attr.value == "join"
        if isinstance(function, cst.Attribute)
        else isinstance(function, cst.Name) and function.value in CONSUMERS
    )
    return first if runs else None


def target_names(target: cst.CSTNode) -> tuple[list[str], list[cst.CSTNode]]:
    """The names that an assignment target binds, and its attribute and subscript targets."""
    names: list[str] = []
    others: list[cst.CSTNode] = []
    for leaf in leaves(target):
        if isinstance(leaf, cst.Name):
            names.append(leaf.value)
        else:
            others.append(leaf)
    return names, others


def leaves(target: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """``a, (b.c, *d)`` to ``a``, ``b.c``, ``d``."""
    stack = [target]
    while stack:
        node = stack.pop()
        if isinstance(node, (cst.Tuple, cst.List)):
            stack.extend(reversed(node.elements))
        elif isinstance(node, (cst.Element, cst.StarredElement)):
            stack.append(node.value)
        else:
            yield node


def pattern_names(pattern: cst.CSTNode) -> list[str]:
    """The names that a pattern captures."""
    names: list[str] = []
    stack: list[cst.CSTNode] = [pattern]
    while stack:
        node = stack.pop()
        if isinstance(node, (cst.MatchAs, cst.MatchStar)) and node.name is not None:
            names.append(node.name.value)
        if isinstance(node, cst.MatchMapping) and node.rest is not None:
            names.append(node.rest.value)
        stack.extend(reversed(children(node)))
    return names


def children(node: cst.CSTNode) -> list[cst.CSTNode]:
    """The children that hold meaning, in the order of the text."""
    found: list[cst.CSTNode] = []
    for name in FIELDS.get(type(node), ()):
        value = getattr(node, name)
        # Not isinstance: LibCST's nodes are abstract classes, whose check costs ten times as much.
        if type(value) in (tuple, list):
            found.extend(value)
        elif value is not None:
            found.append(value)
    return found


def bound_by(alias: cst.ImportAlias) -> str:
    """The name that an import binds: ``b`` for ``a as b``, ``a`` for ``a.b``."""
    name: cst.CSTNode = alias.asname.name if alias.asname else alias.name
    while isinstance(name, cst.Attribute):
        name = name.value
    return name.value if isinstance(name, cst.Name) else ""


def dotted(node: cst.CSTNode | None) -> list[str]:
    """``a.b.c`` to its names; empty for anything else."""
    names: list[str] = []
    while isinstance(node, cst.Attribute):
        names.append(node.attr.value)
        node = node.value
    return [node.value, *reversed(names)] if isinstance(node, cst.Name) else []


def parameters_of(node: cst.Parameters) -> list[cst.Param]:
    """All parameters, in the order of the text."""
    star = [node.star_arg] if isinstance(node.star_arg, cst.Param) else []
    last = [node.star_kwarg] if node.star_kwarg else []
    return [*node.posonly_params, *node.params, *star, *node.kwonly_params, *last]


def made_by(node: Any) -> list[cst.BaseExpression]:
    """What a comprehension makes in each round: one element, or a key and a value."""
    if hasattr(node, "elt"):
        return [node.elt]
    return [node.key, node.value] if hasattr(node, "key") else [node.value]
