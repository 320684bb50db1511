"""What an editing function gives: the change, what it does in words, and what speaks against it."""

from __future__ import annotations

from dataclasses import dataclass

from flake8_session.editing.rendering import Change


@dataclass(frozen=True, slots=True)
class Made:
    """`imports` are names that the changed code needs, each with its module."""

    change: Change
    message: str
    doubts: tuple[str, ...] = ()
    imports: tuple[tuple[str, str], ...] = ()
