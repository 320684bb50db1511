"""What applies when flake8 is the host: its own options first, then our table in ``pyproject.toml``.

flake8 has read ``[flake8]`` itself and filters by its own ``select`` and ``ignore`` afterwards. Here its
selectors only turn on rules that are off by default. It keeps ``--isolated`` to itself, so that is read
from the command line.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flake8_session.configuration import Configuration, Said, configure, find
from flake8_session.configuration.files import OWN_NAME
from flake8_session.configuration.knobs import OURS_IN_FLAKE8
from flake8_session.configuration.values import Value, checked_text, is_about_us
from flake8_session.settings import UNKNOWN, UNUSED


def configure_within_flake8(options: Mapping[str, Any]) -> Configuration:
    """The configuration for flake8's parsed `options`. Raises `ConfigurationError`."""
    start = Path.cwd()
    said = Said() if "--isolated" in sys.argv else find(start, [OWN_NAME])
    spoken: dict[str, Value] = {"extend-select": tuple(filter(is_about_us, _selectors(options)))}
    if options.get("disable_noqa"):
        spoken["extend-ignore"] = (UNUSED, UNKNOWN)
    for knob in OURS_IN_FLAKE8:
        raw = options.get(knob.key_in_flake8.replace("-", "_"))
        if raw is not None:
            spoken[knob.key] = checked_text(knob.key, raw, f"flake8 option {knob.key_in_flake8}")
    return configure(said, start, spoken)


def _selectors(options: Mapping[str, Any]) -> list[str]:
    return [*(options.get("select") or ()), *(options.get("extend_select") or ())]
