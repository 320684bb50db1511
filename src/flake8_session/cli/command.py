"""One run of ``session-lint``, in the order in which things happen."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from flake8_session.cli import CLEAN, FAILED, FOUND
from flake8_session.cli.arguments import Options, read_arguments
from flake8_session.cli.discovery import STANDARD_INPUT, Found, discover
from flake8_session.cli.outcomes import outcomes_of
from flake8_session.cli.running import Outcome
from flake8_session.cli.sources import Files
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
from flake8_session.reporting import FileFindings, renderer
from flake8_session.reporting.report import printable


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
    files = Files(options.stdin_filename)
    if options.fixes:
        from flake8_session.cli.mending import fix_files

        return fix_files(found.files, files, options, configuration, failed=failed)
    outcomes = outcomes_of(found.files, files, configuration, map(os.path.normpath, options.paths))
    for outcome in outcomes:
        if outcome.problem:
            complain(outcome.problem)
    _report(outcomes, files, options, configuration)
    return _status(outcomes, options, failed=failed)


def _report(
    outcomes: Sequence[Outcome], files: Files, options: Options, configuration: Configuration
) -> None:
    findings = [
        FileFindings(outcome.filename, outcome.linted.reported, files.lines(outcome.filename))
        for outcome in outcomes
        if outcome.linted.reported
    ]
    shown = PAPER if options.output_file else terminal(sys.stdout, options.color)
    if configuration.statistics:
        text = statistics(findings)
    else:
        text = renderer(configuration.output_format)(findings, shown)
    if configuration.output_format == "full" and not configuration.statistics:
        text += summary(findings, sum(not outcome.problem for outcome in outcomes), shown)
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
