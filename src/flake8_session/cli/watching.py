"""``--watch``: lints again whenever a file changes, for as long as nobody ends it."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

SHORTEST_PAUSE = 0.5
"""Seconds between two looks at the files; more where the look itself takes long."""
_CLEAR = "\x1b[2J\x1b[3J\x1b[H"

State: TypeAlias = Mapping[str, tuple[int, int]]
"""Time of change and size of files by path."""


def watch(
    look: Callable[[], State], lint: Callable[[], object], say: Callable[[str], None], *, clears: bool
) -> None:
    """Calls `lint` now and whenever `look` finds the files changed; ends only by an exception.

    A change that comes while the files are linted is found right after. Where the terminal `clears`,
    each report begins on an empty screen.
    """
    while True:
        state = look()
        if clears:
            say(_CLEAR)
        lint()
        say("Watching for changes; Ctrl-C ends.\n")
        while True:
            began = time.monotonic()
            if look() != state:
                break
            time.sleep(max(SHORTEST_PAUSE, 5 * (time.monotonic() - began)))


def state_of(paths: Iterable[str]) -> State:
    """What the files are like now; a file that is gone is like nothing."""
    state: dict[str, tuple[int, int]] = {}
    for path in paths:
        with contextlib.suppress(OSError):
            status = os.stat(path)
            state[path] = status.st_mtime_ns, status.st_size
    return state
