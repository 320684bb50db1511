"""Names of the project that the user tells us about: whether there is anything of that name.

Names of other packages are not looked up: they need not be installed beside the linter.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from flake8_session.configuration.values import ConfigurationError
from flake8_session.settings import Settings

_KEYS = ("session-factories", "session-providers", "borrowing-decorators", "closing-functions")


def check_names(settings: Settings, root: Path, place_of: Callable[[str], str]) -> None:
    """Raises `ConfigurationError` for a name without its module, or one that its module does not bind.

    `place_of` says of a key who set it.
    """
    keys = {name: key for key in _KEYS for name in getattr(settings, key.replace("-", "_"))}
    for name, key in keys.items():
        if "." not in name:
            needs = f"needs its module: `package.module.{name}`"
            raise ConfigurationError(f"{place_of(key)}: `{key}`: `{name}` {needs}")
    from flake8_session.project.neighbours import missing_names

    for name in missing_names(settings, root):
        module, _, last = name.rpartition(".")
        key = keys[name]
        raise ConfigurationError(f"{place_of(key)}: `{key}`: there is no `{last}` in `{module}`")
