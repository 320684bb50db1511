"""The smallest program that still shows what a big one showed.

Statements are taken away, blocks are replaced by what is in them, handlers and decorations dropped,
as long as the program keeps its fault: greedy, in rounds, until nothing more can go.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator

Suite = list[ast.stmt]


def shrink(text: str, still: Callable[[str], bool], attempts: int = 400) -> str:
    """`text` made smaller while `still` holds of it; at most `attempts` programs are tried."""
    tree = ast.parse(text)
    left = attempts
    again = True
    while again and left > 0:
        again = False
        for smaller in _smaller(tree):
            left -= 1
            candidate = _text(smaller)
            if candidate is not None and still(candidate):
                tree, again = smaller, True
                break
            if left <= 0:
                break
    return ast.unparse(tree) + "\n"


def _text(tree: ast.Module) -> str | None:
    text = ast.unparse(ast.fix_missing_locations(tree))
    try:
        compile(text, "<smaller>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return None
    return text


def _smaller(tree: ast.Module) -> Iterator[ast.Module]:
    """Programs with one thing less, the biggest steps first."""
    for place in range(_count(tree)):
        for way in _WAYS:
            changed = copy.deepcopy(tree)
            suite, index = _at(changed, place)
            new = way(suite[index])
            if new is None or (suite is changed.body and way is not _nothing):
                continue
            suite[index : index + 1] = new
            if not suite:
                suite.append(ast.Pass())
            if ast.dump(changed) != ast.dump(tree):
                yield changed


def _suites(node: ast.AST) -> Iterator[Suite]:
    for _, value in ast.iter_fields(node):
        if isinstance(value, list):
            if value and isinstance(value[0], ast.stmt) and not isinstance(node, ast.ClassDef):
                yield value
            for each in value:
                if isinstance(each, ast.AST) and not isinstance(each, ast.ClassDef):
                    yield from _suites(each)


def _count(tree: ast.Module) -> int:
    return sum(len(suite) for suite in _suites(tree))


def _at(tree: ast.Module, place: int) -> tuple[Suite, int]:
    for suite in _suites(tree):
        if place < len(suite):
            return suite, place
        place -= len(suite)
    raise IndexError(place)


def _nothing(statement: ast.stmt) -> Suite | None:
    kept = (ast.Pass, ast.Import, ast.ImportFrom, ast.ClassDef)
    return None if isinstance(statement, kept) else []


def _body(statement: ast.stmt) -> Suite | None:
    return getattr(statement, "body", None) if not _defines(statement) else None


def _other_body(statement: ast.stmt) -> Suite | None:
    return (
        (getattr(statement, "orelse", None) or getattr(statement, "finalbody", None))
        if not _defines(statement)
        else None
    )


def _body_and_cleanup(statement: ast.stmt) -> Suite | None:
    return (
        [*statement.body, *statement.finalbody]
        if isinstance(statement, ast.Try) and statement.finalbody
        else None
    )


def _without_else(statement: ast.stmt) -> Suite | None:
    if getattr(statement, "orelse", None):
        statement.orelse = []  # type: ignore[attr-defined]
        return [statement]
    return None


def _without_cleanup(statement: ast.stmt) -> Suite | None:
    if isinstance(statement, ast.Try) and statement.finalbody and statement.handlers:
        statement.finalbody = []
        return [statement]
    return None


def _without_handlers(statement: ast.stmt) -> Suite | None:
    if isinstance(statement, ast.Try) and statement.finalbody and statement.handlers:
        statement.handlers, statement.orelse = [], []
        return [statement]
    return None


def _first_handler(statement: ast.stmt) -> Suite | None:
    if isinstance(statement, ast.Try) and len(statement.handlers) > 1:
        statement.handlers = statement.handlers[:1]
        return [statement]
    return None


def _broad(statement: ast.stmt) -> Suite | None:
    if isinstance(statement, ast.Try) and statement.handlers:
        for handler in statement.handlers:
            handler.type, handler.name = ast.Name("Exception", ast.Load()), None
        return [statement]
    return None


def _first_item(statement: ast.stmt) -> Suite | None:
    if isinstance(statement, (ast.With, ast.AsyncWith)) and len(statement.items) > 1:
        statement.items = statement.items[:1]
        return [statement]
    return None


def _plain_value(statement: ast.stmt) -> Suite | None:
    """``work(u.name)`` becomes ``u.name``, ``return (u, 1)`` becomes ``return u``."""
    match statement:
        case ast.Expr(value=ast.Call(func=ast.Name(), args=[inner])):
            return [ast.Expr(inner)]
        case ast.Return(value=ast.Tuple(elts=[first, *_]) | ast.List(elts=[first, *_])):
            return [ast.Return(first)]
        case ast.Return(value=ast.Name()):
            return [ast.Return(None)]
        case ast.Assign(value=value):
            return [ast.Expr(value)]
    return None


def _defines(statement: ast.stmt) -> bool:
    return isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))


_WAYS: tuple[Callable[[ast.stmt], Suite | None], ...] = (
    _nothing,
    _body,
    _other_body,
    _body_and_cleanup,
    _without_else,
    _without_cleanup,
    _without_handlers,
    _first_handler,
    _first_item,
    _broad,
    _plain_value,
)
