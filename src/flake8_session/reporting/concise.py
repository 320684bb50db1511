"""One line for each finding, in the form that flake8 prints and editors read."""

from __future__ import annotations

from collections.abc import Sequence

from flake8_session.reporting.report import FileFindings, Terminal, printable


def concise(files: Sequence[FileFindings], terminal: Terminal) -> str:
    """``path:row:column: CODE message``."""
    return "".join(
        f"{printable(file.filename)}:{finding.span.line}:{finding.span.column}: "
        f"{finding.code} {printable(finding.message)}\n"
        for file in files
        for finding in file.diagnostics
    )
