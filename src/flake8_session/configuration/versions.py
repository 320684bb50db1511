"""Which SQLAlchemy the linted project runs on: what its lock says, else what is installed beside us.

A lock is not parsed, only searched for the two lines that matter: locks are large, and their
formats change more often than these lines do.
"""

from __future__ import annotations

import re
from pathlib import Path

_TOML_LOCK = re.compile(r'name = "sqlalchemy"\s*\nversion = "(\d+\.\d+)', re.IGNORECASE)
_PIN = re.compile(r"^sqlalchemy(?:\[[^\]]*\])?\s*==\s*(\d+\.\d+)", re.IGNORECASE | re.MULTILINE)
_JSON_LOCK = re.compile(r'"sqlalchemy": \{[^{}]*"version": "==(\d+\.\d+)', re.IGNORECASE)
_LOCKS = {
    "uv.lock": _TOML_LOCK,
    "poetry.lock": _TOML_LOCK,
    "pdm.lock": _TOML_LOCK,
    "Pipfile.lock": _JSON_LOCK,
    "requirements.txt": _PIN,
}


def sqlalchemy_version(root: Path) -> str:
    """Major and minor version, ``"2.0"`` where nothing is known."""
    return _locked(root) or _installed() or "2.0"


def _locked(root: Path) -> str | None:
    for name, pattern in _LOCKS.items():
        try:
            match = pattern.search((root / name).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError):
            continue
        if match is not None:
            return match[1]
    return None


def _installed() -> str | None:
    from importlib import metadata

    try:
        version = metadata.version("sqlalchemy")
    except metadata.PackageNotFoundError:
        return None
    return ".".join(version.split(".")[:2])
