"""From the text of a file to its diagnostics: pure, prints nothing, raises only `SyntaxRefused`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Protocol

from flake8_session.diagnostics import Diagnostic
from flake8_session.facts.solving import FunctionFacts
from flake8_session.flow import Lowered, lower_module
from flake8_session.flow.outline import Function, Outline
from flake8_session.linking.frames import Frame
from flake8_session.linking.linker import Linker
from flake8_session.linking.meanings import FunctionAt
from flake8_session.linking.told import told_by
from flake8_session.rules import catalogue, checks
from flake8_session.settings import Settings, is_selected
from flake8_session.source import collector
from flake8_session.source.slices import Wanted, pieces_of
from flake8_session.summaries.budget import SHARES, Budget, TooMuchToAsk
from flake8_session.summaries.effects import ProjectEffects
from flake8_session.summaries.mattering import Mattering


class OneFile:
    """The `Modules` of a file that stands alone: every import leads outside."""

    def __init__(self, outline: Outline) -> None:
        self._outline = outline

    def outline(self, module: str) -> Outline | None:
        """See `Modules.outline`."""
        return self._outline if not module else None

    def target(self, module: str, imported: str, level: int) -> str | None:
        """See `Modules.target`."""
        return None

    def inner(self, module: str, name: str) -> str | None:
        """See `Modules.inner`."""
        return None

    def configuring(self, module: str) -> Sequence[str]:
        """See `Modules.configuring`."""
        return (module,)

    def body(self, module: str, qualname: str) -> Function | None:
        """See `Modules.body`."""
        return self._outline.functions.get(qualname)

    def text(self, module: str, qualname: str) -> str | None:
        """See `Modules.text`."""
        return None

    def may_matter(self, filename: str, text: str, settings: Settings) -> bool:
        """See `Surroundings.may_matter`."""
        return True

    def effects(
        self, filename: str, text: str, lowered: Lowered, settings: Settings
    ) -> tuple[str, ProjectEffects]:
        """See `Surroundings.effects`."""
        linker = Linker(self)
        linker.told = told_by(settings, Linker(self), "")
        return "", ProjectEffects(linker)


class Surroundings(Protocol):
    """What is around the linted files."""

    def may_matter(self, filename: str, text: str, settings: Settings) -> bool:
        """Whether a file may get a session from anywhere, so that it is worth lowering."""
        ...

    def effects(
        self, filename: str, text: str, lowered: Lowered, settings: Settings
    ) -> tuple[str, ProjectEffects]:
        """The name under which a linted file is linked, and the effects to solve its functions with."""
        ...


@collector.seldom()
def check_source(
    text: str,
    *,
    filename: str = "<string>",
    settings: Settings = Settings(),
    project: Surroundings | None = None,
    fixes: bool = False,
) -> list[Diagnostic]:
    """The reports on a file's text, sorted, before any suppression. Raises `SyntaxRefused`.

    Without a `project` the file stands alone. With `fixes` the reports carry their fixes, which cost
    more than the reports.
    """
    if project is not None and not project.may_matter(filename, text, settings):
        lower_module(text, lambda piece: False)  # refuses what is no Python
        return []
    wanted = _wanted(text, filename, settings, project) if project is not None and not fixes else None
    lowered = lower_module(text, wanted)
    around = project or OneFile(lowered.outline)
    module, effects = around.effects(filename, text, lowered, settings)
    found = sorted(_reports(lowered, module, effects, filename, settings), key=lambda each: each.sort_key)
    return _with_fixes(found, lowered) if fixes else [replace(each, plan=None) for each in found]


def _wanted(text: str, filename: str, settings: Settings, project: Surroundings) -> Wanted:
    """Says which pieces of the text may have to do with a session."""
    listed = lower_module(text, lambda piece: False)
    module, effects = project.effects(filename, text, listed, settings)
    return Mattering(effects.linker, effects, module, pieces_of(text)).wanted


def _with_fixes(found: list[Diagnostic], lowered: Lowered) -> list[Diagnostic]:
    from flake8_session.editing.fixes import fix_of
    from flake8_session.editing.ground import Grounds

    grounds = Grounds(lowered)
    return [
        replace(each, plan=None, fix=fix_of(each.plan(), grounds) if each.plan is not None else None)
        for each in found
    ]


def _reports(
    lowered: Lowered, module: str, effects: ProjectEffects, filename: str, settings: Settings
) -> Iterator[Diagnostic]:
    wanted = [
        check
        for code, check in checks().items()
        if is_selected(code, settings, default=catalogue()[code].default)
    ]
    budget = Budget()
    effects.within(budget)
    frames = list(_frames(lowered, module, effects))
    for share in SHARES:
        late = []
        budget.begin_round(share, last=share == SHARES[-1])
        for frame in frames:
            facts = FunctionFacts(frame, effects, lowered.span, settings, filename)
            found: list[Diagnostic] = []
            budget.begin_function()
            with suppress(TooMuchToAsk):
                found = [report for check in wanted for report in check(facts)]
            budget.end_function()
            if budget.was_short and share != SHARES[-1]:
                late.append(frame)
            else:
                yield from found
        frames = late
    effects.within(None)


def _frames(lowered: Lowered, module: str, effects: ProjectEffects) -> Iterator[Frame]:
    """The functions of the file that can be followed."""
    for qualname, function in lowered.outline.functions.items():
        frame = effects.frames.of(FunctionAt(module, qualname)) if function.graph is not None else None
        if frame is not None:
            yield frame
