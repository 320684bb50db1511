"""What the user may choose, as one frozen value. Reading it from files is the front ends' work."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that changes which diagnostics come out.

    `select`, `extend_select` and `ignore` hold code prefixes. An empty `select` means all rules
    that are on by default. A rule that is off by default is on only where a selector reaches past
    the letters (``SES9``, ``SES107``).
    """

    select: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    tests: bool = False
    """Report SES1xx in test functions, fixtures and conftest.py as well."""
    one_shot: bool = True
    """In `main` and command functions, say so in SES101 and keep SES102 silent."""
    detached: str = "default"
    """``strict``: SES204 also after the exit of a ``with``."""
    session_factories: tuple[str, ...] = ()
    session_providers: tuple[str, ...] = ()
    borrowing_decorators: tuple[str, ...] = ()
    closing_functions: tuple[str, ...] = ()
    sqlalchemy_version: str = "2.0"
