"""Workflow commands that GitHub shows beside the lines of a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flake8_session.diagnostics import Diagnostic
from flake8_session.reporting.report import FileFindings, Terminal, from_here, printable
from flake8_session.reporting.severity import Severity, severity

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def github(files: Sequence[FileFindings], terminal: Terminal) -> str:
    """A command for each finding, with the places of its path as further lines of the message."""
    return "".join(_command(file.filename, finding) for file in files for finding in file.diagnostics)


def _command(filename: str, finding: Diagnostic) -> str:
    span = finding.span
    properties = {
        "title": f"{finding.code} {finding.name}",
        "file": printable(from_here(filename)),
        "line": str(span.line),
        "col": str(span.column),
        "endLine": str(span.end_line),
    }
    if span.end_line == span.line:
        properties["endColumn"] = str(span.end_column)
    command = _COMMANDS[severity(finding.code)]
    told = ",".join(f"{key}={_escaped_property(value)}" for key, value in properties.items())
    return f"::{command} {told}::{_escaped(chr(10).join(_message(finding)))}\n"


def _message(finding: Diagnostic) -> Iterator[str]:
    yield printable(finding.message)
    for number, place in enumerate(finding.path, start=1):
        yield f"{number}. line {place.span.line}: {printable(place.message)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escaped_property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
