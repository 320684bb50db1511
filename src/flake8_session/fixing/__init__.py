"""Fixing: the fixes of a file applied in rounds, each held against a fresh run of the checker."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from flake8_session.fixing.choosing import Wanted
from flake8_session.fixing.rounds import Fixed, fix_text
from flake8_session.linting import lint
from flake8_session.settings import Settings

if TYPE_CHECKING:
    from flake8_session.diagnostics import Diagnostic
    from flake8_session.project import Neighbourhood

__all__ = ["Fixed", "Wanted", "fix_source"]


SAFELY = Wanted()
"""All safe fixes, and no others."""


def fix_source(
    text: str,
    *,
    filename: str = "<string>",
    settings: Settings = Settings(),
    wanted: Wanted = SAFELY,
    around: Neighbourhood | None = None,
) -> Fixed:
    """`text` with the wanted fixes; what ``# noqa`` silences is not fixed. Raises `SyntaxRefused`."""

    def linted(changed: str) -> Sequence[Diagnostic]:
        return lint(changed, filename, settings, around, fixes=True).reported

    return fix_text(text, linted, lambda finding, _: wanted.wants(finding))
