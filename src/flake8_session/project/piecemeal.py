"""The outline of a neighbour: from `ast` at once, and graphs for the functions that somebody asks about.

Most of a neighbour is never asked for. LibCST reads the top-level statement, of a class the one
method, that holds a function when the function is looked up; what it gives does not depend on what
else was lowered, so that an outline says the same in every order of asking.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TypeAlias

from flake8_session.flow import lower_module
from flake8_session.flow.lowering import Lowered
from flake8_session.flow.outline import Class, Function, Outline
from flake8_session.flow.skimming import Definition, flat
from flake8_session.source.text import SyntaxRefused

Unit: TypeAlias = tuple[str, str]
"""What is lowered at a time: a top-level name, and of a class one name inside of it."""


def outline_of(text: str) -> Outline | None:
    """The outline of a file that is not the linted one; None where its text is no Python."""
    try:
        lowered = lower_module(text, lambda words: False)
    except SyntaxRefused:
        return None
    return piecemeal(lowered.outline, _pieces(lowered))


def piecemeal(skimmed: Outline, pieces: Mapping[str, str]) -> Outline:
    """`skimmed` with graphs on demand. `pieces` are the lines that define each top-level name."""
    bodies = _Bodies(skimmed, pieces)
    return replace(skimmed, functions=_Functions(bodies), classes=_Classes(bodies))


def _pieces(lowered: Lowered) -> dict[str, str]:
    return {
        statement.name: part.slice.text
        for part in lowered.parts
        if part.module is None
        for statement in flat(part.slice.statements)
        if isinstance(statement, Definition)
    }


class _Bodies:
    """The functions with their graphs, and the classes inside of functions, as far as they are lowered."""

    def __init__(self, skimmed: Outline, pieces: Mapping[str, str]) -> None:
        self.skimmed = skimmed
        self.functions: dict[str, Function] = {}
        self.classes: dict[str, Class] = {}
        self._pieces = pieces
        self._lowered: set[Unit] = set()

    def lower(self, qualname: str) -> None:
        """Lowers what holds the function or class `qualname`, unless that was done before."""
        unit = self._unit(qualname)
        text = self._pieces.get(unit[0])
        if text is None or unit in self._lowered:
            return
        self._lowered.add(unit)
        name = unit[1]
        try:
            outline = lower_module(text, (lambda words: name in words) if name else None).outline
        except SyntaxRefused:
            return
        within = ".".join(filter(None, unit))
        for key, function in outline.functions.items():
            if _is_within(key, within):
                self.functions[key] = function
        for key, class_ in outline.classes.items():
            if _is_within(key, within) and ".<locals>." in key:
                self.classes[key] = class_

    def _unit(self, qualname: str) -> Unit:
        names = [name.partition("#")[0] for name in qualname.split(".")]
        return (names[0], names[1] if len(names) > 1 and names[0] in self.skimmed.classes else "")


def _is_within(qualname: str, outer: str) -> bool:
    return qualname == outer or qualname.startswith((f"{outer}.", f"{outer}#"))


class _Functions(Mapping[str, Function]):
    def __init__(self, bodies: _Bodies) -> None:
        self._bodies = bodies
        self._listed = bodies.skimmed.functions

    def __getitem__(self, qualname: str) -> Function:
        listed = self._listed.get(qualname)
        if listed is not None and listed.graph is not None:
            return listed
        self._bodies.lower(qualname)
        found = self._bodies.functions.get(qualname, listed)
        if found is None:
            raise KeyError(qualname)
        return found

    def __contains__(self, qualname: object) -> bool:
        return qualname in self._listed or qualname in self._bodies.functions

    def __iter__(self) -> Iterator[str]:
        return iter(self._listed)

    def __len__(self) -> int:
        return len(self._listed)


class _Classes(Mapping[str, Class]):
    def __init__(self, bodies: _Bodies) -> None:
        self._bodies = bodies
        self._listed = bodies.skimmed.classes

    def __getitem__(self, qualname: str) -> Class:
        listed = self._listed.get(qualname)
        if listed is None and ".<locals>." in qualname:
            self._bodies.lower(qualname)
            listed = self._bodies.classes.get(qualname)
        if listed is None:
            raise KeyError(qualname)
        return listed

    def __iter__(self) -> Iterator[str]:
        return iter(self._listed)

    def __len__(self) -> int:
        return len(self._listed)
