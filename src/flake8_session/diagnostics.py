"""The values that leave the analysis: spans, edits, fixes, diagnostics.

Nothing here decides anything; every other module may import this one.
Lines and columns count from 1, columns in characters; an end is exclusive.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flake8_session.editing.plans import Plan


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of a file: from (line, column) up to, not including, (end_line, end_column)."""

    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Related:
    """One place on the path that leads to a fault, with what happens there."""

    span: Span
    message: str


class Applicability(Enum):
    """Whether a fix can only lose the misuse (`SAFE`) or may also change timing, data or types."""

    SAFE = "safe"
    UNSAFE = "unsafe"


@dataclass(frozen=True, slots=True)
class Edit:
    """Replaces the text of `span` by `content`, which carries the file's own line ends."""

    span: Span
    content: str


@dataclass(frozen=True, slots=True)
class Fix:
    """Edits that mend one diagnostic, applied together or not at all."""

    message: str
    applicability: Applicability
    edits: tuple[Edit, ...]
    reason: str = ""
    """Why the fix is not safe; empty for a safe one."""
    imports: bool = False
    """It changes what the module imports, besides."""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One report: where, which rule, what happens to which object, and the path that leads there."""

    span: Span
    code: str
    name: str
    message: str
    path: tuple[Related, ...] = ()
    function: str = ""
    """Qualified name of the function that holds the report, `""` for the module's body."""
    fix: Fix | None = field(default=None, compare=False)
    plan: Callable[[], Sequence[Plan]] | None = field(default=None, compare=False, repr=False)
    """What would mend it, the best first, worked out when somebody asks.

    It stays inside the checker, which makes it `fix`."""

    @property
    def sort_key(self) -> tuple[int, int, str, str]:
        return (self.span.line, self.span.column, self.code, self.message)
