"""Everything that a user chose, from the command line and from files, as one frozen value."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flake8_session.configuration.files import Said, find, folders_upwards, read
from flake8_session.configuration.knobs import BY_KEY, Kind
from flake8_session.configuration.names import check_names
from flake8_session.configuration.per_file import matches
from flake8_session.configuration.values import (
    COMMAND_LINE,
    ConfigurationError,
    PerFile,
    Value,
    Values,
    check_codes,
    check_patterns,
)
from flake8_session.configuration.versions import fastapi_version, sqlalchemy_version
from flake8_session.settings import Settings

__all__ = ["Configuration", "ConfigurationError", "Said", "check_codes", "configure", "find", "read"]

_MARKS_OF_A_ROOT = (".git", "pyproject.toml", "setup.cfg", "setup.py")
_ADDED_UP = ("extend-select", "extend-ignore", "extend-exclude", "per-file-ignores")


@dataclass(frozen=True, slots=True)
class Configuration:
    """The settings of the analysis, and what only the command line asks."""

    settings: Settings
    root: Path
    """What patterns and paths are relative to: the folder of `file`, or the root of the project."""
    file: Path | None = None
    exclude: tuple[str, ...] | None = None
    """None: the usual folders that hold no code of the project's own."""
    extend_exclude: tuple[str, ...] = ()
    per_file_ignores: PerFile = ()
    fixable: tuple[str, ...] = ()
    unfixable: tuple[str, ...] = ()
    output_format: str = "full"
    statistics: bool = False
    jobs: int = 0
    cache: bool = True
    cache_dir: str = ""
    baseline: str = ""

    @property
    def shows_fixes(self) -> bool:
        """Whether the report has a place for fixes; making them costs a little."""
        return self.output_format in ("full", "json", "sarif") and not self.statistics

    def settings_for(self, path: str) -> Settings:
        """The settings with what ``per-file-ignores`` adds for the file at `path`."""
        if not self.per_file_ignores:
            return self.settings
        more = [
            code
            for pattern, codes in self.per_file_ignores
            if matches((pattern,), path, self.root)
            for code in codes
        ]
        return dataclasses.replace(self.settings, ignore=(*self.settings.ignore, *more))


def configure(
    said: Said, start: Path, spoken: Values, known_codes: Callable[[], Iterable[str]] | None = None
) -> Configuration:
    """What `said` in a file and `spoken` on the command line amount to; what is spoken wins.

    `start` is the folder that the search began in. Where `known_codes` is given, raises
    `ConfigurationError` for a selector that covers none of them; it is asked only if there are any.
    """
    for values, place in ((said.values, str(said.file)), (spoken, COMMAND_LINE)):
        for key, selectors in _selectors(values):
            if known_codes is not None and selectors:
                check_codes(selectors, known_codes(), f"{place}: `{key}`")
        for key, patterns in _patterns(values):
            check_patterns(patterns, f"{place}: `{key}`")
    root = said.file.parent if said.file else _project_root(start)
    merged = _merged(_anchored(said), spoken)
    merged.setdefault("sqlalchemy-version", sqlalchemy_version(root))
    settings = _settings(merged, root)
    if settings.names:
        check_names(settings, root, lambda key: COMMAND_LINE if key in spoken else str(said.file))
    return Configuration(settings, root, said.file, **_fields(Configuration, merged))


def _anchored(said: Said) -> Values:
    """What the file says, with its paths as seen from its folder; on the command line they need no change."""
    if said.file is None:
        return said.values
    return {
        key: os.path.join(said.file.parent, value)
        if BY_KEY[key].kind is Kind.PATH and isinstance(value, str)
        else value
        for key, value in said.values.items()
    }


def _merged(said: Values, spoken: Values) -> dict[str, Any]:
    merged: dict[str, Any] = {**said, **spoken}
    for key in _ADDED_UP:
        merged[key] = (*_tuple(said.get(key, ())), *_tuple(spoken.get(key, ())))
    return merged


def _settings(values: dict[str, Any], root: Path) -> Settings:
    fields = _fields(Settings, values)
    fields["ignore"] = (*values.get("ignore", ()), *values.get("extend-ignore", ()))
    fields["fastapi_version"] = fastapi_version(root)
    fields["src"] = tuple(str(root / folder) for folder in values.get("src", ()))
    return Settings(**fields)


def _fields(owner: type, values: dict[str, Any]) -> dict[str, Any]:
    names = {field.name for field in dataclasses.fields(owner)}
    return {BY_KEY[key].field: value for key, value in values.items() if BY_KEY[key].field in names}


def _selectors(values: Values) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each key whose value holds selectors, with all of them."""
    for key, value in values.items():
        if BY_KEY[key].kind is Kind.CODES:
            yield key, _tuple(value)
        elif BY_KEY[key].kind is Kind.PER_FILE:
            yield key, tuple(code for _, codes in _tuple(value) for code in codes)


def _patterns(values: Values) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each key whose value holds patterns, with all of them."""
    for key, value in values.items():
        if BY_KEY[key].kind is Kind.PATTERNS:
            yield key, _tuple(value)
        elif BY_KEY[key].kind is Kind.PER_FILE:
            yield key, tuple(pattern for pattern, _ in _tuple(value))


def _tuple(value: Value) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else ()


def _project_root(start: Path) -> Path:
    for folder in folders_upwards(start):
        if any((folder / mark).exists() for mark in _MARKS_OF_A_ROOT):
            return folder
    return start
