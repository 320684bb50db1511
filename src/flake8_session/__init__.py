"""Finds misuse of SQLAlchemy sessions in Python code and mends it.

As a library::

    from flake8_session import lint_source

    for diagnostic in lint_source(text, filename="shop/orders.py"):
        print(diagnostic.span.line, diagnostic.code, diagnostic.message)

The names below are imported when they are first used: flake8 imports this package on every run,
also where no file has anything to do with sessions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flake8_session.diagnostics import Applicability as Applicability
    from flake8_session.diagnostics import Diagnostic as Diagnostic
    from flake8_session.diagnostics import Edit as Edit
    from flake8_session.diagnostics import Fix as Fix
    from flake8_session.diagnostics import Related as Related
    from flake8_session.diagnostics import Span as Span
    from flake8_session.linting import lint_source as lint_source
    from flake8_session.settings import Settings as Settings

__version__ = "0.1.0"

__all__ = [
    "Applicability",
    "Diagnostic",
    "Edit",
    "Fix",
    "Related",
    "Settings",
    "Span",
    "__version__",
    "lint_source",
]

_HOMES = {"lint_source": "linting", "Settings": "settings"}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'diagnostics')}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
