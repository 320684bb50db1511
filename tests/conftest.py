"""What the tests of the front ends share: a small project to lint, and the commands as a user runs them."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

LEAKING = """\
from sqlalchemy import text
from sqlalchemy.orm import Session


def count(engine):
    session = Session(engine)
    return session.execute(text("select 1")).scalar_one()
"""

CLEAN = """\
from sqlalchemy import text
from sqlalchemy.orm import Session


def count(engine):
    with Session(engine) as session:
        return session.execute(text("select 1")).scalar_one()
"""

Command = Callable[..., "subprocess.CompletedProcess[str]"]


def pytest_collection_finish() -> None:
    """What is imported stays: the collector, which the cases' runs ask often, need not look at it again."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one file that leaks a session and one that does not; it is the current folder."""
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "leaking.py").write_text(LEAKING)
    (tmp_path / "shop" / "clean.py").write_text(CLEAN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "no-user-settings"))
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def _command(module: str) -> Command:
    def run(
        *arguments: str, stdin: str | bytes = "", env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        finished = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            input=stdin.encode() if isinstance(stdin, str) else stdin,
            capture_output=True,
            env={**os.environ, **(env or {})},
            timeout=60,
            check=False,
        )
        said, complained = (
            stream.decode("utf-8", "surrogateescape").replace("\r\n", "\n")
            for stream in (finished.stdout, finished.stderr)
        )
        return subprocess.CompletedProcess(finished.args, finished.returncode, said, complained)

    return run


@pytest.fixture
def session_lint() -> Command:
    """``session-lint`` in a process of its own."""
    return _command("flake8_session")


@pytest.fixture
def flake8() -> Command:
    """``flake8`` in a process of its own, with the plugin that is installed."""
    return _command("flake8")
