"""The official schema of SARIF 2.1.0, which OASIS publishes.

It is OASIS's and under OASIS's terms, so it is not kept here: it is fetched once, from OASIS's site or from
the repository of its committee, held against the digest of the published file, and kept in pytest's cache.
``SARIF_SCHEMA`` names a copy at hand, as ``sarif-2.1/schema/sarif-schema-2.1.0.json`` of a clone of that
repository, ``https://github.com/oasis-tcs/sarif-spec``.
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
REPOSITORY = "https://raw.githubusercontent.com/oasis-tcs/sarif-spec/a560296ca8c921f3bdb8d4a8db57ab83dae968a7"
PLACES = (SCHEMA, f"{REPOSITORY}/sarif-2.1/schema/sarif-schema-2.1.0.json")


def sarif_schema(cache: Path | None) -> Any:
    """The schema; skips the test that asks, or fails it, where there is none to be had.

    `cache`: a folder to keep it in.
    """
    named = os.environ.get("SARIF_SCHEMA", "")
    kept = cache / "sarif-schema-2.1.0.json" if cache else None
    if named and named != "required":
        content = Path(named).read_bytes()
    elif kept and kept.exists():
        content = kept.read_bytes()
    else:
        content = _fetched(required=named == "required")
    assert hashlib.sha256(content).hexdigest() == DIGEST, "this is not the schema that OASIS publishes"
    if kept:
        kept.write_bytes(content)
    return json.loads(content)


def _fetched(*, required: bool) -> bytes:
    reasons = []
    for place in PLACES:
        try:
            with urllib.request.urlopen(place, timeout=20) as answer:
                content: bytes = answer.read()
        except OSError as why:
            reasons.append(str(why))
        else:
            return content
    why_not = f"the official schema of SARIF cannot be fetched: {'; '.join(reasons)}"
    return (pytest.fail if required else pytest.skip)(why_not)
