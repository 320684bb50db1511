"""With the tools that stand beside us: ruff, pre-commit, and users who import us."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import LEAKING

ROOT = Path(__file__).parents[1]


def run(*command: str, **more: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, **more}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=env)


@pytest.mark.parametrize(("external", "complaints"), [("", 1), ('external = ["SES"]', 0)])
def test_ruff_leaves_our_comments_alone_once_it_is_told(
    project: Path, external: str, complaints: int
) -> None:
    (project / "shop/leaking.py").write_text("x = 1  # noqa: SES101\n")
    settings = f'preview = true\n[lint]\nselect = ["RUF100", "RUF102"]\n{external}\n'
    (project / "ruff.toml").write_text(settings)
    said = run(sys.executable, "-m", "ruff", "check", "--no-cache", "--output-format=concise", "shop")
    assert said.stdout.count("SES101") == complaints


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_the_hooks_work_in_the_real_pre_commit(project: Path) -> None:
    """A copy of this repository is the source of the hooks, and `project` the repository that uses them."""
    source, home = project / "source", project / "home"
    names = ("src", "README.md", "LICENSE", "pyproject.toml", ".pre-commit-hooks.yaml")
    source.mkdir()
    for name in names:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, source / name)
    for repository in (source, project):
        assert run("git", "init", "-q", str(repository)).returncode == 0
    git = ("-c", "user.name=x", "-c", "user.email=x@x", "-c", "commit.gpgsign=false")
    assert run("git", "-C", str(source), "add", ".").returncode == 0
    assert run("git", "-C", str(source), *git, "commit", "-qm", "hooks").returncode == 0
    revision = run("git", "-C", str(source), "rev-parse", "HEAD").stdout.strip()
    (project / ".pre-commit-config.yaml").write_text(
        f"repos:\n- repo: {source}\n  rev: {revision}\n  hooks:\n  - id: session-lint\n"
        "  - id: session-lint-fix\n    stages: [manual]\n"
    )
    assert run("git", "add", "shop", ".pre-commit-config.yaml").returncode == 0

    def hook(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = (sys.executable, "-m", "pre_commit", "run", name, "--all-files", *arguments)
        return run(*command, PRE_COMMIT_HOME=str(home), PYTHONPATH="")

    found = hook("session-lint")
    assert found.returncode == 1, found.stdout + found.stderr
    assert "SES101 `session` is never closed" in found.stdout
    assert (project / "shop/leaking.py").read_text() == LEAKING
    fixed = hook("session-lint-fix", "--hook-stage=manual")
    assert "files were modified by this hook" in fixed.stdout
    assert "with Session(engine) as session:" in (project / "shop/leaking.py").read_text()
    assert hook("session-lint").returncode == 0


def test_users_of_the_library_get_types(tmp_path: Path) -> None:
    (tmp_path / "user.py").write_text(
        "from pathlib import Path\n"
        "from flake8_session import Diagnostic, Settings, lint_source\n"
        "found: list[Diagnostic] = lint_source('', filename='x.py', settings=Settings(tests=True))\n"
        "reveal_type(found[0].fix)\n"
        "lint_source('', filename=Path('x.py'))\n"
        "lint_source(1)\n"
    )
    said = run(sys.executable, "-m", "mypy", "--strict", "--no-incremental", str(tmp_path / "user.py"))
    assert 'Revealed type is "flake8_session.diagnostics.Fix | None"' in said.stdout
    assert 'Argument 1 to "lint_source" has incompatible type "int"' in said.stdout
    assert "Found 1 error" in said.stdout
