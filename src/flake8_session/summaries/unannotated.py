"""Which pieces of a file take what may be a session, or a factory, in a parameter without an annotation.

Whether it is one, their callers say, or those that they hand it on to: see `given`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flake8_session.knowledge import frameworks
from flake8_session.source.slices import Piece


def takes_session(piece: Piece) -> bool:
    """Whether a parameter of the function is called like a session or factory, and has no annotation."""
    return any(
        frameworks.is_session_name(name) or frameworks.may_make(name) for name in _unannotated(piece)
    )


def hands_on_session(piece: Piece) -> bool:
    """Whether a call in the function is given such a parameter: who takes it may say that it is a session."""
    names = frozenset(filter(frameworks.is_session_name, _unannotated(piece)))
    return bool(names) and piece.node is not None and any(
        isinstance(value, ast.Name) and value.id in names
        for node in ast.walk(piece.node)
        if isinstance(node, ast.Call)
        for value in (*node.args, *(keyword.value for keyword in node.keywords))
    )


def asks_session(piece: Piece) -> bool:
    """Whether a method of such a parameter is called: what is called may say that it is a session."""
    names = frozenset(filter(frameworks.is_session_name, _unannotated(piece)))
    return bool(names) and piece.node is not None and any(
        isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in names
        for node in ast.walk(piece.node)
    )


def _unannotated(piece: Piece) -> Iterator[str]:
    """The parameters of the function that have no annotation."""
    if isinstance(piece.node, ast.FunctionDef | ast.AsyncFunctionDef):
        given = piece.node.args
        for each in (*given.posonlyargs, *given.args, *given.kwonlyargs):
            if each.annotation is None:
                yield each.arg
