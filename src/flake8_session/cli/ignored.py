"""Which files and folders a walk passes over: what git ignores, and what holds no code of the project.

The patterns of every ``.gitignore`` from the root of the repository down to the folder, of
``.git/info/exclude`` and of the user's own ``git/ignore`` count, the nearest last, as in git. A pattern
with ``!`` takes back what one before it said. What git tracks in spite of a pattern is passed over too.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flake8_session.configuration.patterns import spec_of

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

USUAL = (
    ".bzr/", ".direnv/", ".eggs/", ".git/", ".hg/", ".hypothesis/", ".mypy_cache/", ".nox/", ".pants.d/",
    ".pytest_cache/", ".ruff_cache/", ".svn/", ".tox/", ".venv/", "CVS/", "__pycache__/", "__pypackages__/",
    "_build/", "build/", "buck-out/", "dist/", "node_modules/", "site-packages/", "venv/", "*.egg/",
)


@dataclass(frozen=True, slots=True)
class Ignores:
    """Patterns by the folder that they are relative to, the outermost first."""

    layers: tuple[tuple[str, GitIgnoreSpec], ...] = ()

    def within(self, folder: str) -> Ignores:
        """These with what the ``.gitignore`` of `folder` adds."""
        layer = _layer(os.path.join(folder, ".gitignore"), folder)
        return Ignores((*self.layers, layer)) if layer else self

    def ignore(self, path: str, *, folder: bool) -> bool:
        """Whether git ignores the file or `folder` at the absolute `path`."""
        for base, spec in reversed(self.layers):
            relative = path[len(base) :].lstrip(os.sep).replace(os.sep, "/")
            verdict = spec.check_file(f"{relative}/" if folder else relative).include
            if verdict is not None:
                return verdict
        return False


def ignores_above(folder: str) -> Ignores:
    """What the folders above the absolute `folder` say of it, from the root of its repository down."""
    above: list[str] = []
    for parent in (folder, *map(str, Path(folder).parents)):
        above.append(parent)
        if os.path.exists(os.path.join(parent, ".git")):
            break
    else:
        return Ignores()
    root = above[-1]
    files = (_user_file(), os.path.join(root, ".git", "info", "exclude"))
    ignores = Ignores(tuple(layer for file in files if (layer := _layer(file, root))))
    for parent in reversed(above[1:]):
        ignores = ignores.within(parent)
    return Ignores() if ignores.ignore(folder, folder=True) and folder != root else ignores


def is_environment(folder: str) -> bool:
    """Whether `folder` is a virtual environment, under whatever name."""
    return os.path.exists(os.path.join(folder, "pyvenv.cfg"))


def _user_file() -> str:
    base = os.environ.get("XDG_CONFIG_HOME") or os.path.join(os.path.expanduser("~"), ".config")
    return os.path.join(base, "git", "ignore")


def _layer(file: str, base: str) -> tuple[str, GitIgnoreSpec] | None:
    try:
        with open(file, encoding="utf-8", errors="surrogateescape") as lines:
            patterns = [line.rstrip("\n") for line in lines]
    except OSError:
        return None
    return base, spec_of(patterns)
