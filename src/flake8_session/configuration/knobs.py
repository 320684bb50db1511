"""Every key that a user may set, declared once.

The readers of files, the command line, the flake8 options, the JSON schema and ``--show-settings``
are all made from this table. A key of ours that could mean something else to another plugin has a
longer name in the ``[flake8]`` section, which all plugins share.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What a value looks like."""

    CODES = "codes or prefixes of codes"
    NAMES = "dotted names"
    PATTERNS = "patterns as in .gitignore"
    FOLDERS = "folders"
    PER_FILE = "a pattern and the codes to ignore in the files that match it"
    SWITCH = "true or false"
    CHOICE = "one of a few words"
    COUNT = "a whole number, 0 or more"
    PATH = "a path"
    VERSION = "a version such as 2.0"


@dataclass(frozen=True, slots=True)
class Knob:
    """One key: its name, what it takes, and what it is for, as a sentence without its full stop."""

    key: str
    kind: Kind
    summary: str
    choices: tuple[str, ...] = ()
    shared_key: str = ""
    """Its name in ``[flake8]`` where that is not `key`."""
    flake8_has_it: bool = False
    """flake8 itself has an option of this name, which the plugin must not add again."""

    @property
    def field(self) -> str:
        return self.key.replace("-", "_")

    @property
    def takes(self) -> str:
        """What may stand behind it, in words."""
        return " or ".join(self.choices) or self.kind.value

    @property
    def key_in_flake8(self) -> str:
        return self.shared_key or self.key


FORMATS = ("full", "concise", "json", "sarif", "github", "gitlab", "junit")

KNOBS: tuple[Knob, ...] = (
    Knob("select", Kind.CODES, "report these codes and no others", flake8_has_it=True),
    Knob("extend-select", Kind.CODES, "report these codes as well", flake8_has_it=True),
    Knob("ignore", Kind.CODES, "do not report these codes", flake8_has_it=True),
    Knob("extend-ignore", Kind.CODES, "do not report these codes either", flake8_has_it=True),
    Knob("per-file-ignores", Kind.PER_FILE, "do not report these codes in these files", flake8_has_it=True),
    Knob("exclude", Kind.PATTERNS, "pass over these files and folders, instead of the usual ones",
         flake8_has_it=True),
    Knob("extend-exclude", Kind.PATTERNS, "pass over these files and folders as well", flake8_has_it=True),
    Knob("tests", Kind.SWITCH, "report unclosed sessions in tests and fixtures too",
         shared_key="session-tests"),
    Knob("one-shot", Kind.SWITCH, "treat `main` and command functions as programs that end with them",
         shared_key="session-one-shot"),
    Knob("detached", Kind.CHOICE, "how strictly to judge the use of instances after their session's end",
         choices=("default", "strict"), shared_key="session-detached"),
    Knob("session-factories", Kind.NAMES, "functions that return a new session, which the caller must close"),
    Knob("session-providers", Kind.NAMES, "context managers and generators that give a session and close it"),
    Knob("borrowing-decorators", Kind.NAMES, "decorators that pass a session to the function and close it"),
    Knob("closing-functions", Kind.NAMES, "functions that close the session that they are given"),
    Knob("sqlalchemy-version", Kind.VERSION,
         "the SQLAlchemy that the code runs on, if not the locked or installed"),
    Knob("src", Kind.FOLDERS, "where the project's own modules are looked up", shared_key="session-src"),
    Knob("fixable", Kind.CODES, "fix only these codes"),
    Knob("unfixable", Kind.CODES, "do not fix these codes"),
    Knob("output-format", Kind.CHOICE, "how findings are written", choices=FORMATS),
    Knob("statistics", Kind.SWITCH, "count the findings by code instead of listing them", flake8_has_it=True),
    Knob("jobs", Kind.COUNT, "how many processes to use, 0 for as many as there are processors",
         flake8_has_it=True),
    Knob("cache", Kind.SWITCH, "remember the findings of files that did not change"),
    Knob("cache-dir", Kind.PATH, "where to remember them"),
    Knob("baseline", Kind.PATH, "pass over the findings that this file lists"),
)

BY_KEY = {knob.key: knob for knob in KNOBS}
_ONLY_OURS = {"fixable", "unfixable", "output-format", "cache", "cache-dir", "baseline"}
OURS_IN_FLAKE8 = tuple(knob for knob in KNOBS if not knob.flake8_has_it and knob.key not in _ONLY_OURS)
"""What the flake8 plugin adds to flake8's own options: all that changes the findings."""

_ABOUT_THE_RUN = {"statistics", "jobs"}
SHARED_WITH_FLAKE8 = tuple(
    knob
    for knob in KNOBS
    if knob in OURS_IN_FLAKE8 or (knob.flake8_has_it and knob.key not in _ABOUT_THE_RUN)
)
"""What ``session-lint`` reads from a ``[flake8]`` section."""
