"""The modules of a project, which import one another as ever.

Only the module that is run is watched line by line; what happens in the others happens at the line that
calls them. Where no line is asked for, but who has shared a session or has dropped a generator, all of them
are watched as if they were one.
"""

from __future__ import annotations

import ast
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from tests.truth.instrumenting import instrument
from tests.truth.libraries import ELSEWHERE

Import = Callable[..., Any]


class Place(NamedTuple):
    """Where a module stands: the root of its project, and its package."""

    root: Path
    package: str
    whole: bool = False
    """All of its modules are watched."""

    def text(self) -> str:
        """All of its modules, one below another."""
        paths = sorted(self.root.rglob("*.py"))
        return "\n".join(path.read_text(encoding="utf-8") for path in paths)

    def wanted(self) -> dict[str, list[str]]:
        """The strings that anything in the project may ask for, by column: what is given by a keyword."""
        found: dict[str, list[str]] = {}
        for path in sorted(self.root.rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                match node:
                    case ast.keyword(arg=str(column), value=ast.Constant(value=str(value))):
                        if value not in found.setdefault(column, []):
                            found[column].append(value)
        return found


class Finder:
    """``__import__`` of a project's modules. `otherwise`: where everything else comes from."""

    def __init__(self, place: Place, names: dict[str, Any], otherwise: Import, watched: str = "") -> None:
        """`watched`: the file name of what is run, under which all modules are watched; else none is."""
        self._root = place.root
        self._names = {**names, "__import__": self.find}
        self._otherwise = otherwise
        self._watched = watched
        self.hooks: Any = None
        self.loaded: dict[str, types.ModuleType] = {}

    def find(self, name: str, space: Any = None, local: Any = None, wanted: Any = (), level: int = 0) -> Any:
        dotted = name
        if level:
            above = space["__package__"].split(".")
            dotted = ".".join([*above[: len(above) - level + 1], *([name] if name else [])])
        if self._path(dotted) is None:
            return self._otherwise(name, space, local, wanted, level)
        module = self._load(dotted)
        for each in wanted or ():
            if not hasattr(module, each) and self._path(f"{dotted}.{each}"):
                setattr(module, each, self._load(f"{dotted}.{each}"))
        return module if wanted else self._load(dotted.partition(".")[0])

    def _load(self, dotted: str) -> types.ModuleType:
        known = self.loaded.get(dotted)
        if known is not None:
            return known
        path = self._path(dotted)
        assert path is not None
        module = self.loaded[dotted] = types.ModuleType(dotted)
        inside = path.name == "__init__.py"
        module.__package__ = dotted if inside else dotted.rpartition(".")[0]
        module.__dict__["__builtins__"] = self._names
        above, _, last = dotted.rpartition(".")
        if above:
            setattr(self._load(above), last, module)
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            tree = instrument(text).tree if self._watched else ast.parse(text)
            module.__dict__["__truth__"] = self.hooks
            exec(compile(tree, self._watched or str(path), "exec", dont_inherit=True), module.__dict__)
        return module

    def _path(self, dotted: str) -> Path | None:
        root = ELSEWHERE if dotted.partition(".")[0] == "elsewhere" else self._root
        place = root.joinpath(*dotted.split("."))
        spellings = (place.with_suffix(".py"), place / "__init__.py")
        return next((each for each in spellings if each.is_file()), place if place.is_dir() else None)
