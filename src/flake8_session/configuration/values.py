"""Checks what a user wrote for a key and turns it into the value that the program uses.

Every mistake is one `ConfigurationError` whose text names the place, the key and, where one is
near, what was probably meant.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from flake8_session.configuration.knobs import BY_KEY, Kind, Knob
from flake8_session.configuration.patterns import is_pattern
from flake8_session.settings import PREFIX

PerFile: TypeAlias = tuple[tuple[str, tuple[str, ...]], ...]
Value: TypeAlias = str | bool | int | tuple[str, ...] | PerFile
Values: TypeAlias = Mapping[str, Value]

_CODE = re.compile(r"[A-Z]{1,3}[0-9]{0,3}", re.ASCII)
_ANY_CODE = re.compile(r"[A-Z]+[0-9]*", re.ASCII)
_DOTTED = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
_VERSION = re.compile(r"\d+\.\d+(\.\w+)*")
_PER_FILE_TOKEN = re.compile(r"[^\s,:]+|:")


COMMAND_LINE = "command line"
"""What takes the place of a file's name where a key was set on the command line."""


class ConfigurationError(Exception):
    """What is wrong with the configuration, as one line for the user."""


def checked(key: str, raw: object, place: str) -> Value:
    """The value of `raw`, as TOML or the command line gives it, for `key`.

    `place` says where it was written. Raises `ConfigurationError` for an unknown key, a value of
    the wrong type and a word that is not one of the choices.
    """
    knob = BY_KEY.get(key)
    if knob is None:
        raise ConfigurationError(f"{place}: unknown key `{key}`{_nearest(key, BY_KEY)}")
    return _READERS[knob.kind](knob, raw, place)


def checked_text(key: str, raw: str, place: str) -> Value:
    """As `checked`, where everything is text: lists are separated by commas or blanks."""
    knob = BY_KEY.get(key)
    match knob.kind if knob else None:
        case Kind.CODES | Kind.NAMES | Kind.PATTERNS | Kind.FOLDERS:
            return checked(key, re.findall(r"[^,\s]+", raw), place)
        case Kind.PER_FILE:
            return checked(key, parse_per_file(raw, f"{place}: `{key}`"), place)
        case Kind.SWITCH if raw.lower() in _SWITCHES:
            return _SWITCHES[raw.lower()]
        case Kind.COUNT if raw.isdecimal():
            return int(raw)
        case _:
            return checked(key, raw, place)


def parse_per_file(raw: str, place: str) -> dict[str, list[str]]:
    """Reads flake8's form of per-file-ignores: ``tests/*,conftest.py: SES1, SES201  other.py: SES2``."""
    result: dict[str, list[str]] = {}
    patterns: list[str] = []
    codes: list[str] | None = None
    for token in _PER_FILE_TOKEN.findall(raw):
        if token == ":":
            if not patterns or codes is not None:
                raise ConfigurationError(f"{place} needs `pattern: codes`, and has a colon without a pattern")
            codes = []
        elif codes is not None and _ANY_CODE.fullmatch(token):
            codes.append(token)
            for pattern in patterns:
                result.setdefault(pattern, []).append(token)
        elif codes is None:
            patterns.append(token)
        else:
            patterns, codes = [token], None
    if patterns and not codes:
        raise ConfigurationError(f"{place} needs `pattern: codes`, and `{patterns[0]}` has no codes")
    return result


def check_codes(selectors: Iterable[str], known: Iterable[str], place: str) -> None:
    """Raises `ConfigurationError` for a selector that covers none of the `known` codes."""
    codes = sorted(known)
    for selector in selectors:
        if not any(code.startswith(selector) for code in codes):
            raise ConfigurationError(f"{place}: there is no code `{selector}`{_nearest(selector, codes)}")


def check_patterns(patterns: Iterable[str], place: str) -> None:
    """Raises `ConfigurationError` for what git would not take for a pattern."""
    for pattern in patterns:
        if not is_pattern(pattern):
            raise ConfigurationError(f"{place}: `{pattern}` is no pattern")


def is_about_us(selector: str) -> bool:
    """Whether a selector in a place that all flake8 plugins share can be about this one."""
    return selector.startswith(PREFIX) or PREFIX.startswith(selector)


def _nearest(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean `{near[0]}`?" if near else ""


def _wrong(knob: Knob, raw: object, place: str, needs: str) -> ConfigurationError:
    shown = str(raw).lower() if isinstance(raw, bool) else repr(raw)
    return ConfigurationError(f"{place}: `{knob.key}` must be {needs}, not {shown}")


def _texts(knob: Knob, raw: object, place: str) -> tuple[str, ...]:
    if not isinstance(raw, list | tuple) or not all(isinstance(item, str) for item in raw):
        raise _wrong(knob, raw, place, "a list of strings")
    return tuple(raw)


def _codes(knob: Knob, raw: object, place: str) -> tuple[str, ...]:
    codes = _texts(knob, raw, place)
    for code in codes:
        if not _CODE.fullmatch(code):
            raise ConfigurationError(f"{place}: `{code}` in `{knob.key}` is no code{_meant(code.upper())}")
    return codes


def _meant(code: str) -> str:
    from flake8_session.linting.codes import known_codes

    return f"; did you mean `{code}`?" if _CODE.fullmatch(code) else _nearest(code, known_codes())


def _names(knob: Knob, raw: object, place: str) -> tuple[str, ...]:
    names = _texts(knob, raw, place)
    for name in names:
        if not _DOTTED.fullmatch(name):
            raise ConfigurationError(f"{place}: `{name}` in `{knob.key}` is no dotted name")
    return names


def _per_file(knob: Knob, raw: object, place: str) -> PerFile:
    if not isinstance(raw, Mapping):
        raise _wrong(knob, raw, place, "a table of patterns and lists of codes")
    return tuple((str(pattern), _codes(knob, codes, place)) for pattern, codes in raw.items())


def _switch(knob: Knob, raw: object, place: str) -> bool:
    if not isinstance(raw, bool):
        raise _wrong(knob, raw, place, "true or false")
    return raw


def _count(knob: Knob, raw: object, place: str) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int) or raw < 0:
        raise _wrong(knob, raw, place, "a whole number, 0 or more")
    return raw


def _choice(knob: Knob, raw: object, place: str) -> str:
    if not isinstance(raw, str) or raw not in knob.choices:
        listed = ", ".join(f"`{choice}`" for choice in knob.choices)
        near = _nearest(raw, knob.choices) if isinstance(raw, str) else ""
        raise ConfigurationError(f"{_wrong(knob, raw, place, f'one of {listed}')}{near}")
    return raw


def _path(knob: Knob, raw: object, place: str) -> str:
    if not isinstance(raw, str) or not raw or "\0" in raw:
        raise _wrong(knob, raw, place, "a path")
    return raw


def _version(knob: Knob, raw: object, place: str) -> str:
    if not isinstance(raw, str) or not _VERSION.fullmatch(raw):
        quotes = "" if place == COMMAND_LINE else " in quotes"
        raise _wrong(knob, raw, place, f'a version{quotes}, such as "2.0"')
    return ".".join(raw.split(".")[:2])


_SWITCHES = {"true": True, "yes": True, "on": True, "1": True,
             "false": False, "no": False, "off": False, "0": False}

_READERS: Mapping[Kind, Callable[[Knob, object, str], Value]] = {
    Kind.CODES: _codes,
    Kind.NAMES: _names,
    Kind.PATTERNS: _texts,
    Kind.FOLDERS: _texts,
    Kind.PER_FILE: _per_file,
    Kind.SWITCH: _switch,
    Kind.CHOICE: _choice,
    Kind.COUNT: _count,
    Kind.PATH: _path,
    Kind.VERSION: _version,
}
