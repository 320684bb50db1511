"""The flake8 plugin: lines in, ``(line, column, text, type)`` out.

flake8 imports this module on every run, so it imports nothing heavy; the analysis is imported when
the first file passes the sieve. The text is what flake8 hands over, which may be an editor's unsaved
buffer; the file is never read again. flake8 applies ``# noqa``, ``ignore`` and per-file-ignores itself.

Where flake8's own configuration does not set an option of ours, the table ``[tool.flake8-session]`` of
the nearest ``pyproject.toml`` is asked, so that a project writes its settings down once.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar

import flake8_session
from flake8_session.settings import Settings
from flake8_session.sieve import may_concern

if TYPE_CHECKING:
    import argparse

    from flake8.options.manager import OptionManager

    from flake8_session.configuration import Configuration
    from flake8_session.project import Neighbourhood

_NAMELESS = ("stdin", "-")
"""What flake8 calls standard input unless it is told a name."""


class Plugin:
    """What flake8 makes once for every file."""

    name = "flake8-session"
    version = flake8_session.__version__
    configuration: ClassVar[Configuration | None] = None
    neighbourhood: ClassVar[Neighbourhood | None] = None
    """What the files of this process have around them, read once."""

    def __init__(self, tree: ast.AST, lines: Sequence[str], filename: str) -> None:
        """`tree` is there because flake8 knows by it that this plugin looks at whole files."""
        self.lines = lines
        self.filename = filename

    @staticmethod
    def add_options(manager: OptionManager) -> None:
        """Adds an option for every setting that flake8 has no option for."""
        from flake8_session.configuration.knobs import OURS_IN_FLAKE8

        for knob in OURS_IN_FLAKE8:
            manager.add_option(
                f"--{knob.key_in_flake8}",
                default=None,
                parse_from_config=True,
                metavar=knob.kind.name,
                help=f"{knob.summary} ({knob.takes})",
            )

    @classmethod
    def parse_options(cls, options: argparse.Namespace) -> None:
        """Keeps what the user chose; a mistake ends the run with one line, as flake8's own do."""
        from flake8.exceptions import ExecutionError

        from flake8_session.configuration import ConfigurationError
        from flake8_session.configuration.shared import configure_within_flake8

        try:
            cls.configuration = configure_within_flake8(vars(options))
            cls.neighbourhood = None
        except ConfigurationError as error:
            raise ExecutionError(str(error)) from None

    def run(self) -> Iterator[tuple[int, int, str, type[Plugin]]]:
        """The findings; columns count from 0 here, and flake8 adds 1."""
        settings = self.configuration.settings_for(self.filename) if self.configuration else Settings()
        text = "".join(self.lines)
        if not may_concern(text, settings):
            return
        from flake8_session.linting import findings_for_host

        around = None if self.filename in _NAMELESS else self._neighbourhood(settings)
        for finding in findings_for_host(text, self.filename, settings, around):
            message = " ".join(finding.message.split())
            yield finding.span.line, finding.span.column - 1, f"{finding.code} {message}", type(self)

    @classmethod
    def _neighbourhood(cls, settings: Settings) -> Neighbourhood:
        from flake8_session.project import Neighbourhood

        if cls.neighbourhood is None:
            cls.neighbourhood = Neighbourhood(settings.src, cache="")
        return cls.neighbourhood
