"""What is imported when: the plugin is part of every flake8 run, also where no file uses SQLAlchemy."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import flake8_session

PACKAGE = Path(flake8_session.__file__).parent
HEAVY = ("libcst", "rich", "pathspec", "platformdirs", "sqlalchemy", "concurrent.futures", "multiprocessing")
ACCESS = (".read_text", ".read_bytes", ".write_text", ".write_bytes")
READERS = ("cli", "configuration", "fixing", "project")


def python(program: str) -> str:
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return run.stdout.strip()


def loaded_after(program: str) -> set[str]:
    return set(python(f"import sys\n{program}\nprint(*sys.modules)").split())


def test_the_plugin_imports_nothing_heavy() -> None:
    program = (
        "from flake8_session.flake8_plugin import Plugin\n"
        "Plugin.parse_options(__import__('argparse').Namespace())\n"
        "assert not list(Plugin(None, ['x = 1\\n'] * 10, 'x.py').run())"
    )
    unwanted = (*HEAVY, "flake8_session.checker", "flake8_session.linting")
    assert not loaded_after(program).intersection(unwanted)


def test_the_plugin_costs_flake8_less_than_30_milliseconds() -> None:
    program = (
        "import time, flake8.main.application, flake8.checker, flake8.style_guide, argparse\n"
        "begin = time.process_time()\n"
        "from flake8_session.flake8_plugin import Plugin\n"
        "Plugin.parse_options(argparse.Namespace())\n"
        "print(time.process_time() - begin)"
    )
    assert min(float(python(program)) for _ in range(3)) < 0.030


def test_importing_the_package_imports_next_to_nothing() -> None:
    ours = {name for name in loaded_after("import flake8_session") if name.startswith("flake8_session")}
    assert ours == {"flake8_session"}


def test_a_tree_without_sessions_needs_no_libcst(tmp_path: Path) -> None:
    (tmp_path / "x.py").write_text("x = 1\n")
    program = f"from flake8_session.cli import main\nassert main([{str(tmp_path)!r}, '--isolated']) == 0"
    assert "libcst" not in loaded_after(program)


def test_the_library_offers_what_it_says() -> None:
    for name in flake8_session.__all__:
        assert getattr(flake8_session, name) is not None
    assert set(flake8_session.__all__) <= set(dir(flake8_session))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        flake8_session.nothing  # noqa: B018


MODULES = {str(path.relative_to(PACKAGE)): path for path in sorted(PACKAGE.rglob("*.py"))}


@pytest.mark.parametrize("name", [name for name in MODULES if name.split("/")[0] not in READERS])
def test_only_the_front_ends_the_fixer_and_the_project_read_files(name: str) -> None:
    for node in ast.walk(ast.parse(MODULES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            assert called not in {"open", "io.open", "os.open"}, node.lineno
            assert not called.endswith(ACCESS), node.lineno
