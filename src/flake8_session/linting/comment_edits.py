"""Edits inside a ``# noqa`` comment."""

from __future__ import annotations

import re

from flake8_session.diagnostics import Edit, Span
from flake8_session.suppressions import Code, Noqa


def without_code(noqa: Noqa, code: Code, lines: list[str]) -> tuple[Edit, ...]:
    """Takes `code` out of the comment, and takes the comment away with its last code.

    A comment that lost all its codes would silence everything. Nothing where the text is part of a
    string, whose value would change.
    """
    if not noqa.in_comment:
        return ()
    if len(noqa.codes) == 1:
        return (_without_comment(noqa, lines[noqa.span.line - 1]),)
    position = noqa.codes.index(code)
    if position:
        before = noqa.codes[position - 1].span
        return (Edit(Span(before.end_line, before.end_column, code.span.end_line, code.span.end_column), ""),)
    following = noqa.codes[1].span
    return (Edit(Span(code.span.line, code.span.column, following.line, following.column), ""),)


def _without_comment(noqa: Noqa, line: str) -> Edit:
    """From the blanks before the comment to the next comment on the line, or to its end.

    What stands between, the reason, goes with it. A line that held nothing else goes whole.
    """
    number = noqa.span.line
    before = line[: noqa.span.column - 1].rstrip()
    after = line[noqa.span.end_column - 1 :]
    next_comment = re.search("#", after)
    if next_comment is not None:
        return Edit(Span(number, noqa.span.column, number, noqa.span.end_column + next_comment.start()), "")
    if not before:
        return Edit(Span(number, 1, number + 1, 1), "")
    return Edit(Span(number, len(before) + 1, number, len(line.rstrip("\r\n")) + 1), "")
