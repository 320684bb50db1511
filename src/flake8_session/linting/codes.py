"""The codes that exist, by the names of the files that hold the rules.

Reading them from the rules themselves would import the whole analysis, a tenth of a second, only to
see whether ``select = ["SES1"]`` means anything.
"""

from __future__ import annotations

import os
import pkgutil
import re

import flake8_session

_RULE_FILE = re.compile(r"(ses\d{3})_")


def known_codes() -> list[str]:
    """All codes, in order."""
    package = os.path.dirname(flake8_session.__file__)
    folders = [os.path.join(package, name) for name in ("linting", "rules")]
    names = (module.name for module in pkgutil.iter_modules(folders))
    return sorted(match[1].upper() for name in names if (match := _RULE_FILE.match(name)))
