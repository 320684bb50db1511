"""What of the findings is reported: without what a baseline lists, and only where lines have changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from flake8_session.cli.arguments import Options
from flake8_session.cli.baseline import Baseline, read_baseline
from flake8_session.cli.changed_lines import Changes, changes_since
from flake8_session.configuration import Configuration, ConfigurationError
from flake8_session.reporting import FileFindings


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What the user asked for; nothing of either where he asked for all."""

    baseline: Baseline | None = None
    changes: Changes | None = None

    @property
    def leaves_out(self) -> bool:
        """Whether findings may be passed over."""
        return self.changes is not None or (self.baseline is not None and bool(self.baseline.counts))

    def files(self, paths: Sequence[str]) -> list[str]:
        """Those of the files that have to be linted."""
        return [path for path in paths if self.changes is None or self.changes.touch_file(path)]

    def keep(self, files: Sequence[FileFindings]) -> list[FileFindings]:
        """The findings that are reported; files without any are left out."""
        kept = self.baseline.without_known(files) if self.baseline else list(files)
        if self.changes is not None:
            kept = [_on_changed_lines(file, self.changes) for file in kept]
        return [file for file in kept if file.diagnostics]


def narrowing(options: Options, configuration: Configuration) -> Narrowing:
    """What `options` and `configuration` ask for. Raises `ConfigurationError`."""
    file = baseline_file(configuration)
    reads = file is not None and not options.write_baseline
    if file is None and (options.write_baseline or options.prune_baseline):
        raise ConfigurationError("command line: --write-baseline and --prune-baseline need --baseline FILE")
    if options.fixes and options.diff_base:
        raise ConfigurationError("command line: --diff-base only reports; fixes move the lines that changed")
    return Narrowing(
        read_baseline(file) if file is not None and reads else None,
        changes_since(options.diff_base, Path.cwd()) if options.diff_base else None,
    )


def baseline_file(configuration: Configuration) -> Path | None:
    """Where the baseline is, or is to be."""
    return Path(configuration.baseline) if configuration.baseline else None


def _on_changed_lines(file: FileFindings, changes: Changes) -> FileFindings:
    changed = (each for each in file.diagnostics if changes.touch(file.filename, each.span.line))
    return FileFindings(file.filename, tuple(changed), file.lines)
