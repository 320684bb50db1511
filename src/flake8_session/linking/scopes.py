"""What names mean at the top level of a module: bound there, imported, or starred.

A name that is bound to things of different meaning is unknown. Import cycles end as unknown.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from flake8_session.flow.outline import Outline
from flake8_session.linking.calls import applied
from flake8_session.linking.making import prepared
from flake8_session.linking.meanings import (
    UNKNOWN,
    Borrowed,
    ClassAt,
    Constant,
    External,
    Factory,
    FunctionAt,
    Made,
    Meaning,
    ModuleAt,
    Registry,
    joined,
)

if TYPE_CHECKING:
    from flake8_session.linking.linker import Linker

_SAYING_NOTHING = (Constant(None), External("typing.Any"), External("builtins.object"))
"""What a name is bound to where the real thing cannot be imported, or for type checkers only."""

_DEEPEST = 8
"""How often a name is followed from an import to the next one."""


def top_level(linker: Linker, module: str, name: str) -> Meaning:
    """See `Linker.top_level`."""
    question = ("name", module, name)
    return linker.answers.ask(question, lambda: _top_level(linker, module, name), UNKNOWN, UNKNOWN)


def _top_level(linker: Linker, module: str, name: str) -> Meaning:
    if (module, name) in linker.told.names:
        return linker.told.names[module, name]
    outline = linker.outline(module)
    if outline is None:
        return UNKNOWN
    found: list[Meaning] = []
    if name in outline.classes:
        found.append(linker.class_meaning(ClassAt(module, name)))
    if name in outline.functions and name:
        found.append(FunctionAt(module, name))
    assigned = outline.assigned.get(name, ())
    found.extend(linker.assigned(module, *each) for each in assigned if each[1] is not None)
    found.extend(
        imported(linker, module, entry.module, entry.member, entry.level)
        for entry in outline.imports
        if entry.name == name
    )
    for qualname in outline.rebound.get(name, ()):
        rebound = linker.bodies.rebound(FunctionAt(module, qualname), name) if linker.bodies else None
        if rebound is not None:
            found.append(Borrowed(rebound.options) if isinstance(rebound, Made) else rebound)
    if all(meaning == UNKNOWN or meaning in _SAYING_NOTHING for meaning in found):
        # An annotation alone binds nothing: ``Session: orm.Session`` may stand beside what does.
        found = [linker.assigned(module, *each) for each in assigned if each[1] is None] or found
    if found:
        return _configured(linker, module, outline, name, _agreed(found))
    starred = _from_star(linker, module, outline, name)
    if starred is not None:
        return starred
    is_hidden = not _is_builtin(name) and any(entry.name == "*" for entry in outline.imports)
    return UNKNOWN if is_hidden else External(f"builtins.{name}")


def imported(linker: Linker, module: str, path: str, member: str, level: int) -> Meaning:
    """See `Linker.imported`."""
    target = linker.modules.target(module, path, level)
    if target is None:
        if level:
            return UNKNOWN
        return linker.told.of(External(f"{path}.{member}" if member else path))
    if not member:
        return ModuleAt(target)
    outline = linker.outline(target)
    if outline is not None and _binds(outline, member):
        return top_level(linker, target, member)
    inner = linker.modules.inner(target, member)
    if inner is not None:
        return ModuleAt(inner)
    if outline is not None:
        return top_level(linker, target, member)
    return UNKNOWN if level else linker.told.of(External(f"{path}.{member}"))


def imported_path(linker: Linker, module: str, names: Sequence[str]) -> Meaning:
    """See `Linker.imported_path`."""
    target = linker.modules.target(module, names[0], 0)
    meaning: Meaning = External(names[0]) if target is None else ModuleAt(target)
    for count, name in enumerate(names[1:], 2):
        is_folder = isinstance(meaning, ModuleAt) and linker.outline(meaning.module) is None
        meaning = linker.member(meaning, name)
        if is_folder and meaning == UNKNOWN:
            return External(".".join(names[:count]))
    return meaning


def origin(linker: Linker, module: str, name: str, depth: int = 0) -> tuple[str, str] | None:
    """See `Linker.origin`."""
    outline = linker.outline(module)
    if outline is None or depth > _DEEPEST:
        return None
    imports = [entry for entry in outline.imports if entry.name == name]
    if name in outline.assigned:
        return (module, name) if not imports and name not in outline.rebound else None
    if len(imports) != 1 or not imports[0].member:
        return None
    target = linker.modules.target(module, imports[0].module, imports[0].level)
    return origin(linker, target, imports[0].member, depth + 1) if target is not None else None


def may_bind(linker: Linker, module: str, name: str) -> bool:
    """See `Linker.may_bind`."""
    outline = linker.outline(module)
    return outline is None or _binds(outline, name)


def _configured(linker: Linker, module: str, outline: Outline, name: str, meaning: Meaning) -> Meaning:
    """A factory or registry with the options that ``name.configure(...)`` gives it, or ``register(name)``."""
    if isinstance(meaning, Factory | Registry):
        for arguments in outline.configured.get(name, ()):
            given = [(keyword, linker.expression(module, value)) for keyword, value in arguments]
            meaning = prepared(meaning, given)
    return meaning


def _from_star(linker: Linker, module: str, outline: Outline, name: str) -> Meaning | None:
    """What a star import of `module` binds `name` to; None where none does.

    A module of the project that binds the name is asked before any that cannot be read.
    """
    found = _offered(linker, module, outline, name, {module})
    return found if found is not None else _outside(linker, module, outline, name, {module})


def _offered(linker: Linker, module: str, outline: Outline, name: str, seen: set[str]) -> Meaning | None:
    for target, offered in _starred(linker, module, outline, name, seen):
        if _binds(offered, name):
            return top_level(linker, target, name)
        inner = linker.modules.inner(target, name) if offered.exports is not None else None
        deeper = _offered(linker, target, offered, name, seen) if inner is None else ModuleAt(inner)
        if deeper is not None:
            return deeper
    return None


def _outside(linker: Linker, module: str, outline: Outline, name: str, seen: set[str]) -> Meaning | None:
    for entry in outline.imports:
        if entry.name == "*" and linker.modules.target(module, entry.module, entry.level) is None:
            known = External(f"{entry.module}.{name}")
            if applied(known, ()) != UNKNOWN:
                return known
    for target, offered in _starred(linker, module, outline, name, seen):
        deeper = _outside(linker, target, offered, name, seen)
        if deeper is not None:
            return deeper
    return None


def _starred(
    linker: Linker, module: str, outline: Outline, name: str, seen: set[str]
) -> Iterator[tuple[str, Outline]]:
    """The modules of the project that `module` takes all names from, where `name` may be among them."""
    for entry in outline.imports:
        target = linker.modules.target(module, entry.module, entry.level) if entry.name == "*" else None
        offered = linker.outline(target) if target is not None and target not in seen else None
        if target is not None and offered is not None and _is_offered(offered, name):
            seen.add(target)
            yield target, offered


def _agreed(meanings: Sequence[Meaning]) -> Meaning:
    """What all bindings of a name agree on; those that say nothing are passed over where another one does."""
    saying = [meaning for meaning in meanings if meaning not in _SAYING_NOTHING] or meanings
    agreed: Meaning | None = None
    for meaning in saying:
        agreed = joined(agreed, meaning)
    return UNKNOWN if agreed is None else agreed


def _binds(outline: Outline, name: str) -> bool:
    return (
        name in outline.assigned
        or name in outline.rebound
        or name in outline.functions
        or name in outline.classes
        or any(entry.name == name for entry in outline.imports)
    )


def _is_offered(outline: Outline, name: str) -> bool:
    """Whether ``from … import *`` takes `name`."""
    return name in outline.exports if outline.exports is not None else not name.startswith("_")


def _is_builtin(name: str) -> bool:
    return hasattr(builtins, name)
