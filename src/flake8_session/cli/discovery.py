"""From the paths on the command line to the files to lint.

A folder gives its ``.py`` files, without what `ignored` passes over; links to folders are not
followed, so no walk runs in circles. A file that is named is linted whatever its name is, unless the
project's own ``exclude`` says otherwise: pre-commit names files without asking.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from flake8_session.cli.arguments import STANDARD_INPUT
from flake8_session.cli.ignored import USUAL, Ignores, ignores_above, is_environment
from flake8_session.configuration import Configuration
from flake8_session.configuration.per_file import matches


@dataclass(slots=True)
class Found:
    """The files, in order and each once, and what is wrong with the paths, a line each."""

    files: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)


def discover(paths: Sequence[str], configuration: Configuration) -> Found:
    """The files that `paths` mean; `-` stands for itself."""
    found = Found()
    files: dict[str, None] = {}
    for path in paths:
        if path == STANDARD_INPUT:
            files[path] = None
        elif os.path.isdir(path):
            files.update(dict.fromkeys(_walk(path, configuration, found)))
        elif not os.path.lexists(path):
            found.missing.append(f"{path or 'an empty path'}: no such file or folder")
        elif not _excluded(path, configuration, folder=False):
            files[os.path.normpath(path)] = None
    found.files = list(files)
    return found


def _walk(start: str, configuration: Configuration, found: Found) -> Iterator[str]:
    """The files below the folder `start`, folder by folder in order of their names."""
    absolute = os.path.abspath(start)
    waiting: list[tuple[str, str, Ignores]] = [(os.path.normpath(start), absolute, ignores_above(absolute))]
    while waiting:
        shown, folder, ignores = waiting.pop()
        try:
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            found.unreadable.append(f"{shown}: {error.strerror}")
            continue
        ignores = ignores.within(folder)
        below: list[tuple[str, str, Ignores]] = []
        for entry in entries:
            name = entry.name if shown == "." else os.path.join(shown, entry.name)
            if entry.is_dir(follow_symlinks=False):
                if not _passed_over(entry, name, ignores, configuration):
                    below.append((name, entry.path, ignores))
            elif entry.name.endswith(".py") and _is_wanted(entry, name, ignores, configuration):
                yield name
        waiting += reversed(below)


def _is_wanted(
    entry: os.DirEntry[str], shown: str, ignores: Ignores, configuration: Configuration
) -> bool:
    return (
        not (entry.is_symlink() and os.path.isdir(entry.path))
        and not ignores.ignore(entry.path, folder=False)
        and not _excluded(shown, configuration, folder=False)
    )


def _passed_over(
    entry: os.DirEntry[str], shown: str, ignores: Ignores, configuration: Configuration
) -> bool:
    return (
        (configuration.exclude is None and _matches_usual(entry.name))
        or ignores.ignore(entry.path, folder=True)
        or _excluded(shown, configuration, folder=True)
        or is_environment(entry.path)
    )


def _matches_usual(name: str) -> bool:
    return f"{name}/" in USUAL or name.endswith(".egg")


def _excluded(path: str, configuration: Configuration, *, folder: bool) -> bool:
    patterns = (*(configuration.exclude or ()), *configuration.extend_exclude)
    return matches(patterns, path, configuration.root, folder=folder)
