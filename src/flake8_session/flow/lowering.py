"""The entry: the text of a file to its outline, with a graph for each body.

A statement whose syntax is too deep, or that LibCST cannot read, is left out; a function whose
graph would be too large is listed without one. Both are unknown to what comes after.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import libcst as cst

from flake8_session.diagnostics import Span
from flake8_session.flow import branching, conditions, expressions, leaving, outlining, statements
from flake8_session.flow.building import Body, Origins, TooLarge
from flake8_session.flow.comprehensions import generator_body
from flake8_session.flow.events import Return
from flake8_session.flow.graph import Graph
from flake8_session.flow.outline import Kind, Outline
from flake8_session.flow.scopes import Scope, Scopes
from flake8_session.flow.spans import Positions
from flake8_session.source.slices import Slice, cut
from flake8_session.source.text import SyntaxRefused

TABLES = (branching, conditions, expressions, leaving, statements)
"""The modules that fill the tables of `Body`."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """A slice as LibCST reads it."""

    first_line: int
    text: str
    module: cst.Module


@dataclass(frozen=True)
class Lowered:
    """What lowering gives: the outline, and the way back from a step's origin to the text."""

    outline: Outline
    slices: tuple[Parsed, ...]
    _nodes: Sequence[tuple[int, cst.CSTNode]]
    _positions: dict[int, Positions] = field(default_factory=dict)

    def node(self, origin: int) -> cst.CSTNode:
        """The syntax node that an event came from."""
        return self._nodes[origin][1]

    def slice(self, origin: int) -> Parsed:
        """The slice that holds that node."""
        return self.slices[self._nodes[origin][0]]

    def span(self, origin: int) -> Span:
        """Where that node stands in the file; of a compound statement, its header."""
        number, node = self._nodes[origin]
        positions = self._positions.get(number)
        if positions is None:
            parsed = self.slices[number]
            with _collector_paused():
                positions = self._positions[number] = Positions(parsed.module, parsed.text, parsed.first_line)
        return positions.span(node)


def lower_module(text: str) -> Lowered:
    """Lowers the text of a file; raises `SyntaxRefused` where it is not Python, and nothing else."""
    with _collector_paused():
        parsed = tuple(_parsed(cut(text)))
    scopes, origins, gathered = Scopes(), Origins(), outlining.Gathered()
    for number, each in enumerate(parsed):
        scopes.add(each.module, number)
        outlining.add_statements(gathered, each.module)
    scopes.finish()
    for scope in scopes.root.below():
        if scope.kind is None:
            continue
        graph = _graph(Body(scopes, scope, origins), parsed)
        function = outlining.function(scope, graph, origins.number(scope.node, scope.slice))
        gathered.functions[function.qualname] = function
        if scope.kind is Kind.CLASS:
            gathered.classes[scope.qualname] = outlining.class_(scope)
    return Lowered(gathered.outline(), parsed, origins.nodes)


def _parsed(slices: Sequence[Slice]) -> Iterator[Parsed]:
    for each in slices:
        if each.deep:
            continue
        try:
            yield Parsed(each.first_line, each.text, cst.parse_module(each.text))
        except (cst.ParserSyntaxError, cst.CSTValidationError, RecursionError, MemoryError) as error:
            if each.refusal is not None:
                raise each.refusal from error


def _graph(body: Body, parsed: Sequence[Parsed]) -> Graph | None:
    """The graph of a body, None where it would be too large or is nested too deeply for our stack."""
    try:
        _lower(body, parsed)
        return body.graph()
    except (TooLarge, RecursionError):
        return None


def _lower(body: Body, parsed: Sequence[Parsed]) -> None:
    match body.scope.node:
        case None:
            for number, each in enumerate(parsed):
                body.scope.slice = number
                body.suite(each.module)
        case cst.Lambda() as node:
            value = body.value(node.body)
            body.do(Return(value), node.body)
        case cst.GeneratorExp() as node:
            generator_body(body, node)
        case cst.FunctionDef() | cst.ClassDef() as node:
            body.suite(node.body)


@contextmanager
def _collector_paused() -> Iterator[None]:
    """The cyclic collector finds nothing in a tree that is still growing, and looks at it again and again."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()
