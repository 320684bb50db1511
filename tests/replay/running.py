"""Runs a coroutine function on a bench of its own."""

from __future__ import annotations

import asyncio
import atexit
import shutil
import tempfile
import warnings
from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path

from replay.bench import Bench, Kind, make_template, opened


def run(kind: Kind, body: Callable[[Bench], Awaitable[None]]) -> None:
    """Opens a bench of the kind, runs `body` on it, closes it. What is deprecated is run all the same."""

    async def main() -> None:
        with tempfile.TemporaryDirectory() as folder:
            async with opened(kind, _template(), Path(folder)) as bench:
                await body(bench)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        asyncio.run(main())


@cache
def _template() -> Path:
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder)
    return make_template(Path(folder))
