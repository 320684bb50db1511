"""Tells whoever waits at a terminal how far a long run is.

A thread draws the bar, since a single file may take longer than anybody waits without a word.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

from flake8_session.cli.streams import stream_is_terminal

if TYPE_CHECKING:
    from rich.progress import Progress

Item = TypeVar("Item")
PATIENCE = 2.0
"""Seconds after which a run is long."""


def tracked(items: Iterable[Item], total: int, doing: str, since: float) -> Iterator[Item]:
    """The `items` as they come; on a terminal with a bar on standard error, once it takes long.

    `doing` says what is done with them; `since` is the monotonic time at which the waiting began.
    """
    if not stream_is_terminal(sys.stderr):
        yield from items
        return
    with _Bar(total, doing, since + PATIENCE) as bar:
        for item in items:
            bar.done += 1
            yield item


class _Bar:
    """A bar that appears at the time `when`, unless all is done by then."""

    def __init__(self, total: int, doing: str, when: float) -> None:
        self.done = 0
        self._total, self._doing, self._when = total, doing, when
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._draw, daemon=True)

    def __enter__(self) -> _Bar:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _draw(self) -> None:
        if self._over.wait(max(self._when - time.monotonic(), 0)):
            return
        # A terminal that goes away takes the bar with it, and nothing else.
        with contextlib.suppress(OSError, ValueError), _progress() as progress:
            task = progress.add_task(self._doing, total=self._total)
            progress.tasks[0].start_time = self._when - PATIENCE  # the time that is shown is all of it
            while not self._over.wait(0.1):
                progress.update(task, completed=self.done)
            progress.update(task, completed=self.done)


def _progress() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)
