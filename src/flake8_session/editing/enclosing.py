"""A ``with`` around the live range of a session, or a ``close()`` in the ``finally`` of a ``try``.

The *live range* is the stretch of one block from the statement that opens the session to the last
one that reads it, or that reads an instance of it while it is open. Where a handler or ``finally``
around that block reads the session as well, its opening moves in front of the outermost such
``try``, and the ``finally`` of that closes it.
"""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from flake8_session.editing.blocks import Block, Position, Unit, statements_of
from flake8_session.editing.ground import Ground
from flake8_session.editing.made import Made
from flake8_session.editing.openings import Opening, opening_of
from flake8_session.editing.plans import Enclose
from flake8_session.editing.removing import without_closes
from flake8_session.editing.rendering import Change, block_indent

PAUSE = "no_autoflush"
"""What gives the session itself when it is entered."""


def enclose(plan: Enclose, ground: Ground) -> Made | None:
    """Makes the change that `plan` asks for; None where no stretch of statements holds the live range."""
    opening = opening_of(plan, ground)
    if opening is None or opening.position.block.node is ground.layout.module:
        return None
    bound = [ground.position(touch.origin) for touch in plan.touches if touch.bound]
    held = [ground.position(touch.origin) for touch in plan.touches if not touch.bound and touch.open]
    last = _last_of(bound, opening.position)
    if last is None:
        return _around_try(plan, ground, opening, bound)
    last_held = _last_of(held, opening.position)
    if last_held is not None:
        return _with(plan, ground, opening, max(last, last_held))
    return _around_try(plan, ground, opening, [*bound, *held])


def _index(position: Position, opening: Position) -> int | None:
    index = position.within(opening.block)
    return index if index is not None and index >= opening.index else None


def _last_of(positions: Sequence[Position | None], opening: Position) -> int | None:
    """The last unit of the opening's block that holds one of `positions`; None if one is elsewhere."""
    last = opening.index
    for position in positions:
        index = _index(position, opening) if position is not None else None
        if index is None:
            return None
        last = max(last, index)
    return last


def _with(plan: Enclose, ground: Ground, opening: Opening, last: int) -> Made | None:
    block, index = opening.position.block, opening.position.index
    inner = list(block.units[index + 1 : last + 1])
    if opening.remains is not None:
        inner.insert(0, opening.remains)
    body = without_closes(inner, block, plan, ground)
    if not body:
        return None
    statement = _with_statement(plan, opening, body, block)
    if opening.remains is not None:
        statement = _merged(statement)
    change = Change(block, index, last + 1, (Unit(statement),))
    return Made(change, f"open the session in {'an `async with`' if plan.asynchronous else 'a `with`'}")


def _with_statement(plan: Enclose, opening: Opening, body: Sequence[Unit], block: Block) -> cst.With:
    statements = statements_of(body)
    statements[0] = statements[0].with_changes(
        leading_lines=_from_first_comment(statements[0].leading_lines) if opening.remains is None else ()
    )
    return cst.With(
        items=[cst.WithItem(opening.call, cst.AsName(cst.Name(opening.name)))],
        body=cst.IndentedBlock(statements, header=opening.header, indent=block_indent(block)),
        asynchronous=cst.Asynchronous() if plan.asynchronous else None,
        leading_lines=opening.leading_lines,
    )


def _merged(outer: cst.With) -> cst.With:
    """``with a as b:`` over nothing but ``with b.c:`` as one statement, where both are of one kind."""
    inner = outer.body.body[0]
    if len(outer.body.body) != 1 or not isinstance(inner, cst.With) or isinstance(inner.lpar, cst.LeftParen):
        return outer
    if (inner.asynchronous is None) is not (outer.asynchronous is None):
        return outer
    comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    first, pause, *others = outer.items[0], *inner.items
    name = pause.asname.name if pause.asname is not None else None
    if isinstance(name, cst.Name) and isinstance(pause.item, cst.Attribute) and pause.item.attr.value == PAUSE:
        first = first.with_changes(asname=cst.AsName(name))
        pause = pause.with_changes(item=pause.item.with_changes(value=name), asname=None)
    items = [first.with_changes(comma=comma), pause, *others]
    return inner.with_changes(items=items, leading_lines=outer.leading_lines)


def _from_first_comment(lines: Sequence[cst.EmptyLine]) -> Sequence[cst.EmptyLine]:
    """Blank lines behind the header of a block say nothing."""
    for index, line in enumerate(lines):
        if line.comment is not None:
            return lines[index:]
    return ()


def _around_try(
    plan: Enclose, ground: Ground, opening: Opening, touched: Sequence[Position | None]
) -> Made | None:
    """The opening in front of the outermost ``try`` around which nothing reads the session."""
    if opening.remains is not None or not opening.is_plain:
        return None
    around = _outermost_try(opening.position, touched)
    if around is None or not _can_move_out(opening, around):
        return None
    last = _last_of(touched, around)
    assert last is not None
    if last == around.index:
        return _closing_in_finally(plan, ground, opening, around)
    return _with_around_try(plan, ground, opening, around, last)


def _outermost_try(position: Position, touched: Sequence[Position | None]) -> Position | None:
    """The first position around `position` from which on everything that is touched stands in one block.

    None where the way there leads through anything but the body of a ``try``.
    """
    for around in position.chain():
        if around is not position and not isinstance(around.unit.node, cst.Try):
            return None
        if _last_of(touched, around) is not None:
            return around if around is not position else None
        owner = around.block.owner
        if not isinstance(owner, cst.Try) or around.block.node is not owner.body:
            return None
    return None


def _can_move_out(opening: Opening, around: Position) -> bool:
    """Whether nothing that the opening reads is bound between the start of the ``try`` and the opening."""
    bound: set[str] = set()
    for position in opening.position.chain():
        if position.block is around.block:
            break
        for unit in position.block.units[: position.index]:
            bound |= _names_bound(unit.node)
    return not bound & (opening.reads | {opening.name})


def _names_bound(node: cst.CSTNode) -> set[str]:
    """Every name that stands in the statement: more than what it binds."""
    found: set[str] = set()
    stack: list[cst.CSTNode] = [node]
    while stack:
        each = stack.pop()
        if isinstance(each, cst.Name):
            found.add(each.value)
        stack.extend(each.children)
    return found


def _closing_in_finally(plan: Enclose, ground: Ground, opening: Opening, around: Position) -> Made | None:
    moved = _moved_out(plan, ground, opening, around)
    if not isinstance(moved, cst.Try):
        return None
    call: cst.BaseExpression = cst.Call(cst.Attribute(cst.Name(opening.name), cst.Name("close")))
    if plan.asynchronous:
        call = cst.Await(call)
    close = cst.SimpleStatementLine([cst.Expr(call)])
    indent = moved.body.indent if isinstance(moved.body, cst.IndentedBlock) else block_indent(around.block)
    if moved.finalbody is None:
        final = cst.Finally(cst.IndentedBlock([close], indent=indent))
    elif isinstance(moved.finalbody.body, cst.IndentedBlock):
        before = moved.finalbody.body
        final = moved.finalbody.with_changes(body=before.with_changes(body=[*before.body, close]))
    else:
        return None
    units = (*_opened(opening, moved), Unit(moved.with_changes(finalbody=final, leading_lines=())))
    change = Change(around.block, around.index, around.index + 1, units)
    return Made(change, "open the session in front of the `try` and close it in its `finally`")


def _with_around_try(
    plan: Enclose, ground: Ground, opening: Opening, around: Position, last: int
) -> Made | None:
    moved = _moved_out(plan, ground, opening, around)
    if moved is None:
        return None
    rest = without_closes(list(around.block.units[around.index + 1 : last + 1]), around.block, plan, ground)
    body = [Unit(moved.with_changes(leading_lines=())), *rest]
    statement = _with_statement(plan, opening, body, around.block)
    leading = [*moved.leading_lines, *_from_first_comment(opening.leading_lines)]
    change = Change(around.block, around.index, last + 1, (Unit(statement.with_changes(leading_lines=leading)),))
    return Made(change, "open the session in a `with` around the `try`")


def _moved_out(
    plan: Enclose, ground: Ground, opening: Opening, around: Position
) -> cst.BaseCompoundStatement | None:
    """The ``try`` without the opening and without what the new close makes superfluous."""
    (unit,) = without_closes([around.unit], around.block, plan, ground, drop=opening.position.unit.node) or (None,)
    return unit.node if unit is not None and isinstance(unit.node, cst.BaseCompoundStatement) else None


def _opened(opening: Opening, moved: cst.BaseCompoundStatement) -> tuple[Unit, ...]:
    """The opening as a statement of its own, behind the blank lines and comments of the ``try``."""
    line = opening.line
    leading = [*moved.leading_lines, *_from_first_comment(line.leading_lines)]
    (small,) = line.body
    changed = line.with_changes(leading_lines=leading)
    return (Unit(small, changed),)
