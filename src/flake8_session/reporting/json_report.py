"""A JSON array with an object for each finding; the keys are those of ruff, and `path` is ours."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from flake8_session.diagnostics import Diagnostic, Edit, Fix, Related, Span
from flake8_session.reporting.report import FileFindings, Terminal, page_of


def json_report(files: Sequence[FileFindings], terminal: Terminal) -> str:
    """The findings of all files in one array. Only ASCII, so that no encoding can spoil it."""
    findings = [_finding(file.filename, finding) for file in files for finding in file.diagnostics]
    return json.dumps(findings, indent=2) + "\n"


def _finding(filename: str, finding: Diagnostic) -> dict[str, Any]:
    return {
        "code": finding.code,
        "name": finding.name,
        "message": finding.message,
        "filename": filename,
        "function": finding.function,
        **_span(finding.span),
        "path": [_place(place) for place in finding.path],
        "fix": _fix(finding.fix) if finding.fix else None,
        "url": page_of(finding.code),
    }


def _place(place: Related) -> dict[str, Any]:
    return {**_position(place.span.line, place.span.column), "message": place.message}


def _fix(fix: Fix) -> dict[str, Any]:
    return {
        "applicability": fix.applicability.value,
        "message": fix.message,
        "reason": fix.reason or None,
        "edits": [_edit(edit) for edit in fix.edits],
    }


def _edit(edit: Edit) -> dict[str, Any]:
    return {"content": edit.content, **_span(edit.span)}


def _span(span: Span) -> dict[str, Any]:
    return {
        "location": _position(span.line, span.column),
        "end_location": _position(span.end_line, span.end_column),
    }


def _position(line: int, column: int) -> dict[str, int]:
    return {"row": line, "column": column}
