"""``session-lint``: from a command line to a report and an exit status."""

from __future__ import annotations

import signal
from collections.abc import Sequence

CLEAN = 0
FOUND = 1
FAILED = 2
INTERRUPTED = 130
"""What a shell says of a program that Ctrl-C ended: 128 and the number of SIGINT."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command and returns its exit status.

    Everything is imported inside, so that Ctrl-C during an import ends as quietly as later on. A
    defect of the command line itself is one line that says where it is, never a traceback.
    """
    try:
        from flake8_session.cli.command import run

        return run(argv)
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as defect:
        from flake8_session.cli.streams import complain

        complain(f"internal error, please report it: {type(defect).__name__}: {defect} ({_place(defect)})")
        return FAILED


def command() -> int:
    """What a shell runs: `main`, in a process that has nothing else to do.

    Who ends it by SIGTERM, as CI does and ``timeout``, ends the processes with it that it has started.
    """
    from flake8_session.source import collector

    collector.seldom_until_exit()
    signal.signal(signal.SIGTERM, _end)
    return main()


def _end(number: int, _: object) -> None:
    raise SystemExit(128 + number)


def _place(defect: BaseException) -> str:
    """File and line in which `defect` was raised."""
    trace = defect.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "nowhere"
