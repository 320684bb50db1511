"""The modules of a project during one run: what a linted file is linked against.

The text that is linted takes the place of what the disk has under its path, so that an import cycle
that leads back sees an editor's unsaved buffer. Files are read when something in them is asked for,
each once: what changes on the disk during a run is not seen.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from flake8_session.flow.lowering import Lowered
from flake8_session.flow.outline import Function, Outline
from flake8_session.linking.linker import Linker
from flake8_session.linking.told import Told, told_by
from flake8_session.project.cache import Cache
from flake8_session.project.imports import Imports
from flake8_session.project.layout import Layouts
from flake8_session.project.piecemeal import (
    Neighbour,
    from_entry,
    is_listing,
    listed,
    skimmed,
    to_entry,
)
from flake8_session.project.reading import is_too_long, read_text, unified
from flake8_session.project.relevance import Imported, Reach, configures, has_sessions_itself
from flake8_session.settings import Settings
from flake8_session.summaries.effects import ProjectEffects

_SECONDS = 2
"""How often the entry of a neighbour is written while more and more of it is learnt."""


class Project:
    """The files around the linted ones, of any number of projects.

    It is what `checker.Surroundings` and `modules.Modules` ask for.
    """

    _effects: ProjectEffects
    _imports: Imports
    _too_long: str
    """The linted file, where it is too long to be read as a neighbour."""

    def __init__(self, src: Sequence[str] = (), cache: Cache | None = None) -> None:
        """`src`: absolute folders in which imports are looked up first."""
        self._layouts = Layouts(src)
        self._cache = cache
        self._written: dict[str, tuple[float, int]] = {}
        self._forget()

    def effects(
        self, filename: str, text: str, lowered: Lowered, settings: Settings
    ) -> tuple[str, ProjectEffects]:
        """The name under which the linted file is linked, and the effects to solve its functions with."""
        path = self._open(filename, text)
        self._linted[path] = lowered.outline
        if path not in self._neighbours and is_listing(lowered):
            self._listed[path] = listed(self._texts[path] or "", lowered)
        effects = self.effects_at(path, settings)
        effects.frames.forget(path)
        return path, effects

    def may_matter(self, filename: str, text: str, settings: Settings) -> bool:
        """See `Surroundings.may_matter`."""
        if settings.names or has_sessions_itself(text):
            return True
        return self._reach.leads_to_library(self._open(filename, text))

    def _open(self, filename: str, text: str) -> str:
        """Puts the linted text in the place of the file; forgets what was found with another text."""
        path = os.path.abspath(filename)
        text = unified(text)
        if self._texts.get(path, text) != text or self._imports.was_missing(path):
            self._forget()
        elif self._too_long not in ("", path):
            self._forget()  # No file is linked against what another run would not read.
        self._too_long = path if is_too_long(text) else ""
        self._texts[path] = text
        return path

    def _named(self, module: str, imported: Imported) -> Iterator[str]:
        """The modules that an import leads to: the one it names, and those inside of it that it takes."""
        name, level, members = imported
        target = self.target(module, name, level) if name or level else None
        if target is not None:
            yield target
            yield from filter(None, (self.inner(target, member) for member in members))

    def _text(self, module: str) -> str | None:
        """The text of a module; None for a folder, and for what cannot be read."""
        if module not in self._texts and not module.endswith(os.sep):
            self._texts[module] = read_text(module)
        return self._texts.get(module)

    def effects_at(self, path: str, settings: Settings) -> ProjectEffects:
        """The effects as the settings tell them to the file at `path`."""
        told = told_by(settings, Linker(self), path) if settings.names else Told()
        if told != self._effects.linker.told:
            linker = Linker(self)
            linker.told = told
            self._effects = ProjectEffects(linker)
        return self._effects

    def outline(self, module: str) -> Outline | None:
        """See `Modules.outline`."""
        if module.endswith(os.sep):
            return None
        linted = self._linted.get(module)
        if linted is not None:
            return linted
        found = self._neighbour(module)
        return None if found is None else found.outline

    def configuring(self, module: str) -> Sequence[str]:
        """See `Modules.configuring`."""
        return [each for each in self._reach.around(module) if configures(self._text(each) or "")]

    def body(self, module: str, qualname: str) -> Function | None:
        """See `Modules.body`."""
        linted = self._linted.get(module)
        known = linted.functions.get(qualname) if linted is not None else None
        if known is not None and known.graph is not None:
            return known
        found = self._neighbour(module)
        return known if found is None else found.body(qualname)

    def text(self, module: str, qualname: str) -> str | None:
        """See `Modules.text`."""
        found = self._neighbour(module)  # Of a linted one too, so that it makes no difference.
        return None if found is None else found.text_of(qualname)

    def target(self, module: str, imported: str, level: int) -> str | None:
        """See `Modules.target`."""
        return self._imports.target(module, imported, level)

    def inner(self, module: str, name: str) -> str | None:
        """See `Modules.inner`."""
        return self._imports.inner(module, name)

    def keep(self, *, at_end: bool = False) -> None:
        """Writes what was learnt of neighbours to the cache, of each but now and then, or `at_end`."""
        if self._cache is None:
            return
        now = time.monotonic()
        for module, neighbour in self._neighbours.items():
            written, units = self._written.get(module, (0.0, 0))
            if neighbour is None or len(neighbour.lowered.keys() | neighbour.packed.keys()) <= units:
                continue
            if at_end or not written or now - written > _SECONDS:
                key = self._cache.key(neighbour.text)
                self._cache.write(key, to_entry(neighbour))
                self._written[module] = now, len(neighbour.lowered.keys() | neighbour.packed.keys())

    def _neighbour(self, module: str) -> Neighbour | None:
        if module not in self._neighbours:
            text = self._text(module)
            self._neighbours[module] = None if text is None else self._known(module, text)
        return self._neighbours[module]

    def _known(self, module: str, text: str) -> Neighbour | None:
        """The neighbour as the cache has it, else from its text."""
        entry = self._cache.read(self._cache.key(text)) if self._cache is not None else None
        if entry is None:
            self._written[module] = 0.0, -1
            return self._listed.pop(module, None) or skimmed(text)
        found = from_entry(text, entry)
        self._written[module] = 0.0, len(found.packed)
        return found

    def _forget(self) -> None:
        self._too_long = ""
        self._texts: dict[str, str | None] = {}
        self._linted: dict[str, Outline] = {}
        self._listed: dict[str, Neighbour] = {}
        """Linted files, as others would see them."""
        self._neighbours: dict[str, Neighbour | None] = {}
        self._imports = Imports(self._layouts, self._texts.__contains__)
        self._reach = Reach(self._named, self._text)
        self._effects = ProjectEffects(Linker(self))


def missing_names(settings: Settings, root: Path) -> list[str]:
    """The names in `settings` that the project at `root` does not bind, though it has their module."""
    return told_by(settings, Linker(Project(settings.src)), str(root / "anything.py")).missing
