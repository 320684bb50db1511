"""How functions reach out of themselves: what they bind of the module, configure, and store in ``self``.

Read from `ast` for every file, so that it is known which functions are worth lowering. Nothing here
is known of a file that only a newer Python reads.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from flake8_session.flow.outline import GIVEN_TO, Arguments
from flake8_session.flow.plain import arguments, expression
from flake8_session.flow.skimming import Definition, bound_by, flat

T = TypeVar("T")
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Reaching:
    """See the fields of the same names in `Outline`."""

    rebound: dict[str, tuple[str, ...]] = field(default_factory=dict)
    configured: dict[str, tuple[Arguments, ...]] = field(default_factory=dict)
    stored: dict[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Body:
    """The statements of a module, class or function; `within` goes before the names that it defines."""

    statements: Sequence[ast.stmt]
    within: str = ""
    function: str = ""
    class_: str = ""


def reaching(statements: Iterable[ast.stmt]) -> Reaching:
    """What the functions and classes below `statements`, which are a whole module, reach."""
    found = Reaching()
    stack = [_Body(tuple(statements))]
    while stack:
        body = stack.pop()
        for statement in flat(body.statements):
            if isinstance(statement, Definition):
                stack.append(_inner(body, statement))
            elif isinstance(statement, ast.Global) and body.function:
                for name in statement.names:
                    _add(found.rebound, name, body.function)
            elif isinstance(statement, ast.Expr):
                for name, given in _configured(statement, body):
                    _add(found.configured, name, given)
        if body.class_:
            found.stored[body.class_] = _stored(body.statements)
    return found


def _inner(body: _Body, node: Definition) -> _Body:
    qualname = f"{body.within}{node.name}"
    if isinstance(node, ast.ClassDef):
        return _Body(node.body, f"{qualname}.", class_=qualname)
    return _Body(node.body, f"{qualname}.<locals>.", function=qualname)


def _add(found: dict[str, tuple[T, ...]], name: str, more: T) -> None:
    known = found.get(name, ())
    if more not in known:
        found[name] = (*known, more)


def _configured(statement: ast.Expr, body: _Body) -> Iterator[tuple[str, Arguments]]:
    match statement.value:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="configure")) as call:
            given = arguments(call)
        case ast.Call(func=function, args=[ast.Name(id=name), *_]) if _last_name(function) == "register":
            given = ((GIVEN_TO, expression(function)),)
        case _:
            return
    if not body.function or name not in _locals(body):
        yield name, given


def _last_name(function: ast.expr) -> str:
    match function:
        case ast.Name(name) | ast.Attribute(attr=name):
            return name
    return ""


def _locals(body: _Body) -> set[str]:
    """The names that a function binds; those of its parameters are not looked at."""
    bound: set[str] = set()
    outside: set[str] = set()
    for statement in flat(body.statements):
        if isinstance(statement, ast.Global):
            outside.update(statement.names)
        else:
            bound.update(bound_by(statement))
    return bound - outside


def _stored(statements: Sequence[ast.stmt]) -> dict[str, tuple[str, ...]]:
    """Attribute to the methods that assign it to their first parameter."""
    found: dict[str, tuple[str, ...]] = {}
    for method in flat(statements):
        if isinstance(method, _Function):
            parameters = [*method.args.posonlyargs, *method.args.args]
            own = parameters[0].arg if parameters else ""
            for statement in flat(method.body):
                for name in _attributes(statement, own):
                    _add(found, name, method.name)
    return found


def _attributes(statement: ast.stmt, own: str) -> Iterator[str]:
    for target in _targets(statement):
        for node in ast.walk(target):
            match node:
                case ast.Attribute(value=ast.Name(id=name), attr=attribute, ctx=ast.Store()) if name == own:
                    yield attribute


def _targets(statement: ast.stmt) -> list[ast.expr]:
    match statement:
        case ast.Assign(targets=targets):
            return targets
        case ast.AnnAssign(target=target) | ast.AugAssign(target=target) | ast.For(target=target):
            return [target]
        case ast.AsyncFor(target=target):
            return [target]
        case ast.With(items=items) | ast.AsyncWith(items=items):
            return [item.optional_vars for item in items if item.optional_vars is not None]
    return []
