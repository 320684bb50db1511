"""``--interactive``: shows one fix after the other and asks whether it is wanted."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

from flake8_session.cli.differences import difference_to_read
from flake8_session.cli.streams import say
from flake8_session.diagnostics import Applicability, Diagnostic
from flake8_session.fixing.applying import applied
from flake8_session.reporting import Terminal
from flake8_session.reporting.report import printable
from flake8_session.reporting.styled import Piece, Style, render_line

_HELP = "y: yes, n: no, a: this and all that follow, q: no, and none that follows\n"


@dataclass
class Asking:
    """Asks on the terminal; `all` and `none` are what the user has said of the rest."""

    terminal: Terminal
    all: bool = False
    none: bool = False
    asked: int = field(default=0)

    def agrees(self, filename: str, finding: Diagnostic, text: str) -> bool:
        """Whether the user wants the fix of `finding`. The end of standard input means no."""
        if self.all or self.none:
            return self.all
        self.asked += 1
        say("".join(render_line(line, self.terminal) for line in _told(finding)))
        assert finding.fix is not None, "nobody asks about what has no fix"
        say(difference_to_read(filename, text, applied(text, finding.fix.edits), self.terminal))
        while True:
            say("Apply this fix? [y,n,a,q,?] ")
            answer = sys.stdin.readline() if sys.stdin is not None else ""
            match answer.strip().lower():
                case "y" | "yes":
                    return True
                case "n" | "no":
                    return False
                case "a" | "all":
                    self.all = True
                    return True
                case "q" | "quit":
                    self.none = True
                    return False
            if not answer:
                self.none = True
                return False
            say(_HELP)


def _told(finding: Diagnostic) -> Iterator[list[Piece]]:
    fix = finding.fix
    assert fix is not None
    kind = "fix" if fix.applicability is Applicability.SAFE else "unsafe fix"
    reason = f" ({fix.reason})" if fix.reason else ""
    yield [Piece(finding.code, Style.ERROR), Piece(f" {printable(finding.message)}", Style.STRONG)]
    yield [Piece(f"{kind}: ", Style.HELP), Piece(printable(f"{fix.message}{reason}"))]
