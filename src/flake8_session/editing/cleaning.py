"""Takes statements away, and what is empty without them: clauses, branches, a ``try`` that handles nothing.

Comments above a statement go with it; `loses_comments` says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import libcst as cst

from flake8_session.editing.blocks import Unit, parts_of, statements_of, units_of
from flake8_session.editing.continuations import moved_out
from flake8_session.editing.expressions import is_quiet


def without_statements(block: cst.IndentedBlock, calls: set[int], default: str) -> cst.IndentedBlock:
    """`block` without the statements that are one of the calls (by id), or that bind what it gives.

    `default` is the usual indentation of the module.
    """
    changed = block.visit(_Remover(calls, default)) if calls else block
    assert isinstance(changed, cst.IndentedBlock)
    return changed


def has_comments(node: cst.CSTNode | cst.MaybeSentinel) -> bool:
    """Whether a comment stands anywhere in `node`."""
    return isinstance(node, cst.CSTNode) and any(True for _ in _comments(node))


def loses_comments(
    before: cst.IndentedBlock, after: cst.IndentedBlock, removed: set[int], moved: set[int]
) -> bool:
    """Whether a comment is gone that did not stand behind a removed statement.

    Statements that are `moved` take all their comments along.
    """
    expected = Counter(_comments(before))
    for line in _lines(before):
        gone = {id(called(small)) for small in line.body}
        if gone & (removed | moved):
            expected -= Counter(_comments(line.trailing_whitespace))
        if gone & moved and isinstance(line, cst.SimpleStatementLine):
            expected -= Counter(each.comment.value for each in line.leading_lines if each.comment is not None)
    return bool(expected - Counter(_comments(after)))


def called(small: cst.CSTNode) -> cst.CSTNode | None:
    value = getattr(small, "value", None)
    return value.expression if isinstance(value, cst.Await) else value


def units_in(suite: cst.BaseSuite) -> list[Unit]:
    assert isinstance(suite, (cst.IndentedBlock, cst.SimpleStatementSuite))
    return list(units_of(suite))


class _Remover(cst.CSTTransformer):
    """Takes statements away by the call that they consist of, and cleans up behind itself."""

    def __init__(self, calls: set[int], default: str) -> None:
        super().__init__()
        self._calls = calls
        self._default = default
        self._only_raising: set[int] = set()
        """Handlers that lost a close and do nothing any more but raise again."""

    def on_leave(self, original_node: cst.CSTNodeT, updated_node: cst.CSTNodeT) -> Any:
        """What stands in the place of a node once everything in it was looked at."""
        match original_node, updated_node:
            case cst.Expr() | cst.Assign() | cst.AnnAssign(), _:
                removed = id(called(original_node)) in self._calls
                return cst.RemoveFromParent() if removed else updated_node
            case _, cst.SimpleStatementLine(body=body) | cst.SimpleStatementSuite(body=body):
                return updated_node.with_changes(body=_without_last_semicolon(body))
            case cst.ExceptHandler() as before, cst.ExceptHandler() as handler:
                if len(handler.body.body) < len(before.body.body) and _only_raises(handler.body):
                    self._only_raising.add(id(before))
            case cst.If() as before, cst.If() as after:
                return _without_empty_branches(before, after)
            case _, cst.For(orelse=orelse) | cst.While(orelse=orelse):
                return updated_node.with_changes(orelse=_unless_empty(orelse))
            case cst.Try() as before, cst.Try() as after:
                return self._without_empty_clauses(before, after)
        return updated_node

    def _without_empty_clauses(
        self, before: cst.Try, after: cst.Try
    ) -> cst.Try | cst.FlattenSentinel[cst.BaseStatement]:
        final = after.finalbody
        if final is not None and not final.body.body and not _comments(final):
            final = None
        handlers = list(after.handlers)
        while handlers and id(before.handlers[len(handlers) - 1]) in self._only_raising:
            if _comments(handlers[-1]):
                break
            handlers.pop()
        orelse = _unless_empty(after.orelse)
        if handlers:
            return after.with_changes(handlers=handlers, orelse=orelse, finalbody=final)
        return _without_handlers(after, orelse, final, self._default)


def _without_empty_branches(before: cst.If, after: cst.If) -> cst.If | cst.RemovalSentinel:
    empty = not after.body.body and bool(before.body.body)
    if empty and after.orelse is None and is_quiet(after.test) and not _comments(after):
        return cst.RemoveFromParent()
    if isinstance(after.orelse, cst.Else):
        return after.with_changes(orelse=_unless_empty(after.orelse))
    return after


def _unless_empty(orelse: cst.Else | None) -> cst.Else | None:
    """An ``else`` that still does something; what it held was a close."""
    return None if orelse is not None and not orelse.body.body and not _comments(orelse) else orelse


def _without_handlers(
    node: cst.Try, orelse: cst.Else | None, final: cst.Finally | None, default: str
) -> cst.Try | cst.FlattenSentinel[cst.BaseStatement]:
    """What a ``try`` is once its handlers are gone: its body, or one with a ``finally`` alone."""
    parts: list[cst.BaseSuite] = [node.body]
    if orelse is not None:
        parts.append(orelse.body)
    statements = [statement for part in parts for statement in statements_of(units_in(part))]
    if final is not None:
        body = node.body if orelse is None else node.body.with_changes(body=statements)
        return node.with_changes(body=body, handlers=(), orelse=None, finalbody=final)
    indent = node.body.indent if isinstance(node.body, cst.IndentedBlock) else None
    statements = moved_out(statements, default if indent is None else indent)
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
    units = units_in(suite)
    return len(units) == 1 and isinstance(units[0].node, cst.Raise) and units[0].node.exc is None


def _without_last_semicolon(body: Sequence[cst.BaseSmallStatement]) -> Sequence[cst.BaseSmallStatement]:
    if not body:
        return body
    return [*body[:-1], body[-1].with_changes(semicolon=cst.MaybeSentinel.DEFAULT)]


def _lines(node: cst.CSTNode) -> Iterator[cst.SimpleStatementLine | cst.SimpleStatementSuite]:
    if isinstance(node, (cst.SimpleStatementLine, cst.SimpleStatementSuite)):
        yield node
    for child in parts_of(node):
        yield from _lines(child)


def _comments(node: cst.CSTNode) -> list[str]:
    found: list[str] = []
    stack = [node]
    while stack:
        each = stack.pop()
        if isinstance(each, cst.Comment):
            found.append(each.value)
        stack.extend(parts_of(each))
    return found
