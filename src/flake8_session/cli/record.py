"""What modules asked of one another while files were linted.

A *question* is what one module asks to find another: an import, or a name inside of a package. What a
file's findings rest on is itself and, by the answers, every module that can be reached from it. All
knowledge of one module about another passes through these questions, so a record misses nothing; it
may hold more than one file's findings needed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from flake8_session.project.reading import unified

Question: TypeAlias = tuple[str, int]
"""An imported name and the number of dots before it; `INSIDE` for a name inside of the module itself."""
INSIDE = -1
UNREAD = ""
"""The digest of a module whose name was asked about, and not its text."""


@dataclass(slots=True)
class Module:
    """What is known of a module: which text it had, None for none, and where questions to it led."""

    digest: str | None
    answers: dict[Question, str | None] = field(default_factory=dict)

    @property
    def reached(self) -> set[str]:
        """The modules that its questions led to."""
        return {answer for answer in self.answers.values() if answer is not None}

    def agrees_with(self, other: Module) -> bool:
        """Whether text and answers are the same, as far as both asked."""
        common = self.answers.keys() & other.answers.keys()
        same_text = self.digest == other.digest or UNREAD in (self.digest, other.digest)
        return same_text and all(
            self.answers[question] == other.answers[question] for question in common
        )


Record: TypeAlias = dict[str, Module]
"""Modules by their absolute paths. Of one that is reached and not in it nothing was asked."""


def reachable(record: Mapping[str, Module], starts: Iterable[str]) -> set[str]:
    """The `starts`, and the modules of the record that can be reached from them."""
    found = set(starts)
    waiting = list(found)
    while waiting:
        module = record.get(waiting.pop())
        for path in module.reached - found if module else ():
            found.add(path)
            waiting.append(path)
    return found


def leading_to(record: Mapping[str, Module], ends: Iterable[str]) -> set[str]:
    """The `ends`, and the modules of the record from which one of them can be reached."""
    askers: dict[str, list[str]] = {}
    for path, module in record.items():
        for reached in module.reached:
            askers.setdefault(reached, []).append(path)
    found = set(ends)
    waiting = list(found)
    while waiting:
        for path in askers.get(waiting.pop(), ()):
            if path not in found:
                found.add(path)
                waiting.append(path)
    return found


def take_in(record: Record, more: Mapping[str, Module]) -> bool:
    """Adds `more` to `record`; whether both say the same wherever both speak. The newer word counts."""
    agree = True
    for path, module in more.items():
        known = record.get(path)
        if known is None:
            record[path] = Module(module.digest, dict(module.answers))
            continue
        agree = agree and known.agrees_with(module)
        known.digest = module.digest if module.digest != UNREAD else known.digest
        known.answers.update(module.answers)
    return agree


def digest(text: str | None) -> str | None:
    """A short text that stands for the text of a file, whatever its line ends are."""
    if text is None:
        return None
    return hashlib.blake2b(unified(text).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
