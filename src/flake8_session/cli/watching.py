"""``--watch``: lints again whenever a file changes, for as long as nobody ends it.

Watched are the linted files, and those that their findings rest on wherever these are: a helper beside the
folder that is linted may change what is found in its users. A module that such a file would import, and that
does not exist yet, is noticed only within the linted folders.
"""

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
    look: Callable[[], State], lint: Callable[[], Iterable[str]], say: Callable[[str], None], *, clears: bool
) -> None:
    """Calls `lint` now and whenever the files have changed; ends only by an exception.

    `look` says what is linted, and `lint` gives the paths that the findings rest on. A change that comes
    while the files are linted is found right after, except in a file that only this tells to be needed.
    Where the terminal `clears`, each report begins on an empty screen.
    """
    beside: State = {}
    while True:
        state, before = look(), state_of(beside)
        if clears:
            say(_CLEAR)
        beside = {path: before.get(path, now) for path, now in state_of(lint()).items()}
        say("Watching for changes; Ctrl-C ends.\n")
        while True:
            began = time.monotonic()
            if look() != state or state_of(beside) != beside:
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
