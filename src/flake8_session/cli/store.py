"""What was found in a file is remembered, for as long as nothing that it rests on changes.

There is one file for each project and choice of settings, in the user's cache folder: never in the
linted tree, where a hostile checkout could ship one. It is JSON, written beside and renamed; one that
is damaged, or was written by another version, is as good as none. Of two runs at a time the later wins.

Findings rest on the text of their file, on the text of every module in the record that can be reached
from it, and on the answers to all their questions: a module that appears where none was is a change.

Fixes are made only for reports that show them. So each file's findings say whether they have theirs; those
that have serve every report, and so do files without findings.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import flake8_session
from flake8_session.cli.coding import from_json, to_json
from flake8_session.cli.record import INSIDE, UNREAD, Module, Record, digest, leading_to, reachable, take_in
from flake8_session.cli.running import Source
from flake8_session.configuration import Configuration
from flake8_session.linting import Linted
from flake8_session.project.reading import read_text

_DAYS = 30
"""How long the file of a project stays that nobody lints any more."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """The digest of a file's text, whether its findings carry their fixes, and the findings as JSON."""

    digest: str | None
    with_fixes: bool
    findings: Any

    def serves(self, digest: str | None, *, fixes: bool) -> bool:
        """Whether a run that wants `fixes` or does not can use it, for a file whose text has `digest`."""
        return self.digest == digest and (self.with_fixes or not fixes)


@dataclass(slots=True)
class Store:
    """The findings of earlier runs by absolute path, and the record that they rest on."""

    file: Path
    src: tuple[str, ...]
    fixes: bool
    """Whether the run needs fixes."""
    findings: dict[str, Remembered] = field(default_factory=dict)
    record: Record = field(default_factory=dict)

    def fresh(self, sources: Sequence[Source]) -> dict[str, Linted]:
        """The findings of those `sources` for which nothing has changed, by filename."""
        digests = {os.path.abspath(source.filename): digest(source.text) for source in sources}
        known = digests.keys() & self.findings.keys()
        same = [path for path in known if self.findings[path].serves(digests[path], fixes=self.fixes)]
        self._forget(set(self._changed(reachable(self.record, same), digests)))
        fresh = self.findings.keys() & same
        return {
            source.filename: from_json(self.findings[path].findings)
            for source in sources
            if (path := os.path.abspath(source.filename)) in fresh
        }

    def remember(self, linted: Iterable[tuple[Source, Linted]], record: Mapping[str, Module]) -> None:
        """Takes the findings of files that were linted, and the record of how."""
        known = self.record.keys() & record.keys()
        self._forget({path for path in known if not self.record[path].agrees_with(record[path])})
        take_in(self.record, record)
        for source, found in linted:
            complete = self.fixes or not found.reported
            remembered = Remembered(digest(source.text), complete, to_json(found))
            self.findings[os.path.abspath(source.filename)] = remembered

    def _forget(self, changed: set[str]) -> None:
        """Drops the changed modules, and all findings that rest on one of them."""
        for path in leading_to(self.record, changed):
            self.findings.pop(path, None)
        for path in changed:
            self.record.pop(path, None)

    def save(self) -> None:
        """Writes the store; a folder that cannot be written to is no error."""
        self.findings = {path: found for path, found in self.findings.items() if os.path.exists(path)}
        findings = {
            path: [found.digest, found.with_fixes, found.findings] for path, found in self.findings.items()
        }
        needed = reachable(self.record, self.findings)
        record = {path: module for path, module in self.record.items() if path in needed}
        modules = {
            path: [module.digest, [[*question, answer] for question, answer in module.answers.items()]]
            for path, module in record.items()
        }
        with contextlib.suppress(OSError):
            self.file.parent.mkdir(parents=True, exist_ok=True)
            beside = self.file.with_suffix(f".{os.getpid()}.tmp")
            beside.write_text(json.dumps([findings, modules]), encoding="ascii")
            os.replace(beside, self.file)
            _clear_out(self.file.parent)

    def _changed(self, paths: set[str], digests: Mapping[str, str | None]) -> Iterator[str]:
        """Those of the recorded modules at `paths` whose text or answers are others now."""
        from flake8_session.project.imports import Imports
        from flake8_session.project.layout import Layouts

        imports = Imports(Layouts(self.src))
        for path in paths & self.record.keys():
            module = self.record[path]
            now = Module(digests[path] if path in digests else _digest_on_disk(path))
            if module.digest == UNREAD:
                now.digest = UNREAD
            for name, dots in module.answers:
                asked = imports.inner(path, name) if dots == INSIDE else imports.target(path, name, dots)
                now.answers[name, dots] = asked
            if now != module:
                yield path


def _digest_on_disk(path: str) -> str | None:
    return None if path.endswith(os.sep) else digest(read_text(path))


def open_store(configuration: Configuration) -> Store:
    """The store of the project with these settings; an empty one where there is none that can be read."""
    folder = Path(configuration.cache_dir) if configuration.cache_dir else _usual_folder()
    file = folder / "results" / f"{_key(configuration)}.json"
    store = Store(file, configuration.settings.src, configuration.shows_fixes)
    try:
        findings, modules = json.loads(file.read_text(encoding="ascii"))
        for path, (text, with_fixes, raw) in findings.items():
            from_json(raw)
            store.findings[str(path)] = Remembered(text, bool(with_fixes), raw)
        for path, (text, answers) in modules.items():
            known = {(str(name), int(dots)): answer for name, dots, answer in answers}
            store.record[str(path)] = Module(text, known)
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return Store(store.file, store.src, store.fixes)
    return store


def _usual_folder() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("flake8-session", appauthor=False)


def _key(configuration: Configuration) -> str:
    """Stands for everything beside the files that findings depend on."""
    parts = (
        flake8_session.__version__,
        _signature(),
        sys.version_info[:3],
        configuration.root,
        configuration.settings,
        configuration.per_file_ignores,
    )
    return hashlib.blake2b(repr(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _signature() -> tuple[object, ...]:
    """Changes with our own code and with LibCST's, also where they are worked on without a new version."""
    own = Path(flake8_session.__file__).parent
    times = [file.stat().st_mtime_ns for file in own.rglob("*.py")]
    parser = importlib.util.find_spec("libcst")
    origin = parser.origin if parser else None
    return own, len(times), max(times), origin, os.stat(origin).st_mtime_ns if origin else None


def _clear_out(folder: Path) -> None:
    """Removes what was not written to for a long time."""
    oldest = time.time() - _DAYS * 24 * 60 * 60
    for file in folder.iterdir():
        if file.stat().st_mtime < oldest:
            file.unlink(missing_ok=True)
