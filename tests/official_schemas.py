"""The official schema of SARIF 2.1.0, which OASIS publishes.

It is OASIS's and under OASIS's terms, so it is not kept here: it is fetched once, held against the
digest of the published file, and kept in pytest's cache. ``SARIF_SCHEMA`` names a copy at hand.
Where there is neither a copy nor a network, the tests that need it are skipped and say so; with
``SARIF_SCHEMA=required`` they fail.
"""

from __future__ import annotations

import hashlib
import json
import os
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from flake8_session.reporting.sarif import SCHEMA

DIGEST = "c3b4bb2d6093897483348925aaa73af03b3e3f4bd4ca38cef26dcb4212a2682e"
"""SHA-256 of the schema of SARIF 2.1.0 with Errata 01."""


def sarif_schema(cache: Path) -> Any:
    """The schema; skips the test that asks, or fails it, where there is none to be had."""
    named = os.environ.get("SARIF_SCHEMA", "")
    kept = cache / "sarif-schema-2.1.0.json"
    if named and named != "required":
        content = Path(named).read_bytes()
    elif kept.exists():
        content = kept.read_bytes()
    else:
        content = _fetched(required=named == "required")
    assert hashlib.sha256(content).hexdigest() == DIGEST, "this is not the schema that OASIS publishes"
    kept.write_bytes(content)
    return json.loads(content)


def _fetched(*, required: bool) -> bytes:
    try:
        with urllib.request.urlopen(SCHEMA, timeout=20) as answer:
            content: bytes = answer.read()
    except OSError as why:
        (pytest.fail if required else pytest.skip)(f"the official schema of SARIF cannot be fetched: {why}")
    return content
