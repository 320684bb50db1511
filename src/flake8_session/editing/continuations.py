"""Lines that a backslash continues, moved with the statement that they belong to.

LibCST indents what stands within brackets with its statement; what stands behind a backslash it keeps
as it was. To Python both are the same, to a reader they are not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import libcst as cst

from flake8_session.editing.blocks import Statement, parts_of

_BREAK = re.compile(r"(\\(?:\r\n|\r|\n))([ \t\f]*)")


def moved_in(statements: Sequence[Statement], indent: str) -> list[Statement]:
    """The statements as they stand in a block that is new around them and indented by `indent`."""
    return [_moved(each, lambda margin: indent + margin) for each in statements]


def moved_out(statements: Sequence[Statement], indent: str) -> list[Statement]:
    """The statements as they stand without the block around them, which was indented by `indent`."""
    return [_moved(each, lambda margin: margin.removeprefix(indent)) for each in statements]


def _moved(statement: Statement, margin: Callable[[str], str]) -> Statement:
    if not _is_continued(statement):
        return statement
    moved = statement.visit(_Mover(margin))
    assert isinstance(moved, (cst.SimpleStatementLine, cst.BaseCompoundStatement))
    return moved


def _is_continued(statement: Statement) -> bool:
    stack: list[cst.CSTNode] = [statement]
    while stack:
        each = stack.pop()
        if isinstance(each, cst.SimpleWhitespace) and "\\" in each.value:
            return True
        stack.extend(parts_of(each))
    return False


class _Mover(cst.CSTTransformer):
    """Gives every line behind a backslash another margin."""

    def __init__(self, margin: Callable[[str], str]) -> None:
        super().__init__()
        self._margin = margin

    def leave_SimpleWhitespace(
        self, original_node: cst.SimpleWhitespace, updated_node: cst.SimpleWhitespace
    ) -> cst.SimpleWhitespace:
        """The whitespace with the margins of its lines changed."""
        value = _BREAK.sub(lambda found: found[1] + self._margin(found[2]), updated_node.value)
        return updated_node.with_changes(value=value)
