"""What the outline needs of a statement that is not lowered, read from `ast` alone.

Functions are listed without a graph, those inside of functions are not listed at all. What the
statement binds is known to be bound, and to nothing that is known.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from flake8_session.flow.gathered import Gathered
from flake8_session.flow.outline import Class, Expression, Function, Imported, Kind, Opaque, Parameter
from flake8_session.flow.plain import elements, expression
from flake8_session.flow.scopes import Scope, Scopes

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def add(scopes: Scopes, gathered: Gathered, statements: Sequence[ast.stmt]) -> None:
    """Adds what `statements` bind, import, assign and define at module level."""
    for statement in flat(statements):
        for name in bound_by(statement):
            scopes.root.bind(name)
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            gathered.imports.extend(_imported(statement))
        elif isinstance(statement, Definition):
            _open(scopes, statement, scopes.root)
        else:
            for name, annotation, value in _assignments(statement):
                gathered.assign(name, annotation, value)


def add_method(scopes: Scopes, node: ast.FunctionDef | ast.AsyncFunctionDef, owner: Scope) -> None:
    """Adds a method that was left out of a class that is lowered."""
    owner.bind(node.name)
    scopes.open(Kind.FUNCTION, node, node.name, owner)


def function(scope: Scope, node: ast.FunctionDef | ast.AsyncFunctionDef, yields: bool) -> Function:
    """The outline of a function that has no graph; `yields` where it may be a generator."""
    return Function(
        name=scope.name,
        qualname=scope.key,
        kind=Kind.FUNCTION,
        graph=None,
        parameters=tuple(_parameters(node.args)),
        returns=_annotation(node.returns),
        decorators=tuple(map(expression, node.decorator_list)),
        parent=scope.parent.qualname if scope.parent else "",
        asynchronous=isinstance(node, ast.AsyncFunctionDef),
        generator=yields and _yields(node),
    )


def class_(scope: Scope, node: ast.ClassDef) -> Class:
    """The outline of a class that is not lowered."""
    assigned: dict[str, tuple[Expression | None, Expression | None]] = {}
    for statement in flat(node.body):
        for name, annotation, value in _assignments(statement):
            assigned[name] = (annotation, value)
    return Class(
        name=scope.name,
        qualname=scope.qualname,
        bases=tuple(map(expression, node.bases)),
        keywords=tuple((each.arg or "**", expression(each.value)) for each in node.keywords),
        decorators=tuple(map(expression, node.decorator_list)),
        assigned=assigned,
        methods=methods(node),
        parent=scope.parent.qualname if scope.parent else "",
    )


def methods(node: ast.ClassDef) -> tuple[str, ...]:
    """Names of the functions that the body of a class defines, in order."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return tuple(dict.fromkeys(each.name for each in flat(node.body) if isinstance(each, functions)))


def imports_of(statement: ast.stmt) -> list[tuple[str, str, str, int]]:
    """(name bound, module, member, level) for each name that an import statement binds."""
    if isinstance(statement, ast.Import):
        return [
            (alias.asname, alias.name, "", 0) if alias.asname else (*2 * (alias.name.split(".")[0],), "", 0)
            for alias in statement.names
        ]
    if isinstance(statement, ast.ImportFrom):
        return [
            (alias.asname or alias.name, statement.module or "", alias.name, statement.level)
            for alias in statement.names
        ]
    return []


def bound_by(statement: ast.stmt) -> list[str]:
    """The names that a statement binds in the body that it stands in."""
    if isinstance(statement, Definition):
        return [statement.name]
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return [name for name, *_ in imports_of(statement) if name != "*"]
    parts = _parts(statement)
    return [part.id for part in parts if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load)]


def flat(statements: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements and those inside of them, in the order of the text; not those inside of definitions."""
    stack = list(reversed(statements))
    while stack:
        statement = stack.pop()
        yield statement
        if not isinstance(statement, Definition):
            stack.extend(reversed(_inner(statement)))


def _open(scopes: Scopes, node: Definition, parent: Scope) -> None:
    if not isinstance(node, ast.ClassDef):
        scopes.open(Kind.FUNCTION, node, node.name, parent)
        return
    scope = scopes.open(Kind.CLASS, node, node.name, parent)
    for statement in flat(node.body):
        if isinstance(statement, Definition):
            _open(scopes, statement, scope)


def _inner(statement: ast.AST) -> list[ast.stmt]:
    inner: list[ast.stmt] = []
    for name in ("body", "handlers", "cases", "orelse", "finalbody"):
        for each in getattr(statement, name, ()):
            if isinstance(each, ast.stmt):
                inner.append(each)
            elif isinstance(each, (ast.ExceptHandler, ast.match_case)):
                inner.extend(each.body)
    return inner


def _parts(statement: ast.stmt) -> Iterator[ast.AST]:
    """The expressions of a statement itself, but for those of inner statements and functions."""
    stack: list[ast.AST] = [] if isinstance(statement, Definition) else [statement]
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            inner = [each for each in ast.iter_child_nodes(node) if not isinstance(each, ast.stmt)]
            stack.extend(reversed(inner))


def _yields(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    yields = (ast.Yield, ast.YieldFrom)
    return any(isinstance(part, yields) for each in flat(node.body) for part in _parts(each))


def _imported(statement: ast.Import | ast.ImportFrom) -> Iterator[Imported]:
    for name, module, member, level in imports_of(statement):
        yield Imported(name, module, member, level)


def _assignments(statement: ast.stmt) -> Iterator[tuple[str, Expression | None, Expression | None]]:
    """Each name that the statement gives a value or an annotation."""
    match statement:
        case ast.Assign():
            for target in statement.targets:
                yield from ((name, None, value) for name, value in _bound(target, statement.value))
        case ast.AnnAssign(target=ast.Name(id=name)):
            value = None if statement.value is None else expression(statement.value)
            yield name, _annotation(statement.annotation), value
        case ast.AugAssign(target=ast.Name(id=name)):
            yield name, None, Opaque()
        case _ if type(statement).__name__ == "TypeAlias":  # Python 3.12
            yield statement.name.id, None, expression(statement.value)  # type: ignore[attr-defined]


def _bound(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, Expression]]:
    displays = (ast.Tuple, ast.List)
    if isinstance(target, ast.Name):
        yield target.id, expression(value)
    elif isinstance(target, displays) and isinstance(value, displays) and len(target.elts) == len(value.elts):
        for each, part in zip(target.elts, value.elts):
            yield from _bound(each, part)
    elif isinstance(target, displays) and all(isinstance(each, ast.Name) for each in target.elts):
        yield from elements(list(_names(target)), expression(value))
    else:
        yield from ((name, Opaque()) for name in _names(target))


def _names(target: ast.expr) -> Iterator[str]:
    for node in ast.walk(target):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _annotation(node: ast.expr | None) -> Expression | None:
    return None if node is None else expression(node, annotation=True)


def _parameters(node: ast.arguments) -> Iterator[Parameter]:
    ordinary = [*((each, "/") for each in node.posonlyargs), *((each, "") for each in node.args)]
    defaults = [*([None] * (len(ordinary) - len(node.defaults))), *node.defaults]
    for (each, keyword), default in zip(ordinary, defaults):
        yield _parameter(each, default, keyword)
    if node.vararg is not None:
        yield _parameter(node.vararg, None, "*args")
    for each, default in zip(node.kwonlyargs, node.kw_defaults):
        yield _parameter(each, default, "*")
    if node.kwarg is not None:
        yield _parameter(node.kwarg, None, "**kwargs")


def _parameter(node: ast.arg, default: ast.expr | None, keyword: str) -> Parameter:
    value = None if default is None else expression(default)
    return Parameter(node.arg, _annotation(node.annotation), value, keyword)
