"""Which pieces of a file may have to do with a session: the others need not be parsed.

A session comes into a function by a name: one that the module takes from elsewhere, one that a
library's sessions are made by, an attribute or method of an object. So a piece matters only if a word
in it may lead to a session. What names mean is asked of the linker, as for a function that is
lowered; of the file's own functions, which are not lowered yet, their words are followed instead, so
that a piece that matters is never missed, and some that do not are taken for such.
"""

from __future__ import annotations

import ast
from collections import abc
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from flake8_session.flow.outline import (
    Applied,
    Either,
    Element,
    Expression,
    Indexed,
    Named,
    Outline,
    Sequence,
)
from flake8_session.flow.skimming import Definition, flat, imports_of
from flake8_session.knowledge import factories, frameworks
from flake8_session.linking.evidence import imports_sqlalchemy, may_be_session_by_use
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
    OneOf,
    Opening,
    Registry,
    Table,
    Variable,
)
from flake8_session.source.slices import Piece
from flake8_session.summaries.sites import Givers
from flake8_session.summaries.unannotated import asks_session, hands_on_session, takes_session

_SEEDS = frozenset(
    name.rpartition(".")[2] for name in (*factories.MAKERS, *factories.FUNCTIONS)
) | frozenset(frameworks.LENDING)
_IMPORTING = (ast.Import, ast.ImportFrom)
_IMPLICIT = frozenset(
    "__aenter__ __aiter__ __anext__ __call__ __enter__ __getattr__ __getitem__ __iter__ __next__".split()
)
"""Methods that are called without being named."""


class Mattering:
    """The pieces of one module; `giving` tells which functions and classes of the project give sessions."""

    def __init__(self, linker: Linker, giving: Givers, module: str, pieces: abc.Sequence[Piece]) -> None:
        self._linker = linker
        self._giving = giving
        self._module = module
        self._pieces = pieces
        self._outline = linker.outline(module) or Outline({}, {}, (), {})
        self._known: dict[str, tuple[Meaning, ...]] = {}
        self._giving_here: dict[Meaning, bool] = {}

    def wanted(self, piece: Piece) -> bool:
        """Whether the piece may have to do with a session. All statements that define nothing go together."""
        return piece.name in self._wanted

    @cached_property
    def _wanted(self) -> frozenset[str]:
        found = {piece.name for piece in self._pieces if piece.name == "" and piece.node is None}
        for piece in self._pieces:
            if piece.name not in found and not isinstance(piece.node, _IMPORTING) and self._matters(piece):
                found |= {piece.name, piece.name.partition(".")[0]}
        return frozenset(self._with_called(found))

    def _with_called(self, found: set[str]) -> set[str]:
        """`found`, and the functions that they may give a session in a parameter without an annotation."""
        taking = {piece.name for piece in self._pieces if takes_session(piece)} - found
        pieces = {piece.name: piece for piece in self._pieces} if taking else {}
        pending = [name for name in found if name in pieces]
        while pending:
            called = taking.intersection(self._named_in(pieces[pending.pop()]))
            taking -= called
            pending.extend(called)
            found |= called | {name.partition(".")[0] for name in called}
        return found

    def _matters(self, piece: Piece) -> bool:
        if self._names_session(piece) or hands_on_session(piece) or any(
            self._gives(meaning, piece.attributes, set())
            for meaning in self._meanings(piece)
            if self._may_give(meaning)
        ):
            return True
        if imports_sqlalchemy(self._outline) and asks_session(piece):
            return True
        return any(name in self._leading and name != piece.name for name in self._named_in(piece))

    @cached_property
    def _leading(self) -> frozenset[str]:
        """The pieces from which a session may come into others, whatever part of the file uses them."""
        users: dict[str, list[str]] = {}
        pending = []
        for piece in self._pieces:
            if isinstance(piece.node, _IMPORTING):
                continue
            for name in self._named_in(piece):
                users.setdefault(name, []).append(piece.name)
            if self._names_session(piece) or any(map(self._may_give, self._meanings(piece))):
                pending.append(piece.name)
        pending.extend(self._keeping(set(pending)))
        found = set(pending)
        while pending:
            for name in users.get(pending.pop(), ()):
                if name not in found:
                    found.add(name)
                    pending.append(name)
        return frozenset(found)

    def _keeping(self, seeds: set[str]) -> Iterator[str]:
        """The constructors that may be given a factory where a session may come from, and keep it."""
        words = frozenset().union(*(piece.words for piece in self._pieces if piece.name in seeds))
        for piece in self._pieces:
            owner, _, method = piece.name.rpartition(".")
            if method == "__init__" and owner in words and piece.name not in seeds and takes_session(piece):
                yield piece.name

    def _names_session(self, piece: Piece) -> bool:
        return not piece.words.isdisjoint(_SEEDS) or may_be_session_by_use(self._outline, piece.text)

    def _meanings(self, piece: Piece) -> Iterator[Meaning]:
        """What the names mean that are bound outside of the piece, but for functions of the module itself."""
        for word in piece.words if self._is_starred else piece.words & self._bound:
            yield from self._meanings_of(word)
        own = piece.name.partition(".")[0]
        if own in self._outline.classes:
            yield Object(ClassAt(self._module, own))
        if "import" in piece.words and piece.name and piece.node is not None:
            for statement in ast.walk(piece.node):
                if isinstance(statement, _IMPORTING):
                    for _, path, member, level in imports_of(statement):
                        yield self._linker.imported(self._module, path, member, level)

    def _meanings_of(self, word: str) -> tuple[Meaning, ...]:
        """What the word means, as a value and as an annotation, if a session may come of that at all."""
        if word not in self._known:
            value = self._linker.top_level(self._module, word)
            promised = self._linker.annotation(self._module, Named(word))
            self._known[word] = tuple(each for each in {value, promised} if self._may_give(each))
        return self._known[word]

    def _may_give(self, meaning: Meaning) -> bool:
        """Whether a session comes of what means that, by whatever attribute the file names."""
        if meaning not in self._giving_here:
            self._giving_here[meaning] = self._gives(meaning, self._attributes_named, set())
        return self._giving_here[meaning]

    @cached_property
    def _attributes_named(self) -> frozenset[str]:
        return frozenset(attribute for piece in self._pieces for attribute in piece.attributes)

    @cached_property
    def _bound(self) -> frozenset[str]:
        outline = self._outline
        return frozenset([*outline.assigned, *outline.rebound, *outline.classes]) | {
            entry.name for entry in outline.imports
        }

    @cached_property
    def _is_starred(self) -> bool:
        return any(entry.name == "*" for entry in self._outline.imports)

    def _gives(self, meaning: Meaning, attributes: frozenset[str], seen: set[Meaning]) -> bool:
        """Whether a session comes of what means that, or of one of its attributes."""
        if meaning in seen:
            return False
        seen.add(meaning)
        match meaning:
            case Factory() | Registry() | Variable() | Made() | Opening() | Borrowed():
                return True
            case Lending() | Closing():
                return True
            case Table():
                return True
            case OneOf(options):
                return any(self._gives(each, attributes, seen) for each in options)
            case External(name):
                made = name.removesuffix("()")
                return name in factories.MAKERS or (
                    made in frameworks.EXTENSIONS and frameworks.EXTENSION_REGISTRY in attributes
                )
            case Called(at):
                return self._function_gives(at, attributes, seen)
            case FunctionAt():
                return self._function_gives(meaning, attributes, seen)
            case Object(at):
                return self._class_gives(at, attributes, seen)
            case ClassAt():
                return self._class_gives(meaning, attributes, seen)
            case ModuleAt():
                members = (self._linker.member(meaning, name) for name in attributes)
                return any(self._gives(member, attributes, seen) for member in members)
        return False

    def _function_gives(self, at: FunctionAt, attributes: frozenset[str], seen: set[Meaning]) -> bool:
        if at.module == self._module:
            return False
        if self._giving.fresh(at) is not None or self._giving.lent(at) is not None:
            return True
        if self._giving.fresh_part(at) is not None:
            return True
        if self._gives(self._linker.call(at, ()), attributes, seen) or self._giving.gives_detached(at):
            return True
        return self._giving.takes(at)

    def _class_gives(self, at: ClassAt, attributes: frozenset[str], seen: set[Meaning]) -> bool:
        for name in self._members(at) & (attributes | _IMPLICIT):
            if self._gives(self._linker.member(Object(at), name), attributes, seen):
                return True
        return self._giving.lent_by(at) is not None

    def _members(self, at: ClassAt) -> frozenset[str]:
        """What the class's ancestors in other modules have; the module's own are followed by their words."""
        found: set[str] = set()
        for ancestor in self._linker.ancestry(at):
            outline = self._linker.outline(ancestor.module) if isinstance(ancestor, ClassAt) else None
            if isinstance(ancestor, External) or outline is None or ancestor.module == self._module:
                continue
            class_ = outline.classes.get(ancestor.qualname)
            if class_ is not None:
                found.update(class_.methods, class_.assigned, outline.stored.get(ancestor.qualname, {}))
        return frozenset(found)

    def _named_in(self, piece: Piece) -> Iterable[str]:
        """The pieces of the module that the piece may use, by their names."""
        standing_for = self._standing_for(piece.words)
        for word in (piece.words | standing_for) & self._definitions.keys():
            yield from self._definitions[word]
        # A variable of the module may stand for a method: ``get_db = Database.get_db``.
        for attribute in (piece.attributes | standing_for) & self._attributes.keys():
            yield from self._attributes[attribute]

    def _standing_for(self, words: frozenset[str]) -> frozenset[str]:
        """The names that make the module's variables among the words: ``make = Maker()``."""
        found: set[str] = set()
        seen, pending = set(words), [word for word in words if word in self._outline.assigned]
        while pending:
            for _, value in self._outline.assigned.get(pending.pop(), ()):
                names = set(_names_in(value))
                found |= names
                pending.extend(names - seen)
                seen |= names
        return frozenset(found)

    @cached_property
    def _definitions(self) -> Mapping[str, abc.Sequence[str]]:
        """The pieces by the names that they define; of a class, its implicit methods."""
        found: dict[str, list[str]] = {}
        for piece in self._pieces:
            outer, _, method = piece.name.partition(".")
            if piece.name and (method in _IMPLICIT if method else outer not in self._outline.classes):
                found.setdefault(outer, []).append(piece.name)
            elif not piece.name and piece.node is not None:
                for statement in flat([piece.node]):
                    if isinstance(statement, Definition):
                        found.setdefault(statement.name, []).append("")
        return found

    @cached_property
    def _attributes(self) -> Mapping[str, abc.Sequence[str]]:
        """The pieces that give the module's classes an attribute, by its name."""
        names = {piece.name for piece in self._pieces}
        found: dict[str, dict[str, None]] = {}
        for qualname, class_ in self._outline.classes.items():
            stored = self._outline.stored.get(qualname, {})
            giving = [(name, (name,)) for name in class_.methods]
            giving += [(name, ("",)) for name in class_.assigned]
            for name, methods in (*giving, *stored.items()):
                for method in methods:
                    piece = f"{qualname}.{method}"
                    found.setdefault(name, {})[piece if piece in names else qualname.partition(".")[0]] = None
        return {name: tuple(pieces) for name, pieces in found.items()}


def _names_in(expression: Expression | None) -> Iterator[str]:
    match expression:
        case Named(name):
            yield from name.split(".")
        case Applied(function, arguments):
            yield from _names_in(function)
            for _, value in arguments:
                yield from _names_in(value)
        case Indexed(base, items):
            for each in (base, *items):
                yield from _names_in(each)
        case Either(items) | Sequence(items):
            for each in items:
                yield from _names_in(each)
        case Element(value, _):
            yield from _names_in(value)
