"""Findings with their source lines, the places of their path underlined and numbered, for people.

::

    SES101 session `session` is never closed
      --> shop/orders.py:12:15
       |
    12 |     session = Session(engine)
       |               ^^^^^^^^^^^^^^^ 1: opened here
    13 |     session.add(order)
    ...
    20 |     return order
       |     ------------ 2: leaves here
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flake8_session.diagnostics import Diagnostic, Span
from flake8_session.reporting.fix_diff import fix_lines
from flake8_session.reporting.frame import Excerpt, Mark, excerpt_lines
from flake8_session.reporting.report import FileFindings, Terminal, page_of, printable
from flake8_session.reporting.styled import Piece, Style, fill, render_line


def full(files: Sequence[FileFindings], terminal: Terminal) -> str:
    """Every finding as a block of lines, followed by an empty line."""
    return "".join(
        render_line(line, terminal)
        for file in files
        for finding in file.diagnostics
        for line in (*_block(file, finding, terminal), [])
    )


def _block(file: FileFindings, finding: Diagnostic, terminal: Terminal) -> Iterator[list[Piece]]:
    yield from _headline(finding, terminal)
    marks = _marks(finding)
    gutter = len(str(max(mark.span.line for mark in marks)))
    where = f"{printable(file.filename)}:{finding.span.line}:{finding.span.column}"
    yield [Piece(f"{' ' * gutter}--> ", Style.FRAME), Piece(where)]
    yield from excerpt_lines(Excerpt(file.lines, marks, gutter), terminal.width)
    if finding.fix is not None:
        yield from fix_lines(finding.fix, file.lines, gutter, terminal.width)


def _headline(finding: Diagnostic, terminal: Terminal) -> Iterator[list[Piece]]:
    indent = len(finding.code) + 1
    lines = fill(printable(finding.message), max(terminal.width - indent, 20))
    code = Piece(finding.code, Style.ERROR, page_of(finding.code))
    yield [code, Piece(f" {lines[0]}", Style.STRONG)]
    for line in lines[1:]:
        yield [Piece(" " * indent + line, Style.STRONG)]


def _marks(finding: Diagnostic) -> tuple[Mark, ...]:
    """The finding's own place and those of its path; places of one span share a mark."""
    labels: dict[Span, list[str]] = {place.span: [] for place in finding.path}
    labels.setdefault(finding.span, [])
    numbered = len(finding.path) > 1
    for number, place in enumerate(finding.path, start=1):
        label = printable(place.message)
        labels[place.span].append(f"{number}: {label}" if numbered else label)
    return tuple(
        Mark(span, tuple(texts), span == finding.span, order)
        for order, (span, texts) in enumerate(labels.items())
    )
