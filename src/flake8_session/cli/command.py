"""One run of ``session-lint``, in the order in which things happen."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from flake8_session.cli import CLEAN, FAILED
from flake8_session.cli.arguments import STANDARD_INPUT, Options, read_arguments
from flake8_session.cli.checking import check, complain_about_paths
from flake8_session.cli.discovery import discover
from flake8_session.cli.streams import CannotWrite, NobodyReads, be_forgiving, complain, say, terminal
from flake8_session.configuration import Configuration, ConfigurationError, Said, configure, find, read
from flake8_session.linting.codes import known_codes
from flake8_session.reporting.report import printable


def run(argv: Sequence[str] | None) -> int:
    """Does what the command line asks and returns the exit status."""
    be_forgiving()
    try:
        options = read_arguments(sys.argv[1:] if argv is None else argv)
        if options.asks_a_question:
            return _answer(options)
        if options.watch:
            _watch(options)
        return check(options, _configuration(options))
    except (ConfigurationError, CannotWrite) as error:
        complain(str(error))
        return FAILED
    except NobodyReads:
        complain("standard output: nobody reads it any more, so that what was said is not whole")
        return FAILED


def _answer(options: Options) -> int:
    """Says what was asked about the linter itself, without linting."""
    from flake8_session.cli import answers

    if options.completion:
        say(answers.completion(options.completion))
    elif options.explain:
        answers.explain(options.explain, options.color)
    elif options.list_rules:
        answers.list_rules()
    elif options.show_settings:
        answers.show_settings(_configuration(options))
    elif options.show_summary:
        answers.show_summary(options.show_summary, _configuration(options))
    else:
        found = discover(options.paths, _configuration(options))
        say("".join(f"{printable(path)}\n" for path in found.files))
        return complain_about_paths(found)
    return CLEAN


def _watch(options: Options) -> None:
    """Lints again and again; the settings are read anew each time. Raises what is wrong from the start."""
    from flake8_session.cli.watching import State, state_of, watch

    def look() -> State:
        try:
            configuration = _configuration(options)
        except ConfigurationError as error:
            return {str(error): (0, 0)}  # nothing is like this but the same mistake
        files = [str(configuration.file or ""), configuration.baseline]
        return state_of([*discover(options.paths, configuration).files, *files])

    def lint() -> set[str]:
        rests_on: set[str] = set()
        try:
            check(options, _configuration(options), rests_on)
        except (ConfigurationError, CannotWrite) as error:
            complain(str(error))
        gc.collect()  # This process is not about to end, and the next round needs nothing of this one.
        return rests_on

    _configuration(options)
    watch(look, lint, say, clears=terminal(sys.stdout, options.color).colour)


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
