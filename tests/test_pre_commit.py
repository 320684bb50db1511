"""The hooks, tried with the real pre-commit in a real git repository.

pre-commit makes an environment of its own for a hook in the language ``python``, for which it would have to
fetch packages. So the hooks are taken as they are written in ``.pre-commit-hooks.yaml``, but run from the
environment of the tests.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import CLEAN, LEAKING

ROOT = Path(__file__).parents[1]
HOOKS = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}

pytest.importorskip("pre_commit")


def git(*arguments: str) -> str:
    options = (
        "-c",
        "user.name=Somebody",
        "-c",
        "user.email=somebody@example.org",
        "-c",
        "init.defaultBranch=main",
    )
    done = subprocess.run(
        ["git", *options, *arguments], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one staged file that leaks a session and one that does not."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path / "hooks"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "src"))
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    (tmp_path / "leaking.py").write_text(LEAKING)
    (tmp_path / "clean.py").write_text(CLEAN)
    (tmp_path / "notes.txt").write_text("no Python\n")
    git("init", "-q")
    git("add", "leaking.py", "clean.py", "notes.txt")
    return tmp_path


def pre_commit(hook: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs one hook on all files, as `arguments` add to it."""
    entry: dict[str, Any] = {**HOOKS[hook], "language": "system"}
    command, *rest = entry["entry"].split()
    assert command == "session-lint"
    entry["entry"] = " ".join([sys.executable, "-m", "flake8_session", *rest])
    entry["args"] = [*entry.get("args", ()), *arguments]
    Path(".pre-commit-config.yaml").write_text(
        yaml.safe_dump({"repos": [{"repo": "local", "hooks": [entry]}]})
    )
    git("add", ".pre-commit-config.yaml")
    return subprocess.run(
        [sys.executable, "-m", "pre_commit", "run", "--all-files", "--color=never"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_hook_reports_and_changes_nothing(repository: Path) -> None:
    run = pre_commit("session-lint", "--output-format=concise")
    assert run.returncode == 1
    assert "leaking.py:6:15: SES101" in run.stdout
    assert "clean.py" not in run.stdout
    assert (repository / "leaking.py").read_text() == LEAKING


def test_the_fixing_hook_mends_and_fails_once(repository: Path) -> None:
    run = pre_commit("session-lint-fix")
    assert run.returncode == 1
    assert "files were modified by this hook" in run.stdout
    assert "Fixed 1 finding in 1 file" in run.stdout
    assert (repository / "leaking.py").read_text() == CLEAN
    git("add", "leaking.py")
    assert pre_commit("session-lint-fix").returncode == 0
    assert pre_commit("session-lint").returncode == 0


def test_the_hook_stops_a_commit_until_it_is_clean(repository: Path) -> None:
    pre_commit("session-lint-fix")
    subprocess.run(
        [sys.executable, "-m", "pre_commit", "install"], check=True, capture_output=True, timeout=60
    )
    (repository / "leaking.py").write_text(LEAKING)
    git("add", "leaking.py")
    with pytest.raises(subprocess.CalledProcessError):
        git("commit", "-q", "-m", "leaks")
    git("add", "leaking.py")
    git("commit", "-q", "-m", "clean")
    assert git("show", "HEAD:leaking.py") == CLEAN
