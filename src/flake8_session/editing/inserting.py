"""One statement more: a ``commit()`` or ``refresh()`` in front of the session's end, a close taken away."""

from __future__ import annotations

import libcst as cst

from flake8_session.editing.blocks import Position, Unit
from flake8_session.editing.building import call_statement, suite_block
from flake8_session.editing.ground import Ground
from flake8_session.editing.made import Made
from flake8_session.editing.plans import CommitFirst, Drop, Refresh
from flake8_session.editing.rendering import Change


def commit_first(plan: CommitFirst, ground: Ground) -> Made | None:
    """``commit()`` in front of the close, or last in the ``with``."""
    statement = call_statement(plan.name, "commit", asynchronous=plan.asynchronous)
    change = _before_end(statement, plan.end, ground)
    return Made(change, f"commit `{plan.name}` before it ends") if change is not None else None


def refresh(plan: Refresh, ground: Ground) -> Made | None:
    """``refresh()`` in front of the ``return`` inside the ``with``, else where the session ends."""
    statement = call_statement(plan.session, "refresh", plan.instance, asynchronous=plan.asynchronous)
    leaving, end = ground.position(plan.before), ground.position(plan.end)
    message = f"refresh `{plan.instance}` before the session ends"
    if leaving is not None and end is not None and _is_inside(leaving, end) and leaving.unit.line is not None:
        return Made(_in_front(leaving, statement), message)
    change = _before_end(statement, plan.end, ground)
    return Made(change, message) if change is not None else None


def drop(plan: Drop, ground: Ground) -> Made | None:
    """The statement away; None where its block would be empty."""
    position = ground.position(plan.call)
    if position is None or not isinstance(position.unit.node, cst.Expr) or len(position.block.units) < 2:
        return None
    line = position.unit.line
    if isinstance(line, cst.SimpleStatementLine) and any(each.comment for each in line.leading_lines):
        return None
    change = Change(position.block, position.index, position.index + 1, ())
    return Made(change, "remove the call")


def _before_end(statement: Unit, end: int, ground: Ground) -> Change | None:
    position = ground.position(end)
    if position is None:
        return None
    if not isinstance(ground.node(end), cst.WithItem):
        return _in_front(position, statement) if isinstance(position.unit.node, cst.Expr) else None
    around = position.unit.node
    if not isinstance(around, cst.With):
        return None
    block = ground.layout.block(around.body)
    if isinstance(block.units[-1].node, (cst.Return, cst.Raise, cst.Break, cst.Continue)):
        last = Position(block, len(block.units) - 1)
        return _in_front(last, statement) if not isinstance(last.unit.node, cst.Raise) else None
    body = suite_block(around.body)
    assert statement.line is not None
    changed = around.with_changes(body=body.with_changes(body=[*body.body, statement.line]))
    return Change(position.block, position.index, position.index + 1, (Unit(changed),))


def _in_front(position: Position, statement: Unit) -> Change:
    """The statement takes the blank lines and comments of the one that it comes in front of."""
    unit, line = position.unit, position.unit.line
    assert statement.line is not None
    new = statement
    if isinstance(line, cst.SimpleStatementLine) and line.body[0] is unit.node and len(line.body) == 1:
        above = statement.line.with_changes(leading_lines=line.leading_lines)
        new = Unit(statement.node, above)
        unit = Unit(unit.node, line.with_changes(leading_lines=()))
    return Change(position.block, position.index, position.index + 1, (new, unit))


def _is_inside(position: Position, end: Position) -> bool:
    """Whether `position` stands in the body of the ``with`` or ``try`` that ends the session."""
    around = end if isinstance(end.unit.node, cst.With) else end.block.parent
    current: Position | None = position.block.parent
    while current is not None:
        if around is not None and current.unit is around.unit:
            return True
        current = current.block.parent
    return False
