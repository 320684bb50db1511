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
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.truth import libraries
from tests.truth.frameworks import missing
from tests.truth.loud import BY_FUNCTION, WITNESSED, unseen, unwanted
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
    confirmed: int
    disagreements: tuple[Disagreement, ...]
    unfinished: tuple[str, ...]
    """Functions that need more runs than there may be."""


def with_claims() -> list[Path]:
    """The modules of projects that hold a report which a run can bear out."""
    wanted = {*WITNESSED, *OF_PROJECTS}
    found = []
    for path in sorted((FIXTURES / "projects").rglob("*.py")):
        codes = {code for each in ERROR.findall(path.read_text(encoding="utf-8")) for code in each.split()}
        if codes & wanted:
            found.append(path)
    return found


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
    wanted = [{code for found in ERROR.findall(line) for code in found.split()} for line in text.splitlines()]
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
    seen = {(each.line, each.code) for each in demands(story for each in told for story in each.told)}
    for stories in told:
        yield from unseen(stories, wanted)
        for line in range(stories.entry.line, stories.entry.last_line + 1):
            claimed = wanted[line - 1] & set(OF_PROJECTS)
            yield from ((line, code) for code in claimed if (line, code) not in seen)


def examine(text: str, filename: str) -> Outcome:
    """Runs a case and compares."""
    lines = text.splitlines()
    excused = {line for line, _, _ in exceptions(text)}
    with Program(text, f"<{filename}>") as program, _forgotten_quietly():
        told = program.stories()
    disagreements: list[Disagreement] = []
    confirmed = 0
    seen = demands(story for each in told for story in each.told)
    for stories in told:
        found = list(_compare(stories, seen, lines, excused))
        confirmed += sum(each is None for each in found)
        disagreements += [each for each in found if each is not None]
    unfinished = tuple(each.entry.name for each in told if not each.complete)
    return Outcome(sum(len(each.told) for each in told), confirmed, tuple(disagreements), unfinished)


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
    stories: Stories, seen: list[Demand], lines: list[str], excused: set[int]
) -> Iterator[Disagreement | None]:
    """One item for each code at each line of a function: None where both sides say it."""
    for line in range(stories.entry.line, stories.entry.last_line + 1):
        wanted = {code for found in ERROR.findall(lines[line - 1]) for code in found.split()}
        for demand in (each for each in seen if each.line == line):
            accepted = wanted & {demand.code, *demand.accepted}
            if accepted:
                wanted -= accepted
                yield None
            elif not (line in excused or not demand.required or wanted & SPOKEN_FOR.get(demand.code, set())):
                yield Disagreement(line, demand.code, True, demand)
        for code in sorted(wanted & set(SEEN)):
            if line not in excused:
                yield Disagreement(line, code, False)
    yield from _further(stories, lines, excused)


def _further(stories: Stories, lines: list[str], excused: set[int]) -> Iterator[Disagreement | None]:
    """The same for the codes of `loud`."""
    wanted = [{code for found in ERROR.findall(line) for code in found.split()} for line in lines]
    missed = set(unseen(stories, wanted))
    for line in range(stories.entry.line, stories.entry.last_line + 1):
        for code in sorted(wanted[line - 1] & set(WITNESSED)):
            if (line, code) not in missed:
                yield None
    for line, code in sorted(missed):
        if line not in excused:
            yield Disagreement(line, code, False)
    for line, code in sorted(set(unwanted(stories, wanted))):
        if line not in excused:
            yield Disagreement(line, code, True)
