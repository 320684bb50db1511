"""Names of the project that the user tells us about: whether there is anything of that name.

Names of other packages are not looked up: they need not be installed beside the linter.
"""

from __future__ import annotations

from pathlib import Path

from flake8_session.configuration.values import ConfigurationError
from flake8_session.settings import Settings


def check_names(settings: Settings, root: Path) -> None:
    """Raises `ConfigurationError` for a name without its module, or one that its module does not bind."""
    for key in ("session-factories", "session-providers", "borrowing-decorators", "closing-functions"):
        for name in getattr(settings, key.replace("-", "_")):
            if "." not in name:
                raise ConfigurationError(f"`{name}` in `{key}` needs its module: `package.module.{name}`")
    from flake8_session.project.neighbours import missing_names

    for name in missing_names(settings, root):
        module, _, last = name.rpartition(".")
        raise ConfigurationError(f"there is no `{last}` in `{module}`, of which the settings tell")
