"""SARIF 2.1.0, for code scanning: rules with their pages, fixes, and the path as a code flow.

Lines and columns count from 1 and columns in characters, as everywhere here. Paths are relative to the
folder that the command ran in, where GitHub expects the root of the repository.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import flake8_session
from flake8_session.diagnostics import Diagnostic, Fix, Related, Span
from flake8_session.linting.catalogue import catalogue
from flake8_session.reporting.fingerprints import identified
from flake8_session.reporting.report import DOCUMENTATION, FileFindings, Terminal, from_here, page_of
from flake8_session.reporting.severity import severity
from flake8_session.rules._rule import Rule

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def sarif(files: Sequence[FileFindings], terminal: Terminal) -> str:
    """One run with the rules that spoke and their results. Only ASCII."""
    spoke = {finding.code for file in files for finding in file.diagnostics}
    rules = [rule for code, rule in catalogue().items() if code in spoke]
    numbers = {rule.code: number for number, rule in enumerate(rules)}
    results = [
        _result(file, finding, identity.digest, numbers)
        for file in files
        for finding, identity in identified(file)
    ]
    driver = {
        "name": "flake8-session",
        "semanticVersion": flake8_session.__version__,
        "informationUri": DOCUMENTATION,
        "rules": [_rule(rule) for rule in rules],
    }
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.code,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": {"text": rule.summary},
        "help": {"text": rule.page, "markdown": rule.page},
        "helpUri": page_of(rule.code),
        "defaultConfiguration": {"enabled": rule.default, "level": severity(rule.code).value},
        "properties": {"tags": ["sqlalchemy", "reliability"], "precision": "high"},
    }


def _result(
    file: FileFindings, finding: Diagnostic, digest: str, numbers: dict[str, int]
) -> dict[str, Any]:
    artifact = {"uri": uri(file.filename)}
    location: dict[str, Any] = {"physicalLocation": _physical(artifact, finding.span)}
    if finding.function:
        location["logicalLocations"] = [{"fullyQualifiedName": finding.function, "kind": "function"}]
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": numbers[finding.code],
        "level": severity(finding.code).value,
        "message": {"text": finding.message},
        "locations": [location],
        "partialFingerprints": {"flake8Session/v1": digest},
    }
    if finding.path:
        result["codeFlows"] = [_code_flow(artifact, finding.path)]
    if finding.fix is not None:
        result["fixes"] = [_fix(artifact, finding.fix)]
    return result


def _code_flow(artifact: dict[str, Any], path: Sequence[Related]) -> dict[str, Any]:
    steps = [
        {
            "executionOrder": number,
            "location": {
                "physicalLocation": _physical(artifact, place.span),
                "message": {"text": place.message},
            },
        }
        for number, place in enumerate(path, start=1)
    ]
    return {"threadFlows": [{"locations": steps}]}


def _fix(artifact: dict[str, Any], fix: Fix) -> dict[str, Any]:
    replacements = [
        {"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.content}} for edit in fix.edits
    ]
    return {
        "description": {"text": f"{fix.message} ({fix.applicability.value})"},
        "artifactChanges": [{"artifactLocation": artifact, "replacements": replacements}],
    }


def _physical(artifact: dict[str, Any], span: Span) -> dict[str, Any]:
    return {"artifactLocation": artifact, "region": _region(span)}


def _region(span: Span) -> dict[str, int]:
    return {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }


def uri(path: str) -> str:
    """The path as a URI: relative where it is below the current folder, else ``file:``."""
    shown = from_here(path)
    encoded = quote(shown.encode("utf-8", "surrogateescape"))
    return f"file://{encoded}" if os.path.isabs(shown) else encoded
