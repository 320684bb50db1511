"""Patterns of .gitignore, compiled; what git itself would pass over as no pattern is told apart."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec


def spec_of(patterns: Iterable[str]) -> GitIgnoreSpec:
    """What `patterns` mean together; those that are none are left out, as git leaves them out."""
    listed = list(patterns)
    try:
        return _compiled(listed)
    except (ValueError, re.error):
        return _compiled([pattern for pattern in listed if is_pattern(pattern)])


def is_pattern(text: str) -> bool:
    """Whether `text` is a pattern, an empty line or a comment; a lone ``!`` and a last backslash are not."""
    try:
        _compiled([text])
    except (ValueError, re.error):
        return False
    return True


def _compiled(patterns: list[str]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec

    with warnings.catch_warnings():
        # A bracket inside of brackets is plain here; the regular expression made of it is warned of.
        warnings.simplefilter("ignore", FutureWarning)
        return GitIgnoreSpec.from_lines(patterns)
