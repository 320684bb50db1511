"""``# noqa`` comments, with the meaning that flake8 gives them, so that both front ends agree.

Terms: a *territory* is the run of lines that one comment speaks for. It is a physical line, or all
lines that a string in triple quotes or a backslash joins; a bracket joins nothing. A comment with
codes silences every code that one of them is a prefix of; a *blanket* comment silences all. A line
that holds only ``# flake8: noqa`` silences the file, whatever codes follow it.

The patterns are those of ``flake8.defaults`` (a test holds them to it). As in flake8 only the first
comment of a territory counts, its codes are case-sensitive while the word is not, ``# noqa: SES``
without a digit is a blanket, and a comment inside a string counts.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from flake8_session.diagnostics import Diagnostic, Span
from flake8_session.settings import UNKNOWN, UNUSED
from flake8_session.source.text import lines_of

INLINE = re.compile(r"# noqa(?::[\s]?(?P<codes>([A-Z]+[0-9]+(?:[,\s]+)?)+))?", re.IGNORECASE)
WHOLE_FILE = re.compile(r"\s*# flake8[:=]\s*noqa", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Territory:
    """Some lines, and where a comment begins in them: line from 1, column from 0."""

    lines: range
    comments: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Code:
    """One code in a comment, as it is written, and where."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Noqa:
    """One comment: where it stands, what it silences (no codes: everything), and in which lines."""

    span: Span
    codes: tuple[Code, ...]
    lines: range
    in_comment: bool = True
    """False where it is the text of a string, which counts all the same."""

    def covers(self, code: str) -> bool:
        return not self.codes or any(code.startswith(written.text) for written in self.codes)


class Noqas:
    """All comments of a file. They are looked for when the first finding asks: most files have none."""

    def __init__(self, text: str) -> None:
        """`text` may have any line ends."""
        self._text = _plain_ends(text) if "noqa" in text.lower() else ""
        self._lines = lines_of(self._text)
        self.whole_file = any(map(WHOLE_FILE.match, self._lines))

    def silence(self, diagnostic: Diagnostic) -> bool:
        """Whether a comment takes `diagnostic` away. A blanket does not silence what is said of itself."""
        if self.whole_file:
            return True
        noqa = self.by_line.get(diagnostic.span.line)
        if noqa is None or (diagnostic.code in (UNUSED, UNKNOWN) and not noqa.codes):
            return False
        return noqa.covers(diagnostic.code)

    @cached_property
    def by_line(self) -> Mapping[int, Noqa]:
        """The comments by each line that they speak for; none where one speaks for the whole file."""
        if self.whole_file or not self._text:
            return {}
        by_line: dict[int, Noqa] = {}
        for territory in territories(self._text):
            noqa = _first_comment(self._lines, territory)
            if noqa is not None:
                by_line.update(dict.fromkeys(noqa.lines, noqa))
        return by_line

    @property
    def comments(self) -> tuple[Noqa, ...]:
        """Each comment once, in order of the text."""
        return tuple(dict.fromkeys(self.by_line.values()))


def territories(text: str) -> list[Territory]:
    """The territories of `text` in order; every line alone where it cannot be cut into tokens."""
    found: list[Territory] = []
    lines: list[int] = []
    comments: list[tuple[int, int]] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(_plain_ends(text)).readline):
            if token.type in (tokenize.ENDMARKER, tokenize.DEDENT):
                continue
            lines += (token.start[0], token.end[0])
            if token.type == tokenize.COMMENT:
                comments.append(token.start)
            if token.type in (tokenize.NL, tokenize.NEWLINE):
                found.append(Territory(range(min(lines), max(lines) + 1), tuple(comments)))
                lines, comments = [], []
    except (tokenize.TokenError, SyntaxError):
        return [Territory(range(line, line + 1)) for line in range(1, len(lines_of(text)) + 1)]
    return found


def _plain_ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _first_comment(lines: Sequence[str], territory: Territory) -> Noqa | None:
    """The comment that speaks for the territory: the pattern is tried on all its lines at once."""
    first = territory.lines.start
    joined = "".join(lines[first - 1 : territory.lines.stop - 1])
    match = INLINE.search(joined)
    if match is None:
        return None
    offset = match.start("codes")
    codes = tuple(
        Code(code[0], _span(joined, first, offset + code.start(), offset + code.end()))
        for code in re.finditer(r"[^,\s]+", match["codes"] or "")
    )
    written = match[0].rstrip(", \t\n")
    span = _span(joined, first, match.start(), match.start() + len(written))
    in_comment = any((span.line, span.column - 1) >= place for place in territory.comments)
    return Noqa(span, codes, territory.lines, in_comment)


def _span(joined: str, first: int, start: int, end: int) -> Span:
    return Span(*_place(joined, first, start), *_place(joined, first, end))


def _place(joined: str, first: int, offset: int) -> tuple[int, int]:
    """Line and column of an offset into lines that begin with line `first`."""
    return first + joined.count("\n", 0, offset), offset - joined.rfind("\n", 0, offset)
