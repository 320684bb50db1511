"""Shows what a fix would change, as the lines that go and the lines that come."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from flake8_session.diagnostics import Applicability, Edit, Fix, Span
from flake8_session.reporting.report import printable
from flake8_session.reporting.styled import TAB, Piece, Style, fill, pieces_of
from flake8_session.source.text import lines_of

_NARROWEST = 20
_STYLES = {"+": Style.ADDED, "-": Style.REMOVED}


def fix_lines(fix: Fix, lines: Sequence[str], gutter: int, width: int) -> Iterator[list[Piece]]:
    """The fix's message, why it is not safe where it is not, and its changes with a line around them."""
    indent = " " * gutter
    kind = "fix" if fix.applicability is Applicability.SAFE else "unsafe fix"
    reason = f" ({fix.reason})" if fix.reason else ""
    yield [Piece(f"{indent} |", Style.FRAME)]
    told = fill(printable(f"{fix.message}{reason}"), max(width - gutter - 15, _NARROWEST))
    for position, line in enumerate(told):
        label = f"{indent} = {kind}: " if position == 0 else " " * (gutter + len(kind) + 5)
        yield [Piece(label, Style.HELP), Piece(line)]
    near, edits = _window(lines, fix.edits)
    for line in _without_blank_end(list(_changes(near, after(near, edits)))):
        # What does not fit goes on below, under the code and not under the sign in front of it.
        first, *rest = pieces_of(line[2:], max(width - gutter - 3, _NARROWEST))
        for text in (f"{line[:2]}{first}", *(f"  {more}" for more in rest)):
            yield [Piece(f"{indent} {text}", _STYLES.get(line[:1], Style.FAINT))]


def after(lines: Sequence[str], edits: Sequence[Edit]) -> list[str]:
    """The lines of the file once all `edits` are made; `edits` do not overlap."""
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    text = "".join(lines)
    for edit in sorted(edits, key=lambda edit: edit.span, reverse=True):
        start = starts[edit.span.line - 1] + edit.span.column - 1
        end = starts[edit.span.end_line - 1] + edit.span.end_column - 1
        text = text[:start] + edit.content + text[end:]
    return lines_of(text)


def _window(lines: Sequence[str], edits: Sequence[Edit]) -> tuple[Sequence[str], list[Edit]]:
    """The lines that the edits touch with two around them, and the edits as they are seen from there."""
    first = max(min(edit.span.line for edit in edits) - 3, 0)
    last = max(edit.span.end_line for edit in edits) + 2
    return lines[first:last], [replace(edit, span=_moved(edit.span, first)) for edit in edits]


def _moved(span: Span, up: int) -> Span:
    return replace(span, line=span.line - up, end_line=span.end_line - up)


def _without_blank_end(changes: list[str]) -> list[str]:
    """`changes` without empty lines at their end that did not change."""
    while changes and not changes[-1].strip():
        changes.pop()
    return changes


@dataclass(frozen=True, slots=True)
class _Line:
    """A line that goes (``-``), comes (``+``) or stays, perhaps with other blanks in front of it."""

    sign: str
    text: str
    moved: bool = False


def _changes(before: Sequence[str], changed: Sequence[str]) -> Iterator[str]:
    """The lines that go and come, with a line around them, and dots for what is left out between them.

    A line that is only indented anew counts as one that stays, and is shown as it will stand: a fix that
    puts a body into a ``with`` is a line, and the end of that body, not the whole body twice.
    """
    lines = list(_compared(before, changed, str.strip))
    if all(line.sign == " " for line in lines):  # nothing but blanks is changed
        lines = list(_compared(before, changed, str))
    shown = sorted(_shown(lines))
    for last, number in zip([-1, *shown], shown):
        if last not in (-1, number - 1):
            yield "..."
        text = lines[number].text.rstrip().replace("\t", " " * TAB)
        yield f"{lines[number].sign} {printable(text)}".rstrip()


def _compared(
    before: Sequence[str], changed: Sequence[str], key: Callable[[str], str]
) -> Iterator[_Line]:
    keys = list(map(key, before)), list(map(key, changed))
    matcher = difflib.SequenceMatcher(None, *keys, autojunk=False)
    for kind, start, end, new_start, new_end in matcher.get_opcodes():
        if kind == "equal":
            for old, new in zip(before[start:end], changed[new_start:new_end]):
                yield _Line(" ", new, moved=old != new)
        else:
            yield from (_Line("-", line) for line in before[start:end])
            yield from (_Line("+", line) for line in changed[new_start:new_end])


def _shown(lines: Sequence[_Line]) -> set[int]:
    """The numbers of the lines to show: what changes, what is beside it, and the last of what moves."""
    shown: set[int] = set()
    for number, line in enumerate(lines):
        following = next((each for each in lines[number + 1 :] if each.text.strip()), None)
        if line.sign != " ":
            shown |= {number - 1, number, number + 1}
        elif line.moved and (following is None or (following.sign == " " and not following.moved)):
            shown.add(number)
    return shown & set(range(len(lines)))
