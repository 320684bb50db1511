"""Where the nodes of one slice stand. Positions are dear: they are made only for a slice that is asked for."""

from __future__ import annotations

import re

import libcst as cst
from libcst.metadata import CodePosition, MetadataWrapper, PositionProvider

from flake8_session.diagnostics import Span
from flake8_session.flow.syntax import parameters_of
from flake8_session.source.text import lines_of


class Positions:
    """The spans of the nodes of `module`, whose `text` starts at line `first_line` of the file."""

    def __init__(self, module: cst.Module, text: str, first_line: int) -> None:
        self._lines = lines_of(text)
        self._before = first_line - 1
        self._ranges = MetadataWrapper(module, unsafe_skip_copy=True).resolve(PositionProvider)

    def span(self, node: cst.CSTNode) -> Span:
        """The span of `node`; of a compound statement or a clause, that of its header."""
        where = self._ranges[node]
        end = where.end
        if isinstance(node, _COMPOUND):
            last = _last_in_header(node)
            end = self._colon(where.start if last is None else self._ranges[last].end)
        return Span(where.start.line + self._before, where.start.column + 1, end.line + self._before, end.column + 1)

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


_TO_COLON = re.compile(r"(?:except\b|try\b)?[\s),\\]*(?:(?P<colon>:)|#.*)?")

_COMPOUND = (
    cst.FunctionDef, cst.ClassDef, cst.With, cst.For, cst.While, cst.If, cst.Match, cst.MatchCase, cst.Try, cst.TryStar,
    cst.ExceptHandler, cst.ExceptStarHandler,
)


def _last_in_header(node: cst.CSTNode) -> cst.CSTNode | None:
    """The last node of a header; None where it is a keyword alone."""
    match node:
        case cst.FunctionDef():
            parameters = parameters_of(node.params)
            return node.returns or (parameters[-1] if parameters else node.name)
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
