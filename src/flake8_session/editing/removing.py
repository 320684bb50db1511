"""Takes away the closes that a new ``with`` or ``finally`` replaces, and what is empty without them.

A close is superfluous only where nothing happens between it and the new one: what follows it up to
the end of the stretch calls nothing and reads no attribute. Any other stays; closing twice is legal.
A comment that stands above a close moves to the next statement; where there is none, or a comment
would lose its place with an emptied ``finally``, the close stays too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import libcst as cst

from flake8_session.editing.blocks import Block, Position, Unit, statements_of, units_of
from flake8_session.editing.expressions import is_quiet
from flake8_session.editing.ground import Ground
from flake8_session.editing.plans import Enclose


def without_closes(
    units: Sequence[Unit], block: Block, plan: Enclose, ground: Ground, drop: cst.CSTNode | None = None
) -> list[Unit]:
    """`units` of `block`, which a new close follows, without superfluous closes and without the statement `drop`."""
    if not units:
        return []
    end = next((index for index, unit in enumerate(block.units) if unit is units[-1]), len(block.units) - 1) + 1
    calls = {id(ground.node(origin)) for origin in plan.closes}
    closes: set[int] = set()
    for origin in plan.closes:
        position = ground.position(origin)
        if position is not None and _is_superfluous(position, block, end, calls) and _may_vanish(position, calls):
            closes.add(id(ground.node(origin)))
    opened = {id(getattr(drop, "value", None))} if drop is not None else set()
    before = cst.IndentedBlock(statements_of(units))
    after = _removed(before, closes | opened)
    if _loses_comments(before, after, closes | opened):
        after = _removed(before, opened)
    return list(units_of(after))


def _removed(block: cst.IndentedBlock, calls: set[int]) -> cst.IndentedBlock:
    changed = block.visit(_Remover(calls)) if calls else block
    assert isinstance(changed, cst.IndentedBlock)
    return changed


def _loses_comments(before: cst.IndentedBlock, after: cst.IndentedBlock, removed: set[int]) -> bool:
    """Whether a comment is gone that did not stand behind a removed statement."""
    expected = Counter(_comments(before))
    expected -= Counter(
        comment
        for line in _lines(before)
        if any(id(_called(small)) in removed for small in line.body)
        for comment in _comments(line.trailing_whitespace)
    )
    return bool(expected - Counter(_comments(after)))


def _lines(node: cst.CSTNode) -> Iterator[cst.SimpleStatementLine | cst.SimpleStatementSuite]:
    if isinstance(node, (cst.SimpleStatementLine, cst.SimpleStatementSuite)):
        yield node
    for child in node.children:
        yield from _lines(child)


def _called(small: cst.BaseSmallStatement) -> cst.CSTNode | None:
    value = getattr(small, "value", None)
    return value.expression if isinstance(value, cst.Await) else value


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
    return _leaves([*_units_in(node.finalbody.body)], calls) == ""


def _units_in(suite: cst.BaseSuite) -> list[Unit]:
    assert isinstance(suite, (cst.IndentedBlock, cst.SimpleStatementSuite))
    return list(units_of(suite))


def _is_call(expression: cst.Expr, calls: set[int]) -> bool:
    return id(_called(expression)) in calls


class _Remover(cst.CSTTransformer):
    """Takes statements away by the call that they consist of, and cleans up behind itself."""

    def __init__(self, calls: set[int]) -> None:
        super().__init__()
        self._calls = calls
        self._touched: set[int] = set()
        """Handlers that lost a close."""

    def leave_Expr(
        self, original_node: cst.Expr, updated_node: cst.Expr
    ) -> cst.Expr | cst.RemovalSentinel:
        return cst.RemoveFromParent() if _is_call(original_node, self._calls) else updated_node

    def leave_Assign(
        self, original_node: cst.Assign, updated_node: cst.Assign
    ) -> cst.Assign | cst.RemovalSentinel:
        return cst.RemoveFromParent() if id(original_node.value) in self._calls else updated_node

    def leave_AnnAssign(
        self, original_node: cst.AnnAssign, updated_node: cst.AnnAssign
    ) -> cst.AnnAssign | cst.RemovalSentinel:
        return cst.RemoveFromParent() if id(original_node.value) in self._calls else updated_node

    def leave_SimpleStatementLine(
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> cst.SimpleStatementLine:
        return updated_node.with_changes(body=_without_last_semicolon(updated_node.body))

    def leave_SimpleStatementSuite(
        self, original_node: cst.SimpleStatementSuite, updated_node: cst.SimpleStatementSuite
    ) -> cst.SimpleStatementSuite:
        return updated_node.with_changes(body=_without_last_semicolon(updated_node.body))

    def leave_IndentedBlock(
        self, original_node: cst.IndentedBlock, updated_node: cst.IndentedBlock
    ) -> cst.IndentedBlock:
        body: list[cst.BaseStatement] = []
        above: list[cst.EmptyLine] = []
        for statement in updated_node.body:
            if isinstance(statement, cst.SimpleStatementLine) and not statement.body:
                above += statement.leading_lines if any(line.comment for line in statement.leading_lines) else ()
                continue
            assert isinstance(statement, (cst.SimpleStatementLine, cst.BaseCompoundStatement))
            body.append(statement.with_changes(leading_lines=[*above, *statement.leading_lines]) if above else statement)
            above = []
        return updated_node.with_changes(body=body, footer=[*above, *updated_node.footer])

    def leave_ExceptHandler(
        self, original_node: cst.ExceptHandler, updated_node: cst.ExceptHandler
    ) -> cst.ExceptHandler:
        if len(updated_node.body.body) < len(original_node.body.body) and _only_raises(updated_node.body):
            self._touched.add(id(original_node))
        return updated_node

    def leave_If(self, original_node: cst.If, updated_node: cst.If) -> cst.If | cst.RemovalSentinel:
        empty = not updated_node.body.body and bool(original_node.body.body)
        if empty and updated_node.orelse is None and is_quiet(updated_node.test) and not _comments(updated_node):
            return cst.RemoveFromParent()
        if isinstance(updated_node.orelse, cst.Else):
            return updated_node.with_changes(orelse=_unless_empty(updated_node.orelse))
        return updated_node

    def leave_For(self, original_node: cst.For, updated_node: cst.For) -> cst.For:
        return updated_node.with_changes(orelse=_unless_empty(updated_node.orelse))

    def leave_While(self, original_node: cst.While, updated_node: cst.While) -> cst.While:
        return updated_node.with_changes(orelse=_unless_empty(updated_node.orelse))

    def leave_Try(
        self, original_node: cst.Try, updated_node: cst.Try
    ) -> cst.Try | cst.FlattenSentinel[cst.BaseStatement]:
        final = updated_node.finalbody
        if final is not None and not final.body.body and not _comments(final):
            final = None
        handlers = list(updated_node.handlers)
        originals = list(original_node.handlers)
        while handlers and id(originals[len(handlers) - 1]) in self._touched and not _comments(handlers[-1]):
            handlers.pop()
        orelse = _unless_empty(updated_node.orelse)
        if handlers:
            return updated_node.with_changes(handlers=handlers, orelse=orelse, finalbody=final)
        return _without_handlers(updated_node, orelse, final)


def _unless_empty(orelse: cst.Else | None) -> cst.Else | None:
    """An ``else`` that still does something; what it held was a close."""
    return None if orelse is not None and not orelse.body.body and not _comments(orelse) else orelse


def _without_handlers(
    node: cst.Try, orelse: cst.Else | None, final: cst.Finally | None
) -> cst.Try | cst.FlattenSentinel[cst.BaseStatement]:
    """What a ``try`` is once its handlers are gone: its body, or one with a ``finally`` alone."""
    parts: list[cst.BaseSuite] = [node.body]
    if orelse is not None:
        parts.append(orelse.body)
    statements = [statement for part in parts for statement in statements_of(_units_in(part))]
    if final is not None:
        body = node.body if orelse is None else node.body.with_changes(body=statements)
        return node.with_changes(body=body, handlers=(), orelse=None, finalbody=final)
    notes = [note for part in parts for note in _notes(part, "header")]
    statements[0] = statements[0].with_changes(
        leading_lines=[*node.leading_lines, *notes, *statements[0].leading_lines]
    )
    return cst.FlattenSentinel(statements)


def _notes(suite: cst.BaseSuite, name: str) -> list[cst.EmptyLine]:
    """The comment behind the colon of a header that goes, as a line of its own."""
    header = getattr(suite, name, None)
    comment = header.comment if isinstance(header, cst.TrailingWhitespace) else None
    return [cst.EmptyLine(comment=comment)] if comment is not None else []


def _only_raises(suite: cst.BaseSuite) -> bool:
    units = _units_in(suite)
    return len(units) == 1 and isinstance(units[0].node, cst.Raise) and units[0].node.exc is None


def _without_last_semicolon(body: Sequence[cst.BaseSmallStatement]) -> Sequence[cst.BaseSmallStatement]:
    if not body:
        return body
    return [*body[:-1], body[-1].with_changes(semicolon=cst.MaybeSentinel.DEFAULT)]


def _comments(node: cst.CSTNode) -> list[str]:
    found: list[str] = []
    stack = [node]
    while stack:
        each = stack.pop()
        if isinstance(each, cst.Comment):
            found.append(each.value)
        stack.extend(each.children)
    return found
