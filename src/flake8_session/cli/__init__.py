"""``session-lint``: from a command line to a report and an exit status."""

from __future__ import annotations

from collections.abc import Sequence

CLEAN = 0
FOUND = 1
FAILED = 2
INTERRUPTED = 130
"""What a shell says of a program that Ctrl-C ended: 128 and the number of SIGINT."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command and returns its exit status; everything imported is imported inside it.

    Ctrl-C during an import then ends as quietly as later on.
    """
    try:
        from flake8_session.cli.command import run

        return run(argv)
    except KeyboardInterrupt:
        return INTERRUPTED
