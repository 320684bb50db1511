"""The third sieve: may a file that names no library of sessions get one from the project's own modules?

Most files that hold the word ``session`` mean those of a web client or of a user. What they import is
asked for what it gives; LibCST reads only what is needed for that. Any doubt counts as a yes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TypeAlias

from flake8_session.flow.outline import Outline
from flake8_session.knowledge import factories, frameworks
from flake8_session.linking.linker import Linker
from flake8_session.linking.meanings import (
    Borrowed,
    Called,
    ClassAt,
    Closing,
    External,
    Factory,
    FunctionAt,
    Lending,
    Made,
    Meaning,
    ModuleAt,
    Object,
    Opening,
    Registry,
)
from flake8_session.summaries.effects import ProjectEffects

_TABLES = (factories.MAKERS, factories.CONNECTIONS, frameworks.EXTENSIONS)
_LIBRARIES = frozenset(name.partition(".")[0] for table in _TABLES for name in table)
_LIBRARY = re.compile(rf"\b(?:{'|'.join(sorted(_LIBRARIES))})\b")
_INNER_IMPORT = re.compile(r"^[ \t]+(?:from[ \t]+(\.*)([\w.]*)|import[ \t]+()([\w.]+))", re.MULTILINE)
_SESSION = re.compile("session", re.IGNORECASE)

Speaks: TypeAlias = Callable[[str, int], bool]
"""Whether the text of what an import with so many dots leads to, if to the project, speaks of sessions."""


def names_a_library(text: str) -> bool:
    """Whether `text` names a library whose sessions are known."""
    return _LIBRARY.search(text) is not None


def speaks_of_sessions(text: str) -> bool:
    """Whether `text` holds the word, in whatever case."""
    return _SESSION.search(text) is not None


def may_get_sessions(
    effects: ProjectEffects, module: str, outline: Outline, text: str, speaks: Speaks
) -> bool:
    """Whether something that the file imports from the project may give it a session.

    What is imported by a star, or inside of a function, is not asked for by name: it may give one if
    its module `speaks` of sessions.
    """
    unnamed = [(entry.module, entry.level) for entry in outline.imports if entry.name == "*"]
    unnamed += [_inner_import(found) for found in _INNER_IMPORT.finditer(text)]
    if any(speaks(imported, level) for imported, level in unnamed):
        return True
    if any(entry.member in frameworks.LENDING for entry in outline.imports):
        return True
    return any(_gives(effects, meaning) for meaning in _imported(effects.linker, module, outline, text))


def _inner_import(found: re.Match[str]) -> tuple[str, int]:
    return (found[4], 0) if found[4] is not None else (found[2], len(found[1]))


def _imported(linker: Linker, module: str, outline: Outline, text: str) -> Iterator[Meaning]:
    for entry in outline.imports:
        if entry.name == "*":
            continue
        meaning = linker.imported(module, entry.module, entry.member, entry.level)
        yield meaning
        if isinstance(meaning, ModuleAt):
            yield from _read_from(linker, meaning, entry.name, text)


def _read_from(linker: Linker, meaning: Meaning, name: str, text: str) -> Iterator[Meaning]:
    """What the file reads from a module that it imports, as far as the dots go."""
    for dotted in set(re.findall(rf"\b{re.escape(name)}((?:\.\w+)+)", text)):
        found = meaning
        for attribute in dotted[1:].split("."):
            found = linker.member(found, attribute)
            yield found
            if not isinstance(found, ModuleAt):
                break


def _gives(effects: ProjectEffects, meaning: Meaning) -> bool:
    """Whether a session can come from what is imported."""
    match meaning:
        case Factory() | Registry() | Borrowed() | Made() | Opening() | Lending() | Closing():
            return True
        case FunctionAt():
            if effects.fresh(meaning) is not None or effects.lent(meaning) is not None:
                return True
            given = effects.linker.call(meaning, ())
            return not isinstance(given, Called) and _gives(effects, given)
        case Called(function):
            return effects.fresh(function) is not None or effects.lent(function) is not None
        case ClassAt() | Object():
            return _class_gives(effects, meaning.of if isinstance(meaning, Object) else meaning)
        case External(name):
            return name.partition(".")[0] in _LIBRARIES
    return False


def _class_gives(effects: ProjectEffects, at: ClassAt) -> bool:
    """Whether objects of the class hold a session or open one, by the names in it and in its bases."""
    linker = effects.linker
    for ancestor in linker.ancestry(at):
        if isinstance(ancestor, External):
            continue
        class_, outline = linker.class_(ancestor), linker.outline(ancestor.module)
        if class_ is None or outline is None:
            return True
        stored = tuple(outline.stored.get(ancestor.qualname, ()))
        if any(_speaks(name) for name in (*class_.methods, *class_.assigned, *stored)):
            return True
        held = (linker.member(Object(ancestor), name) for name in stored)
        if any(isinstance(meaning, Factory | Registry | Borrowed) for meaning in held):
            return True
    return False


def _speaks(name: str) -> bool:
    return _SESSION.search(name) is not None or name in ("__enter__", "__aenter__", "__call__")
