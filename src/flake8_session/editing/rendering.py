"""From changed statements to edits of the text: only the statements that changed are generated.

LibCST generates a node without what is around it, so the statements are put into empty blocks with
the indentation of the real ones. Nothing is edited unless the untouched statements, generated in
the same way, are the very text that stands in the file: what LibCST cannot give back (a form feed
before a statement) is never touched.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import libcst as cst

from flake8_session.diagnostics import Edit, Span
from flake8_session.editing.blocks import Block, Position, Statement, Unit, statements_of, units_of
from flake8_session.flow.lowering import Part
from flake8_session.flow.spans import Positions
from flake8_session.source.text import lines_of


@dataclass(frozen=True, slots=True)
class Change:
    """The units of `block` from `start` up to, not including, `end` become `units`."""

    block: Block
    start: int
    end: int
    units: tuple[Unit, ...]


def edits_of(change: Change, part: Part, positions: Positions) -> tuple[Edit, ...] | None:
    """The edits that make `change` in the file, by lines; None where the text cannot be given back."""
    module = part.module
    assert module is not None
    lifted = _lifted(change)
    if lifted is None:
        return None
    block, first, last, changed = lifted
    body = _body(block)
    start = _first_line(body[first], positions)
    depth = _indents(block)
    before = _generated(body[first:last], depth, module)
    lines = lines_of(part.slice.text)
    offset = _offset(part, start)
    if offset is None:
        return None
    original = lines[offset : offset + len(before)]
    ends_open = offset + len(original) == len(lines) and not module.has_trailing_newline
    if _without_last_end(before, ends_open) != original:
        return None
    after = _without_last_end(_generated(changed, depth, module), ends_open)
    return tuple(_differences(original, after, start))


def block_indent(block: Block) -> str | None:
    """The indentation of a block below `block`, alike its own."""
    return block.node.indent if isinstance(block.node, cst.IndentedBlock) else None


def _lifted(change: Change) -> tuple[Block, int, int, list[Statement]] | None:
    """The change as one of whole statements of an indented block (or a module)."""
    block, units = change.block, list(change.block.units)
    changed = [*units[: change.start], *change.units, *units[change.end :]]
    if isinstance(block.node, cst.SimpleStatementSuite):
        return _out_of_suite(block, changed)
    body = _body(block)
    first = _statement_at(block, change.start)
    last = _statement_at(block, change.end - 1) + 1 if change.end > change.start else first
    outer_start = _units_before(body, first)
    outer_end = _units_before(body, last)
    cut = len(units) - outer_end
    return block, first, last, statements_of(changed[outer_start : len(changed) - cut])


def _out_of_suite(block: Block, changed: Sequence[Unit]) -> tuple[Block, int, int, list[Statement]] | None:
    """``if x: a(); b()`` becomes a block of lines; the statement that holds it is what changes."""
    parent = block.parent
    if parent is None or parent.unit.line is not None:
        return None
    suite = block.node
    assert isinstance(suite, cst.SimpleStatementSuite)
    grown = cst.IndentedBlock(statements_of(changed), indent=block_indent(parent.block))
    compound = parent.unit.node.deep_replace(suite, grown)
    assert isinstance(compound, cst.BaseCompoundStatement)
    if isinstance(parent.block.node, cst.SimpleStatementSuite):
        return None
    index = _statement_at(parent.block, parent.index)
    return parent.block, index, index + 1, [compound]


def _body(block: Block) -> Sequence[Statement]:
    assert not isinstance(block.node, cst.SimpleStatementSuite)
    return [
        each
        for each in block.node.body
        if isinstance(each, (cst.SimpleStatementLine, cst.BaseCompoundStatement))
    ]


def _statement_at(block: Block, unit: int) -> int:
    """The index of the statement that holds the unit `unit`."""
    seen = 0
    for index, statement in enumerate(_body(block)):
        seen += len(statement.body) if isinstance(statement, cst.SimpleStatementLine) else 1
        if unit < seen:
            return index
    return len(_body(block))


def _units_before(body: Sequence[Statement], statement: int) -> int:
    return sum(
        len(each.body) if isinstance(each, cst.SimpleStatementLine) else 1 for each in body[:statement]
    )


def _indents(block: Block) -> list[str | None]:
    """The indentation of each block around and including `block`, outermost first."""
    found: list[str | None] = []
    current: Block | None = block
    while current is not None:
        if isinstance(current.node, cst.IndentedBlock):
            found.append(current.node.indent)
        current = current.parent.block if current.parent is not None else None
    found.reverse()
    return found


def _generated(
    statements: Sequence[Statement], indents: Sequence[str | None], module: cst.Module
) -> list[str]:
    """The lines of `statements`, which stand within blocks of these indents."""
    if not statements:
        return []  # LibCST would put a `pass` into the empty block
    body: Sequence[Statement] = statements
    for indent in reversed(indents):
        body = [cst.If(cst.Name("_"), cst.IndentedBlock(list(body), indent=indent))]
    around = cst.Module(
        list(body), default_indent=module.default_indent, default_newline=module.default_newline
    )
    return lines_of(around.code)[len(indents) :]


def _first_line(statement: Statement, positions: Positions) -> int:
    """The line of the file in which the blank lines and comments in front of `statement` begin."""
    start: cst.CSTNode = statement
    above = len(statement.leading_lines)
    if isinstance(statement, (cst.FunctionDef, cst.ClassDef)) and statement.decorators:
        start = statement.decorators[0]
        above += len(statement.decorators[0].leading_lines)
    return positions.span(start).line - above


def _offset(part: Part, line: int) -> int | None:
    """The index in the slice of a line of the file."""
    try:
        return part.slice.numbers.index(line)
    except ValueError:
        return None


def _without_last_end(lines: list[str], ends_open: bool) -> list[str]:
    if not ends_open or not lines:
        return lines
    return [*lines[:-1], lines[-1].rstrip("\r\n")]


def _differences(before: Sequence[str], after: Sequence[str], start: int) -> Iterator[Edit]:
    """Edits of whole lines; `start` is the number of the first line of `before`."""
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for tag, first, last, new_first, new_last in matcher.get_opcodes():
        if tag == "equal":
            continue
        content = "".join(after[new_first:new_last])
        if last == len(before) and before and not before[-1].endswith(("\r", "\n")):
            yield Edit(Span(start + first, 1, start + last - 1, len(before[-1]) + 1), content)
        else:
            yield Edit(Span(start + first, 1, start + last, 1), content)


__all__ = ["Change", "Position", "block_indent", "edits_of", "units_of"]
