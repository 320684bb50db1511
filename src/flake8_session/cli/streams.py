"""Standard output and standard error, whatever they are: a terminal, a closed pipe, plain ASCII."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import sys
from collections.abc import Iterator
from typing import TextIO

from flake8_session.reporting import Terminal
from flake8_session.reporting.report import printable

PAPER = Terminal()
"""A file, or whoever else reads the report later."""


_STREAMS = ("/dev/", "/proc/")
"""Where systems keep paths that stand for devices and for files that are open already."""


class CannotWrite(Exception):
    """Why a file could not be written, as one line for the user."""


class NobodyReads(Exception):
    """Whoever read our output has gone, as ``head`` does."""


def be_forgiving() -> None:
    """What a stream's encoding cannot say is written as an escape instead of ending the program."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def say(text: str) -> None:
    """Writes to standard output. Raises `NobodyReads`, and `CannotWrite` where it takes nothing."""
    if sys.stdout is None:
        raise NobodyReads
    with _speaking():
        sys.stdout.write(text)
        sys.stdout.flush()


def write_bytes(content: bytes) -> None:
    """Writes to standard output as it is. Raises `NobodyReads` and `CannotWrite`."""
    say("")
    with _speaking():
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()


@contextlib.contextmanager
def _speaking() -> Iterator[None]:
    """Turns what may go wrong with standard output into our own exceptions."""
    try:
        yield
    except OSError as error:
        # Python flushes once more when it ends, and must not meet the same trouble again.
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            raise NobodyReads from None
        raise CannotWrite(f"standard output: {error.strerror or error}") from None


def complain(message: str) -> None:
    """Writes one line to standard error, where anybody listens."""
    try:
        sys.stderr.write(f"session-lint: {printable(message)}\n")
        sys.stderr.flush()
    except (OSError, AttributeError):
        pass


def write_whole(path: str, text: str) -> None:
    """Writes `text` to the file at `path`, all of it or nothing. Raises `CannotWrite`.

    A link stays, and the file that it leads to is written. What is no file, as a pipe, and what stands
    for an open file, as ``/dev/stdout``, is written to as it is.
    """
    try:
        if _is_stream(path):
            with open(path, "a", encoding="utf-8", errors="backslashreplace") as stream:
                stream.write(text)
        else:
            _replace(os.path.realpath(path), text)
    except OSError as error:
        raise CannotWrite(f"{path}: {error.strerror or error}") from None


def check_writable(path: str) -> None:
    """Raises `CannotWrite` where `write_whole` would, so that nobody waits for a report that has no place.

    Only a disk that fills up meanwhile is found out later. Nothing is changed.
    """
    if _is_stream(path):
        if os.path.isdir(path):
            raise CannotWrite(f"{path}: {os.strerror(errno.EISDIR)}")
        return
    beside = _beside(os.path.realpath(path))
    try:
        with open(beside, "w", encoding="utf-8"):
            pass
        os.unlink(beside)
    except OSError as error:
        raise CannotWrite(f"{path}: {error.strerror or error}") from None


def _is_stream(path: str) -> bool:
    folder = os.path.realpath(os.path.dirname(os.path.abspath(path)))
    return f"{folder}/".startswith(_STREAMS) or (os.path.exists(path) and not os.path.isfile(path))


def _replace(path: str, text: str) -> None:
    """Puts a file with `text` in the place of the one at `path`, with its mode."""
    beside = _beside(path)
    try:
        with open(beside, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            file.write(text)
        if os.path.exists(path):
            shutil.copymode(path, beside)
        os.replace(beside, path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(beside)
        raise


def _beside(path: str) -> str:
    """Where the content of the file at `path` is written before it takes its place."""
    return f"{path}.{os.getpid()}.tmp"


def terminal(stream: TextIO, color: str) -> Terminal:
    """What `stream` can show. `color` is auto, always or never; NO_COLOR and FORCE_COLOR decide in auto."""
    interactive = stream_is_terminal(stream)
    if color != "auto":
        coloured = color == "always"
    elif os.environ.get("NO_COLOR"):
        coloured = False
    else:
        coloured = interactive or os.environ.get("FORCE_COLOR", "0") not in ("", "0")
    width = shutil.get_terminal_size((100, 24)).columns if interactive or "COLUMNS" in os.environ else 100
    return Terminal(colour=coloured, width=max(width, 40), links=coloured and interactive and _has_links())


def stream_is_terminal(stream: TextIO) -> bool:
    """Whether somebody looks at `stream`, on something that can move its cursor."""
    try:
        return stream.isatty() and os.environ.get("TERM") != "dumb"
    except (AttributeError, ValueError):  # there is no stream, or it is closed
        return False


def _has_links() -> bool:
    """Whether the terminal is one that is known to follow links in its text."""
    environment = os.environ
    return (
        environment.get("TERM_PROGRAM") in ("iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper")
        or environment.get("TERM", "").startswith(("xterm-kitty", "foot", "alacritty", "xterm-ghostty"))
        or int(environment.get("VTE_VERSION", "0").partition(".")[0] or 0) >= 5000
        or bool(environment.get("WT_SESSION"))
    )
