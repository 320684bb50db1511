"""The cyclic garbage collector, kept from looking again and again at what is only growing."""

from __future__ import annotations

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager

_SELDOM = (2_000_000, 20, 50)


@contextmanager
def paused() -> Iterator[None]:
    """No collection at all: while a tree is made, which has nothing to give back before it is there."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


@contextmanager
def seldom() -> Iterator[None]:
    """Fewer collections: while a file is linted, whose many small objects go without a collector.

    Next to nothing of what is made for a file knows itself in a circle. The usual thresholds took a
    quarter of a project's time, and saved no memory.
    """
    usual = gc.get_threshold()
    gc.set_threshold(*_SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def seldom_until_exit() -> None:
    """The same, for a process that ends once it has done its work: its last collection is spared as well."""
    gc.set_threshold(*_SELDOM)
    atexit.register(gc.freeze)
