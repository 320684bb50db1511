"""Lints one file: from its bytes to its findings, or to the line that says why it could not be linted.

Whatever goes wrong with one file stays with that file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from flake8_session.cli.reading import Unreadable, check_syntax
from flake8_session.configuration import Configuration
from flake8_session.linting import Linted, lint
from flake8_session.project import Neighbourhood
from flake8_session.sieve import may_concern
from flake8_session.source.text import SyntaxRefused, decode


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file: its findings, or why there are none."""

    filename: str
    linted: Linted = field(default_factory=Linted)
    problem: str = ""


def lint_file(
    path: str,
    configuration: Configuration,
    read: Callable[[str], bytes],
    around: Neighbourhood | None,
    *,
    named: bool,
) -> Outcome:
    """The outcome for the file at `path`, which `read` gives the bytes of, in the neighbourhood `around` it.

    Where the user `named` it, its syntax is looked at even if it cannot have to do with sessions;
    of the many files below a folder only those are parsed that may.
    """
    settings = configuration.settings_for(path)
    try:
        content = read(path)
        if may_concern(content, settings):
            return Outcome(path, lint(decode(content), path, settings, around))
        if named:
            check_syntax(decode(content))
        return Outcome(path)
    except Unreadable as why:
        return Outcome(path, problem=f"{path}: {why}")
    except SyntaxRefused as why:
        place = f"{path}:{why.line}" if why.line else path
        return Outcome(path, problem=f"{place}: {why.reason}")
