"""Writes a changed file so that nothing is lost, whatever happens on the way.

The new content goes to a file beside the old one, down to the disk, and takes its place in one
step; until then the old file is whole. It keeps its mode. Nothing is written where the file has
changed since it was read, nor where its own bytes cannot be made again from its text.
"""

from __future__ import annotations

import contextlib
import io
import os
import stat
import tempfile
import tokenize
from pathlib import Path

_WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH
"""What a read-only file has none of. The superuser may write it all the same, and was not asked to."""


class NotWritten(Exception):
    """Why a file was left as it was, in a few words."""


def encoded(text: str, before: bytes, old_text: str) -> bytes:
    """`text` in the encoding of `before`, whose text is `old_text`. Raises `NotWritten`."""
    encoding, _ = tokenize.detect_encoding(io.BytesIO(before).readline)
    try:
        if old_text.encode(encoding) != before:
            raise NotWritten(f"its bytes are not what {encoding} makes of its text")
        return text.encode(encoding)
    except UnicodeEncodeError as error:
        raise NotWritten(f"{encoding} has no {error.object[error.start]!r}") from None


def target_of(path: str, root: Path) -> Path:
    """The file that is written for `path`: a link's target. Raises `NotWritten` for one outside of `root`."""
    real = Path(os.path.realpath(path))
    if os.path.islink(path) or real != Path(os.path.abspath(path)):
        if not real.is_relative_to(os.path.realpath(root)):
            raise NotWritten("it is a link that leads out of the project")
    return real


def write(path: Path, before: bytes, after: bytes) -> None:
    """Replaces the content `before` of the file at `path` by `after`. Raises `NotWritten`."""
    try:
        _replace(path, before, after)
    except OSError as error:
        raise NotWritten(error.strerror or str(error)) from None


def _replace(path: Path, before: bytes, after: bytes) -> None:
    status = os.stat(path)
    if not os.access(path, os.W_OK) or not status.st_mode & _WRITABLE:
        raise NotWritten("it is read-only")
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(after)
            file.flush()
            _keep_owner_and_mode(handle, status)
            os.fsync(file.fileno())
        if path.read_bytes() != before:
            raise NotWritten("it has changed since it was read")
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
    _sync_folder(path.parent)


def _keep_owner_and_mode(handle: int, status: os.stat_result) -> None:
    if hasattr(os, "fchown"):
        with contextlib.suppress(OSError):
            os.fchown(handle, status.st_uid, status.st_gid)
    if hasattr(os, "fchmod"):
        os.fchmod(handle, stat.S_IMODE(status.st_mode))


def _sync_folder(folder: Path) -> None:
    """The new name of a file is on the disk only once its folder is; not every system can do it."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
