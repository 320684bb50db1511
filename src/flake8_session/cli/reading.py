"""Reads files for the command line: bytes, or the one line that says why there are none."""

from __future__ import annotations

import ast
import os
import stat
import sys
import warnings

from flake8_session.source.text import SyntaxRefused


class Unreadable(Exception):
    """Why a file cannot be linted, in a few words."""


def read_bytes(path: str) -> bytes:
    """The content of the file at `path`. Raises `Unreadable`."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise Unreadable("not a regular file")
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        raise Unreadable("broken link" if os.path.islink(path) else "no such file") from None
    except (OSError, ValueError) as error:
        raise Unreadable(getattr(error, "strerror", None) or str(error)) from None


def read_standard_input() -> bytes:
    """All of standard input. Raises `Unreadable` where there is none."""
    if sys.stdin is None:
        raise Unreadable("there is no standard input")
    return sys.stdin.buffer.read()


def check_syntax(text: str) -> None:
    """Raises `SyntaxRefused` where Python refuses `text`; what it only warns of is not our business."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text, "<file>", "exec", ast.PyCF_ONLY_AST, dont_inherit=True)
    except SyntaxError as error:
        raise SyntaxRefused(error.msg, error.lineno or 0) from None
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        raise SyntaxRefused(str(error) or "too deeply nested for Python") from None
