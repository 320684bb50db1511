"""Names a finding so that it keeps its name when lines move.

A finding is known by its file, its code, the function that holds it and the text of its line without
the blanks; the second of several alike in one function is the second, whatever its line number is.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from flake8_session.diagnostics import Diagnostic
from flake8_session.reporting.report import FileFindings, from_here


@dataclass(frozen=True, slots=True)
class Identity:
    """What a finding is known by; `occurrence` counts from 1 among those alike."""

    path: str
    code: str
    function: str
    line: str
    occurrence: int

    @property
    def digest(self) -> str:
        """A short text that stands for it."""
        parts = (self.path, self.code, self.function, self.line, str(self.occurrence))
        return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def identified(file: FileFindings) -> Iterator[tuple[Diagnostic, Identity]]:
    """Each finding of `file` with its identity."""
    path = from_here(file.filename)
    seen: Counter[tuple[str, str, str]] = Counter()
    for finding in file.diagnostics:
        line = normalised(file.lines[finding.span.line - 1]) if finding.span.line <= len(file.lines) else ""
        key = (finding.code, finding.function, line)
        seen[key] += 1
        yield finding, Identity(path, *key, seen[key])


def normalised(line: str) -> str:
    """The line as far as it matters: without blanks, and without the comment that may come and go."""
    return "".join(line.partition("# noqa")[0].split())
