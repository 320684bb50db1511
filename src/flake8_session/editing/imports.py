"""A name imported, where a fix needs one that the module does not import yet."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from flake8_session.diagnostics import Edit, Span
from flake8_session.flow.lowering import Lowered, Part
from flake8_session.source.text import lines_of


def import_edits(module: str, name: str, lowered: Lowered) -> tuple[Edit, ...] | None:
    """The edit that makes ``from module import name`` hold; none where it does, None where it has no place.

    The name is added to an import from that module, where there is one on one line; else a line of
    its own goes behind the last import.
    """
    last: tuple[Part, cst.SimpleStatementLine] | None = None
    for part, statement in _top_level(lowered):
        small = statement.body[0]
        if not isinstance(small, (cst.Import, cst.ImportFrom)):
            continue
        last = part, statement
        if (
            isinstance(small, cst.ImportFrom)
            and _imports_from(small, module)
            and not isinstance(small.names, cst.ImportStar)
        ):
            if any(alias.evaluated_name == name and alias.asname is None for alias in small.names):
                return ()
            if isinstance(small.module, (cst.Name, cst.Attribute)) and len(statement.body) == 1:
                edit = _added(small, name, part)
                if edit is not None:
                    return (edit,)
    if last is None:
        return None
    return (_line_behind(last[0], f"from {module} import {name}"),)


def _top_level(lowered: Lowered) -> Iterator[tuple[Part, cst.SimpleStatementLine]]:
    for part in lowered.parts:
        for statement in part.module.body if part.module is not None else ():
            if isinstance(statement, cst.SimpleStatementLine):
                yield part, statement


def _imports_from(node: cst.ImportFrom, module: str) -> bool:
    if node.relative or node.module is None:
        return False
    return cst.Module([]).code_for_node(node.module) == module


def _added(node: cst.ImportFrom, name: str, part: Part) -> Edit | None:
    """The name among the others, in order of the alphabet where they are in it."""
    assert part.module is not None
    assert not isinstance(node.names, cst.ImportStar)
    names = [alias.evaluated_name for alias in node.names]
    text = "".join(lines_of(part.slice.text))
    if part.module.code != text or len(part.module.body) != 1:
        return None
    place = next((at for at, other in enumerate(names) if other > name), len(names))
    if names != sorted(names):
        place = len(names)
    aliases = list(node.names)
    new = cst.ImportAlias(cst.Name(name))
    if place < len(aliases):
        aliases.insert(place, new.with_changes(comma=_separator(aliases)))
    else:
        last = aliases[-1]
        aliases[-1] = last.with_changes(comma=_separator(aliases))
        aliases.append(new.with_changes(comma=last.comma))
    changed = part.module.deep_replace(node, node.with_changes(names=aliases))
    assert isinstance(changed, cst.Module)
    lines, after = lines_of(text), lines_of(changed.code)
    start = 0
    while start < min(len(lines), len(after)) and lines[start] == after[start]:
        start += 1
    end = 0
    while end < min(len(lines), len(after)) - start and lines[-1 - end] == after[-1 - end]:
        end += 1
    first = part.slice.numbers[start]
    stop = first + len(lines) - end - start
    return Edit(Span(first, 1, stop, 1), "".join(after[start : len(after) - end]))


def _separator(aliases: list[cst.ImportAlias]) -> cst.Comma:
    """The comma between two names, laid out as the first one is."""
    comma = aliases[0].comma if len(aliases) > 1 else None
    return comma if isinstance(comma, cst.Comma) else cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))


def _line_behind(part: Part, text: str) -> Edit:
    assert part.module is not None
    line = part.slice.numbers[-1] + 1
    return Edit(Span(line, 1, line, 1), f"{text}{part.module.default_newline}")
