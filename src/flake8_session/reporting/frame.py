"""Draws source lines with marks under them, in the width that there is.

Terms: a *mark* is a span with a label; a *row* is a line of marks or labels under a source line. The
label of the rightmost mark stands beside it where it fits; the others hang below on bars::

    4 |     first = f(session, second)
      |             -          ^^^^^^ 2: read here
      |             |
      |             1: opened here

A span of several lines is marked on its first line only. Tabs count four columns; characters that a
terminal would not print are shown as ``?``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flake8_session.diagnostics import Span
from flake8_session.reporting.styled import TAB, Piece, Style, cells, fill

_NARROWEST = 24
_LEAD = 8


@dataclass(frozen=True, slots=True)
class Mark:
    """A span to underline, with what to say of it; `order` counts the marks as they are to be read."""

    span: Span
    labels: tuple[str, ...]
    primary: bool = False
    order: int = 0


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The lines of a file, the marks on them, and how wide the column of line numbers is."""

    lines: Sequence[str]
    marks: tuple[Mark, ...]
    gutter: int


@dataclass(frozen=True, slots=True)
class _Placed:
    """A mark in cells of the drawn line."""

    start: int
    end: int
    labels: tuple[str, ...]
    primary: bool
    order: int

    @property
    def style(self) -> Style:
        return Style.ERROR if self.primary else Style.PLACE


def excerpt_lines(excerpt: Excerpt, width: int) -> Iterator[list[Piece]]:
    """The drawing, line by line; nothing where the file's lines are not at hand."""
    numbers = sorted({mark.span.line for mark in excerpt.marks if mark.span.line <= len(excerpt.lines)})
    if not numbers:
        return
    room = max(width - excerpt.gutter - 3, _NARROWEST)
    yield _bar(excerpt)
    shown = 0
    for number in numbers:
        if shown and number == shown + 2:
            yield _numbered(excerpt, shown + 1, _drawn(excerpt.lines[shown], 0, room))
        elif shown and number > shown + 2:
            yield [Piece("...", Style.FRAME)]
        yield from _marked_line(excerpt, number, room)
        shown = number


def _marked_line(excerpt: Excerpt, number: int, room: int) -> Iterator[list[Piece]]:
    text = excerpt.lines[number - 1].rstrip("\r\n")
    marks = [mark for mark in excerpt.marks if mark.span.line == number]
    shift = _shift(text, min(mark.span.column for mark in marks), room)
    placed = [_place(mark, text, shift, room) for mark in marks]
    placed.sort(key=lambda mark: (mark.start, mark.end))
    yield _numbered(excerpt, number, _drawn(text, shift, room))
    beside = placed[-1] if _fits_beside(placed, room) else None
    yield [*_bar(excerpt), Piece(" "), *_underlines(placed, beside)]
    hanging = [mark for mark in placed if mark.labels and mark is not beside]
    hanging.sort(key=lambda mark: (mark.start, -mark.order))
    for position in reversed(range(len(hanging))):
        for row in _hung(hanging[: position + 1], room, with_bar=len(placed) > 1):
            yield [*_bar(excerpt), Piece(" "), *row]


def _fits_beside(placed: list[_Placed], room: int) -> bool:
    last = placed[-1]
    return (
        len(last.labels) == 1
        and last.end == max(mark.end for mark in placed)
        and last.end + 1 + cells(last.labels[0]) <= room
    )


def _underlines(placed: list[_Placed], beside: _Placed | None) -> Iterator[Piece]:
    """One row with every mark's line; the shorter mark and the finding's own are drawn over the others."""
    painted: dict[int, _Placed] = {}
    for mark in sorted(placed, key=lambda mark: (mark.primary, mark.start - mark.end)):
        painted.update(dict.fromkeys(range(mark.start, mark.end), mark))
    for column in range(max(painted, default=-1) + 1):
        mark_here = painted.get(column)
        if mark_here is None:
            yield Piece(" ")
        else:
            yield Piece("^" if mark_here.primary else "-", mark_here.style)
    if beside is not None:
        yield Piece(f" {beside.labels[0]}", beside.style)


def _hung(marks: list[_Placed], room: int, *, with_bar: bool) -> Iterator[list[Piece]]:
    """The labels of the last of `marks` under it, wrapped, with bars for the marks on its left."""
    last = marks[-1]
    widest = max(map(cells, last.labels))
    left = min(last.start, max(room - min(widest, 2 * _NARROWEST), 0))
    bars = {mark.start: mark.style for mark in marks[:-1] if mark.start < left}
    if with_bar and left == last.start:
        yield [*_columns({**bars, left: last.style}, left + 1)]
    for label in last.labels:
        for line in fill(label, max(room - left, _NARROWEST)):
            yield [*_columns(bars, left), Piece(line, last.style)]


def _columns(bars: dict[int, Style], width: int) -> Iterator[Piece]:
    for column in range(width):
        yield Piece("|", bars[column]) if column in bars else Piece(" ")


def _place(mark: Mark, text: str, shift: int, room: int) -> _Placed:
    span = mark.span
    end = span.end_column if span.end_line == span.line else len(text) + 1
    start_cell = _offset(text, span.column - 1) - shift
    end_cell = _offset(text, max(end - 1, span.column)) - shift
    start_cell = max(min(start_cell, room - 1), 0)
    end_cell = max(min(end_cell, room), start_cell + 1)
    return _Placed(start_cell, end_cell, mark.labels, mark.primary, mark.order)


def _shift(text: str, column: int, room: int) -> int:
    """How many cells on the left to leave out so that `column` can be seen in a line that is too long."""
    if _offset(text, len(text)) <= room:
        return 0
    return max(_offset(text, column - 1) - _LEAD, 0) if _offset(text, column - 1) > room // 2 else 0


def _offset(text: str, count: int) -> int:
    """The cells that the first `count` characters fill."""
    return sum(map(_width, text[:count]))


def _width(char: str) -> int:
    if char == "\t":
        return TAB
    return cells(char) if char.isprintable() else 1


def _drawn(text: str, shift: int, room: int) -> str:
    """The part of the line that is shown, with dots where something is left out."""
    shown = "".join(
        " " * TAB if char == "\t" else char if char.isprintable() else "?" for char in text.rstrip("\r\n")
    )
    if shift:
        shown = "..." + _without_first(shown, shift + 3)
    if cells(shown) > room:
        shown = _first(shown, room - 3) + "..."
    return shown


def _first(text: str, width: int) -> str:
    while cells(text) > width:
        text = text[: max(width, 0)] if text.isascii() else text[:-1]
    return text


def _without_first(text: str, width: int) -> str:
    for position in range(len(text)):
        if cells(text[:position]) >= width:
            return text[position:]
    return ""


def _numbered(excerpt: Excerpt, number: int, text: str) -> list[Piece]:
    return [Piece(f"{number:>{excerpt.gutter}} | ", Style.FRAME), Piece(text)]


def _bar(excerpt: Excerpt) -> list[Piece]:
    return [Piece(f"{' ' * excerpt.gutter} |", Style.FRAME)]
