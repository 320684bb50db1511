"""The outline of a file, read from its scopes and from the statements of module and class bodies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import libcst as cst

from flake8_session.flow import plain
from flake8_session.flow.gathered import Gathered
from flake8_session.flow.graph import Graph
from flake8_session.flow.literals import text_of
from flake8_session.flow.outline import (
    Applied,
    Class,
    Expression,
    Function,
    Imported,
    Indexed,
    Literal,
    Named,
    Opaque,
    Parameter,
)
from flake8_session.flow.outline import Sequence as Display
from flake8_session.flow.scopes import Scope
from flake8_session.flow.syntax import bound_by, children, dotted, target_names


def add(gathered: Gathered, module: cst.Module) -> None:
    """Adds the imports and assignments at module level."""
    for statement in _flat(module):
        if isinstance(statement, (cst.Import, cst.ImportFrom)):
            gathered.imports.extend(_imported(statement))
        else:
            for name, annotation, value in _assignments(statement):
                gathered.assign(name, annotation, value)


def function(scope: Scope, graph: Graph | None, origin: int) -> Function:
    """The outline of the function, lambda, generator expression or body that `scope` is."""
    assert scope.kind is not None
    common = Function(
        name=scope.name,
        qualname=scope.key,
        kind=scope.kind,
        graph=graph,
        parent=_parent(scope),
        generator=scope.generator,
        origin=origin,
        annotations={name: expression(node, annotation=True) for name, node in scope.annotations.items()},
    )
    match scope.node:
        case cst.FunctionDef() as node:
            return replace(
                common,
                parameters=tuple(_parameters(node.params)),
                returns=_annotation(node.returns),
                decorators=tuple(expression(each.decorator) for each in node.decorators),
                asynchronous=node.asynchronous is not None,
            )
        case cst.Lambda() as node:
            return replace(common, parameters=tuple(_parameters(node.params)))
        case cst.GeneratorExp():
            return replace(common, parameters=(Parameter(".0"),))
        case _:
            return common


def class_(scope: Scope) -> Class:
    """The outline of a class statement."""
    node = scope.node
    assert isinstance(node, cst.ClassDef)
    assigned: dict[str, tuple[Expression | None, Expression | None]] = {}
    methods: dict[str, None] = {}
    for statement in _flat(node.body):
        if isinstance(statement, cst.FunctionDef):
            methods[statement.name.value] = None
        for name, annotation, value in _assignments(statement):
            assigned[name] = (annotation, value)
    return Class(
        name=scope.name,
        qualname=scope.qualname,
        bases=tuple(expression(each.value) for each in node.bases),
        keywords=tuple((_keyword(each), expression(each.value)) for each in node.keywords),
        decorators=tuple(expression(each.decorator) for each in node.decorators),
        assigned=assigned,
        methods=tuple(methods),
        parent=_parent(scope),
    )


def expression(node: cst.CSTNode, annotation: bool = False) -> Expression:
    """An expression as a plain value. In an annotation, strings are read as the expressions they hold."""
    match node:
        case cst.Name():
            return Literal(_CONSTANTS[node.value]) if node.value in _CONSTANTS else Named(node.value)
        case cst.Attribute():
            names = dotted(node)
            return Named(".".join(names)) if names else Opaque()
        case cst.SimpleString() | cst.ConcatenatedString():
            return _string(node, annotation)
        case cst.Integer():
            return _integer(node.value)
        case cst.Call():
            arguments = tuple((_keyword(arg), expression(arg.value, annotation)) for arg in node.args)
            return Applied(expression(node.func, annotation), arguments)
        case cst.Subscript():
            items = tuple(_item(element.slice, annotation) for element in node.slice)
            if len(items) == 1 and isinstance(items[0], Display):
                items = items[0].items
            return Indexed(expression(node.value, annotation), items)
        case cst.BinaryOperation(operator=cst.BitOr()):
            return plain.either(expression(node.left, annotation), expression(node.right, annotation))
        case cst.Tuple() | cst.List() | cst.Set():
            return Display(tuple(expression(element.value, annotation) for element in node.elements))
        case cst.Dict():
            return _dictionary(node)
        case cst.Lambda():
            return Applied(Named(plain.LAMBDA), (("", expression(node.body)),))
        case _:
            return Opaque()




def _dictionary(node: cst.Dict) -> Expression:
    """See `plain`: as the call of ``dict``, where the keys are plain strings."""
    given = []
    for element in node.elements:
        key = element.key if isinstance(element, cst.DictElement) else None
        name = text_of(key) if isinstance(key, cst.SimpleString | cst.ConcatenatedString) else None
        if name is None:
            return Opaque()
        given.append((name, expression(element.value)))
    return Applied(Named("dict"), tuple(given))


def _keyword(arg: cst.Arg) -> str:
    return arg.keyword.value if arg.keyword else arg.star


_CONSTANTS: Mapping[str, bool | None] = {"None": None, "True": True, "False": False}


def _string(node: cst.SimpleString | cst.ConcatenatedString, annotation: bool) -> Expression:
    value = text_of(node)
    if value is None:
        return Opaque()
    return plain.from_string(value) if annotation else Literal(value)


def _integer(text: str) -> Expression:
    try:
        return Literal(int(text, 0))
    except ValueError:
        return Opaque()


def _item(node: cst.BaseSlice, annotation: bool) -> Expression:
    return expression(node.value, annotation) if isinstance(node, cst.Index) else Opaque()


def _annotation(node: cst.Annotation | None) -> Expression | None:
    return None if node is None else expression(node.annotation, annotation=True)


def _parameters(node: cst.Parameters) -> Iterator[Parameter]:
    for marks, parameters in (("/", node.posonly_params), ("", node.params)):
        yield from (_parameter(each, marks) for each in parameters)
    if isinstance(node.star_arg, cst.Param):
        yield _parameter(node.star_arg, "*args")
    yield from (_parameter(each, "*") for each in node.kwonly_params)
    if node.star_kwarg is not None:
        yield _parameter(node.star_kwarg, "**kwargs")


def _parameter(node: cst.Param, keyword: str) -> Parameter:
    default = None if node.default is None else expression(node.default)
    return Parameter(node.name.value, _annotation(node.annotation), default, keyword)


def _parent(scope: Scope) -> str:
    return scope.parent.body.qualname if scope.parent is not None else ""


def _flat(suite: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The statements of a body, those inside ``if``, ``try``, ``with`` and loops included."""
    stack: list[cst.CSTNode] = [suite]
    while stack:
        node = stack.pop()
        if type(node) in _TRANSPARENT:
            inner = reversed(children(node))
            stack.extend(each for each in inner if isinstance(each, _HOLDS_STATEMENTS))
        else:
            yield node


_TRANSPARENT = frozenset({
    cst.Module, cst.IndentedBlock, cst.SimpleStatementLine, cst.SimpleStatementSuite, cst.If, cst.Else,
    cst.Try, cst.TryStar, cst.ExceptHandler, cst.ExceptStarHandler, cst.Finally, cst.With, cst.For, cst.While,
    cst.Match, cst.MatchCase,
})


_HOLDS_STATEMENTS = (
    cst.BaseSuite, cst.BaseStatement, cst.BaseSmallStatement, cst.Else, cst.ExceptHandler,
    cst.ExceptStarHandler, cst.Finally, cst.MatchCase,
)


def _imported(node: cst.Import | cst.ImportFrom) -> Iterator[Imported]:
    if isinstance(node, cst.Import):
        for alias in node.names:
            names = dotted(alias.name)
            yield Imported(bound_by(alias), ".".join(names if alias.asname else names[:1]))
        return
    module = ".".join(dotted(node.module))
    level = len(node.relative)
    if isinstance(node.names, cst.ImportStar):
        yield Imported("*", module, "*", level)
        return
    for alias in node.names:
        yield Imported(bound_by(alias), module, ".".join(dotted(alias.name)), level)


def _assignments(node: cst.CSTNode) -> Iterator[tuple[str, Expression | None, Expression | None]]:
    """Each name that the statement gives a value or an annotation."""
    match node:
        case cst.Assign():
            for target in node.targets:
                yield from ((name, None, value) for name, value in _bound(target.target, node.value))
        case cst.AnnAssign(target=cst.Name(value=name)):
            yield name, _annotation(node.annotation), None if node.value is None else expression(node.value)
        case cst.AugAssign(target=cst.Name(value=name)):
            yield name, None, Opaque()
        case cst.TypeAlias():
            yield node.name.value, None, expression(node.value)


def _bound(target: cst.CSTNode, value: cst.CSTNode) -> Iterator[tuple[str, Expression]]:
    if isinstance(target, cst.Name):
        yield target.value, expression(value)
        return
    parts = value.elements if isinstance(value, _DISPLAYS) else ()
    if isinstance(target, _DISPLAYS) and len(target.elements) == len(parts):
        for each, part in zip(target.elements, parts):
            yield from _bound(each.value, part.value)
    elif isinstance(target, _DISPLAYS) and all(isinstance(each.value, cst.Name) for each in target.elements):
        starred = any(isinstance(each, cst.StarredElement) for each in target.elements)
        yield from plain.elements(target_names(target)[0], Opaque() if starred else expression(value))
    else:
        yield from ((name, Opaque()) for name in target_names(target)[0])


_DISPLAYS = (cst.Tuple, cst.List)
