"""The third sieve: may a file that names no library of sessions get one from the project's own modules?

Most files that hold the word ``session`` mean those of a web client or of a user. A session comes from
a module that names a library of sessions, so a file matters only if its imports lead to one. Imports
are read from the text by their form alone, so that nothing needs to be parsed; what only looks like an
import, in a string, counts as one.

Not modelled: packages outside of the project that wrap such a library. The user can tell of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TypeAlias

from flake8_session.knowledge import factories, frameworks

_TABLES = (factories.MAKERS, factories.CONNECTIONS, frameworks.EXTENSIONS)
_LIBRARIES = sorted({name.partition(".")[0] for table in _TABLES for name in table})
_LIBRARY = re.compile(rf"\b(?:{'|'.join(_LIBRARIES)})\b")
_LENDING = re.compile(rf"@[\w. ]*\b(?:{'|'.join(sorted(frameworks.LENDING))})\b")
_CONFIGURING = re.compile(r"\b(?:expire_on_commit|autoflush)\W+False\b")
_HOPS = 2
_REST = r"((?:\\\r?\n|[^\n])*)"
_FROM = re.compile(rf"\bfrom[ \t]+(\.*)[ \t]*([\w.]*)[ \t]+import\b(?:[ \t]*\(([^)]*)\)|{_REST})")
_IMPORT = re.compile(rf"(?:^|[;:])[ \t]*import[ \t]+{_REST}", re.MULTILINE)
_NAME = re.compile(r"[^\W\d][\w.]*")

Imported: TypeAlias = tuple[str, int, tuple[str, ...]]
"""A module, the number of dots before it, and the names that are taken from it."""
Modules: TypeAlias = Callable[[str, Imported], Iterator[str]]
"""The project's modules that an import of a module may mean."""
Texts: TypeAlias = Callable[[str], "str | None"]


def has_sessions_itself(text: str) -> bool:
    """Whether `text` names a library whose sessions are known, or is lent one by a decorator's name."""
    return _LIBRARY.search(text) is not None or _LENDING.search(text) is not None


def configures(text: str) -> bool:
    """Whether sessions are made in `text` whose commit expires nothing, or whose queries flush nothing."""
    return _CONFIGURING.search(text) is not None


def imports_of(text: str) -> Iterator[Imported]:
    """What `text` imports, wherever in it."""
    for found in _FROM.finditer(text):
        yield found[2], len(found[1]), tuple(_NAME.findall(found[3] or found[4] or ""))
    for found in _IMPORT.finditer(text):
        for name in _NAME.findall(found[1]):
            parts = name.split(".")
            for count in range(1, len(parts) + 1):
                yield ".".join(parts[:count]), 0, ()


class Reach:
    """Which modules of a run lead to a library of sessions."""

    def __init__(self, modules: Modules, text_of: Texts) -> None:
        self._modules = modules
        self._text_of = text_of
        self._read: dict[str, tuple[bool, tuple[str, ...]]] = {}
        """Whether a module imports a library, and what it imports otherwise."""
        self._known: dict[str, bool] = {}
        self._imported: dict[str, tuple[str, ...]] = {}

    def around(self, module: str) -> list[str]:
        """The module, those that it imports, and those that these import."""
        seen = {module: None}
        latest = [module]
        for _ in range(_HOPS):
            imported = (target for here in latest for target in self._targets(here))
            latest = [target for target in dict.fromkeys(imported) if target not in seen]
            seen.update(dict.fromkeys(latest))
        return list(seen)

    def _targets(self, module: str) -> tuple[str, ...]:
        if module not in self._imported:
            imported = imports_of(self._text_of(module) or "")
            targets = (target for each in imported for target in self._modules(module, each))
            self._imported[module] = tuple(dict.fromkeys(targets))
        return self._imported[module]

    def leads_to_library(self, module: str) -> bool:
        """Whether the module, or one that it imports at some remove, imports a library."""
        seen: dict[str, None] = {}
        pending = [module]
        while pending:
            here = pending.pop()
            if here in seen or self._known.get(here) is False:
                continue
            seen[here] = None
            is_source, imported = self._what_is_read(here)
            if is_source or self._known.get(here):
                self._known[module] = True
                return True
            pending += imported
        self._known.update(dict.fromkeys(seen, False))
        return False

    def _what_is_read(self, module: str) -> tuple[bool, tuple[str, ...]]:
        if module not in self._read:
            imported = list(imports_of(self._text_of(module) or ""))
            is_source = any(name.partition(".")[0] in _LIBRARIES for name, _, _ in imported)
            targets: list[str] = []
            for each in imported if not is_source else ():
                targets += self._modules(module, each)
            self._read[module] = is_source, tuple(dict.fromkeys(targets))
        return self._read[module]
