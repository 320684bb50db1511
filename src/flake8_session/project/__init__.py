"""The files of the linted project: from imports to files, and from files to outlines, during one run.

Nothing of the project is imported or executed, and no folder is walked: an import asks for the few
files that it may mean. What is installed is not the project's, and unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flake8_session.project.cache import Cache
    from flake8_session.project.neighbours import Project


class Neighbourhood:
    """The project of a run, opened when the first file needs it, so that the others cost no import."""

    def __init__(self, src: Sequence[str] = (), cache: str | None = None) -> None:
        """`src`: absolute folders in which imports are looked up before the usual ones.

        `cache`: the folder in which outlines are remembered between runs, `""` for the usual one.
        """
        self._src = tuple(src)
        self._cache = cache

    @cached_property
    def project(self) -> Project:
        """The project; the same one for the whole run."""
        from flake8_session.project.neighbours import Project

        return Project(self._src, self.cache)

    @property
    def cache(self) -> Cache | None:
        """What is remembered of outlines between runs."""
        from flake8_session.project.cache import Cache

        return Cache(self._cache) if self._cache is not None else None

    def keep(self, *, at_end: bool = False) -> None:
        """See `Project.keep`."""
        if "project" in vars(self):
            self.project.keep(at_end=at_end)
