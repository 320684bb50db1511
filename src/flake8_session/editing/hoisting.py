"""The opening of a session moved in front of a ``try`` whose handlers or ``finally`` read it.

The ``try`` gets a ``finally`` that closes. Where it has one already, what stands there may raise in
front of a close, so a ``with`` goes around the whole of it.
"""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from flake8_session.editing.blocks import Position, Unit, statements_of, units_of
from flake8_session.editing.building import call_statement
from flake8_session.editing.expressions import names_in
from flake8_session.editing.ground import Ground
from flake8_session.editing.made import Made
from flake8_session.editing.openings import Opening
from flake8_session.editing.plans import Enclose
from flake8_session.editing.removing import without_closes
from flake8_session.editing.rendering import Change, block_indent
from flake8_session.editing.wrapping import from_first_comment, last_of, with_statement

EARLIER = "what opens the session runs earlier then, and its failures meet no handler of the `try`"


def around_try(
    plan: Enclose, ground: Ground, opening: Opening, touched: Sequence[Position | None]
) -> Made | None:
    """The opening in front of the outermost ``try`` around which nothing reads the session."""
    if opening.remains is not None or not opening.is_plain:
        return None
    outermost = _outermost_try(opening.position, touched)
    if outermost is None or not _can_move_out(opening, outermost):
        return None
    last = last_of(touched, outermost)
    assert last is not None
    if last == outermost.index:
        return _closing_in_finally(plan, ground, opening, outermost)
    return _with_around_try(plan, ground, opening, outermost, last)


def _outermost_try(position: Position, touched: Sequence[Position | None]) -> Position | None:
    """The first position around `position` from which on everything that is touched stands in one block.

    None where the way there leads through anything but the body of a ``try``.
    """
    for around in position.chain():
        if around is not position and not isinstance(around.unit.node, cst.Try):
            return None
        if last_of(touched, around) is not None:
            return around if around is not position else None
        owner = around.block.owner
        if not isinstance(owner, cst.Try) or around.block.node is not owner.body:
            return None
    return None


def _can_move_out(opening: Opening, around: Position) -> bool:
    """Whether nothing that the opening reads is bound between the start of the ``try`` and the opening."""
    bound: frozenset[str] = frozenset()
    for position in opening.position.chain():
        if position.block is around.block:
            break
        for unit in position.block.units[: position.index]:
            bound |= names_in(unit.node)
    return not bound & (opening.reads | {opening.name})


def _closing_in_finally(plan: Enclose, ground: Ground, opening: Opening, around: Position) -> Made | None:
    left = _moved_out(plan, ground, opening, around)
    moved = left[0].node if len(left) == 1 else None
    if not isinstance(moved, cst.Try) or moved.finalbody is not None:
        return _with_around_try(plan, ground, opening, around, around.index)
    close = call_statement(opening.name, "close", asynchronous=plan.asynchronous).line
    assert isinstance(close, cst.SimpleStatementLine)
    indent = moved.body.indent if isinstance(moved.body, cst.IndentedBlock) else block_indent(around.block)
    final = cst.Finally(cst.IndentedBlock([close], indent=indent))
    units = (*_opened(opening, moved), Unit(moved.with_changes(finalbody=final, leading_lines=())))
    change = Change(around.block, around.index, around.index + 1, units)
    return Made(change, "open the session in front of the `try` and close it in its `finally`", _doubts(plan))


def _with_around_try(
    plan: Enclose, ground: Ground, opening: Opening, around: Position, last: int
) -> Made | None:
    moved = _moved_out(plan, ground, opening, around)
    if not moved:
        return None
    rest = without_closes(list(around.block.units[around.index + 1 : last + 1]), around.block, plan, ground)
    above, first = _parted(moved[0], around)
    statement = with_statement(plan, ground, opening, [first, *moved[1:], *rest], around.block)
    leading = [*above, *from_first_comment(opening.leading_lines)]
    statement = statement.with_changes(leading_lines=leading)
    change = Change(around.block, around.index, last + 1, (Unit(statement),))
    return Made(change, "open the session in a `with` around the `try`", _doubts(plan))


def _doubts(plan: Enclose) -> tuple[str, ...]:
    return (EARLIER,) if plan.foreign else ()


def _moved_out(plan: Enclose, ground: Ground, opening: Opening, around: Position) -> list[Unit]:
    """What the ``try`` is without the opening and without what the new close makes superfluous."""
    return without_closes([around.unit], around.block, plan, ground, drop=opening.position.unit.node)


def _parted(unit: Unit, around: Position) -> tuple[Sequence[cst.EmptyLine], Unit]:
    """The lines that stood above the ``try``, and the first unit of what is left of it without them."""
    assert isinstance(around.unit.node, cst.Try)
    count = len(around.unit.node.leading_lines)
    (statement,) = statements_of([unit])
    lines = statement.leading_lines
    (parted,) = units_of(cst.IndentedBlock([statement.with_changes(leading_lines=lines[count:])]))
    return lines[:count], parted


def _opened(opening: Opening, moved: cst.BaseCompoundStatement) -> tuple[Unit, ...]:
    """The opening as a statement of its own, behind the blank lines and comments of the ``try``."""
    line = opening.line
    leading = [*moved.leading_lines, *from_first_comment(line.leading_lines)]
    (small,) = line.body
    changed = line.with_changes(leading_lines=leading)
    return (Unit(small, changed),)
