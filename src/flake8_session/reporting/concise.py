"""One line for each finding, in the form that flake8 prints and editors read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flake8_session.diagnostics import Diagnostic
from flake8_session.reporting.report import FileFindings, Terminal, page_of, printable
from flake8_session.reporting.styled import Piece, Style, render_line


def concise(files: Sequence[FileFindings], terminal: Terminal) -> str:
    """``path:row:column: CODE message``."""
    return "".join(
        render_line(_line(file.filename, finding), terminal) for file in files for finding in file.diagnostics
    )


def _line(filename: str, finding: Diagnostic) -> Iterator[Piece]:
    yield Piece(printable(filename), Style.STRONG)
    yield Piece(f":{finding.span.line}:{finding.span.column}: ", Style.FRAME)
    yield Piece(finding.code, Style.ERROR, page_of(finding.code))
    yield Piece(f" {printable(finding.message)}")
