"""The forms that findings are written in: pure functions from findings to text."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from flake8_session.reporting.report import FileFindings, Renderer, Terminal

__all__ = ["FORMATS", "FileFindings", "Renderer", "Terminal", "renderer"]

FORMATS: Mapping[str, str] = {
    "full": "full:full",
    "concise": "concise:concise",
    "json": "json_report:json_report",
    "sarif": "sarif:sarif",
    "github": "github:github",
    "gitlab": "gitlab:gitlab",
    "junit": "junit:junit",
}
"""Format to ``module:function``; only the one that is used is imported."""


def renderer(name: str) -> Renderer:
    """The renderer of the format `name`, one of `FORMATS`."""
    module, _, function = FORMATS[name].partition(":")
    found: Renderer = getattr(import_module(f"{__name__}.{module}"), function)
    return found
