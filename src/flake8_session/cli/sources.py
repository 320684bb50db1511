"""Where the bytes of the files of a run come from: the disk, or standard input, which is read once."""

from __future__ import annotations

from flake8_session.cli.arguments import STANDARD_INPUT
from flake8_session.cli.reading import Unreadable, read_bytes, read_standard_input
from flake8_session.source.text import SyntaxRefused, decode, lines_of

NAMELESS = "stdin"
"""What standard input is called where the user gives it no name."""


class Files:
    """The files of one run by the names that they have in the report."""

    def __init__(self, stdin_filename: str) -> None:
        self.stdin_name = stdin_filename or NAMELESS
        self.reads_stdin = False
        self._stdin: bytes | None = None

    def name(self, path: str) -> str:
        """How the file at `path` is called."""
        if path != STANDARD_INPUT:
            return path
        self.reads_stdin = True
        return self.stdin_name

    def read(self, name: str) -> bytes:
        """The bytes of the file that is called `name`. Raises `Unreadable`."""
        if not (self.reads_stdin and name == self.stdin_name):
            return read_bytes(name)
        if self._stdin is None:
            self._stdin = read_standard_input()
        return self._stdin

    def stands_alone(self, name: str) -> bool:
        """Whether it is standard input without a name, which has nothing around it."""
        return self.reads_stdin and name == self.stdin_name == NAMELESS

    def lines(self, name: str) -> list[str]:
        """The lines of the file as it is now; none where it has gone since it was linted."""
        try:
            return lines_of(decode(self.read(name)))
        except (Unreadable, SyntaxRefused):
            return []
