"""What the user tells about names: dotted names from the settings, and what they mean then.

A name of the project is told of where it is bound, so that it is known through every import and
re-export; any other name is told of as an import spells it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flake8_session.linking.meanings import (
    UNKNOWN,
    Closing,
    External,
    Factory,
    FunctionAt,
    Lending,
    Meaning,
    ModuleAt,
    Options,
)
from flake8_session.settings import Settings

if TYPE_CHECKING:
    from flake8_session.linking.linker import Linker

_OPENING = Factory(Options(expires=None))
_PROVIDING = Factory(Options(expires=None, exits_unknown=True))


@dataclass(slots=True)
class Told:
    """What is told of names that modules bind, of functions, and of names outside of the project."""

    names: dict[tuple[str, str], Meaning] = field(default_factory=dict)
    others: dict[Meaning, Meaning] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    """Names whose module is the project's, and binds nothing of the kind."""

    def of(self, meaning: Meaning) -> Meaning:
        """`meaning`, or what is told of it."""
        return self.others.get(meaning, meaning) if self.others else meaning


def told_by(settings: Settings, linker: Linker, module: str) -> Told:
    """What `settings` tell, their names read as the file `module` would import them.

    `linker` must not have been told anything yet.
    """
    told = Told()
    for dotted, meaning in _said(settings):
        _tell(told, linker, module, dotted, meaning)
    return told


def _said(settings: Settings) -> Iterator[tuple[str, Meaning]]:
    for names, meaning in (
        (settings.session_factories, _OPENING),
        (settings.session_providers, _PROVIDING),
        (settings.borrowing_decorators, Lending()),
        (settings.closing_functions, Closing()),
    ):
        for dotted in names:
            yield dotted, meaning


def _tell(told: Told, linker: Linker, module: str, dotted: str, meaning: Meaning) -> None:
    *owners, name = dotted.split(".")
    owner = linker.imported_path(module, owners) if owners else None
    if isinstance(owner, ModuleAt):
        told.names[owner.module, name] = meaning
        named = linker.member(owner, name)
        if isinstance(named, FunctionAt):
            told.others[named] = meaning
        elif named == UNKNOWN and not linker.may_bind(owner.module, name):
            told.missing.append(dotted)
    elif owner is None or isinstance(owner, External):
        told.others[External(dotted)] = meaning
    else:
        named = linker.member(owner, name)
        told.others[named] = meaning
        if not isinstance(named, FunctionAt):
            told.missing.append(dotted)
