"""Text with styles, for terminals: plain words where there is no colour, ANSI sequences where there is."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from flake8_session.reporting.report import Terminal

TAB = 4
"""Columns that a tab is drawn as."""


class Style(Enum):
    """What a piece of text is. The value is its ANSI code: basic colours, for light and dark terminals.

    Blue is the bright one: the plain one can hardly be read on the black of many terminals. No text is
    cyan or yellow, which can hardly be read on white.
    """

    PLAIN = ""
    STRONG = "1"
    ERROR = "1;31"
    PLACE = "1;94"
    FRAME = "94"
    FAINT = "2"
    HELP = "1;35"
    ADDED = "32"
    REMOVED = "31"


@dataclass(frozen=True, slots=True)
class Piece:
    """Some text in one style, perhaps a link."""

    text: str
    style: Style = Style.PLAIN
    link: str = ""


def render_line(pieces: Iterable[Piece], terminal: Terminal) -> str:
    """The pieces as one line, without blanks at its end."""
    merged = list(pieces)
    while merged and not merged[-1].text.rstrip():
        merged.pop()
    if merged:
        merged[-1] = Piece(merged[-1].text.rstrip(), merged[-1].style, merged[-1].link)
    return "".join(_render(piece, terminal) for piece in merged) + "\n"


def painted(text: str, style: Style, terminal: Terminal) -> str:
    """`text` in `style`, with its line end behind the colours; `text` itself where there are none."""
    words = text.rstrip("\r\n")
    if not terminal.colour or style is Style.PLAIN or not words:
        return text
    return f"\x1b[{style.value}m{words}\x1b[0m{text[len(words) :]}"


def cells(text: str) -> int:
    """How many columns of a terminal `text` fills."""
    return len(text) if text.isascii() else sum(map(_cell, text))


def fill(text: str, width: int) -> list[str]:
    """The words of `text` in lines of at most `width` cells; a longer word has a line of its own."""
    lines: list[str] = []
    for word in text.split():
        if lines and cells(lines[-1]) + 1 + cells(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines or [""]


def pieces_of(text: str, width: int) -> list[str]:
    """`text` cut into pieces of at most `width` cells, blanks and all; at least one."""
    parts = [""]
    room = width
    for char in text:
        room -= cells(char)
        if room < 0:
            parts.append("")
            room = width - cells(char)
        parts[-1] += char
    return parts


def _cell(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in ("Cf", "Me", "Mn"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _render(piece: Piece, terminal: Terminal) -> str:
    text = painted(piece.text, piece.style, terminal)
    if terminal.links and piece.link:
        text = f"\x1b]8;;{piece.link}\x1b\\{text}\x1b]8;;\x1b\\"
    return text
