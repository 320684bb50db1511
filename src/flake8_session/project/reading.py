"""The text of a neighbour, or nothing: what cannot be read is unknown, and no error of the linted file."""

from __future__ import annotations

import os
import stat

from flake8_session.source.text import SyntaxRefused, decode

LONGEST = 1_500_000
"""Bytes. What is longer was written by a machine, and would take seconds to read."""


def read_text(path: str) -> str | None:
    """The text of the file at `path` with ``\\n`` for every line end; None where it has none for us."""
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return None
            content = file.read(LONGEST + 1)
        return None if len(content) > LONGEST else unified(decode(content))
    except (OSError, ValueError, SyntaxRefused):
        return None


def is_too_long(text: str) -> bool:
    """Whether a file with this text would not be read as a neighbour."""
    return len(text) > LONGEST // 4 and len(text.encode("utf-8", "surrogatepass")) > LONGEST


def unified(text: str) -> str:
    """`text` as `tokenize.open` would give it, whatever its line ends are on the disk."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _without_waiting(path: str, flags: int) -> int:
    """A pipe would wait for somebody to write into it."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
