"""Outlines and functions as plain tuples, lists and dictionaries that `marshal` writes, and back.

A dataclass becomes a tuple that begins with the number of its class, a tuple a list; numbers, strings
and None stay as they are. Numbers of classes hold for one version of this program only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, TypeVar

from flake8_session.flow import events, graph, outline
from flake8_session.flow.events import Door
from flake8_session.flow.graph import Step

T = TypeVar("T")


def pack(value: object) -> Any:
    """`value` as something that `marshal` writes. Raises `TypeError` for what no outline holds."""
    kind: type[Any] = type(value)
    if kind in _PLAIN:
        return value
    if isinstance(value, tuple):
        return [pack(each) for each in value]
    if kind in _FIELDS:
        return (_NUMBERS[kind], *[pack(getattr(value, name)) for name in _FIELDS[kind]])
    if isinstance(value, Mapping):
        return {pack(key): pack(each) for key, each in value.items()}
    if isinstance(value, Door):
        return int(value)
    if kind not in _NUMBERS or not isinstance(value, Enum):
        raise TypeError(f"a {kind.__name__} is no part of an outline")
    return (_NUMBERS[kind], value.value)


def unpack(packed: Any) -> Any:
    """What `pack` was given. Raises an `Exception` of some kind for what `pack` did not make."""
    kind = type(packed)
    if kind is tuple:
        class_ = _CLASSES[packed[0]]
        if class_ is Step:
            _, event, doors, origin = packed
            return Step(unpack(event), {_DOORS[door]: target for door, target in doors.items()}, origin)
        return class_(*map(unpack, packed[1:]))
    if kind is list:
        return tuple(map(unpack, packed))
    if kind is dict:
        return {unpack(key): unpack(each) for key, each in packed.items()}
    return packed


class Unpacking(Mapping[str, T]):
    """A packed dictionary whose values are unpacked when they are asked for."""

    def __init__(self, packed: Mapping[str, Any]) -> None:
        self._packed = packed
        self._unpacked: dict[str, T] = {}

    def __getitem__(self, key: str) -> T:
        if key not in self._unpacked:
            self._unpacked[key] = unpack(self._packed[key])
        return self._unpacked[key]

    def __contains__(self, key: object) -> bool:
        return key in self._packed

    def __iter__(self) -> Iterator[str]:
        return iter(self._packed)

    def __len__(self) -> int:
        return len(self._packed)


def _classes() -> Iterator[type[Any]]:
    for module in (events, graph, outline):
        for _, each in sorted(vars(module).items()):
            if isinstance(each, type) and each.__module__ == module.__name__ and each is not Door:
                yield each


_PLAIN = frozenset({str, int, bool, float, type(None), frozenset})
_CLASSES = tuple(_classes())
_NUMBERS = {each: number for number, each in enumerate(_CLASSES)}
_FIELDS = {each: [field.name for field in fields(each)] for each in _CLASSES if is_dataclass(each)}
_DOORS = tuple(Door)
