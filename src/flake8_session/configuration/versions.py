"""Which SQLAlchemy, and which FastAPI, the linted project runs on: by its lock, else as installed beside us.

A lock is not parsed, only searched for the two lines that matter: locks are large, and their
formats change more often than these lines do.
"""

from __future__ import annotations

import re
from pathlib import Path

_TOML_LOCK = r'name = "{name}"\s*\nversion = "(\d+\.\d+)'
_PIN = r"^{name}(?:\[[^\]]*\])?\s*==\s*(\d+\.\d+)"
_JSON_LOCK = r'"{name}": {{[^{{}}]*"version": "==(\d+\.\d+)'
_LOCKS = {
    "uv.lock": _TOML_LOCK,
    "poetry.lock": _TOML_LOCK,
    "pdm.lock": _TOML_LOCK,
    "Pipfile.lock": _JSON_LOCK,
    "requirements.txt": _PIN,
}


def sqlalchemy_version(root: Path) -> str:
    """Major and minor version, ``"2.0"`` where nothing is known."""
    return _version(root, "sqlalchemy") or "2.0"


def fastapi_version(root: Path) -> str:
    """Major and minor version, `""` where nothing is known."""
    return _version(root, "fastapi") or ""


def _version(root: Path, name: str) -> str | None:
    return _locked(root, name) or _installed(name)


def _locked(root: Path, name: str) -> str | None:
    for file, form in _LOCKS.items():
        try:
            text = (root / file).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        match = re.search(form.format(name=name), text, re.IGNORECASE | re.MULTILINE)
        if match is not None:
            return match[1]
    return None


def _installed(name: str) -> str | None:
    from importlib import metadata

    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
    return ".".join(version.split(".")[:2])
