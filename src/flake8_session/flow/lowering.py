"""The entry: the text of a file to its outline, with a graph for each body that can matter.

LibCST is imported when the first slice is parsed, and not before. A statement whose syntax is too
deep, or that LibCST cannot read, is skimmed; a function whose graph would be too large is listed
without one. All of these are unknown to what comes after.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flake8_session.diagnostics import Span
from flake8_session.flow import skimming
from flake8_session.flow.gathered import Gathered
from flake8_session.flow.outline import Function, Kind, Outline
from flake8_session.flow.reaching import reaching
from flake8_session.flow.scopes import Scope, Scopes
from flake8_session.source import collector
from flake8_session.source.slices import Slice, Wanted, cut
from flake8_session.source.text import SyntaxRefused

if TYPE_CHECKING:
    import libcst as cst

    from flake8_session.flow.graphs import Graphs
    from flake8_session.flow.spans import Positions

_PLACED = 64
"""Slices of which the places of all nodes are kept."""


@dataclass(frozen=True, slots=True)
class Part:
    """A slice, and how LibCST reads it: None where it is only skimmed."""

    slice: Slice
    module: cst.Module | None


@dataclass(frozen=True)
class Lowered:
    """What lowering gives: the outline, and the way back from a step's origin to the text."""

    outline: Outline
    parts: tuple[Part, ...] = field(repr=False)
    _nodes: Sequence[tuple[int, cst.CSTNode]] = field(default=(), repr=False)
    _positions: dict[int, Positions] = field(default_factory=dict, repr=False, compare=False)

    def node(self, origin: int) -> cst.CSTNode:
        """The syntax node that an event came from. An exit, and an event of skimmed code, has none: -1."""
        return self._nodes[origin][1]

    def part(self, origin: int) -> Part:
        """The slice that holds that node."""
        return self.parts[self._nodes[origin][0]]

    def span(self, origin: int) -> Span:
        """Where that node stands in the file; of a compound statement, its header."""
        from flake8_session.flow.spans import Positions

        number, node = self._nodes[origin]
        positions = self._positions.get(number)
        if positions is None:
            part = self.parts[number]
            assert part.module is not None
            with collector.paused():
                positions = Positions(part.module, part.slice)
            # They take more room than the slice's tree, and are asked for slice by slice.
            if len(self._positions) == _PLACED:
                del self._positions[next(iter(self._positions))]
            self._positions[number] = positions
        return positions.span(node)


def lower_module(text: str, wanted: Wanted | None = None) -> Lowered:
    """Lowers the text of a file; raises `SyntaxRefused` where it is not Python, and nothing else.

    `wanted` says of the words of a statement, or of a method, whether it can matter; what cannot is
    skimmed. Without it everything is lowered.
    """
    try:
        with collector.paused():
            return _lower(tuple(_read(each) for each in cut(text, wanted)))
    except (RecursionError, MemoryError) as error:
        raise SyntaxRefused("too deeply nested to be read") from error


def _read(part: Slice) -> Part:
    if not part.wanted:
        return Part(part, None)
    from flake8_session.flow.parsing import parse

    return Part(part, parse(part))


def _lower(parts: tuple[Part, ...]) -> Lowered:
    scopes, gathered = Scopes(), Gathered()
    for number, part in enumerate(parts):
        scopes.root.slice = number
        if part.module is None:
            skimming.add(scopes, gathered, part.slice.statements)
        else:
            _add(scopes, gathered, part.slice, part.module)
    scopes.finish()
    graphs = _graphs(scopes, parts)
    for scope in scopes.root.below():
        _outline(gathered, scope, graphs, parts)
    scopes.dissolve()
    reached = reaching(statement for part in parts for statement in part.slice.statements)
    return Lowered(gathered.outline(reached), parts, graphs.nodes if graphs else ())


def _add(scopes: Scopes, gathered: Gathered, part: Slice, module: cst.Module) -> None:
    from flake8_session.flow import binding, outlining

    binding.add(scopes, module)
    outlining.add(gathered, module)
    if part.methods:
        owner = scopes.of(module.body[0])
        for method in part.methods:
            skimming.add_method(scopes, method, owner)


def _graphs(scopes: Scopes, parts: tuple[Part, ...]) -> Graphs | None:
    if all(part.module is None for part in parts):
        return None
    from flake8_session.flow.graphs import Graphs

    return Graphs(scopes, parts)


def _outline(gathered: Gathered, scope: Scope, graphs: Graphs | None, parts: tuple[Part, ...]) -> None:
    """Adds the function or class that `scope` is."""
    if isinstance(scope.node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        yields = parts[scope.slice].slice.yields
        gathered.functions[scope.key] = skimming.function(scope, scope.node, yields)
    elif isinstance(scope.node, ast.ClassDef):
        gathered.classes[scope.qualname] = skimming.class_(scope, scope.node)
    elif graphs is None:
        gathered.functions[""] = Function("", "", Kind.MODULE, None)
    elif scope.kind is not None:
        gathered.functions[scope.key] = graphs.function(scope)
        if scope.kind is Kind.CLASS:
            gathered.classes[scope.qualname] = graphs.class_(scope)
