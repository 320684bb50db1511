"""Where the nodes of one slice stand. Positions are dear: only a slice that is asked for gets them."""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from typing import cast

import libcst as cst
from libcst.metadata import CodePosition, CodeRange, PositionProvider

from flake8_session.diagnostics import Span
from flake8_session.flow.syntax import parameters_of
from flake8_session.source.slices import Slice
from flake8_session.source.text import lines_of


class Positions:
    """The spans of the nodes of `module`, which is what a slice was parsed to."""

    def __init__(self, module: cst.Module, part: Slice) -> None:
        self._lines = lines_of(part.text)
        self._numbers = part.numbers
        # A MetadataWrapper would walk the whole tree once more, for providers that nobody has asked for.
        provider = PositionProvider()
        provider._gen_impl(module)
        self._ranges = cast(MutableMapping[cst.CSTNode, CodeRange], provider._computed)

    def span(self, node: cst.CSTNode) -> Span:
        """The span of `node`; of a compound statement or a clause, that of its header."""
        where = self._ranges[node]
        end = where.end
        if isinstance(node, _COMPOUND):
            last = _last_in_header(node)
            end = self._colon(where.start if last is None else self._ranges[last].end)
        start = where.start
        return Span(self._line(start.line), start.column + 1, self._line(end.line), end.column + 1)

    def _line(self, number: int) -> int:
        """The line of the file; the end of a slice may lie on the line behind its last one."""
        if number <= len(self._numbers):
            return self._numbers[number - 1]
        return self._numbers[-1] + number - len(self._numbers)

    def _colon(self, position: CodePosition) -> CodePosition:
        """The end of the colon that ends a header, looked for from the end of the header's last node."""
        column = position.column
        for line in range(position.line, len(self._lines) + 1):
            found = _TO_COLON.match(self._lines[line - 1], column)
            if found is None:
                break
            if found["colon"]:
                return CodePosition(line, found.end())
            column = 0
        return position


_TO_COLON = re.compile(r"(?:except\b|try\b)?[\s(),\\]*(?:(?P<colon>:)|#.*)?")

_COMPOUND = (
    cst.FunctionDef, cst.ClassDef, cst.With, cst.For, cst.While, cst.If, cst.Match, cst.MatchCase, cst.Try,
    cst.TryStar, cst.ExceptHandler, cst.ExceptStarHandler,
)


def _last_in_header(node: cst.CSTNode) -> cst.CSTNode | None:
    """The last node of a header; None where it is a keyword alone."""
    match node:
        case cst.FunctionDef():
            parameters = parameters_of(node.params)
            return node.returns or (_end_of(parameters[-1]) if parameters else node.name)
        case cst.ClassDef():
            return [node.name, *node.bases, *node.keywords][-1]
        case cst.With():
            return node.items[-1]
        case cst.For():
            return node.iter
        case cst.While() | cst.If():
            return node.test
        case cst.Match():
            return node.subject
        case cst.MatchCase():
            return node.guard or node.pattern
        case cst.ExceptHandler() | cst.ExceptStarHandler():
            return node.name or node.type
        case _:
            return None


def _end_of(parameter: cst.Param) -> cst.CSTNode:
    """LibCST gives a parameter the span of its name."""
    return parameter.default or parameter.annotation or parameter.name
