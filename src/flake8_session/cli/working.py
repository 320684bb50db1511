"""Lints many files, in as many processes as are worth their start.

A process that dies, as no parser should make it and some do, is noticed: the files that may have
killed it are tried again, each in a process of its own, and the one that kills it again is named.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from typing import TypeAlias

from flake8_session.cli.record import Record, take_in
from flake8_session.cli.running import Outcome, Source, lint_text
from flake8_session.configuration import Configuration
from flake8_session.source import collector

ENOUGH = 40
"""Files for which processes pay off: for fewer, starting them takes longer than the work."""
_CHUNK = 8
_MOST = 61 if sys.platform == "win32" else 1_000
"""Processes that a pool takes at most: Windows cannot wait for more."""

Chunk: TypeAlias = Sequence[Source]
Linter: TypeAlias = Callable[[Chunk], "Batch"]


@dataclass(slots=True)
class Batch:
    """The outcomes of some files, and what modules asked of one another meanwhile."""

    outcomes: list[Outcome] = field(default_factory=list)
    record: Record = field(default_factory=dict)
    consistent: bool = True
    """False where a module changed while it was looked at."""

    def take_record(self, other: Batch) -> None:
        """Adds the record of `other`."""
        agree = take_in(self.record, other.record)
        self.consistent = self.consistent and other.consistent and agree


def lint_sources(sources: Chunk, configuration: Configuration, total: Batch) -> Iterator[Outcome]:
    """The outcomes of `sources` as they come, in no order; what modules asked goes to `total`."""
    jobs = min(configuration.jobs or os.cpu_count() or 1, -(-len(sources) // _CHUNK), _MOST)
    several = jobs > 1 and len(sources) >= ENOUGH
    share = _shared_out(sources, configuration, jobs) if several else _one_by_one(sources, configuration)
    for batch in share:
        total.take_record(batch)
        yield from batch.outcomes


def _one_by_one(sources: Chunk, configuration: Configuration) -> Iterator[Batch]:
    lint = _linter(configuration)
    for source in sources:
        yield lint([source])


def _linter(configuration: Configuration) -> Linter:
    """Lints chunk after chunk against one project; a batch has what was asked since the one before it."""
    from flake8_session.cli.recording import RecordingNeighbourhood

    cache = configuration.cache_dir if configuration.cache else None
    around = RecordingNeighbourhood(configuration.settings.src, cache)

    def lint(chunk: Chunk) -> Batch:
        outcomes = [lint_text(source, configuration, around) for source in chunk]
        return Batch(outcomes, *around.take_record())

    return lint


def _shared_out(sources: Chunk, configuration: Configuration, jobs: int) -> Iterator[Batch]:
    waiting = [sources[start : start + _CHUNK] for start in range(0, len(sources), _CHUNK)]
    while waiting:
        suspects: list[Chunk] = []
        yield from _until_one_dies(waiting, suspects, configuration, jobs)
        for chunk in suspects:
            for source in chunk:
                yield _alone(source, configuration)


def _until_one_dies(
    waiting: list[Chunk], suspects: list[Chunk], configuration: Configuration, jobs: int
) -> Iterator[Batch]:
    """Takes chunks from `waiting`; those that were under way when a process died become `suspects`."""
    running: dict[Future[Batch], Chunk] = {}
    with ProcessPoolExecutor(jobs, initializer=_begin, initargs=(configuration,)) as pool:
        try:
            while waiting or running:
                while waiting and len(running) < 2 * jobs:
                    chunk = waiting.pop(0)
                    running[pool.submit(_work, chunk)] = chunk
                for done in wait(running, return_when=FIRST_COMPLETED).done:
                    yield done.result()
                    del running[done]
        except BrokenProcessPool:
            suspects += running.values()
        except BaseException:
            for process in multiprocessing.active_children():
                process.terminate()
            raise


def _alone(source: Source, configuration: Configuration) -> Batch:
    with ProcessPoolExecutor(1, initializer=_begin, initargs=(configuration,)) as pool:
        try:
            return pool.submit(_work, [source]).result()
        except BrokenProcessPool:
            died = f"{source.filename}: the process that linted it died"
            return Batch([Outcome(source.filename, problem=died)])


_linters: list[Linter] = []
"""In a process of the pool: the one linter that it has."""


def _begin(configuration: Configuration) -> None:
    """Ctrl-C is the parent's to answer: it ends its processes, by SIGTERM, which means here what it does."""
    collector.seldom_until_exit()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _linters.append(_linter(configuration))


def _work(chunk: Chunk) -> Batch:
    return _linters[0](chunk)
