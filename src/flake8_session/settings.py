"""What the user may choose, as one frozen value. Reading it from files is the front ends' work.

Terms: a *selector* is a prefix of codes (``SES``, ``SES2``, ``SES201``). Where a code is both
selected and ignored the longer selector wins, and `ignore` wins a tie, as in flake8.
"""

from __future__ import annotations

from dataclasses import dataclass

PREFIX = "SES"
FAILURE = "SES000"
"""The linter's own failure on a file."""
UNUSED = "SES001"
UNKNOWN = "SES002"
"""Codes in ``# noqa`` comments that silence nothing, and that do not exist."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that changes which diagnostics come out.

    `select`, `extend_select` and `ignore` hold selectors. An empty `select` means all rules
    that are on by default. A rule that is off by default is on only where a selector reaches past
    the letters (``SES9``, ``SES107``).
    """

    select: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    tests: bool = False
    """Report SES1xx, what opens a closed session again and what commits late or never in tests as well.

    Tests are test functions, fixtures and conftest.py.
    """
    one_shot: bool = True
    """In `main` and command functions, say so in SES101 and keep SES102 silent."""
    detached: str = "default"
    """``strict``: SES204 also after the exit of a ``with``."""
    session_factories: tuple[str, ...] = ()
    session_providers: tuple[str, ...] = ()
    borrowing_decorators: tuple[str, ...] = ()
    closing_functions: tuple[str, ...] = ()
    sqlalchemy_version: str = "2.0"
    fastapi_version: str = ""
    """Major and minor version of the FastAPI that the code runs on; nobody chooses it, `""` if not known."""
    src: tuple[str, ...] = ()
    """Folders in which the project's own modules are looked up; empty means the usual layouts."""

    @property
    def names(self) -> tuple[str, ...]:
        """The dotted names that the project tells us about, of all four kinds."""
        return (
            *self.session_factories,
            *self.session_providers,
            *self.borrowing_decorators,
            *self.closing_functions,
        )


def is_selected(code: str, settings: Settings, *, default: bool = True) -> bool:
    """Whether reports of `code` are wanted; `default` says whether its rule is on unless asked for."""
    chosen = _reach(code, (*settings.select, *settings.extend_select))
    if code == FAILURE or (default and not settings.select):
        chosen = max(chosen, 0)
    if not default and chosen <= len(PREFIX):
        return False
    return chosen > _reach(code, settings.ignore)


def _reach(code: str, selectors: tuple[str, ...]) -> int:
    """The length of the longest selector that covers `code`, -1 where none does."""
    return max((len(selector) for selector in selectors if code.startswith(selector)), default=-1)
