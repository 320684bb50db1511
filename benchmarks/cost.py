"""What linting costs: our CPU seconds beside those of LibCST's parser, of flake8 and of ruff, on one tree.

    python benchmarks/cost.py [PATH ...]

Without a path the installed SQLAlchemy is the tree. Every command runs in a process of its own, whose
CPU time, with that of its children, is what counts; the clock on the wall depends on what else the
machine does. ``ruff`` is run without its cache and may be missing.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

OURS = (sys.executable, "-m", "flake8_session", "--isolated", "--exit-zero", "--statistics", "-j1")
FLAKE8 = (sys.executable, "-m", "flake8", "--isolated", "-j1", "--exit-zero", "--quiet", "--quiet")
FLAKE8_WITHOUT_US = """
import sys
from flake8.main.cli import main
from flake8.plugins import finder
find = finder.find_plugins
finder.find_plugins = lambda *given: [found for found in find(*given) if found.package != "flake8-session"]
sys.exit(main(sys.argv[1:]))
"""

READ = """
import sys
for path in sys.stdin.read().split("\\0"):
    with open(path, "rb") as file:
        content = file.read()
    b"Session" in content or b"session" in content
"""
PARSE_WITH_AST = """
import ast, sys, warnings
warnings.simplefilter("ignore")
for path in sys.stdin.read().split("\\0"):
    with open(path, "rb") as file:
        ast.parse(file.read())
"""
PARSE_WITH_LIBCST = """
import sys, libcst
for path in sys.stdin.read().split("\\0"):
    with open(path, "rb") as file:
        libcst.parse_module(file.read())
"""


def main(arguments: Sequence[str]) -> int:
    """Measures and prints; returns the exit status."""
    parser = argparse.ArgumentParser(description="What linting costs, beside parsing, flake8 and ruff.")
    parser.add_argument("paths", nargs="*", metavar="PATH", help="the tree; else the installed SQLAlchemy")
    paths = parser.parse_args(arguments).paths or [f"{sysconfig.get_path('purelib')}/sqlalchemy"]
    for path in paths:
        if not os.path.exists(path):
            parser.error(f"{path} does not exist")
    files = list(_files(paths))
    concerned = [file for file in files if _is_concerned(file)]
    print(f"Python {platform.python_version()}, {_processor()}")
    print(f"{len(files)} files, {_lines(files):,} lines;", end=" ")
    print(f"{len(concerned)} of them name sessions, {_lines(concerned):,} lines")
    print(f"{'':44}{'CPU s':>8}{'x parse':>9}{'x ruff':>8}")
    rows = list(_measurements(paths, files, concerned))
    seconds = dict(rows)
    for name, spent in rows:
        ruff = f"{spent / seconds[_RUFF]:8.2f}" if seconds.get(_RUFF) else f"{'-':>8}"
        print(f"{name:44}{spent:8.2f}{spent / seconds[_PARSE]:9.2f}{ruff}")
    return 0


_PARSE = "libcst.parse_module, those that name sessions"
_RUFF = "ruff check --no-cache"


def _measurements(paths: list[str], files: list[Path], concerned: list[Path]) -> Iterator[tuple[str, float]]:
    python = (sys.executable, "-c")
    yield "reading, and searches for a few words", _cpu([*python, READ], files)
    yield "ast.parse, all files", _cpu([*python, PARSE_WITH_AST], files)
    yield _PARSE, _cpu([*python, PARSE_WITH_LIBCST], concerned)
    with tempfile.TemporaryDirectory() as cache:
        yield "session-lint, nothing remembered", _cpu([*OURS, "--cache-dir", cache, *paths])
        yield "session-lint, everything remembered", _cpu([*OURS, "--cache-dir", cache, *paths])
    yield "flake8 without us", _cpu([*python, FLAKE8_WITHOUT_US, *FLAKE8[3:], *paths])
    with tempfile.TemporaryDirectory() as cache:
        yield "flake8 with us, no cache yet", _cpu([*FLAKE8, *paths], XDG_CACHE_HOME=cache)
    beside_python = os.path.dirname(sys.executable)
    ruff = shutil.which("ruff", path=f"{beside_python}{os.pathsep}{os.environ.get('PATH', '')}")
    if ruff:
        yield _RUFF, _cpu([ruff, "check", "--no-cache", "--isolated", "--quiet", "--exit-zero", *paths])


def _cpu(command: Sequence[str], files: Sequence[Path] = (), **environment: str) -> float:
    """CPU seconds of `command` and its children; `files` are its standard input."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    given = "\0".join(map(str, files)).encode()
    env = {**os.environ, **environment}
    subprocess.run(command, input=given, stdout=subprocess.DEVNULL, check=True, env=env)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _files(paths: Sequence[str]) -> Iterator[Path]:
    for path in map(Path, paths):
        yield from sorted(path.rglob("*.py")) if path.is_dir() else [path]


def _is_concerned(file: Path) -> bool:
    content = file.read_bytes()
    return b"Session" in content or b"session" in content


def _lines(files: Sequence[Path]) -> int:
    return sum(file.read_bytes().count(b"\n") for file in files)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown processor"
    names = (line.partition(": ")[2] for line in lines if line.startswith("model name"))
    return next(names, "unknown processor")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
