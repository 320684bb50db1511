"""``--add-noqa``: writes a ``# noqa`` comment for every finding, so that only new ones are reported.

A comment stands at the end of the lines that it speaks for, behind what is there already; codes are
added to a comment that has codes. A reason follows a dash, so that no word of it is read as a code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from flake8_session.cli.reading import Unreadable, read_bytes
from flake8_session.configuration import Configuration
from flake8_session.diagnostics import Diagnostic, Edit, Span
from flake8_session.fixing.writing import NotWritten, encoded, target_of, write
from flake8_session.reporting import FileFindings
from flake8_session.reporting.fix_diff import after
from flake8_session.settings import FAILURE, UNKNOWN, UNUSED
from flake8_session.source.text import SyntaxRefused, decode, lines_of
from flake8_session.suppressions import Noqa, Noqas, territories

_NEVER = (FAILURE, UNUSED, UNKNOWN)
"""Codes that a comment does not help against: they are about no line of the program."""


def add_comments(
    files: Iterable[FileFindings], configuration: Configuration, reason: str, complain: Callable[[str], None]
) -> tuple[int, int, int]:
    """Writes the comments; the number of comments, of files that have them now, and of files that do not.

    What cannot be written is complained of.
    """
    comments = written = unwritten = 0
    for file in files:
        findings = [found for found in file.diagnostics if found.code not in _NEVER]
        if not findings:
            continue
        try:
            comments += _write(file.filename, findings, configuration, reason)
            written += 1
        except (NotWritten, Unreadable, SyntaxRefused) as why:
            complain(f"{file.filename}: no comments were added: {why}")
            unwritten += 1
    return comments, written, unwritten


def _write(path: str, findings: Sequence[Diagnostic], configuration: Configuration, reason: str) -> int:
    before = read_bytes(path)
    text = decode(before)
    edits = list(comment_edits(text, findings, reason))
    changed = "".join(after(lines_of(text), edits))
    write(target_of(path, configuration.root), before, encoded(changed, before, text))
    return len(edits)


def comment_edits(text: str, findings: Iterable[Diagnostic], reason: str) -> Iterator[Edit]:
    """One edit for each run of lines that shares a comment. Raises `NotWritten` where none can stand."""
    wanted: dict[int, set[str]] = {}
    for finding in findings:
        wanted.setdefault(finding.span.line, set()).add(finding.code)
    noqas = Noqas(text).by_line
    lines = lines_of(text)
    for territory in territories(text):
        codes = sorted(set().union(*(wanted.get(line, ()) for line in territory.lines)))
        if codes:
            last = territory.lines.stop - 1
            noqa = noqas.get(last)
            yield _extended(noqa, codes) if noqa else _appended(last, lines[last - 1], codes, reason)


def _extended(noqa: Noqa, codes: Sequence[str]) -> Edit:
    if not noqa.in_comment:
        raise NotWritten(f"line {noqa.span.line} has `# noqa` in a string, and only the first one counts")
    last = noqa.codes[-1].span
    more = "".join(f", {code}" for code in codes)
    return Edit(Span(last.end_line, last.end_column, last.end_line, last.end_column), more)


def _appended(number: int, line: str, codes: Sequence[str], reason: str) -> Edit:
    content = line.rstrip()
    column = len(content) + 1
    comment = f"  # noqa: {', '.join(codes)}" + (f" - {reason}" if reason else "")
    return Edit(Span(number, column, number, len(line.rstrip("\r\n")) + 1), comment)
