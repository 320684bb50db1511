"""Where the imports of a file start: the folders that Python's path would hold.

The *root* of a project is the nearest folder upwards that holds one of `MARKS` and is no package: a
``setup.py`` beside an ``__init__.py`` says nothing of what is imported by the package's name. Which of its
folders are on the path nobody says, so the usual ones are tried, in this order: those that the user names,
the one that holds the file's topmost package, ``src`` below the root, the root, the file's own
folder and those between it and the root, and last the root of the repository around the project.

Not modelled: ``sys.path`` as programs change it, ``.pth`` files, editable installs, workspaces.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

MARKS = ("pyproject.toml", "setup.cfg", "setup.py", ".git")
_INIT = "__init__.py"


@dataclass(frozen=True, slots=True)
class Layout:
    """`starts` are the folders in which absolute imports begin, the likeliest first.

    No import of the project leads out of `bounds`, the folder that holds all of it.
    """

    bounds: str
    starts: tuple[str, ...]


class Layouts:
    """The layouts of folders, each found out once. `src`: the absolute folders that the user names."""

    def __init__(self, src: Sequence[str] = ()) -> None:
        self._src = tuple(map(os.path.normpath, src))
        self._known: dict[str, Layout] = {}

    def of(self, folder: str) -> Layout:
        """The layout for the files in the absolute `folder`."""
        layout = self._known.get(folder)
        if layout is None:
            layout = self._known[folder] = self._layout(folder)
        return layout

    def _layout(self, folder: str) -> Layout:
        above = list(_upwards(folder))
        top = next(each for each in above if not _is_package(each) or each == above[-1])
        root = _root(above)
        if root is None:
            return Layout(top, (*self._src, top))
        bounds = next(filter(_is_repository, above), root)
        inside = above[: above.index(root)]
        starts = [
            *self._src,
            *([top] if top != folder and top in above[: above.index(bounds) + 1] else []),
            *_with_src(root),
            *(each for each in inside if not _is_package(each)),
            *_with_src(bounds),
        ]
        return Layout(bounds, tuple(dict.fromkeys(starts)))


def _root(above: list[str]) -> str | None:
    """The nearest root of `above`, inside the repository where there is one; a package only if all are."""
    ends = next((number for number, each in enumerate(above) if _is_repository(each)), len(above))
    marked = [each for each in above[: ends + 1] if _is_root(each)]
    return next((each for each in marked if not _is_package(each)), marked[0] if marked else None)


def _upwards(folder: str) -> Iterator[str]:
    while True:
        yield folder
        parent = os.path.dirname(folder)
        if parent == folder:
            return
        folder = parent


def _is_package(folder: str) -> bool:
    return os.path.isfile(os.path.join(folder, _INIT))


def _is_repository(folder: str) -> bool:
    return os.path.lexists(os.path.join(folder, ".git"))


def _is_root(folder: str) -> bool:
    return any(os.path.lexists(os.path.join(folder, mark)) for mark in MARKS)


def _with_src(root: str) -> tuple[str, str]:
    return os.path.join(root, "src"), root
