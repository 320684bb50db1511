"""Rollbacks in handlers: put first where there is none, or moved up where it comes too late.

A ``suppress`` has no handler, so it becomes a ``try`` that has one. Its import stays: whether anything else
needs it is a question for the whole file, and for other linters.
"""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from flake8_session.editing.blocks import Block, Position, Unit, statements_of
from flake8_session.editing.building import (
    call_statement,
    is_function_asynchronous,
    is_only_pass,
    only_if_not_none,
    suite_block,
)
from flake8_session.editing.cleaning import has_comments
from flake8_session.editing.expressions import is_plain
from flake8_session.editing.ground import Ground
from flake8_session.editing.made import Made
from flake8_session.editing.plans import RollBack, RollBackEarlier
from flake8_session.editing.rendering import Change, block_indent

BUSY = "work from before the `try` would be rolled back as well"
GROUPS = "an exception group is no longer taken apart, as `suppress` does from Python 3.12 on"
UNDOES_LESS = "work of the session in the handler would no longer be rolled back"


def roll_back(plan: RollBack, ground: Ground) -> Made | None:
    """``rollback()`` as the first statement of the handler; None for what has no body to put it in.

    A ``with suppress(…)`` becomes a ``try`` with a handler. None as well where the handler already does
    what the plan excludes.
    """
    handler = ground.node(plan.site)
    position = ground.position(plan.site)
    if position is None or (plan.asynchronous and not is_function_asynchronous(position)):
        return None
    if isinstance(handler, cst.WithItem):
        return _instead_of_suppress(plan, ground, position)
    if not isinstance(handler, cst.ExceptHandler):
        return None
    block = ground.layout.block(handler.body)
    statement = _rollback(plan, block_indent(block))
    if _own(plan.unless, block, ground):
        return None
    taken = _instead_of_pass(statement, block)
    change = Change(block, 0, len(block.units), (taken,) if taken is not None else (statement, *block.units))
    doubts = (BUSY,) if _is_busy(plan, position, ground) else ()
    return Made(change, f"call `{plan.name}.rollback()` in the handler", doubts)


def roll_back_earlier(plan: RollBackEarlier, ground: Ground) -> Made | None:
    """The rollback as the handler's first statement; None where it is no statement of the handler itself."""
    position = ground.position(plan.site)
    handler = _handler_around(position)
    if handler is None:
        return None
    block, index = handler
    rollback = next((at for at in _own(plan.rollbacks, block, ground) if at > index), None)
    if rollback is None or not isinstance(block.units[rollback].node, cst.Expr):
        return None
    moved = block.units[rollback]
    rest = [unit for unit in block.units[: rollback + 1] if unit is not moved]
    change = Change(block, 0, rollback + 1, (moved, *rest))
    overtaken = set(_own(plan.works, block, ground)) & set(range(rollback))
    doubts = (UNDOES_LESS,) if overtaken else ()
    return Made(change, "roll back first in the handler", doubts)


def _rollback(plan: RollBack, indent: str | None) -> Unit:
    """The rollback, where there may be no session yet under a condition."""
    statement = call_statement(plan.name, "rollback", asynchronous=plan.asynchronous)
    return only_if_not_none(plan.name, statement, indent) if plan.optional else statement


def _instead_of_suppress(plan: RollBack, ground: Ground, position: Position) -> Made | None:
    """``try`` in place of ``with suppress(A, B)``, and a handler for these that does the rollback."""
    statement = position.unit.node
    if not isinstance(statement, cst.With) or len(statement.items) != 1 or statement.asynchronous is not None:
        return None
    (item,) = statement.items
    call = item.item
    if not isinstance(call, cst.Call) or not call.args or item.asname is not None:
        return None
    if not all(is_plain(each.value) and each.keyword is None and not each.star for each in call.args):
        return None
    if has_comments(item) or has_comments(statement.lpar) or has_comments(statement.rpar):
        return None
    indent = block_indent(position.block)
    handled = cst.IndentedBlock(statements_of([_rollback(plan, indent)]), indent=indent)
    changed = cst.Try(
        body=suite_block(statement.body),
        handlers=[cst.ExceptHandler(handled, _any_of([each.value for each in call.args]))],
        leading_lines=statement.leading_lines,
    )
    change = Change(position.block, position.index, position.index + 1, (Unit(changed),))
    doubts = (GROUPS, BUSY) if _is_busy(plan, position, ground) else (GROUPS,)
    return Made(change, f"call `{plan.name}.rollback()` in a handler in place of the `suppress`", doubts)


def _any_of(classes: Sequence[cst.BaseExpression]) -> cst.BaseExpression:
    """What an ``except`` names for one class, or several."""
    if len(classes) == 1:
        return classes[0]
    return cst.Tuple([cst.Element(each) for each in classes])


def _is_busy(plan: RollBack, position: Position, ground: Ground) -> bool:
    """Whether there may be work from before the ``try``, or ``with``, at `position`."""
    statement = position.unit.node
    assert isinstance(statement, (cst.Try, cst.With))
    body = ground.layout.block(statement.body)
    return any(_enters(pair, body, ground) for pair in plan.busy)


def _enters(pair: tuple[int, int], body: Block, ground: Ground) -> bool:
    """Whether the way from one origin to the other leads into `body`."""
    start, end = (ground.position(origin) for origin in pair)
    return end is not None and end.within(body) is not None and (start is None or start.within(body) is None)


def _handler_around(position: Position | None) -> tuple[Block, int] | None:
    """The body of the innermost handler around `position`, and the unit of it that holds the position."""
    for around in position.chain() if position is not None else ():
        if isinstance(around.block.owner, cst.ExceptHandler):
            return around.block, around.index
    return None


def _own(origins: tuple[int, ...], block: Block, ground: Ground) -> list[int]:
    """The units of `block` itself that hold one of `origins`."""
    positions = [ground.position(origin) for origin in origins]
    found = {position.within(block) for position in positions if position is not None}
    return sorted(index for index in found if index is not None)


def _instead_of_pass(statement: Unit, block: Block) -> Unit | None:
    """The statement with the comments of the ``pass`` that is all of `block`; None where there is more."""
    line = block.units[0].line
    if not is_only_pass(block) or line is None:
        return None
    above = line.leading_lines if isinstance(line, cst.SimpleStatementLine) else ()
    if isinstance(statement.line, cst.SimpleStatementLine):
        behind = line.trailing_whitespace
        return Unit(
            statement.node,
            statement.line.with_changes(leading_lines=above, trailing_whitespace=behind),
        )
    if line.trailing_whitespace.comment is not None:
        return None
    assert isinstance(statement.node, cst.BaseCompoundStatement)
    return Unit(statement.node.with_changes(leading_lines=above))
