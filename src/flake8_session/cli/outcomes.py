"""The outcomes of a run, in order of its files: looked at, looked up, or linted."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence

from flake8_session.cli.progress import tracked
from flake8_session.cli.record import Record, reachable
from flake8_session.cli.running import Outcome, Source, look
from flake8_session.cli.sources import Files
from flake8_session.cli.store import Store, open_store
from flake8_session.cli.working import Batch, lint_sources
from flake8_session.configuration import Configuration
from flake8_session.settings import FAILURE


def outcomes_of(
    paths: Sequence[str], files: Files, configuration: Configuration, named: Iterable[str], rests_on: set[str]
) -> list[Outcome]:
    """What became of each of the files at `paths`; the user wrote the paths in `named` himself.

    The modules that the findings rest on, whether looked up or found now, are added to `rests_on`.
    """
    began = time.monotonic()
    names = [files.name(path) for path in paths]
    written = set(named)
    looked = [
        look(name, configuration, files.read, named=name in written)
        for name in tracked(names, len(names), "reading", began)
    ]
    done = {each.filename: each for each in looked if isinstance(each, Outcome)}
    sources = [each for each in looked if isinstance(each, Source)]
    store = open_store(configuration) if configuration.cache and sources and not files.reads_stdin else None
    if store is not None:
        done.update({name: Outcome(name, linted) for name, linted in store.fresh(sources).items()})
    unknown = [source for source in sources if source.filename not in done]
    record = _lint(unknown, configuration, store, done, began)
    starts = {os.path.abspath(source.filename) for source in sources}
    for known in (record, store.record if store is not None else {}):
        rests_on |= reachable(known, starts)
    return [done[name] for name in names]


def is_sound(outcome: Outcome) -> bool:
    """Whether the linter said all that it had to say: what went wrong is tried again the next time."""
    return not outcome.problem and all(found.code != FAILURE for found in outcome.linted.reported)


def _lint(
    sources: Sequence[Source],
    configuration: Configuration,
    store: Store | None,
    done: dict[str, Outcome],
    began: float,
) -> Record:
    """Lints `sources` into `done`, has them remembered where there is a store, and gives the new record."""
    if not sources:
        return {}
    asked = Batch()
    for outcome in tracked(
        lint_sources(sources, configuration, asked), len(sources), "linting", began
    ):
        done[outcome.filename] = outcome
    if store is None or not asked.consistent:
        return asked.record
    linted = [(source, done[source.filename]) for source in sources]
    store.remember([(source, each.linted) for source, each in linted if is_sound(each)], asked.record)
    store.save()
    return asked.record
