"""Takes away the closes that a new ``with`` or ``finally`` replaces, and what is empty without them.

A close is superfluous only where nothing happens between it and the new one: what follows it up to
the end of the stretch calls nothing and reads no attribute. Any other stays; closing twice is legal.
Where a comment stands above a close, or would lose its place with an emptied ``finally``, the close
stays too.
"""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from flake8_session.editing.blocks import Block, Position, Unit, statements_of, units_of
from flake8_session.editing.cleaning import called, loses_comments, units_in, without_statements
from flake8_session.editing.expressions import is_quiet
from flake8_session.editing.ground import Ground
from flake8_session.editing.plans import Enclose


def without_closes(
    units: Sequence[Unit], block: Block, plan: Enclose, ground: Ground, drop: cst.CSTNode | None = None
) -> list[Unit]:
    """`units` of `block`, which a new close follows, without superfluous closes and without `drop`."""
    if not units:
        return []
    end = (
        next((index for index, unit in enumerate(block.units) if unit is units[-1]), len(block.units) - 1) + 1
    )
    calls = {id(ground.node(origin)) for origin in plan.closes}
    closes: set[int] = set()
    for origin in plan.closes:
        position = ground.position(origin)
        if (
            position is not None
            and _is_superfluous(position, block, end, calls)
            and _may_vanish(position, calls)
        ):
            closes.add(id(ground.node(origin)))
    opened = {id(called(drop))} if drop is not None else set()
    before = cst.IndentedBlock(statements_of(units))
    default = ground.layout.module.default_indent
    after = without_statements(before, closes | opened, default)
    if loses_comments(before, after, closes, opened):
        after = without_statements(before, opened, default)
    return list(units_of(after))


def _is_superfluous(position: Position, block: Block, end: int, calls: set[int]) -> bool:
    """Whether nothing happens from this close to the end of the stretch of `block`."""
    if not isinstance(position.unit.node, cst.Expr) or not _is_call(position.unit.node, calls):
        return False
    here: Position | None = position
    while here is not None:
        inside = here.block is block
        rest = here.block.units[here.index + 1 : end if inside else None]
        leaves = _leaves(rest, calls)
        if leaves is None:
            return False
        if leaves:
            return _leaves_quietly(here, block, leaves, calls)
        if inside:
            return True
        if not _ends_quietly(here, calls):
            return False
        here = here.block.parent
    return False


def _may_vanish(position: Position, calls: set[int]) -> bool:
    """Whether the close leaves something behind, or the clause that held it alone can go."""
    if any(unit is not position.unit and not _is_close(unit, calls) for unit in position.block.units):
        return True
    owner = position.block.owner
    if isinstance(owner, cst.If):
        return owner.orelse is None and is_quiet(owner.test)
    return isinstance(owner, (cst.Finally, cst.Else))


def _is_close(unit: Unit, calls: set[int]) -> bool:
    return isinstance(unit.node, cst.Expr) and _is_call(unit.node, calls)


def _leaves(units: Sequence[Unit], calls: set[int]) -> str | None:
    """How the units leave, `""` by their end; None where they do something on the way."""
    for unit in units:
        match unit.node:
            case cst.Return(value=value) if is_quiet(value):
                return "return"
            case cst.Raise(exc=exc) if exc is None or _is_quiet_exception(exc):
                return "raise"
            case cst.Break() | cst.Continue():
                return "loop"
            case cst.Pass():
                continue
            case cst.Expr() as expression if _is_call(expression, calls):
                continue
            case _:
                return None
    return ""


def _is_quiet_exception(node: cst.BaseExpression) -> bool:
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Name):
        return all(is_quiet(argument.value) for argument in node.args)
    return is_quiet(node)


def _leaves_quietly(position: Position, block: Block, way: str, calls: set[int]) -> bool:
    """Whether leaving from `position` runs nothing of what stands between it and `block`."""
    here: Position | None = position
    while here is not None and here.block is not block:
        owner = here.block.owner
        if isinstance(owner, cst.With) or (way == "loop" and isinstance(owner, (cst.For, cst.While))):
            return False
        if not _is_final(owner) and not _finally_is_quiet(here.block.parent, calls):
            return False
        if way == "raise" and _is_caught(here):
            return False
        here = here.block.parent
    return True


def _is_caught(position: Position) -> bool:
    """Whether an exception from here may meet handlers of the same statement."""
    parent = position.block.parent
    owner = position.block.owner
    return parent is not None and isinstance(owner, cst.Try) and bool(owner.handlers)


def _ends_quietly(position: Position, calls: set[int]) -> bool:
    """Whether nothing runs between the end of this block and what follows its statement."""
    owner, parent = position.block.owner, position.block.parent
    match owner:
        case cst.If() | cst.MatchCase() | cst.Finally():
            return True
        case cst.Else() | cst.ExceptHandler():
            return _finally_is_quiet(parent, calls)
        case cst.Try():
            return owner.orelse is None and _finally_is_quiet(parent, calls)
    return False


def _is_final(owner: cst.CSTNode | None) -> bool:
    return isinstance(owner, cst.Finally)


def _finally_is_quiet(parent: Position | None, calls: set[int]) -> bool:
    node = parent.unit.node if parent is not None else None
    if not isinstance(node, cst.Try) or node.finalbody is None:
        return True
    return _leaves([*units_in(node.finalbody.body)], calls) == ""


def _is_call(expression: cst.Expr, calls: set[int]) -> bool:
    return id(called(expression)) in calls
