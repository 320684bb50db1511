"""One run of ``session-lint``, in the order in which things happen."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from flake8_session.cli import CLEAN, FAILED, FOUND
from flake8_session.cli.arguments import Options, read_arguments
from flake8_session.cli.discovery import STANDARD_INPUT, Found, discover
from flake8_session.cli.reading import Unreadable, read_bytes, read_standard_input
from flake8_session.cli.running import Outcome, lint_file
from flake8_session.cli.streams import (
    PAPER,
    CannotWrite,
    NobodyReads,
    be_forgiving,
    complain,
    say,
    terminal,
    write_whole,
)
from flake8_session.cli.summary import statistics, summary
from flake8_session.configuration import Configuration, ConfigurationError, Said, configure, find, read
from flake8_session.linting.codes import known_codes
from flake8_session.project import Neighbourhood
from flake8_session.reporting import FileFindings, renderer
from flake8_session.reporting.report import printable
from flake8_session.source.text import SyntaxRefused, decode, lines_of


def run(argv: Sequence[str] | None) -> int:
    """Does what the command line asks and returns the exit status."""
    be_forgiving()
    try:
        options = read_arguments(sys.argv[1:] if argv is None else argv)
        return _answer(options) if options.asks_a_question else _lint(options, _configuration(options))
    except (ConfigurationError, CannotWrite) as error:
        complain(str(error))
        return FAILED
    except NobodyReads:
        return FAILED


def _answer(options: Options) -> int:
    """Says what was asked about the linter itself, without linting."""
    from flake8_session.cli import answers

    if options.explain:
        answers.explain(options.explain, options.color)
    elif options.list_rules:
        answers.list_rules()
    elif options.show_settings:
        answers.show_settings(_configuration(options))
    else:
        found = discover(options.paths, _configuration(options))
        say("".join(f"{printable(path)}\n" for path in found.files))
        return _complain_about_paths(found)
    return CLEAN


def _complain_about_paths(found: Found) -> int:
    """Says which paths are wrong; failure where one does not exist."""
    for complaint in (*found.missing, *found.unreadable):
        complain(complaint)
    return FAILED if found.missing else CLEAN


def _configuration(options: Options) -> Configuration:
    """The command line's word over the file's. Raises `ConfigurationError`."""
    start = _start(options)
    if options.isolated:
        said = Said()
    else:
        said = read(Path(options.config).absolute()) if options.config else find(start)
    return configure(said, start, options.values, known_codes)


def _start(options: Options) -> Path:
    """The folder in which the search for settings begins: the innermost that holds all paths."""
    paths = [options.stdin_filename if path == STANDARD_INPUT else path for path in options.paths]
    absolute = [os.path.abspath(path or ".") for path in paths]
    folders = [path if os.path.isdir(path) else os.path.dirname(path) for path in absolute]
    try:
        return Path(os.path.commonpath(folders))
    except ValueError:  # paths on several drives of Windows
        return Path.cwd()


def _lint(options: Options, configuration: Configuration) -> int:
    found = discover(options.paths, configuration)
    failed = _complain_about_paths(found) == FAILED
    sources = _Sources(options.stdin_filename, Neighbourhood(configuration.settings.src))
    named = set(map(os.path.normpath, options.paths))
    outcomes = [
        lint_file(sources.name(path), configuration, sources.read, sources.around(path), named=path in named)
        for path in found.files
    ]
    for outcome in outcomes:
        if outcome.problem:
            complain(outcome.problem)
    _report(outcomes, sources, options, configuration)
    return _status(outcomes, options, failed=failed)


def _report(
    outcomes: Sequence[Outcome], sources: _Sources, options: Options, configuration: Configuration
) -> None:
    files = [
        FileFindings(outcome.filename, outcome.linted.reported, sources.lines(outcome.filename))
        for outcome in outcomes
        if outcome.linted.reported
    ]
    shown = PAPER if options.output_file else terminal(sys.stdout, options.color)
    if configuration.statistics:
        text = statistics(files)
    else:
        text = renderer(configuration.output_format)(files, shown)
    if configuration.output_format == "full" and not configuration.statistics:
        text += summary(files, sum(not outcome.problem for outcome in outcomes), shown)
    if options.output_file:
        write_whole(options.output_file, text)
    else:
        say(text)


def _status(outcomes: Sequence[Outcome], options: Options, *, failed: bool) -> int:
    """Failure where a path is missing or no file could be read; else whether anything was found."""
    if failed or (outcomes and all(outcome.problem for outcome in outcomes)):
        return FAILED
    found = any(outcome.linted.reported for outcome in outcomes)
    return FOUND if found and not options.exit_zero else CLEAN


_NAMELESS = "stdin"
"""What standard input is called where the user gives it no name."""


class _Sources:
    """The bytes and lines of the files of this run; standard input is read once."""

    def __init__(self, stdin_filename: str, around: Neighbourhood) -> None:
        self._around = around
        self._stdin_name = stdin_filename or _NAMELESS
        self._stdin: bytes | None = None
        self._is_stdin = False

    def name(self, path: str) -> str:
        """How the file is called in the report."""
        if path != STANDARD_INPUT:
            return path
        self._is_stdin = True
        return self._stdin_name

    def around(self, path: str) -> Neighbourhood | None:
        """What is around the file; nothing around standard input that has no name."""
        nameless = path == STANDARD_INPUT and self._stdin_name == _NAMELESS
        return None if nameless else self._around

    def read(self, name: str) -> bytes:
        """The bytes of the file that is called `name`. Raises `Unreadable`."""
        if not (self._is_stdin and name == self._stdin_name):
            return read_bytes(name)
        if self._stdin is None:
            self._stdin = read_standard_input()
        return self._stdin

    def lines(self, name: str) -> list[str]:
        """The lines of the file as it is now; none where it has gone since it was linted."""
        try:
            return lines_of(decode(self.read(name)))
        except (Unreadable, SyntaxRefused):
            return []
