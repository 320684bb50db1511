"""One run over the files: found, linted, narrowed, and reported or written down."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Sequence

from flake8_session.cli import CLEAN, FAILED, FOUND
from flake8_session.cli.arguments import Options
from flake8_session.cli.baseline import Known, told
from flake8_session.cli.discovery import Found, discover
from flake8_session.cli.narrowing import Narrowing, baseline_file, narrowing
from flake8_session.cli.outcomes import is_sound, outcomes_of
from flake8_session.cli.running import Outcome
from flake8_session.cli.sources import Files
from flake8_session.cli.streams import PAPER, check_writable, complain, say, terminal, write_whole
from flake8_session.cli.summary import counted, statistics, summary
from flake8_session.configuration import Configuration
from flake8_session.reporting import FileFindings, renderer
from flake8_session.settings import is_selected

_ENOUGH = 20
"""Entries of a baseline that are told to be gone one by one."""


def check(options: Options, configuration: Configuration, rests_on: set[str] | None = None) -> int:
    """Lints what `options` ask for, and gives the exit status. Raises `ConfigurationError`, `CannotWrite`.

    The modules that the findings rest on are added to `rests_on`, where somebody wants to know.
    """
    rests_on = set() if rests_on is None else rests_on
    narrow = narrowing(options, configuration)
    _check_targets(options, configuration)
    found = discover(options.paths, configuration)
    failed = complain_about_paths(found) == FAILED
    files = Files(options.stdin_filename)
    paths = narrow.files(found.files)
    if options.fixes:
        from flake8_session.cli.mending import fix_files

        return fix_files(paths, files, options, configuration, narrow, rests_on, failed=failed)
    outcomes = outcomes_of(paths, files, configuration, map(os.path.normpath, options.paths), rests_on)
    for outcome in outcomes:
        if outcome.problem:
            complain(outcome.problem)
    failed = failed or (bool(outcomes) and all(outcome.problem for outcome in outcomes))
    findings = [_with_lines(outcome, files) for outcome in outcomes if outcome.linted.reported]
    if options.add_noqa is not None:
        complete = _add_comments(narrow.keep(findings), options, configuration)
        return FAILED if failed or not complete else CLEAN
    if options.write_baseline:
        _write_baseline(findings, configuration)
        return FAILED if failed else CLEAN
    _compare(narrow, findings, outcomes, options, configuration)
    kept = narrow.keep(findings)
    _report(kept, outcomes, options, configuration, narrowed=narrow.leaves_out)
    if failed:
        return FAILED
    return FOUND if kept and not options.exit_zero else CLEAN


def _check_targets(options: Options, configuration: Configuration) -> None:
    """Raises `CannotWrite` where what is to be written cannot be; linting may take minutes."""
    if options.output_file:
        check_writable(options.output_file)
    if options.write_baseline or options.prune_baseline:
        check_writable(configuration.baseline)


def complain_about_paths(found: Found) -> int:
    """Says which paths are wrong; failure where one does not exist."""
    for complaint in (*found.missing, *found.unreadable):
        complain(complaint)
    return FAILED if found.missing else CLEAN


def _with_lines(outcome: Outcome, files: Files) -> FileFindings:
    return FileFindings(outcome.filename, outcome.linted.reported, files.lines(outcome.filename))


def _report(
    kept: Sequence[FileFindings],
    outcomes: Sequence[Outcome],
    options: Options,
    configuration: Configuration,
    *,
    narrowed: bool,
) -> None:
    shown = PAPER if options.output_file else terminal(sys.stdout, options.color)
    counts = configuration.statistics
    text = statistics(kept) if counts else renderer(configuration.output_format)(kept, shown)
    if configuration.output_format == "full" and not (counts and kept):
        checked = sum(not outcome.problem for outcome in outcomes)
        text += summary(kept, checked, shown, narrowed=narrowed)
    if options.output_file:
        write_whole(options.output_file, text)
    else:
        say(text)


def _add_comments(
    findings: Sequence[FileFindings], options: Options, configuration: Configuration
) -> bool:
    """Writes a comment for each finding; whether that could be done in every file."""
    from flake8_session.cli.adding_comments import add_comments

    comments, files, unwritten = add_comments(findings, configuration, options.add_noqa or "", complain)
    say(f"Wrote {counted(comments, 'comment')} in {counted(files, 'file')}.\n")
    return not unwritten


def _write_baseline(findings: Sequence[FileFindings], configuration: Configuration) -> None:
    from flake8_session.cli.baseline import new_baseline

    file = baseline_file(configuration)
    assert file is not None, "`narrowing` has seen to it"
    say(f"Wrote {counted(new_baseline(file, findings), 'finding')} to {file}.\n")


def _compare(
    narrow: Narrowing,
    findings: Sequence[FileFindings],
    outcomes: Sequence[Outcome],
    options: Options,
    configuration: Configuration,
) -> None:
    """Says what the baseline lists in vain, or takes it out.

    What could not be found, because the file was not linted or the rule is turned off, is not gone.
    """
    if narrow.baseline is None:
        return
    linted = [outcome.filename for outcome in outcomes if is_sound(outcome)]
    gone = narrow.baseline.gone(findings, linted)
    gone = Counter({known: count for known, count in gone.items() if _is_asked(known, narrow, configuration)})
    if not gone:
        return
    for what in told(gone, _ENOUGH):
        complain(f"{narrow.baseline.file}: {what}")
    if options.prune_baseline:
        narrow.baseline.write(narrow.baseline.counts - gone)
        complain(f"{narrow.baseline.file}: took out {counted(gone.total(), 'finding')} of the past")
    else:
        it = "it" if gone.total() == 1 else "them"
        complain(f"{narrow.baseline.file}: --prune-baseline takes {it} out")


def _is_asked(known: Known, narrow: Narrowing, configuration: Configuration) -> bool:
    """Whether the rule of a listed finding is in force in its file; one that no longer exists may go."""
    from flake8_session.linting.catalogue import catalogue

    assert narrow.baseline is not None
    rule = catalogue().get(known[1])
    settings = configuration.settings_for(str(narrow.baseline.file.parent / known[0]))
    return rule is None or is_selected(rule.code, settings, default=rule.default)
