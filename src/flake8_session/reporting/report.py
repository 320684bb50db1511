"""What a report is made from: the findings by file, and what the reader's terminal can show."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TypeAlias

from flake8_session.diagnostics import Diagnostic

DOCUMENTATION = "https://flake8-session.readthedocs.io/en/latest/"
"""What ``docs/`` is published as. The pages of the rules in it are what ``--explain`` shows."""


@dataclass(frozen=True, slots=True)
class FileFindings:
    """What was found in one file, in order, with the file's lines for those formats that show them."""

    filename: str
    diagnostics: tuple[Diagnostic, ...]
    lines: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Terminal:
    """What the place that the report goes to can show."""

    colour: bool = False
    width: int = 100
    links: bool = False


Renderer: TypeAlias = Callable[[Sequence[FileFindings], Terminal], str]
"""Makes the whole report as one text. A renderer reads nothing and prints nothing."""


def page_of(code: str) -> str:
    """Where the page of the rule `code` is to be read; every format that has a place for a link has this."""
    return f"{DOCUMENTATION}rules/{code}/"


def from_here(path: str) -> str:
    """The path with slashes, and relative where it is below the current folder: services know no other."""
    if os.path.isabs(path) and PurePath(path).is_relative_to(os.getcwd()):
        path = os.path.relpath(path)
    return PurePath(path).as_posix()


def printable(text: str) -> str:
    """`text` on one line, with everything that could move a terminal's cursor written as an escape."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )
