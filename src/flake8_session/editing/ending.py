"""The end of a session moved below what still needs it.

Where a call of ``close()`` ends it, the call moves down in its block; where a ``with`` or a
``finally`` does, the statements that need it move up into the body. Not where one of them handles
errors: it would get to see those of the session, and would have to roll back. Nor, where changes wait
at the end, in the body of a ``try`` that handles errors: a read would write them first, and where that
fails the instances are expired for whatever comes behind the handler.
"""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from flake8_session.editing.blocks import Block, Position, Unit, parts_of, statements_of, units_of
from flake8_session.editing.building import suite_block
from flake8_session.editing.continuations import moved_in
from flake8_session.editing.expressions import (
    binds,
    calls_something,
    handles_errors,
    names_in,
    sets_attributes,
)
from flake8_session.editing.ground import Ground
from flake8_session.editing.made import Made
from flake8_session.editing.plans import EndLater
from flake8_session.editing.rendering import Change

CALLS = "something else is called before the session ends then"
CHANGES = "what is set is set on an attached instance then"


def end_later(plan: EndLater, ground: Ground) -> Made | None:
    """The end behind the last of the needed nodes that stands in its block; None where that cannot be."""
    end = ground.position(plan.site)
    if end is None:
        return None
    if isinstance(ground.node(plan.site), cst.WithItem):
        return _into_with(plan, ground, end)
    if not isinstance(end.unit.node, cst.Expr):
        return None
    if isinstance(end.block.owner, cst.Finally):
        return _into_try(plan, ground, end)
    return _close_below(plan, ground, end)


def _close_below(plan: EndLater, ground: Ground, end: Position) -> Made | None:
    last = _last_needed(plan, ground, end)
    if last is None or _leaves(end.block.units[last]) or _is_guarded(end):
        return None
    overtaken = end.block.units[end.index + 1 : last + 1]
    if any(handles_errors(unit.node) or _reads_others(plan, ground, unit) for unit in overtaken):
        return None
    if any(binds(unit.node, _names_in_close(plan, ground)) for unit in overtaken):
        return None
    change = Change(end.block, end.index, last + 1, (*overtaken, end.unit))
    return Made(change, "close the session below its last use", _doubts(plan, ground, overtaken))


def _into_with(plan: EndLater, ground: Ground, end: Position) -> Made | None:
    statement = end.unit.node
    if not isinstance(statement, cst.With) or len(statement.items) != 1:
        return None
    last = _last_needed(plan, ground, end)
    if last is None or _ends_elsewhere(ground.layout.block(statement.body)):
        return None
    if plan.flushes and _is_guarded(end):
        return None
    moved = end.block.units[end.index + 1 : last + 1]
    if any(handles_errors(unit.node) for unit in moved):
        return None
    changed = statement.with_changes(body=_extended(statement.body, moved, ground))
    change = Change(end.block, end.index, last + 1, (Unit(changed),))
    return Made(change, "use it inside the `with`", _doubts(plan, ground, moved))


def _into_try(plan: EndLater, ground: Ground, end: Position) -> Made | None:
    """Into the body of the ``try`` whose ``finally`` closes, or its ``else`` where it has handlers."""
    around = end.block.parent
    statement = around.unit.node if around is not None else None
    if around is None or not isinstance(statement, cst.Try) or len(end.block.units) != 1:
        return None
    last = _last_needed(plan, ground, around)
    if plan.flushes and _is_guarded(around):
        return None
    if last is None or not all(_leaves_at_end(ground.layout.block(each.body)) for each in statement.handlers):
        return None
    moved = around.block.units[around.index + 1 : last + 1]
    if any(handles_errors(unit.node) for unit in moved):
        return None
    if statement.orelse is not None:
        changed = statement.with_changes(
            orelse=statement.orelse.with_changes(body=_extended(statement.orelse.body, moved, ground))
        )
    elif statement.handlers:
        indent = _indent(statement.body)
        inner = moved_in(statements_of(_without_first_gap(moved)), ground.indent(indent))
        block = cst.IndentedBlock(inner, indent=indent)
        changed = statement.with_changes(orelse=cst.Else(block))
    else:
        if _ends_elsewhere(ground.layout.block(statement.body)):
            return None
        changed = statement.with_changes(body=_extended(statement.body, moved, ground))
    change = Change(around.block, around.index, last + 1, (Unit(changed),))
    return Made(change, "use it before the `finally` closes", _doubts(plan, ground, moved))


def _names_in_close(plan: EndLater, ground: Ground) -> frozenset[str]:
    """What the call that ends the session calls it: that must still be the session further down."""
    return names_in(ground.node(plan.site))


def _reads_others(plan: EndLater, ground: Ground, unit: Unit) -> bool:
    """Whether an attribute of anything else is read, which may raise and so skip a close that comes later.

    That calls may raise is known without being asked for here.
    """
    own = {id(ground.node(origin)) for origin in plan.needed}
    stack: list[cst.CSTNode] = [unit.node]
    while stack:
        each = stack.pop()
        if isinstance(each, cst.Call) and isinstance(each.func, cst.Attribute):
            own.add(id(each.func))
        if isinstance(each, cst.Attribute) and id(each) not in own:
            return True
        stack.extend(parts_of(each))
    return False


def _is_guarded(position: Position) -> bool:
    """Whether a handler of the function would see what fails in front of a close that comes later."""
    return any(
        isinstance(around.block.owner, cst.Try) and bool(around.block.owner.handlers)
        for around in position.chain()
    )


def _last_needed(plan: EndLater, ground: Ground, end: Position) -> int | None:
    """The last unit behind `end` in its block that holds something needed; None where none does."""
    positions = [ground.position(origin) for origin in plan.needed]
    indices = [each.within(end.block) if each is not None else None for each in positions]
    if plan.together and None in indices:
        return None
    return max((index for index in indices if index is not None and index > end.index), default=None)


def _doubts(plan: EndLater, ground: Ground, units: Sequence[Unit]) -> tuple[str, ...]:
    harmless = frozenset(id(ground.node(origin)) for origin in plan.harmless)
    if any(calls_something(unit.node, harmless) for unit in units):
        return (CALLS,)
    return (CHANGES,) if any(sets_attributes(unit.node) for unit in units) else ()


def _extended(suite: cst.BaseSuite, units: Sequence[Unit], ground: Ground) -> cst.IndentedBlock:
    """The suite with `units` at its end; comments at its end stay in front of them."""
    block = suite_block(suite)
    statements = moved_in(statements_of(units), ground.indent(block.indent))
    if any(line.comment is not None for line in block.footer):
        first = statements[0]
        statements[0] = first.with_changes(leading_lines=[*block.footer, *first.leading_lines])
        block = block.with_changes(footer=())
    return block.with_changes(body=[*block.body, *statements])


def _leaves(unit: Unit) -> bool:
    """Whether nothing that stands behind the statement is run."""
    return isinstance(unit.node, (cst.Return, cst.Raise, cst.Break, cst.Continue))


def _leaves_at_end(block: Block) -> bool:
    return bool(block.units) and _leaves(block.units[-1])


def _ends_elsewhere(block: Block) -> bool:
    """Whether the end of the block is never reached, so that nothing can be put there."""
    return _leaves_at_end(block)


def _indent(suite: cst.BaseSuite) -> str | None:
    return suite.indent if isinstance(suite, cst.IndentedBlock) else None


def _without_first_gap(units: Sequence[Unit]) -> list[Unit]:
    """Blank lines in front of the first statement of a block say nothing."""
    statements = statements_of(units)
    first = statements[0]
    lines = list(first.leading_lines)
    while lines and lines[0].comment is None:
        lines.pop(0)
    changed = first.with_changes(leading_lines=lines)
    return list(units_of(cst.IndentedBlock([changed, *statements[1:]])))
