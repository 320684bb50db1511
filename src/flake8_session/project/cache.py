"""What is remembered of neighbours between runs: their outlines and graphs, keyed by their text.

There is a file for each text, in the user's cache folder: never in the linted tree, where a hostile
checkout could ship one. Its name is a hash of the text and of everything else that the content depends
on, so that it is never out of date; it is written beside and renamed, so that any number of processes
may write at a time. A damaged one is as good as none, and so is a folder that cannot be written to.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import marshal
import os
import sys
import tempfile
from functools import cached_property
from pathlib import Path
from typing import Any

import flake8_session

LARGEST = 64 * 1024 * 1024
"""Bytes that the folder may hold; what was not used for longest goes first."""
_DIGEST = 16
_PACKAGES = ("flow", "source", "project")
"""Our own packages that decide what an entry looks like."""


class Cache:
    """The entries in one folder, which need not exist: the user's own where none is named."""

    def __init__(self, folder: str = "") -> None:
        self._folder = (Path(folder) if folder else _usual_folder()) / "outlines"

    def key(self, text: str) -> str:
        """The name of the entry for a neighbour with this text."""
        content = text.encode("utf-8", "surrogatepass")
        return hashlib.blake2b(content, digest_size=_DIGEST, key=self._version).hexdigest()

    def read(self, key: str) -> Any:
        """The content of an entry; None where there is none, or not a whole one."""
        file = self._file(key)
        try:
            content = file.read_bytes()
            if content[:_DIGEST] != _digest(content[_DIGEST:]):
                return None
            os.utime(file)
            return marshal.loads(content[_DIGEST:])
        except (OSError, ValueError, EOFError, TypeError):
            return None

    def write(self, key: str, content: Any) -> None:
        """Writes an entry, or does nothing where that fails."""
        payload = marshal.dumps(content)
        file = self._file(key)
        with contextlib.suppress(OSError):
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, beside = tempfile.mkstemp(dir=file.parent, suffix=".tmp")
            try:
                with os.fdopen(handle, "wb") as stream:
                    stream.write(_digest(payload) + payload)
                os.replace(beside, file)
            except BaseException:
                os.unlink(beside)
                raise
            if key.endswith("00"):
                _clear_out(self._folder)

    def _file(self, key: str) -> Path:
        return self._folder / key[:2] / key[2:]

    @cached_property
    def _version(self) -> bytes:
        """Stands for what an entry depends on besides the text."""
        own = Path(flake8_session.__file__).parent
        sources = (file for package in _PACKAGES for file in sorted((own / package).glob("*.py")))
        parser = importlib.util.find_spec("libcst")
        origin = parser.origin if parser else None
        parts = (
            flake8_session.__version__,
            sys.version_info[:3],
            [(file.name, file.stat().st_mtime_ns, file.stat().st_size) for file in sources],
            origin,
            os.stat(origin).st_mtime_ns if origin else None,
        )
        return hashlib.blake2b(repr(parts).encode(), digest_size=_DIGEST).digest()


def _usual_folder() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("flake8-session", appauthor=False)


def _digest(payload: bytes) -> bytes:
    return hashlib.blake2b(payload, digest_size=_DIGEST).digest()


def _clear_out(folder: Path) -> None:
    """Removes entries until the folder holds four fifths of what it may, if it holds more than that."""
    found = []
    for file in folder.glob("*/*"):
        status = file.stat()
        found.append((status.st_mtime, status.st_size, file))
    size = sum(each[1] for each in found)
    if size <= LARGEST:
        return
    for _, freed, file in sorted(found):
        file.unlink(missing_ok=True)
        size -= freed
        if size <= LARGEST * 4 // 5:
            return
