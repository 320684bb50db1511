"""From the bytes of a file to its text.

Decoding is Python's own (PEP 263): a byte order mark, else a coding cookie in the first two lines,
else UTF-8. There is no fallback: bytes that do not fit their encoding are refused with the reason.
"""

from __future__ import annotations

import codecs
import io
import re
import tokenize


class SyntaxRefused(Exception):
    """The text is not Python, or not one that may be parsed; `line` counts from 1, 0 where unknown."""

    def __init__(self, reason: str, line: int = 0) -> None:
        super().__init__(reason)
        self.reason = " ".join(reason.split())
        self.line = line


def decode(data: bytes) -> str:
    """The text of `data`, without a byte order mark, with its own line ends.

    Raises `SyntaxRefused` where the encoding is unknown, or is not what the bytes are in.
    """
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    except (SyntaxError, UnicodeDecodeError) as error:
        raise SyntaxRefused(str(error) or "unknown encoding") from error
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SyntaxRefused(f"byte {data[error.start]:#04x} is not {encoding}", line) from error
    except (LookupError, ValueError) as error:
        raise SyntaxRefused(f"cannot decode as {encoding}: {error}") from error
    return text.removeprefix(codecs.BOM_UTF8.decode())


_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")


def lines_of(text: str) -> list[str]:
    """The lines of `text` with their ends. Python ends a line at CR, LF and CRLF, and nowhere else."""
    return [line for line in _LINE.findall(text) if line]
