"""A project that keeps a record of what its files asked of one another."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from flake8_session.cli.record import INSIDE, UNREAD, Module, Question, Record, digest
from flake8_session.flow.lowering import Lowered
from flake8_session.flow.outline import Outline
from flake8_session.project import Neighbourhood
from flake8_session.project.cache import Cache
from flake8_session.project.neighbours import Project
from flake8_session.settings import Settings
from flake8_session.summaries.effects import ProjectEffects


class RecordingProject(Project):
    """As `Project`, with the record of what was asked since it was last taken away."""

    def __init__(self, src: Sequence[str] = (), cache: Cache | None = None) -> None:
        self._digests: dict[str, str | None] = {}
        """Of the texts that were seen so far."""
        self._record: Record = {}
        self._consistent = True
        super().__init__(src, cache)

    def take_record(self) -> tuple[Record, bool]:
        """The record, which begins anew, and whether it speaks of the same texts as those before it."""
        taken, self._record = self._record, {}
        for path, module in taken.items():
            module.digest = self._digest(path)
        return taken, self._consistent

    def effects(
        self, filename: str, text: str, lowered: Lowered, settings: Settings
    ) -> tuple[str, ProjectEffects]:
        """See `Surroundings.effects`."""
        path, effects = super().effects(filename, text, lowered, settings)
        self._consistent = self._consistent and self._digest(path) == digest(text)
        return path, effects

    def outline(self, module: str) -> Outline | None:
        """See `Modules.outline`."""
        found = super().outline(module)
        self._module(module)
        return found

    def target(self, module: str, imported: str, level: int) -> str | None:
        """See `Modules.target`."""
        answer = super().target(module, imported, level)
        return self._noted(module, (imported, level), answer)

    def inner(self, module: str, name: str) -> str | None:
        """See `Modules.inner`."""
        answer = super().inner(module, name)
        return self._noted(module, (name, INSIDE), answer)

    def _text(self, module: str) -> str | None:
        text = super()._text(module)
        self._module(module)
        return text

    def _noted(self, module: str, question: Question, answer: str | None) -> str | None:
        self._module(module).answers[question] = answer
        return answer

    def _module(self, path: str) -> Module:
        return self._record.setdefault(path, Module(UNREAD))

    def _digest(self, path: str) -> str | None:
        """Of the text that the module had when it was first asked for."""
        if path not in self._digests and path in self._texts:
            self._digests[path] = digest(self._texts[path])
        return self._digests.get(path, UNREAD)


class RecordingNeighbourhood(Neighbourhood):
    """As `Neighbourhood`, around a `RecordingProject`."""

    @cached_property
    def project(self) -> RecordingProject:
        """The project; the same one for the whole run."""
        return RecordingProject(self._src, self.cache)

    def take_record(self) -> tuple[Record, bool]:
        """See `RecordingProject.take_record`; nothing where no file had to be linked."""
        return self.project.take_record() if "project" in vars(self) else ({}, True)
