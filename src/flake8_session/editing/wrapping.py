"""A stretch of statements put into a ``with`` that opens a session."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from flake8_session.editing.blocks import Block, Position, Unit, statements_of
from flake8_session.editing.continuations import moved_in
from flake8_session.editing.ground import Ground
from flake8_session.editing.openings import Opening
from flake8_session.editing.plans import Enclose
from flake8_session.editing.rendering import block_indent

PAUSE = "no_autoflush"
"""What gives the session itself when it is entered."""


def with_statement(
    plan: Enclose, ground: Ground, opening: Opening, body: Sequence[Unit], block: Block
) -> cst.With:
    """The ``with`` that opens the session, around `body`, which stood in `block` so far."""
    statements = moved_in(statements_of(body), ground.indent(block_indent(block)))
    statements[0] = statements[0].with_changes(
        leading_lines=from_first_comment(statements[0].leading_lines) if opening.remains is None else ()
    )
    return cst.With(
        items=[cst.WithItem(opening.call, cst.AsName(cst.Name(opening.name)))],
        body=cst.IndentedBlock(statements, header=opening.header, indent=block_indent(block)),
        asynchronous=cst.Asynchronous() if plan.asynchronous else None,
        leading_lines=opening.leading_lines,
    )


def is_followed_closely(block: Block, last: int) -> bool:
    """Whether a blank line stands in front of the unit `last`, and none between it and the next."""
    return last + 1 < len(block.units) and _has_gap(block.units[last]) and not _has_gap(block.units[last + 1])


def with_gap_behind(statement: cst.With) -> cst.With:
    """The ``with`` and a blank line, which stood in front of a close that is gone."""
    body = statement.body
    assert isinstance(body, cst.IndentedBlock)
    return statement.with_changes(body=body.with_changes(footer=[*body.footer, cst.EmptyLine(indent=False)]))


def _has_gap(unit: Unit) -> bool:
    statement = unit.node if unit.line is None else unit.line
    lines = getattr(statement, "leading_lines", ())
    return any(line.comment is None for line in lines)


def merged(outer: cst.With) -> cst.With:
    """``with a as b:`` over nothing but ``with b.c:`` as one statement, where both are of one kind."""
    inner = outer.body.body[0]
    if len(outer.body.body) != 1 or not isinstance(inner, cst.With) or isinstance(inner.lpar, cst.LeftParen):
        return outer
    if (inner.asynchronous is None) is not (outer.asynchronous is None):
        return outer
    comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    first, pause, *others = outer.items[0], *inner.items
    name = pause.asname.name if pause.asname is not None else None
    if (
        isinstance(name, cst.Name)
        and isinstance(pause.item, cst.Attribute)
        and pause.item.attr.value == PAUSE
    ):
        first = first.with_changes(asname=cst.AsName(name))
        pause = pause.with_changes(item=pause.item.with_changes(value=name), asname=None)
    items = [first.with_changes(comma=comma), pause, *others]
    return inner.with_changes(items=items, leading_lines=outer.leading_lines)


def from_first_comment(lines: Sequence[cst.EmptyLine]) -> Sequence[cst.EmptyLine]:
    """Blank lines behind the header of a block say nothing."""
    for index, line in enumerate(lines):
        if line.comment is not None:
            return lines[index:]
    return ()


def last_of(positions: Sequence[Position | None], opening: Position) -> int | None:
    """The last unit of the opening's block that holds one of `positions`; None if one is elsewhere."""
    last = opening.index
    for position in positions:
        index = _index(position, opening) if position is not None else None
        if index is None:
            return None
        last = max(last, index)
    return last


def _index(position: Position, opening: Position) -> int | None:
    index = position.within(opening.block)
    return index if index is not None and index >= opening.index else None
