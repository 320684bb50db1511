"""``--interactive``: shows one finding with its fix after the other, and asks whether that is wanted."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from flake8_session.cli.streams import say
from flake8_session.diagnostics import Diagnostic
from flake8_session.reporting import FileFindings, Terminal, renderer
from flake8_session.source.text import lines_of

_HELP = "y: yes, n: no, a: this and all that follow, q: no, and none that follows\n"


@dataclass
class Asking:
    """Asks on the terminal; `all` and `none` are what the user has said of the rest."""

    terminal: Terminal
    all: bool = False
    none: bool = False

    def agrees(self, filename: str, finding: Diagnostic, text: str) -> bool:
        """Whether the user wants the fix of `finding`. The end of standard input means no."""
        if self.all or self.none:
            return self.all
        say(renderer("full")([FileFindings(filename, (finding,), lines_of(text))], self.terminal))
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
