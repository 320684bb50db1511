"""Which files a pattern means. Patterns are those of .gitignore, relative to the configuration's folder."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from flake8_session.configuration.patterns import spec_of

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec


def matches(patterns: tuple[str, ...], path: str, root: Path, *, folder: bool = False) -> bool:
    """Whether one of `patterns` means the file or `folder` at `path`, which may be relative."""
    if not patterns:
        return False
    relative = os.path.relpath(os.path.abspath(path), root).replace(os.sep, "/")
    if relative.startswith("../") or relative in (".", ".."):
        relative = os.path.basename(relative)
    return _compiled(patterns).match_file(f"{relative}/" if folder else relative)


@lru_cache(maxsize=64)
def _compiled(patterns: tuple[str, ...]) -> GitIgnoreSpec:
    return spec_of(pattern.removeprefix("./") for pattern in patterns)
