"""A baseline: the findings that a project has today and wants to hear no more of.

It lists each by its file, its code, the function that holds it and the text of its line, so that it
survives when lines move. Files are written relative to the folder of the baseline, with slashes.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from flake8_session.cli.streams import write_whole
from flake8_session.configuration import ConfigurationError
from flake8_session.diagnostics import Diagnostic
from flake8_session.reporting import FileFindings
from flake8_session.reporting.fingerprints import normalised
from flake8_session.settings import FAILURE

_VERSION = 1
_KEYS = ("file", "code", "function", "line")

Known: TypeAlias = tuple[str, str, str, str]
"""File, code, function, line."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """The file, and how often it lists each finding."""

    file: Path
    counts: Counter[Known]

    def without_known(self, files: Iterable[FileFindings]) -> list[FileFindings]:
        """`files` without the listed findings; of more alike than are listed, the later ones stay."""
        left = self.counts.copy()
        return [
            FileFindings(file.filename, tuple(self._unlisted(file, left)), file.lines) for file in files
        ]

    def gone(self, files: Iterable[FileFindings], linted: Iterable[str]) -> Counter[Known]:
        """What is listed and was not found any more, in files that were `linted` or do not exist."""
        found = Counter(self.known(file, finding) for file in files for finding in file.diagnostics)
        looked_at = {self._name(path) for path in linted}
        return Counter(
            {
                known: missing
                for known, count in self.counts.items()
                if (missing := count - found[known]) > 0
                and (known[0] in looked_at or not (self.file.parent / known[0]).exists())
            }
        )

    def known(self, file: FileFindings, finding: Diagnostic) -> Known:
        """What `finding` is listed by."""
        number = finding.span.line
        line = normalised(file.lines[number - 1]) if number <= len(file.lines) else ""
        return self._name(file.filename), finding.code, finding.function, line

    def write(self, counts: Counter[Known]) -> None:
        """Writes a baseline with these findings. Raises `CannotWrite`."""
        entries = [
            json.dumps({**dict(zip(_KEYS, known, strict=True)), "count": count})
            for known, count in sorted(counts.items())
            if count > 0
        ]
        body = ",\n".join(f"    {entry}" for entry in entries)
        write_whole(str(self.file), f'{{\n  "version": {_VERSION},\n  "findings": [\n{body}\n  ]\n}}\n')

    def _unlisted(self, file: FileFindings, left: Counter[Known]) -> Iterable[Diagnostic]:
        for finding in file.diagnostics:
            known = self.known(file, finding)
            if left[known] > 0:
                left[known] -= 1
            else:
                yield finding

    def _name(self, path: str) -> str:
        return os.path.relpath(os.path.abspath(path), self.file.parent).replace(os.sep, "/")


def told(gone: Counter[Known], most: int) -> Iterator[str]:
    """A line for each finding that is gone; for the rest of more than `most` one line."""
    for (file, code, function, _), count in sorted(gone.items())[:most]:
        where = f"{file}, `{function}`" if function else file
        yield f"{code} in {where} is gone" + (f" {count} times" if count > 1 else "")
    if len(gone) > most:
        yield f"and {sum(count for _, count in sorted(gone.items())[most:])} more are gone"


def new_baseline(file: Path, files: Sequence[FileFindings]) -> int:
    """Writes a baseline of all findings in `files`, and gives their number. Raises `CannotWrite`."""
    baseline = Baseline(file, Counter())
    known = [
        baseline.known(each, finding)
        for each in files
        for finding in each.diagnostics
        if finding.code != FAILURE
    ]
    baseline.write(Counter(known))
    return len(known)


def read_baseline(file: Path) -> Baseline:
    """The baseline in `file`. Raises `ConfigurationError` where there is none, or it is no baseline."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigurationError(f"{file}: there is no such file; --write-baseline makes it") from None
    except OSError as error:
        raise ConfigurationError(f"{file}: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"{file}: it is no JSON: {error}") from None
    try:
        if content["version"] != _VERSION:
            raise ConfigurationError(f"{file}: it is a baseline of another version than {_VERSION}")
        findings = content["findings"]
        if not isinstance(findings, list):
            raise TypeError("no list of findings")
        return Baseline(file, Counter(dict(map(_entry, findings))))
    except (KeyError, TypeError, ValueError):
        raise ConfigurationError(f"{file}: it is no baseline") from None


def _entry(raw: Any) -> tuple[Known, int]:
    name, code, function, line = (raw[key] for key in _KEYS)
    count = raw["count"]
    if not all(isinstance(text, str) for text in (name, code, function, line)) or not isinstance(count, int):
        raise TypeError("not an entry")
    return (name, code, function, line), count
