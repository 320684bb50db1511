"""Measures the linter on real faults and the commits that mended them, and on clean look-alikes.

    python ecosystem/pairs.py MIRRORS FACTS [FACTS ...]

MIRRORS is a folder with a git directory for each repository: `owner/name.git`, `owner+name` or `name`.
FACTS are files with a JSON object on each line. A fault has `id`, `repo`, `fix_sha`, `path`,
`before_lines`, `category` and `after_clean`: of the commit before `fix_sha`, one of these lines must be
reported by a rule for that category, and if `after_clean`, what the commit made of them must not be. A
look-alike has `sha`, `line` and `naive_category` instead, and must not be reported.

Prints a line for each, and exits with 1 where one is not as it should be. Trees are written below a
temporary folder and removed; no code of theirs is executed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from flake8_session.checker import check_source
from flake8_session.diagnostics import Diagnostic
from flake8_session.project.neighbours import Project
from flake8_session.source.text import SyntaxRefused, decode, lines_of

RULES = {
    "async-expired": "SES201 SES202 SES403 SES404",
    "begin-inside-transaction": "SES306",
    "close-not-guaranteed": "SES101 SES102 SES103 SES110",
    "detached-attribute": "SES201 SES202 SES203 SES204 SES205",
    "lazy-load-after-close": "SES202 SES203 SES204 SES205",
    "missing-rollback": "SES301 SES302 SES307 SES309",
    "overwritten/discarded": "SES101 SES104 SES105",
    "shared-across-threads/tasks": "SES405 SES406",
    "unawaited": "SES401",
    "unclosed": "SES101 SES102 SES103 SES104 SES105 SES110",
    "uncommitted": "SES304",
    "unprotected-yield": "SES106",
    "use-after-close": "SES110 SES206 SES207",
}
"""Which rules may report a fault of a category."""


@dataclass(frozen=True, slots=True)
class Place:
    """Lines of a file in a commit."""

    repository: Path
    commit: str
    path: str
    lines: range


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one fact; `wrong` is empty where it is as it should be."""

    name: str
    category: str
    wrong: str
    reports: Sequence[Diagnostic] = ()


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the measurement; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("mirrors", type=Path)
    parser.add_argument("facts", type=Path, nargs="+")
    parser.add_argument("--only", default="", help="those whose id holds this text")
    arguments = parser.parse_args(argv)
    verdicts = []
    for fact in _facts(arguments.facts):
        if arguments.only in fact["id"]:
            verdicts.append(_verdict(fact, arguments.mirrors))
            _show(verdicts[-1])
    _sum_up(verdicts)
    return any(verdict.wrong for verdict in verdicts)


def _facts(files: Sequence[Path]) -> Iterator[dict[str, Any]]:
    for file in files:
        for line in file.read_text(encoding="utf-8").splitlines():
            yield json.loads(line)


def _verdict(fact: dict[str, Any], mirrors: Path) -> Verdict:
    category = fact.get("category") or f"look-alike: {fact['naive_category']}"
    repository = _repository(mirrors, fact["repo"])
    if repository is None:
        return Verdict(fact["id"], category, "no such repository here")
    try:
        return _judged(fact, category, repository)
    except SyntaxRefused:
        return Verdict(fact["id"], category, "not this Python")


def _judged(fact: dict[str, Any], category: str, repository: Path) -> Verdict:
    codes = RULES[category.removeprefix("look-alike: ")].split()
    if "fix_sha" not in fact:
        line = fact["line"]
        place = Place(repository, fact["sha"], fact["path"], range(line, line + 1))
        reports = [each for each in _reports(place) if each.code in codes]
        return Verdict(fact["id"], category, "reported" if reports else "", reports)
    lines, parent = fact["before_lines"], f"{fact['fix_sha']}^"
    before = [Place(repository, parent, fact["path"], range(line, line + 1)) for line in lines]
    found = _reports(Place(repository, parent, fact["path"], range(min(lines), max(lines) + 1)))
    reports = [each for each in found if each.code in codes and each.span.line in lines]
    if not reports:
        return Verdict(fact["id"], category, "missed", found)
    if fact["after_clean"]:
        left = [
            each
            for place in before
            for each in _reports(_mended(place, fact["fix_sha"]))
            if each.code in codes
        ]
        if left:
            return Verdict(fact["id"], category, "still reported when mended", left)
    return Verdict(fact["id"], category, "", reports)


def _repository(mirrors: Path, name: str) -> Path | None:
    owner, _, short = name.partition("/")
    spellings = (f"{name}.git", name, f"{owner}+{short}/repo", f"{owner}+{short}", f"{short}.git", short)
    for spelling in spellings:
        for folder in (mirrors / spelling, mirrors / spelling / ".git"):
            if (folder / "HEAD").is_file():
                return folder.resolve()
    return None


def _reports(place: Place) -> list[Diagnostic]:
    """What is reported on the lines of `place`."""
    found = _TREES.reports(place.repository, place.commit, place.path)
    return [each for each in found if each.span.line in place.lines]


def _mended(place: Place, commit: str) -> Place:
    """What `commit` made of the lines of `place`."""
    before = _TREES.lines(place.repository, place.commit, place.path)
    after = _TREES.lines(place.repository, commit, place.path)
    start = place.lines.start - 1
    lines = range(0)
    for tag, first, last, new_first, new_last in SequenceMatcher(None, before, after, False).get_opcodes():
        if first <= start < last:
            same = new_first + start - first
            lines = range(same + 1, same + 2) if tag == "equal" else range(new_first + 1, new_last + 1)
    return Place(place.repository, commit, place.path, lines)


class _Trees:
    """Commits, written to the disk once each, and what is reported in their files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._written: dict[tuple[Path, str], tuple[Path, Project]] = {}
        self._reports: dict[Path, list[Diagnostic]] = {}

    def reports(self, repository: Path, commit: str, path: str) -> list[Diagnostic]:
        folder, project = self._tree(repository, commit)
        file = folder / path
        if file not in self._reports:
            text = decode(file.read_bytes()) if file.is_file() else ""
            self._reports[file] = check_source(text, filename=str(file), project=project)
        return self._reports[file]

    def lines(self, repository: Path, commit: str, path: str) -> list[str]:
        file = self._tree(repository, commit)[0] / path
        return lines_of(decode(file.read_bytes())) if file.is_file() else []

    def _tree(self, repository: Path, commit: str) -> tuple[Path, Project]:
        key = (repository, _git(repository, "rev-parse", commit).decode().strip())
        if key not in self._written:
            folder = self._folder / str(len(self._written))
            _write(repository, key[1], folder)
            self._written[key] = (folder, Project())
        return self._written[key]


def _write(repository: Path, commit: str, folder: Path) -> None:
    """Writes what matters of `commit`: Python files, and the marks of a project's root."""
    (folder / ".git").mkdir(parents=True)
    index = {"GIT_INDEX_FILE": str(folder / ".git" / "index")}
    _git(repository, "read-tree", commit, env=index)
    wanted = [
        name
        for name in _git(repository, "ls-files", "-z", env=index).split(b"\0")
        if name.endswith((b".py", b"pyproject.toml", b"setup.cfg"))
    ]
    _git(
        repository, "checkout-index", "-z", "--stdin", f"--prefix={folder}/",
        env=index, stdin=b"\0".join(wanted),
    )


def _git(
    repository: Path, *arguments: str, env: dict[str, str] | None = None, stdin: bytes = b""
) -> bytes:
    plain = ["-c", "core.bare=false", "-c", "core.symlinks=false"]
    command = ["git", f"--git-dir={repository}", *plain, *arguments]
    environment = {**os.environ, **(env or {})}
    run = subprocess.run(
        command, input=stdin, capture_output=True, check=True, cwd=repository, env=environment
    )
    return run.stdout


def _show(verdict: Verdict) -> None:
    print(f"{verdict.wrong or 'ok':<26} {verdict.category:<36} {verdict.name}")
    for report in verdict.reports:
        print(f"    {report.span.line}: {report.code} {report.message}")
    sys.stdout.flush()


def _sum_up(verdicts: Sequence[Verdict]) -> None:
    print()
    right: Counter[str] = Counter(verdict.category for verdict in verdicts if not verdict.wrong)
    for category, count in sorted(Counter(verdict.category for verdict in verdicts).items()):
        print(f"{right[category]:>3} of {count:>3}  {category}")
    print(f"{right.total():>3} of {len(verdicts):>3}  in all")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        _TREES = _Trees(Path(temporary))
        sys.exit(main())
