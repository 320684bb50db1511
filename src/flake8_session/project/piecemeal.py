"""A neighbour: its outline from `ast` at once, and graphs for the functions that somebody asks about.

Most of a neighbour is never asked for. LibCST reads a function when its graph is wanted: the top-level
statement that holds it, and of a class that one method. What it gives does not depend on what else was
read, so that the answers are the same in every order of asking.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TypeAlias

from flake8_session.flow import lower_module
from flake8_session.flow.lowering import Lowered
from flake8_session.flow.outline import Class, Function, Outline
from flake8_session.flow.skimming import Definition, flat
from flake8_session.source.slices import Slice
from flake8_session.source.text import SyntaxRefused, lines_of

Unit: TypeAlias = tuple[str, str]
"""What is lowered at a time: a top-level name, and of a class one name inside of it, or none."""


def neighbour(text: str) -> Neighbour | None:
    """The neighbour with this text; None where it is no Python."""
    try:
        lowered = lower_module(text, lambda words: False)
    except SyntaxRefused:
        return None
    return Neighbour(lowered.outline, dict(_units(lowered)))


class Neighbour:
    """A file that is not the linted one."""

    def __init__(self, skimmed: Outline, units: Mapping[Unit, str]) -> None:
        """`units` are the lines of each unit, as a module of their own."""
        self.outline = replace(skimmed, classes=_Classes(self, skimmed.classes))
        self.classes: dict[str, Class] = {}
        """Classes inside of functions that are lowered."""
        self._listed = skimmed.functions
        self._bodies: dict[str, Function] = {}
        self._units = units
        self._lowered: set[Unit] = set()

    def body(self, qualname: str) -> Function | None:
        """The function with its graph; without one where it was given up."""
        listed = self._listed.get(qualname)
        if listed is not None and listed.graph is not None:
            return listed
        self.lower(qualname)
        return self._bodies.get(qualname, listed)

    def lower(self, qualname: str) -> None:
        """Lowers what holds the function or class `qualname`, unless that was done before."""
        unit = self._unit(qualname)
        if unit in self._lowered or unit not in self._units:
            return
        self._lowered.add(unit)
        try:
            outline = lower_module(self._units[unit]).outline
        except SyntaxRefused:
            return
        within = ".".join(filter(None, unit))
        for key, function in outline.functions.items():
            if _is_within(key, within):
                self._bodies[key] = function
        for key, class_ in outline.classes.items():
            if _is_within(key, within) and ".<locals>." in key:
                self.classes[key] = class_

    def _unit(self, qualname: str) -> Unit:
        outer, *inner = [name.partition("#")[0] for name in qualname.split(".")]
        unit = (outer, inner[0] if inner else "")
        return unit if unit in self._units else (outer, "")


class _Classes(Mapping[str, Class]):
    """The classes of a neighbour; those inside of functions when they are asked for by name."""

    def __init__(self, owner: Neighbour, listed: Mapping[str, Class]) -> None:
        self._owner = owner
        self._listed = listed

    def __getitem__(self, qualname: str) -> Class:
        if qualname in self._listed:
            return self._listed[qualname]
        if ".<locals>." in qualname:
            self._owner.lower(qualname)
        return self._owner.classes[qualname]

    def __iter__(self) -> Iterator[str]:
        return iter(self._listed)

    def __len__(self) -> int:
        return len(self._listed)


def _units(lowered: Lowered) -> Iterator[tuple[Unit, str]]:
    for part in lowered.parts:
        if part.module is not None:
            continue
        for statement in flat(part.slice.statements):
            if isinstance(statement, Definition):
                yield (statement.name, ""), part.slice.text
        if len(part.slice.statements) == 1 and isinstance(part.slice.statements[0], ast.ClassDef):
            yield from _inner_units(part.slice, part.slice.statements[0])


def _inner_units(part: Slice, class_: ast.ClassDef) -> Iterator[tuple[Unit, str]]:
    """A unit for each function and class that has its lines in the body of the class for itself."""
    lines = lines_of(part.text)
    start = part.numbers[0]
    ends = [class_.lineno, *(each.end_lineno or each.lineno for each in class_.body)]
    for before, each in zip(ends, class_.body):
        if isinstance(each, Definition):
            first = min(each.lineno, *(decorator.lineno for decorator in each.decorator_list), each.lineno)
            if first > before:
                text = "".join(lines[first - start : (each.end_lineno or each.lineno) - start + 1])
                yield (class_.name, each.name), f"class {class_.name}:\n{text}"


def _is_within(qualname: str, outer: str) -> bool:
    return qualname == outer or qualname.startswith((f"{outer}.", f"{outer}#"))
