"""From an import to the file that it means, and from a module to the modules inside of it.

A module of the project is known by its absolute path; a folder without ``__init__.py`` (a namespace
package) by its path with a separator behind. The first start of the file's layout that holds the
whole dotted name wins; a folder wins only where no start holds a file, as in Python.

Names of the standard library, and of the packages that the knowledge tables speak of, are never the
project's own: a file called ``sqlalchemy.py`` is reached by relative imports and inside its package.

Not modelled: ``.pyi`` and compiled modules, ``__path__`` as packages change it, a namespace package
that is spread over several folders.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from flake8_session.knowledge import factories, frameworks
from flake8_session.project.layout import Layout, Layouts

_INIT = "__init__.py"
_TABLES = (factories.MAKERS, factories.CONNECTIONS, frameworks.DEPENDENCIES, frameworks.EXTENSIONS)
_KNOWN = frozenset(name.partition(".")[0] for table in _TABLES for name in table)
FOREIGN = _KNOWN | frozenset(sys.stdlib_module_names)
"""Top-level modules that no file of a project takes the place of."""


class Imports:
    """Answers what imports mean; asks the disk each question once.

    `is_open` says whether a path is a file that only an editor has so far.
    """

    def __init__(self, layouts: Layouts, is_open: Callable[[str], bool] = lambda path: False) -> None:
        self._layouts = layouts
        self._is_open = is_open
        self._files: dict[str, bool] = {}
        self._folders: dict[str, bool] = {}
        self._found: dict[tuple[str, str], str | None] = {}

    def target(self, module: str, imported: str, level: int) -> str | None:
        """What the file `module` means by `imported` with `level` leading dots; None: not the project's."""
        folder = os.path.dirname(module)
        if not level and imported.partition(".")[0] in FOREIGN:
            return None
        key = (f"{folder}{os.sep}{level}", imported)
        if key not in self._found:
            layout = self._layouts.of(folder)
            self._found[key] = (
                self._relative(folder, imported, level, layout) if level else self._absolute(imported, layout)
            )
        return self._found[key]

    def inner(self, module: str, name: str) -> str | None:
        """The module `name` inside of the package `module`, None where there is none."""
        if module.endswith(os.sep):
            return self._below(module.rstrip(os.sep), [name])
        folder, file = os.path.split(module)
        return self._below(folder, [name]) if file == _INIT else None

    def was_missing(self, path: str) -> bool:
        """Whether some import looked for the file `path`, and did not find it."""
        return self._files.get(path) is False

    def _relative(self, folder: str, imported: str, level: int, layout: Layout) -> str | None:
        for _ in range(level - 1):
            folder = os.path.dirname(folder)
        if os.path.commonpath([folder, layout.bounds]) != layout.bounds:
            return None
        if imported:
            return self._below(folder, imported.split("."))
        package = os.path.join(folder, _INIT)
        return package if self._is_file(package) else folder + os.sep

    def _absolute(self, imported: str, layout: Layout) -> str | None:
        parts = imported.split(".")
        folder = None
        for start in layout.starts:
            found = self._below(start, parts)
            if found is not None and not found.endswith(os.sep):
                return found
            folder = folder or found
        return folder

    def _below(self, folder: str, parts: list[str]) -> str | None:
        """The module that `parts` lead to from `folder`."""
        found = folder + os.sep
        for count, part in enumerate(parts, 1):
            inner = os.path.join(folder, part)
            if self._is_file(os.path.join(inner, _INIT)):
                folder, found = inner, os.path.join(inner, _INIT)
            elif self._is_file(f"{inner}.py"):
                return f"{inner}.py" if count == len(parts) else None
            elif self._is_folder(inner):
                folder, found = inner, inner + os.sep
            else:
                return None
        return found

    def _is_file(self, path: str) -> bool:
        known = self._files.get(path)
        if known is None:
            known = self._files[path] = self._is_open(path) or os.path.isfile(path)
        return known

    def _is_folder(self, path: str) -> bool:
        known = self._folders.get(path)
        if known is None:
            known = self._folders[path] = os.path.isdir(path)
        return known
