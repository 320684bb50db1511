"""Which lines of which files changed since a revision, asked of git.

Of a revision from which the history has branched off, as ``origin/main`` while main goes on, what counts is
the commit at which it did: what changed on the other side since is none of our changes. A file that git does
not track yet has only new lines. Git runs without the user's pager, colours and tools for differences; the
revision is looked up first, so that nothing else can hide in it.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from flake8_session.configuration import ConfigurationError

_HUNK = re.compile(r"^@@ -\S+ \+(\d+)(?:,(\d+))? @@")
_ESCAPED = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_LETTERS = {b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}


@dataclass(frozen=True, slots=True)
class Changes:
    """The changed lines of files by absolute path; None: all of them."""

    lines: dict[str, list[range] | None] = field(default_factory=dict)

    def touch(self, path: str, line: int) -> bool:
        """Whether `line` of the file at `path` changed."""
        ranges = self.lines.get(os.path.realpath(path), [])
        return ranges is None or any(line in each for each in ranges)

    def touch_file(self, path: str) -> bool:
        """Whether anything in the file at `path` changed."""
        return os.path.realpath(path) in self.lines


def changes_since(revision: str, folder: Path) -> Changes:
    """What changed since `revision` in the repository that holds `folder`. Raises `ConfigurationError`."""
    root = Path(_git(folder, "rev-parse", "--show-toplevel").rstrip("\n"))
    try:
        commit = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    except ConfigurationError:
        raise ConfigurationError(f"--diff-base: git knows no revision `{revision}`") from None
    options = ("--unified=0", "--no-color", "--no-ext-diff", "--no-textconv", "--no-prefix", "--find-renames")
    changes = Changes()
    base = _branched_off(root, commit.strip())
    _read_diff(_git(root, "diff", *options, base, "--", "*.py"), root, changes)
    for path in _git(root, "ls-files", "--others", "--exclude-standard", "-z").split("\0"):
        if path:
            changes.lines[os.path.realpath(root / path)] = None
    return changes


def _branched_off(root: Path, commit: str) -> str:
    """The newest commit that `commit` and the history here share; `commit` where they share none."""
    try:
        return _git(root, "merge-base", commit, "HEAD").split("\n")[0] or commit
    except ConfigurationError:
        return commit


def _read_diff(diff: str, root: Path, changes: Changes) -> None:
    ranges: list[range] = []
    in_header = False
    for line in diff.split("\n"):
        if line.startswith("diff --git "):
            in_header = True
        elif in_header and line.startswith("+++ "):
            ranges = []
            in_header = False
            changes.lines[os.path.realpath(root / _unquoted(line[4:]))] = ranges
        elif (hunk := _HUNK.match(line)) is not None:
            first, count = int(hunk[1]), int(hunk[2] or 1)
            ranges.append(range(first, first + count))


def _unquoted(name: str) -> str:
    """A file name as it is: git quotes odd ones as C does, and ends one with blanks with a tab."""
    if not name.startswith('"'):
        return name.rstrip("\t")
    raw = name.strip().strip('"').encode("utf-8", "surrogateescape")
    plain = _ESCAPED.sub(lambda part: _character(part[1]), raw)
    return plain.decode("utf-8", "surrogateescape")


def _character(escape: bytes) -> bytes:
    return bytes([int(escape, 8)]) if escape.isdigit() else _LETTERS.get(escape, escape)


def _git(folder: Path, *arguments: str) -> str:
    command: Sequence[str] = ("git", "-C", str(folder), "-c", "core.quotePath=true", *arguments)
    try:
        run = subprocess.run(command, capture_output=True, check=False)
    except OSError as error:
        raise ConfigurationError(f"--diff-base: git cannot be run: {error.strerror or error}") from None
    if run.returncode:
        said = run.stderr.decode("utf-8", "replace").strip().split("\n")[0]
        raise ConfigurationError(f"--diff-base: {said or 'git failed'}")
    return run.stdout.decode("utf-8", "surrogateescape")
