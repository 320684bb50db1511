"""A neighbour: its outline from `ast` at once, and graphs for the functions that somebody asks about.

Most of a neighbour is never asked for. LibCST reads a function when its graph is wanted: the top-level
statement that holds it, and of a class that one method. What it gives does not depend on what else was
read, so that the answers are the same in every order of asking.

An *entry* is what the cache keeps of a neighbour: nothing in it depends on anything but the text.
"""

from __future__ import annotations

import ast
import marshal
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from flake8_session.flow import lower_module
from flake8_session.flow.lowering import Lowered
from flake8_session.flow.outline import Class, Function, Outline
from flake8_session.flow.skimming import Definition, flat
from flake8_session.project.packing import Unpacking, pack, unpack
from flake8_session.source.slices import Slice
from flake8_session.source.text import SyntaxRefused, lines_of

Unit: TypeAlias = tuple[str, str]
"""What is lowered at a time: a top-level name, and of a class one name inside of it, or none."""
Lines: TypeAlias = tuple[int, int]
"""The first and the last line of a unit in its file."""


@dataclass(frozen=True, slots=True)
class Bodies:
    """What lowering a unit gave: its functions, and the classes inside of them."""

    functions: Mapping[str, Function]
    classes: Mapping[str, Class]


@dataclass(slots=True)
class Neighbour:
    """A file that is not the linted one."""

    text: str
    listed: Outline
    """The outline, whose functions have no graphs."""
    units: Mapping[Unit, Lines]
    packed: dict[Unit, bytes] = field(default_factory=dict)
    """Units as the cache has them, or is to have them."""
    head: Any = None
    """The outline likewise."""
    lowered: dict[Unit, Bodies] = field(default_factory=dict)
    outline: Outline = field(init=False)
    """The outline in which the classes inside of functions can be asked for."""
    lines: Sequence[str] = ()
    """Those of the text, once one of its units was wanted."""

    def __post_init__(self) -> None:
        self.outline = replace(self.listed, classes=_Classes(self))

    def body(self, qualname: str) -> Function | None:
        """The function with its graph; without one where it was given up."""
        listed = self.listed.functions.get(qualname)
        if listed is not None and listed.graph is not None:
            return listed
        return self.bodies(qualname).functions.get(qualname, listed)

    def bodies(self, qualname: str) -> Bodies:
        """What the unit holds in which the function or class `qualname` stands."""
        unit = self._unit(qualname)
        if unit not in self.lowered:
            self.lowered[unit] = self._bodies(unit)
        return self.lowered[unit]

    def text_of(self, qualname: str) -> str | None:
        """The text of the unit that holds the function; None where none does."""
        unit = self._unit(qualname)
        return self._text(unit) if unit in self.units else None

    def _unit(self, qualname: str) -> Unit:
        outer, *inner = [name.partition("#")[0] for name in qualname.split(".")]
        unit = (outer, inner[0] if inner else "")
        return unit if unit in self.units else (outer, "")

    def _bodies(self, unit: Unit) -> Bodies:
        if unit in self.packed:
            return Bodies(*map(unpack, marshal.loads(self.packed[unit])))
        if unit not in self.units:
            return Bodies({}, {})
        try:
            outline = lower_module(self._text(unit)).outline
        except SyntaxRefused:
            return Bodies({}, {})
        within = ".".join(filter(None, unit))
        return Bodies(
            {key: each for key, each in outline.functions.items() if _is_within(key, within)},
            {key: each for key, each in outline.classes.items() if ".<locals>." in key},
        )

    def _text(self, unit: Unit) -> str:
        first, last = self.units[unit]
        self.lines = self.lines or lines_of(self.text)
        text = "".join(self.lines[first - 1 : last])
        return f"class {unit[0]}:\n{text}" if unit[1] else text


def skimmed(text: str) -> Neighbour | None:
    """The neighbour with this text; None where it is no Python."""
    try:
        return listed(text, lower_module(text, lambda piece: False))
    except SyntaxRefused:
        return None


def listed(text: str, lowered: Lowered) -> Neighbour:
    """The neighbour with this text, of which no function was read so far."""
    return Neighbour(text, lowered.outline, dict(_units(lowered)))


def is_listing(lowered: Lowered) -> bool:
    """Whether none of the functions was read."""
    return all(part.module is None for part in lowered.parts)


def to_entry(neighbour: Neighbour) -> Any:
    """What the cache is to keep. Each part is packed once, however often the entry is written."""
    for unit in neighbour.lowered.keys() - neighbour.packed.keys():
        bodies = neighbour.lowered[unit]
        neighbour.packed[unit] = marshal.dumps((pack(bodies.functions), pack(bodies.classes)))
    if neighbour.head is None:
        listed = neighbour.listed
        rest = (listed.imports, listed.exports, listed.rebound, listed.configured, listed.stored)
        neighbour.head = [pack(each) for each in (listed.functions, listed.classes, listed.assigned, *rest)]
    return dict(neighbour.units), neighbour.packed, neighbour.head


def from_entry(text: str, entry: Any) -> Neighbour:
    """The neighbour with this text, as `to_entry` kept it."""
    units, packed, head = entry
    functions, classes, assigned, *rest = head
    imports, exports, rebound, configured, stored = map(unpack, rest)
    listed = Outline(
        functions=Unpacking(functions),
        classes=Unpacking(classes),
        imports=imports,
        assigned=Unpacking(assigned),
        exports=exports,
        rebound=rebound,
        configured=configured,
        stored=stored,
    )
    return Neighbour(text, listed, units, packed, head)


class _Classes(Mapping[str, Class]):
    """The classes of a neighbour; those inside of functions when they are asked for by name."""

    def __init__(self, owner: Neighbour) -> None:
        self._owner = owner
        self._listed = owner.listed.classes

    def __getitem__(self, qualname: str) -> Class:
        if qualname not in self._listed and ".<locals>." in qualname:
            return self._owner.bodies(qualname).classes[qualname]
        return self._listed[qualname]

    def __contains__(self, qualname: object) -> bool:
        return qualname in self._listed

    def __iter__(self) -> Iterator[str]:
        return iter(self._listed)

    def __len__(self) -> int:
        return len(self._listed)


def _units(lowered: Lowered) -> Iterator[tuple[Unit, Lines]]:
    for part in lowered.parts:
        if part.module is not None:
            continue
        for statement in flat(part.slice.statements):
            if isinstance(statement, Definition):
                yield (statement.name, ""), (part.slice.numbers[0], part.slice.numbers[-1])
        if len(part.slice.statements) == 1 and isinstance(part.slice.statements[0], ast.ClassDef):
            yield from _inner_units(part.slice, part.slice.statements[0])


def _inner_units(part: Slice, class_: ast.ClassDef) -> Iterator[tuple[Unit, Lines]]:
    """A unit for each definition in the body of a class that has its lines and its name for itself."""
    names = Counter(each.name for each in flat(class_.body) if isinstance(each, Definition))
    ends = [class_.lineno, *(each.end_lineno or each.lineno for each in class_.body)]
    starts = [*(each.lineno for each in class_.body[1:]), part.numbers[-1] + 1]
    for before, each, after in zip(ends, class_.body, starts):
        if isinstance(each, Definition):
            first = min(each.lineno, *(decorator.lineno for decorator in each.decorator_list), each.lineno)
            last = each.end_lineno or each.lineno
            if before < first and last < after and names[each.name] == 1:
                yield (class_.name, each.name), (first, last)


def _is_within(qualname: str, outer: str) -> bool:
    return qualname == outer or qualname.startswith((f"{outer}.", f"{outer}#"))
