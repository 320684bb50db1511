"""Edits applied to a text."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from flake8_session.diagnostics import Edit
from flake8_session.source.text import lines_of


def applied(text: str, edits: Sequence[Edit]) -> str:
    """`text` with all `edits` made; they must not overlap."""
    starts = [0, *accumulate(map(len, lines_of(text)))]
    for edit in sorted(edits, key=lambda edit: edit.span, reverse=True):
        start = starts[edit.span.line - 1] + edit.span.column - 1
        end = starts[edit.span.end_line - 1] + edit.span.end_column - 1
        text = text[:start] + edit.content + text[end:]
    return text


def overlap(first: Sequence[Edit], second: Sequence[Edit]) -> bool:
    """Whether an edit of `first` touches a character of one of `second`, or both insert at one place."""
    return any(_overlap(one, other) for one in first for other in second)


def _overlap(one: Edit, other: Edit) -> bool:
    left, right = sorted((one.span, other.span))
    if left == right:
        return True
    return (left.end_line, left.end_column) > (right.line, right.column)
