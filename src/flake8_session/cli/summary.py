"""The closing lines of a report: how much was found, and how often each rule spoke."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from flake8_session.diagnostics import Applicability
from flake8_session.reporting import FileFindings, Terminal
from flake8_session.reporting.styled import Piece, Style, render_line


def summary(files: Sequence[FileFindings], checked: int, terminal: Terminal, *, narrowed: bool) -> str:
    """What was found in how many files, and what can be done about it; `narrowed`: these are not all."""
    findings = [finding for file in files for finding in file.diagnostics]
    if not findings and not checked:
        return render_line([Piece("No file was linted.")], terminal)
    if not findings:
        misuse = "new misuse" if narrowed else "misuse"
        return render_line([Piece(f"No {misuse} of sessions found in {counted(checked, 'file')}.")], terminal)
    total = f"{counted(len(findings), 'finding')} in {counted(len(files), 'file')} of {checked}."
    lines = [[Piece(total, Style.STRONG)]]
    fixes = [finding.fix for finding in findings if finding.fix]
    if fixes:
        safe = sum(fix.applicability is Applicability.SAFE for fix in fixes)
        lines.append([Piece(_offer(safe, len(fixes) - safe))])
    code = findings[0].code
    lines.append([Piece(f"session-lint --explain {code} says more about {code}.", Style.FAINT)])
    return "".join(render_line(line, terminal) for line in lines)


def _offer(safe: int, unsafe: int) -> str:
    """What could be fixed."""
    if not safe:
        return f"`--fix --unsafe-fixes` mends {unsafe} of them."
    more = f", with `--unsafe-fixes` {unsafe} more" if unsafe else ""
    return f"`--fix` mends {safe} of them{more}."


def statistics(files: Sequence[FileFindings]) -> str:
    """How often each rule spoke, the most frequent first."""
    counts = Counter((finding.code, finding.name) for file in files for finding in file.diagnostics)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    width = len(str(ordered[0][1])) if ordered else 0
    return "".join(f"{count:>{width}}  {code}  {name}\n" for (code, name), count in ordered)


def counted(number: int, noun: str) -> str:
    """The number with its noun."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
