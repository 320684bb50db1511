"""The JSON schema of ``[tool.flake8-session]``, for editors. ``schema.json`` beside this file is its output.

``python -m flake8_session.configuration.schema > src/flake8_session/configuration/schema.json`` writes
it anew.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from flake8_session.configuration.knobs import KNOBS, Kind, Knob

_CODES = {"type": "array", "items": {"type": "string", "pattern": "^[A-Z]{1,3}[0-9]{0,3}$"}}
_TEXTS = {"type": "array", "items": {"type": "string"}}
_SHAPES: dict[Kind, dict[str, Any]] = {
    Kind.CODES: _CODES,
    Kind.NAMES: {"type": "array", "items": {"type": "string", "pattern": r"^[^\W\d]\w*(\.[^\W\d]\w*)*$"}},
    Kind.PATTERNS: _TEXTS,
    Kind.FOLDERS: _TEXTS,
    Kind.PER_FILE: {"type": "object", "additionalProperties": _CODES},
    Kind.SWITCH: {"type": "boolean"},
    Kind.COUNT: {"type": "integer", "minimum": 0},
    Kind.PATH: {"type": "string", "minLength": 1},
    Kind.VERSION: {"type": "string", "pattern": r"^\d+\.\d+(\.\w+)*$"},
}


def schema() -> dict[str, Any]:
    """The schema, made from the table of the keys."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "flake8-session",
        "description": "The table [tool.flake8-session] of pyproject.toml",
        "type": "object",
        "additionalProperties": False,
        "properties": {knob.key: _property(knob) for knob in KNOBS},
    }


def _property(knob: Knob) -> dict[str, Any]:
    shape = {"type": "string", "enum": list(knob.choices)} if knob.kind is Kind.CHOICE else _SHAPES[knob.kind]
    return {"description": f"{knob.summary[0].upper()}{knob.summary[1:]}.", **shape}


if __name__ == "__main__":
    json.dump(schema(), sys.stdout, indent=2)
    sys.stdout.write("\n")
