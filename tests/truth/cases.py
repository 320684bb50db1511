"""The cases in `tests/fixtures/` held against what happens when they run.

The linter is held against the cases' comments elsewhere; here the comments are held against the runs,
in both directions: what a comment demands must be seen in some run, what is seen must be demanded.
Where a rule is meant to be stricter or weaker than the runs, the line says so by name.
"""

from __future__ import annotations

import gc
import logging
import re
import sys
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.truth import libraries
from tests.truth.frameworks import missing
from tests.truth.lasting import LASTING, last
from tests.truth.loud import BY_FUNCTION, BY_LETTER, WITNESSED, unseen, unwanted
from tests.truth.neighbours import Place
from tests.truth.running import Program, Stories
from tests.truth.verdicts import SEEN, Demand, demands

FIXTURES = Path(__file__).parents[1] / "fixtures"
ERROR = re.compile(r"# error:((?:\s+SES\d{3})+)")
EXCEPTION = re.compile(r"# (?P<name>stricter|weaker|handed on): (?P<reason>[^#]*)")
OLDEST = re.compile(r"^# python: 3\.(?P<minor>\d+)$", re.M)
NOT_RUN = re.compile(r"^# not run: (?P<reason>.*)$", re.M)


OF_PROJECTS = ("SES304", "SES305", "SES401")
"""What is looked for in the runs of projects, besides the codes of `loud`."""

ASKED = frozenset((*WITNESSED, *LASTING, *OF_PROJECTS))
"""All that is looked for in the runs of projects."""

SPOKEN_FOR = {
    "SES105": {"SES402"},
    "SES201": {"SES406"},
    "SES202": {"SES203"},
    "SES206": {"SES406"},
    "SES301": {"SES305"},
    "SES302": {"SES307", "SES405", "SES406"},
}
"""Codes that are seen where another rule, which the runs do not know, reports the same fault."""


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A line on which the comments of a case and its runs say different things."""

    line: int
    code: str
    missing: bool
    """Seen, and not demanded; else demanded, and not seen."""
    demand: Demand | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the runs say of one file."""

    runs: int
    borne: frozenset[tuple[int, str]]
    """The line and code of each report that some run shows."""
    disagreements: tuple[Disagreement, ...]
    unfinished: tuple[str, ...]
    """Functions that need more runs than there may be."""


@dataclass(slots=True)
class Tally:
    """How many lines with a report are seen to be at fault, by code, and which are not."""

    wanted: Counter[str] = field(default_factory=Counter)
    unseen: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, name: str, claims: Set[tuple[int, str]], unseen: Set[tuple[int, str]]) -> None:
        """The claims of a file, and those of them that no run has shown."""
        self.wanted.update(code for _, code in claims)
        for line, code in sorted(unseen):
            self.unseen[code].append(f"{name}:{line}")

    @property
    def confirmed(self) -> int:
        """How many lines are seen, of all codes together."""
        return sum(self.wanted.values()) - sum(map(len, self.unseen.values()))

    def __str__(self) -> str:
        """A line for each code that has a witness."""
        return "\n".join(map(self._line, sorted(set(self.wanted) - set(BY_LETTER))))

    def _line(self, code: str) -> str:
        unseen = self.unseen[code]
        count = f"{code}: {self.wanted[code] - len(unseen)} of {self.wanted[code]} lines are seen"
        return f"{count}; not {', '.join(unseen)}" if unseen else count


def with_claims() -> list[Path]:
    """The modules of projects that hold a report which a run can bear out."""
    paths = sorted((FIXTURES / "projects").rglob("*.py"))
    return [path for path in paths if {code for _, code in claims(path.read_text(encoding="utf-8"))} & ASKED]


def claims(text: str) -> list[tuple[int, str]]:
    """The line and code of each report that a module's comments demand."""
    lines = enumerate(text.splitlines(), 1)
    return [(number, code) for number, line in lines for code in _codes(line)]


def _codes(line: str) -> list[str]:
    return [code for found in ERROR.findall(line) for code in found.split()]


def not_run(text: str) -> str:
    """Why a file cannot be run, empty if it can."""
    oldest = OLDEST.search(text)
    if oldest and sys.version_info < (3, int(oldest["minor"])):
        return f"it needs Python 3.{oldest['minor']}"
    if needed := missing(text) or libraries.missing(text):
        return f"{needed} is not installed"
    found = NOT_RUN.search(text)
    return found["reason"] if found else ""


def exceptions(text: str) -> Iterator[tuple[int, str, str]]:
    """The lines that say why a rule and the runs differ on purpose: line, kind, reason."""
    for number, line in enumerate(text.splitlines(), 1):
        if found := EXCEPTION.search(line):
            yield number, found["name"], found["reason"].strip()


def unborne(path: Path) -> set[tuple[int, str]]:
    """The line and code of each report in a module of a project that no run of it bears out."""
    text = path.read_text(encoding="utf-8")
    wanted = [set(_codes(line)) for line in text.splitlines()]
    excused = {line for line, _, _ in exceptions(text)}
    missed = {each for each in _unborne(path, text, wanted, whole=False) if each[0] not in excused}
    if not any(code in BY_FUNCTION for _, code in missed):
        return missed
    again = set(_unborne(path, text, wanted, whole=True))
    return {each for each in missed if each[1] not in BY_FUNCTION or each in again}


def _unborne(path: Path, text: str, wanted: list[set[str]], *, whole: bool) -> Iterator[tuple[int, str]]:
    root = FIXTURES / "projects" / path.relative_to(FIXTURES / "projects").parts[0]
    place = Place(root, ".".join(path.relative_to(root).parts[:-1]), whole)
    with Program(text, f"<{path.relative_to(root)}>", project=place) as program, _forgotten_quietly():
        told = program.stories()
        lasting = set(last(program, told, text))
    yield from (each for each in claims(text) if each[1] in LASTING and each not in lasting)
    seen = {(each.line, each.code) for each in demands(story for each in told for story in each.told)}
    for stories in told:
        yield from unseen(stories, told, wanted)
        for line in range(stories.entry.line, stories.entry.last_line + 1):
            claimed = wanted[line - 1] & set(OF_PROJECTS)
            yield from ((line, code) for code in claimed if (line, code) not in seen)


def examine(text: str, filename: str) -> Outcome:
    """Runs a case and compares."""
    lines = text.splitlines()
    excused = {line for line, _, _ in exceptions(text)}
    with Program(text, f"<{filename}>") as program, _forgotten_quietly():
        told = program.stories()
        lasting = set(last(program, told, text))
    disagreements: list[Disagreement] = []
    borne = {each for each in claims(text) if each in lasting}
    seen = demands(story for each in told for story in each.told)
    for stories in told:
        for found in _compare(stories, told, seen, lines, excused):
            if isinstance(found, Disagreement):
                disagreements.append(found)
            else:
                borne.add(found)
    missed = (each for each in claims(text) if each[1] in LASTING and each not in lasting)
    disagreements += [Disagreement(line, code, False) for line, code in missed]
    unfinished = tuple(each.entry.name for each in told if not each.complete)
    runs = sum(len(each.told) for each in told)
    return Outcome(runs, frozenset(borne), tuple(disagreements), unfinished)


@contextmanager
def _forgotten_quietly() -> Iterator[None]:
    """What a case has forgotten to await or to close is collected at the end, without a warning."""
    logs = [logging.getLogger(name) for name in ("sqlalchemy.pool.impl.NullPool", "asyncio")]
    before = [each.disabled for each in logs]
    for each in logs:
        each.disabled = True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
            gc.collect()
    finally:
        for each, disabled in zip(logs, before, strict=True):
            each.disabled = disabled


def _compare(
    stories: Stories, told: list[Stories], seen: list[Demand], lines: list[str], excused: set[int]
) -> Iterator[Disagreement | tuple[int, str]]:
    """One item for each code at each line of a function: line and code where both sides say it."""
    for line in range(stories.entry.line, stories.entry.last_line + 1):
        wanted = set(_codes(lines[line - 1]))
        for demand in (each for each in seen if each.line == line):
            accepted = wanted & {demand.code, *demand.accepted}
            if accepted:
                wanted -= accepted
                yield from ((line, code) for code in accepted)
            elif not (line in excused or not demand.required or wanted & SPOKEN_FOR.get(demand.code, set())):
                yield Disagreement(line, demand.code, True, demand)
        for code in sorted(wanted & set(SEEN)):
            if line not in excused:
                yield Disagreement(line, code, False)
    yield from _further(stories, told, lines, excused)


def _further(
    stories: Stories, told: list[Stories], lines: list[str], excused: set[int]
) -> Iterator[Disagreement | tuple[int, str]]:
    """The same for the codes of `loud`."""
    wanted = [set(_codes(line)) for line in lines]
    missed = set(unseen(stories, told, wanted))
    for line in range(stories.entry.line, stories.entry.last_line + 1):
        for code in sorted(wanted[line - 1] & set(WITNESSED)):
            if (line, code) not in missed:
                yield line, code
    for line, code in sorted(missed):
        if line not in excused:
            yield Disagreement(line, code, False)
    for line, code in sorted(set(unwanted(stories, wanted))):
        if line not in excused:
            yield Disagreement(line, code, True)
