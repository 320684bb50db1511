"""``python -m flake8_session`` is ``session-lint``."""

from __future__ import annotations

import sys

from flake8_session.cli import command

if __name__ == "__main__":
    sys.exit(command())
