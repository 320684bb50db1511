"""What fixing changes in a file, as a unified diff for ``patch`` and ``git apply`` in the current folder."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator
from pathlib import Path

from flake8_session.reporting import Terminal
from flake8_session.reporting.styled import Style, painted
from flake8_session.source.text import lines_of

_STYLES = {"+": Style.ADDED, "-": Style.REMOVED, "@": Style.FRAME}


def difference(filename: str, before: str, after: str, terminal: Terminal) -> str:
    """The diff byte for byte; on a terminal that has them in colours."""
    name = filename
    if os.path.isabs(name) and Path(name).is_relative_to(Path.cwd()):
        name = os.path.relpath(name)
    name = name.replace(os.sep, "/").lstrip("/")
    return "".join(
        painted(line, _style(number, line), terminal)
        for number, line in enumerate(_lines(_in_header(f"a/{name}"), _in_header(f"b/{name}"), before, after))
    )


def _lines(old_name: str, new_name: str, before: str, after: str) -> Iterator[str]:
    for line in difflib.unified_diff(lines_of(before), lines_of(after), old_name, new_name):
        yield line if line.endswith(("\n", "\r")) else f"{line}\n\\ No newline at end of file\n"


def _style(number: int, line: str) -> Style:
    """The two lines above the first ``@@`` name the file; a line that goes may begin with three dashes."""
    return Style.STRONG if number < 2 else _STYLES.get(line[:1], Style.PLAIN)


def _in_header(path: str) -> str:
    """A path as git writes it above a difference: in quotes where it holds what would end or hide it."""
    if path.isprintable() and not {'"', "\\"} & {*path}:
        return f"{path}\t" if " " in path else path
    raw = path.encode("utf-8", "surrogateescape")
    quoted = (chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\{byte:03o}" for byte in raw)
    return f'"{"".join(quoted)}"'
