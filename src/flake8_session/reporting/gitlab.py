"""GitLab's code quality report, a part of the Code Climate format."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from flake8_session.diagnostics import Diagnostic, Span
from flake8_session.reporting.fingerprints import Identity, identified
from flake8_session.reporting.report import FileFindings, Terminal
from flake8_session.reporting.severity import Severity, severity

_SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.NOTE: "info"}


def gitlab(files: Sequence[FileFindings], terminal: Terminal) -> str:
    """An array with an object for each finding. Only ASCII."""
    issues = [_issue(finding, identity) for file in files for finding, identity in identified(file)]
    return json.dumps(issues, indent=2) + "\n"


def _issue(finding: Diagnostic, identity: Identity) -> dict[str, Any]:
    return {
        "type": "issue",
        "check_name": finding.code,
        "description": f"{finding.code}: {finding.message}",
        "categories": ["Bug Risk"],
        "severity": _SEVERITIES[severity(finding.code)],
        "fingerprint": identity.digest,
        "location": _location(identity.path, finding.span),
        "other_locations": [_location(identity.path, place.span) for place in finding.path],
    }


def _location(path: str, span: Span) -> dict[str, Any]:
    return {"path": path, "lines": {"begin": span.line, "end": span.end_line}}
