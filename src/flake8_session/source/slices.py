"""The unit of parsing: a slice is the lines of one top-level statement.

Boundaries come from `ast`, which reads a file ten times as fast as LibCST. Text that only a newer
Python reads is one slice; whether it is Python at all, LibCST then says.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flake8_session.source.shape import is_deep, is_wild
from flake8_session.source.text import SyntaxRefused, lines_of


@dataclass(frozen=True, slots=True)
class Slice:
    """Some lines of a file. `first_line` counts from 1.

    `refusal` is what `ast` said of it where it is not sure to be Python.
    `deep`: its syntax is nested so deeply that parsing it may take minutes, or end the process.
    """

    first_line: int
    text: str
    statements: tuple[ast.stmt, ...] = ()
    refusal: SyntaxRefused | None = None

    @property
    def deep(self) -> bool:
        return is_deep(self.statements)


def cut(text: str) -> tuple[Slice, ...]:
    """The slices of `text`, in order; raises `SyntaxRefused` where it cannot be Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except SyntaxError as error:
        refusal = SyntaxRefused(f"invalid syntax: {error.msg}", error.lineno or 0)
        if is_wild(text):
            raise refusal from error
        return (Slice(1, text, refusal=refusal),)
    except (ValueError, RecursionError, MemoryError) as error:
        raise SyntaxRefused(str(error) or "too deeply nested") from error
    return tuple(_slices(lines_of(text), tree.body))


def _slices(lines: Sequence[str], statements: Sequence[ast.stmt]) -> Iterator[Slice]:
    """Statements that share a line (``a = 1; b = 2``) share a slice."""
    group: list[ast.stmt] = []
    for statement in statements:
        if group and _first_line(statement) > _last_line(group[-1]):
            yield _slice(lines, group)
            group = []
        group.append(statement)
    if group:
        yield _slice(lines, group)


def _slice(lines: Sequence[str], group: list[ast.stmt]) -> Slice:
    first, last = _first_line(group[0]), _last_line(group[-1])
    return Slice(first, "".join(lines[first - 1 : last]), tuple(group))


def _first_line(statement: ast.stmt) -> int:
    """A decorated definition starts at its first decorator."""
    decorators = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(each.lineno for each in decorators)])


def _last_line(statement: ast.stmt) -> int:
    return statement.end_lineno or statement.lineno
