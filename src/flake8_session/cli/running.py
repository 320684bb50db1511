"""Lints one file: from its bytes to its findings, or to the line that says why it could not be linted.

Whatever goes wrong with one file stays with that file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from flake8_session.cli.reading import Unreadable, check_syntax
from flake8_session.configuration import Configuration
from flake8_session.linting import Linted, is_looked_at, lint
from flake8_session.project import Neighbourhood
from flake8_session.source.text import SyntaxRefused, decode


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file: its findings, or why there are none."""

    filename: str
    linted: Linted = field(default_factory=Linted)
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """A file that has to be linted. `alone`: it has no name, and so nothing around it."""

    filename: str
    text: str
    alone: bool = False


def look(
    path: str, configuration: Configuration, read: Callable[[str], bytes], *, named: bool
) -> Outcome | Source:
    """The file at `path`, which `read` gives the bytes of; its outcome where nothing has to be linted.

    Where the user `named` it, its syntax is looked at even if it cannot have to do with sessions;
    of the many files below a folder only those are parsed that may.
    """
    try:
        content = read(path)
        if is_looked_at(content, configuration.settings_for(path)):
            return Source(path, decode(content))
        if named:
            check_syntax(decode(content))
        return Outcome(path)
    except Unreadable as why:
        return Outcome(path, problem=f"{path}: {why}")
    except SyntaxRefused as why:
        return _refused(path, why)


def lint_text(source: Source, configuration: Configuration, around: Neighbourhood) -> Outcome:
    """The outcome for a file that `look` let through, in the neighbourhood `around` it."""
    path = source.filename
    settings = configuration.settings_for(path)
    try:
        neighbours = None if source.alone else around
        linted = lint(source.text, path, settings, neighbours, fixes=configuration.shows_fixes)
        return Outcome(path, linted)
    except SyntaxRefused as why:
        return _refused(path, why)


def _refused(path: str, why: SyntaxRefused) -> Outcome:
    place = f"{path}:{why.line}" if why.line else path
    return Outcome(path, problem=f"{place}: {why.reason}")
