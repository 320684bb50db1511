"""Finds the file that holds the settings, and reads what it says for us.

In each folder, from the starting one upwards, ``pyproject.toml`` is asked first, for its table
``[tool.flake8-session]``; then ``setup.cfg``, ``tox.ini`` and ``.flake8``, for their sections
``[flake8-session]`` and ``[flake8]``. The first file that says anything to us is the only one that is
read. The search ends with the folder that holds ``.git``, at the home folder, or at the root.

``[flake8]`` belongs to all plugins: what is not about us there is passed over. Elsewhere an unknown
key is an error.
"""

from __future__ import annotations

import configparser
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from flake8_session.configuration.knobs import SHARED_WITH_FLAKE8, Kind
from flake8_session.configuration.values import (
    ConfigurationError,
    Value,
    Values,
    checked,
    checked_text,
    is_about_us,
    parse_per_file,
)

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TABLE = "flake8-session"
SHARED = "flake8"
_SHARED_KNOBS = {knob.key_in_flake8: knob for knob in SHARED_WITH_FLAKE8}
OWN_NAME = "pyproject.toml"
ALL_NAMES = (OWN_NAME, "setup.cfg", "tox.ini", ".flake8")


@dataclass(frozen=True, slots=True)
class Said:
    """What one file says: its values by key, and the file itself, None where there is none."""

    values: Values = field(default_factory=dict)
    file: Path | None = None


def find(start: Path, names: Sequence[str] = ALL_NAMES) -> Said:
    """What the nearest file that speaks to us says, looking from the folder `start` upwards."""
    for folder in folders_upwards(start):
        for name in names:
            said = _read_if_about_us(folder / name)
            if said is not None and (said.values or name == OWN_NAME):
                return said
    return Said()


def read(file: Path) -> Said:
    """What `file` says. Raises `ConfigurationError` where it cannot be read or says nothing to us."""
    if not file.is_file():
        raise ConfigurationError(f"{file}: {'it is no file' if file.exists() else 'there is no such file'}")
    said = _read_if_about_us(file, asked_for=True)
    if said is None:
        where = f"[tool.{TABLE}] table" if file.suffix == ".toml" else f"[{TABLE}] or [{SHARED}] section"
        raise ConfigurationError(f"{file}: it has no {where}")
    return said


def folders_upwards(start: Path) -> Iterator[Path]:
    """`start` and the folders above it, up to the root of the repository that it lies in."""
    home = Path(os.path.expanduser("~"))
    for folder in (start, *start.parents):
        if folder == home and folder != start:
            return
        yield folder
        if (folder / ".git").exists():
            return


def _read_if_about_us(file: Path, *, asked_for: bool = False) -> Said | None:
    """What `file` says to us, None for nothing. Mistakes in others' files count where it is `asked_for`."""
    try:
        content = file.read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except OSError as error:
        raise ConfigurationError(f"{file}: {error.strerror or error}") from None
    if SHARED.encode() not in content and not asked_for:
        return None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{file}: it is not UTF-8 ({error.reason} at byte {error.start})") from None
    if TABLE not in text and file.suffix == ".toml" and not asked_for:
        return None
    values = _table(text, file) if file.suffix == ".toml" else _sections(text, file)
    return None if values is None else Said(values, file)


def _table(text: str, file: Path) -> dict[str, Value] | None:
    try:
        tool = tomllib.loads(text).get("tool", {})
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{file}: it is no TOML: {error}") from None
    except RecursionError:
        raise ConfigurationError(f"{file}: it is nested too deeply to be read") from None
    table = tool.get(TABLE) if isinstance(tool, dict) else None
    if table is None:
        return None
    place = f"{file}: [tool.{TABLE}]"
    if not isinstance(table, dict):
        raise ConfigurationError(f"{place} must be a table")
    return {key: checked(key, raw, place) for key, raw in table.items()}


def _sections(text: str, file: Path) -> dict[str, Value] | None:
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(text, str(file))
    except configparser.Error as error:
        raise ConfigurationError(f"{file}: {' '.join(str(error).split())}") from None
    if TABLE not in parser and SHARED not in parser:
        return None
    values = dict(_shared_values(parser[SHARED], file)) if SHARED in parser else {}
    if TABLE in parser:
        place = f"{file}: [{TABLE}]"
        values.update({key: checked_text(_dashed(key), raw, place) for key, raw in parser[TABLE].items()})
    return values


def _shared_values(section: configparser.SectionProxy, file: Path) -> Iterator[tuple[str, Value]]:
    """Our part of ``[flake8]``: our own keys, and what the common ones say about our codes."""
    place = f"{file}: [{SHARED}]"
    for key, raw in section.items():
        knob = _SHARED_KNOBS.get(_dashed(key))
        if knob is None:
            continue
        if knob.kind is Kind.CODES:
            raw = ",".join(filter(is_about_us, re.split(r"[,\s]+", raw)))
        elif knob.kind is Kind.PER_FILE:
            yield knob.key, _our_part(parse_per_file(raw, f"{place} `{key}`"), place)
            continue
        yield knob.key, checked_text(knob.key, raw, place)


def _our_part(per_file: Mapping[str, Sequence[str]], place: str) -> Value:
    ours = {pattern: [code for code in codes if is_about_us(code)] for pattern, codes in per_file.items()}
    return checked("per-file-ignores", {pattern: codes for pattern, codes in ours.items() if codes}, place)


def _dashed(key: str) -> str:
    return key.replace("_", "-")
