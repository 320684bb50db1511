"""One statement more: a ``commit()`` or ``refresh()`` in front of the session's end, a close taken away."""

from __future__ import annotations

import libcst as cst

from flake8_session.editing.blocks import Position, Unit
from flake8_session.editing.building import call_statement, suite_block
from flake8_session.editing.ground import Ground
from flake8_session.editing.made import Made
from flake8_session.editing.plans import CommitFirst, Drop, Refresh, RefreshFirst
from flake8_session.editing.rendering import Change


def commit_first(plan: CommitFirst, ground: Ground) -> Made | None:
    """``commit()`` in front of the close, or last in the ``with``."""
    statement = call_statement(plan.name, "commit", asynchronous=plan.asynchronous)
    change = _before_end(statement, plan.site, ground)
    return Made(change, f"commit `{plan.name}` before it ends") if change is not None else None


def refresh(plan: Refresh, ground: Ground) -> Made | None:
    """``refresh()`` in front of the ``return`` inside the ``with``, else where the session ends."""
    statement = call_statement(plan.session, "refresh", plan.instance, asynchronous=plan.asynchronous)
    leaving, end = ground.position(plan.before), ground.position(plan.site)
    message = f"refresh `{plan.instance}` before the session ends"
    if leaving is not None and end is not None and _is_inside(leaving, end) and leaving.unit.line is not None:
        return Made(_in_front(leaving, statement), message)
    change = _before_end(statement, plan.site, ground)
    return Made(change, message) if change is not None else None


def refresh_first(plan: RefreshFirst, ground: Ground) -> Made | None:
    """``refresh()`` in front of the statement; None where each turn of a ``while`` would need its own."""
    position = ground.position(plan.site)
    if position is None or isinstance(position.unit.node, (cst.While, cst.FunctionDef, cst.ClassDef)):
        return None
    statement = call_statement(plan.session, "refresh", plan.instance, asynchronous=plan.asynchronous)
    return Made(_in_front(position, statement), f"refresh `{plan.instance}` before it is read")


def drop(plan: Drop, ground: Ground) -> Made | None:
    """The statement away; None where its block would be empty."""
    position = ground.position(plan.site)
    if position is None or not isinstance(position.unit.node, cst.Expr) or len(position.block.units) < 2:
        return None
    line = position.unit.line
    if isinstance(line, cst.SimpleStatementLine) and any(each.comment for each in line.leading_lines):
        return None
    change = Change(position.block, position.index, position.index + 1, ())
    return Made(change, "remove the call")


def _before_end(statement: Unit, end: int, ground: Ground) -> Change | None:
    """The statement in front of a close, or last in the body whose ``with`` or ``finally`` closes."""
    position = ground.position(end)
    if position is None:
        return None
    if isinstance(ground.node(end), cst.WithItem):
        return _last_in_body(statement, position, ground)
    if not isinstance(position.unit.node, cst.Expr):
        return None
    if not isinstance(position.block.owner, cst.Finally):
        return _in_front(position, statement)
    return (
        _last_in_body(statement, position.block.parent, ground) if position.block.parent is not None else None
    )


def _last_in_body(statement: Unit, position: Position, ground: Ground) -> Change | None:
    around = position.unit.node
    if not isinstance(around, (cst.With, cst.Try)):
        return None
    block = ground.layout.block(around.body)
    last = Position(block, len(block.units) - 1)
    match last.unit.node:
        case cst.Return() | cst.Break() | cst.Continue():
            return _in_front(last, statement)
        case cst.Raise():
            return None
    body = suite_block(around.body)
    assert statement.line is not None
    changed = around.with_changes(body=body.with_changes(body=[*body.body, statement.line]))
    return Change(position.block, position.index, position.index + 1, (Unit(changed),))


def _in_front(position: Position, statement: Unit) -> Change:
    """The statement takes the blank lines and comments of the one that it comes in front of."""
    unit, line = position.unit, position.unit.line
    assert statement.line is not None
    new = statement
    if line is None:
        assert isinstance(unit.node, cst.BaseCompoundStatement)
        new = Unit(statement.node, statement.line.with_changes(leading_lines=unit.node.leading_lines))
        unit = Unit(unit.node.with_changes(leading_lines=()))
    elif isinstance(line, cst.SimpleStatementLine) and line.body[0] is unit.node and len(line.body) == 1:
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
