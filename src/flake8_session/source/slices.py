"""The unit of parsing: a slice is the lines of one top-level statement, less the methods that cannot matter.

Boundaries come from `ast`, which reads a file ten times as fast as LibCST. Text that only a newer
Python reads is one slice; whether it is Python at all, LibCST then says.

What can matter is asked of pieces, by all words that stand in their lines, those of strings and
comments included, so that no name is missed.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import TypeAlias

from flake8_session.source.shape import is_data, is_deep, is_wild, pieces
from flake8_session.source.text import SyntaxRefused, lines_of

Method: TypeAlias = "ast.FunctionDef | ast.AsyncFunctionDef"
METHODS = (ast.FunctionDef, ast.AsyncFunctionDef)
LARGEST_DATA = 20_000
"""Characters of a constant that is parsed. Longer ones are what programs write, and nothing comes of them."""


@dataclass(frozen=True)
class Piece:
    """Code that can be left out: a function or class at top level, a method, or another statement.

    `name` is ``f``, ``C`` or ``C.f``, and empty for anything else. `node` is missing where several statements
    share their lines, or `ast` could not read them.
    """

    name: str
    text: str
    node: ast.stmt | None = None

    @cached_property
    def words(self) -> frozenset[str]:
        """All words of the text."""
        return frozenset(_WORD.findall(self.text))

    @cached_property
    def attributes(self) -> frozenset[str]:
        """The words that follow a dot."""
        return frozenset(_ATTRIBUTE.findall(self.text))


Wanted: TypeAlias = Callable[[Piece], bool]
"""Whether a piece can matter."""


@dataclass(frozen=True, slots=True)
class Slice:
    """Some lines of a file: `numbers` says which of the file's lines each one is.

    `statements` is what `ast` made of them. It is empty where `ast` could not read the file, and
    `refusal` then says why. `methods` are those whose lines were replaced by a ``pass``.
    `wanted`: the slice can matter, and may be parsed. `yields`: it may hold a generator.
    """

    numbers: Sequence[int]
    text: str
    statements: tuple[ast.stmt, ...] = ()
    refusal: SyntaxRefused | None = None
    methods: tuple[Method, ...] = ()
    wanted: bool = True
    yields: bool = True


def cut(text: str, wanted: Wanted | None = None) -> tuple[Slice, ...]:
    """The slices of `text`, in order; raises `SyntaxRefused` where it cannot be Python."""
    return tuple(each if each.refusal else _sifted(each, wanted) for each in _cut(text))


def pieces_of(text: str) -> list[Piece]:
    """What `cut` asks about: the piece of each slice, and of a class its methods and the rest of it."""
    found: list[Piece] = []
    for part in _cut(text):
        class_ = part.statements[0] if part.statements else None
        methods = list(_methods(part, class_)) if isinstance(class_, ast.ClassDef) else []
        nodes = [each.node for each in methods if isinstance(each.node, METHODS)]
        found += [_piece(_without(part, nodes)), *methods]
    return found


@lru_cache(maxsize=8)
def _cut(text: str) -> tuple[Slice, ...]:
    """The whole slices of a text; it is cut to see what matters in it, and again to leave out the rest.

    To see what matters, other files are looked at in between.
    """
    lines = lines_of(text)
    try:
        statements = _statements(text)
    except SyntaxError as error:
        refusal = SyntaxRefused(error.msg, error.lineno or 0)
        if is_wild(text):
            raise refusal from error
        return (Slice(range(1, len(lines) + 1), text, refusal=refusal),)
    except ValueError as error:
        raise SyntaxRefused(str(error)) from error
    except (RecursionError, MemoryError):
        statements = [each for first, piece in pieces(lines) for each in _readable(first, piece)]
    return tuple(_slices(lines, statements))


def _statements(text: str) -> list[ast.stmt]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what a linted file's escapes are worth is for others to say
        return ast.parse(text).body


def _readable(first: int, piece: str) -> list[ast.stmt]:
    """The statements of a piece of a file that is too deep for `ast` as a whole; none if this piece is."""
    try:
        statements = _statements(piece)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    for each in statements:
        ast.increment_lineno(each, first - 1)
    return statements


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
    text = "".join(lines[first - 1 : last])
    return Slice(range(first, last + 1), text, tuple(group), yields="yield" in text)


def _sifted(part: Slice, wanted: Wanted | None) -> Slice:
    """`part` with what is left of it to parse."""
    if wanted is not None and not wanted(_piece(part)):
        return replace(part, wanted=False)
    if len(part.text) > LARGEST_DATA and is_data(part.statements):
        return replace(part, wanted=False)
    deep = is_deep(part.statements)
    class_ = part.statements[0]
    if isinstance(class_, ast.ClassDef):
        part = _without(part, list(_left_out(part, class_, wanted, deep)))
    return replace(part, wanted=not (deep and is_deep(part.statements, set(map(id, part.methods)))))


def _piece(part: Slice) -> Piece:
    first = part.statements[0] if len(part.statements) == 1 else None
    name = first.name if isinstance(first, (*METHODS, ast.ClassDef)) else ""
    return Piece(name, part.text, first)


def _left_out(part: Slice, class_: ast.ClassDef, wanted: Wanted | None, deep: bool) -> Iterator[Method]:
    """The methods that cannot matter or are too deep; of those that can be told from all others."""
    for piece in _methods(part, class_):
        assert isinstance(piece.node, METHODS)
        if (deep and is_deep([piece.node])) or not (wanted is None or wanted(piece)):
            yield piece.node


def _methods(part: Slice, class_: ast.ClassDef) -> Iterator[Piece]:
    """The methods of a class that have their lines and their name for themselves."""
    lines, start = lines_of(part.text), part.numbers[0]
    names = Counter(each.name for each in class_.body if isinstance(each, METHODS))
    before = class_.lineno
    for each in class_.body:
        first, last = _first_line(each), _last_line(each)
        alone, before = first > before, last
        if isinstance(each, METHODS) and alone and names[each.name] == 1:
            text = "".join(lines[first - start : last - start + 1])
            yield Piece(f"{class_.name}.{each.name}", text, each)


def _without(part: Slice, methods: Sequence[Method]) -> Slice:
    """`part` with a ``pass`` in the place of each of `methods`."""
    if not methods:
        return part
    lines, start = lines_of(part.text), part.numbers[0]
    kept: list[str] = []
    numbers: list[int] = []
    position = 0
    for method in methods:
        first = _first_line(method) - start
        kept += [*lines[position:first], lines[first][: method.col_offset] + "pass\n"]
        numbers += range(start + position, start + first + 1)
        position = _last_line(method) - start + 1
    kept += lines[position:]
    numbers += range(start + position, start + len(lines))
    return replace(part, text="".join(kept), numbers=numbers, methods=tuple(methods))


_WORD = re.compile(r"\w+")
_ATTRIBUTE = re.compile(r"\.\s*(\w+)")


def _first_line(statement: ast.stmt) -> int:
    """A decorated definition starts at its first decorator."""
    decorators = getattr(statement, "decorator_list", [])
    return min(int(each.lineno) for each in [statement, *decorators])


def _last_line(statement: ast.stmt) -> int:
    return statement.end_lineno or statement.lineno
