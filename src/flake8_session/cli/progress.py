"""Tells whoever waits at a terminal how far a long run is."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from flake8_session.cli.streams import stream_is_terminal

Item = TypeVar("Item")
PATIENCE = 2.0
"""Seconds after which a run is long."""


def tracked(items: Iterable[Item], total: int) -> Iterator[Item]:
    """The `items` as they come; on a terminal with a bar on standard error, once it takes long."""
    if not stream_is_terminal(sys.stderr):
        yield from items
        return
    began = time.monotonic()
    iterator = iter(items)
    for done, item in enumerate(iterator, start=1):
        yield item
        if time.monotonic() - began > PATIENCE:
            yield from _with_bar(iterator, done, total)


def _with_bar(items: Iterator[Item], done: int, total: int) -> Iterator[Item]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("linting"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("linting", total=total, completed=done)
        for item in items:
            progress.advance(task)
            yield item
