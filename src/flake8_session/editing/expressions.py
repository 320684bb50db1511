"""Questions about expressions: what running them can do, and how often they run."""

from __future__ import annotations

from collections.abc import Container

import libcst as cst

from flake8_session.editing.blocks import parts_of

_QUIET = (
    cst.Name,
    cst.Integer,
    cst.Float,
    cst.Imaginary,
    cst.SimpleString,
    cst.Ellipsis,
    cst.Tuple,
    cst.List,
    cst.Set,
    cst.Dict,
    cst.Element,
    cst.DictElement,
    cst.UnaryOperation,
    cst.BooleanOperation,
    cst.IfExp,
    cst.Comparison,
    cst.ComparisonTarget,
    cst.ConcatenatedString,
)
"""What runs no code of anybody's but comparisons of what the function has at hand."""

_ONCE = (
    cst.Expr,
    cst.Assign,
    cst.AnnAssign,
    cst.AugAssign,
    cst.Return,
    cst.Await,
    cst.Yield,
    cst.Call,
    cst.Arg,
    cst.Attribute,
    cst.Subscript,
    cst.SubscriptElement,
    cst.Index,
    cst.Comparison,
    cst.ComparisonTarget,
    cst.BinaryOperation,
    cst.UnaryOperation,
    cst.Tuple,
    cst.List,
    cst.Set,
    cst.Dict,
    cst.Element,
    cst.StarredElement,
    cst.DictElement,
    cst.FormattedString,
    cst.FormattedStringExpression,
    cst.NamedExpr,
)
"""What evaluates its parts exactly once, in order."""


def is_plain(node: cst.BaseExpression | None) -> bool:
    """Names, attributes of names, literals and displays of them: nothing that calls anything."""
    if isinstance(node, cst.Attribute):
        return is_plain(node.value)
    return is_quiet(node)


def is_quiet(node: cst.BaseExpression | None) -> bool:
    """As `is_plain`, without attributes, which may have to be loaded."""
    stack: list[cst.CSTNode] = [node] if node is not None else []
    while stack:
        each = stack.pop()
        if isinstance(each, (cst.BaseExpression, cst.BaseElement, cst.BaseDictElement, cst.ComparisonTarget)):
            if not isinstance(each, _QUIET):
                return False
        stack.extend(parts_of(each))
    return True


def is_evaluated_once(statement: cst.CSTNode, expression: cst.CSTNode) -> bool:
    """Whether running `statement` evaluates `expression` exactly once, before anything else of a body."""
    path = _path(statement, expression)
    return path is not None and all(_once(node, part) for node, part in zip(path, path[1:]))


def _once(node: cst.CSTNode, part: cst.CSTNode) -> bool:
    """Whether evaluating `node` evaluates its child `part` exactly once, and before any of its bodies."""
    match node:
        case cst.For() | cst.CompFor():
            return part is node.iter
        case cst.If():
            return part is node.test
        case cst.With():
            return part is node.items[0]
        case cst.WithItem():
            return part is node.item
        case cst.ListComp() | cst.SetComp() | cst.DictComp():
            return part is node.for_in
    return isinstance(node, _ONCE)


def calls_something(node: cst.CSTNode, harmless: Container[int] = ()) -> bool:
    """Whether `node` may run what notices or needs a session: a call, an ``await``, a ``yield``, a ``with``.

    Builtins that only look at a value do not count, nor do calls whose id is in `harmless`.
    """
    stack: list[cst.CSTNode] = [node]
    while stack:
        each = stack.pop()
        if isinstance(each, (cst.Await, cst.Yield, cst.With, cst.Del, cst.Import, cst.ImportFrom)):
            return True
        if isinstance(each, cst.For) and each.asynchronous is not None:
            return True
        if isinstance(each, cst.Call) and id(each) not in harmless and not _only_looks(each):
            return True
        stack.extend(parts_of(each))
    return False


def _only_looks(call: cst.Call) -> bool:
    return isinstance(call.func, cst.Name) and call.func.value in _LOOKING


def sets_attributes(node: cst.CSTNode) -> bool:
    """Whether `node` assigns to an attribute or item of anything."""
    stack: list[cst.CSTNode] = [node]
    while stack:
        each = stack.pop()
        if isinstance(each, (cst.AssignTarget, cst.AugAssign, cst.AnnAssign)):
            if not isinstance(each.target, cst.Name):
                return True
        stack.extend(parts_of(each))
    return False


def binds(node: cst.CSTNode, names: frozenset[str]) -> bool:
    """Whether `node` may bind one of `names` anew, or set something of what they hold."""
    stack: list[cst.CSTNode] = [node]
    while stack:
        each = stack.pop()
        bound = _bound_by(each)
        if bound is not None and names & names_in(bound):
            return True
        stack.extend(parts_of(each))
    return False


def _bound_by(node: cst.CSTNode) -> cst.CSTNode | None:
    """The part of `node` with the names that it binds itself; all of a pattern's statement."""
    match node:
        case cst.AssignTarget() | cst.AugAssign() | cst.AnnAssign():
            return node.target
        case cst.For() | cst.CompFor() | cst.NamedExpr():
            return node.target
        case cst.AsName() | cst.FunctionDef() | cst.ClassDef():
            return node.name
        case cst.Del() | cst.Import() | cst.ImportFrom() | cst.Match():
            return node
    return None


def handles_errors(node: cst.CSTNode) -> bool:
    """Whether a handler, or a ``with`` that may swallow, stands in `node`."""
    stack: list[cst.CSTNode] = [node]
    while stack:
        each = stack.pop()
        if isinstance(each, (cst.ExceptHandler, cst.ExceptStarHandler, cst.With)):
            return True
        stack.extend(parts_of(each))
    return False


_LOOKING = frozenset({"bool", "float", "int", "isinstance", "len", "print", "repr", "str"})


def names_in(node: cst.CSTNode) -> frozenset[str]:
    """Every name that stands in `node`, those of attributes and keywords included."""
    found: set[str] = set()
    stack: list[cst.CSTNode] = [node]
    while stack:
        each = stack.pop()
        if isinstance(each, cst.Name):
            found.add(each.value)
        stack.extend(parts_of(each))
    return frozenset(found)


def _path(node: cst.CSTNode, wanted: cst.CSTNode) -> list[cst.CSTNode] | None:
    """The nodes from `node` down to `wanted`."""
    if node is wanted:
        return [node]
    for child in parts_of(node):
        below = _path(child, wanted)
        if below is not None:
            return [node, *below]
    return None
