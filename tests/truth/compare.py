"""The linter and the runs held against each other, program by program.

`missed`: a run shows the fault and the linter is silent. `false`: the linter reports what no run shows.
A program that needs more runs than there may be says nothing either way and is counted apart.
"""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from flake8_session.checker import check_source
from flake8_session.diagnostics import Diagnostic
from tests.truth.running import Program, Stories, Story
from tests.truth.verdicts import COMPARED, Demand, demands

RUNS = 1_500
"""Runs of one function of a random program; the few that need more are counted apart."""


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One line and code on which the two sides differ: `demand` or `report` is missing."""

    line: int
    code: str
    demand: Demand | None
    report: Diagnostic | None
    others: tuple[str, ...] = ()
    """What the linter says instead on that line."""

    @property
    def kind(self) -> str:
        return "missed" if self.report is None else "false"

    @property
    def key(self) -> tuple[str, str]:
        return self.kind, self.code


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one program has shown."""

    text: str
    runs: int
    finished: bool
    met: tuple[str, ...] = ()
    """The codes on which both sides agree, once for each line."""
    disagreements: tuple[Disagreement, ...] = ()
    crash: str = ""
    """The linter's own failure."""
    unbound_late: bool = False
    """The same, after a failure too."""
    unreached: int = 0
    """Reports on statements that no run comes to, since what stands before them always raises."""
    left_open: Counter[str] = field(default_factory=Counter)
    """The codes that only doubtful runs demand, which the linter may report and need not."""
    misused: str = ""
    """The error by which SQLAlchemy refuses something that is not compared here, in a run without failure."""
    unbound: bool = False
    """In some run a name had no value, though nothing had failed before: no program that anybody runs."""


@dataclass(slots=True)
class Table:
    """Sums over many programs."""

    programs: int = 0
    unfinished: int = 0
    unbound: int = 0
    misused: int = 0
    unreached: int = 0
    left_open: Counter[str] = field(default_factory=Counter)
    crashes: int = 0
    runs: int = 0
    with_code: Counter[str] = field(default_factory=Counter)
    met: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    false: Counter[str] = field(default_factory=Counter)

    def add(self, verdict: Verdict) -> None:
        self.programs += 1
        self.runs += verdict.runs
        left_out = verdict.unbound or verdict.misused
        self.unfinished += not verdict.finished and not left_out
        self.misused += bool(verdict.misused)
        self.unreached += verdict.unreached
        self.left_open.update(verdict.left_open)
        self.unbound += verdict.unbound
        self.crashes += bool(verdict.crash)
        self.met.update(verdict.met)
        missed = [each.code for each in verdict.disagreements if each.kind == "missed"]
        self.missed.update(missed)
        self.false.update(each.code for each in verdict.disagreements if each.kind == "false")
        self.with_code.update({*verdict.met, *missed})

    def recall(self, code: str) -> float:
        witnesses = self.met[code] + self.missed[code]
        return self.met[code] / witnesses if witnesses else 1.0

    def precision(self, code: str) -> float:
        reports = self.met[code] + self.false[code]
        return self.met[code] / reports if reports else 1.0

    def __str__(self) -> str:
        lines = ["code    programs  witnesses  missed  false  recall  precision"]
        lines += [
            f"{code}  {self.with_code[code]:8}  {self.met[code] + self.missed[code]:9}  {self.missed[code]:6}"
            f"  {self.false[code]:5}  {self.recall(code):6.4f}  {self.precision(code):9.4f}"
            for code in COMPARED
        ]
        lines.append(
            f"{self.programs} programs, {self.runs} runs; {self.unfinished} needed more than {RUNS} runs"
            f", {self.unbound} read a name without a value, {self.misused} do what SQLAlchemy refuses"
            f" for reasons that are not compared: left out. The linter failed on {self.crashes}."
            f" {self.unreached} reports stand on statements that no run comes to"
        )
        left_open = ", ".join(f"{code} ({self.left_open[code]})" for code in COMPARED if self.left_open[code])
        lines.append(f"left open by the runs, told or not, and no witnesses: {left_open or 'nothing'}")
        return "\n".join(lines)


def examine(text: str) -> Verdict:
    """Runs a program in every way, lints it, and compares."""
    with Program(text) as program:
        told = program.stories(RUNS)
    runs = sum(len(each.told) for each in told)
    unbound = any(story.unbound for each in told for story in each.told)
    misused = next((story.misused for each in told for story in each.told if story.misused), "")
    if unbound or misused or not all(each.complete for each in told):
        return Verdict(text, runs, finished=False, unbound=unbound, misused=misused)
    try:
        reports = check_source(text)
    except Exception:
        return Verdict(text, runs, finished=True, crash=traceback.format_exc(limit=-3))
    wanted = _compared(told)
    if _unfounded(wanted, reports):
        # A fault may need one more turn of a loop than two.
        with Program(text, turns=3) as program:
            deeper = program.stories(RUNS * 2)
        if not all(each.complete for each in deeper):
            return Verdict(text, runs, finished=False)
        wanted = _compared(deeper)
    reached = [each for each in reports if each.span.line in program.reached]
    met, disagreements = _match(wanted, [each for each in reached if _counts(each)])
    unreached = sum(_counts(each) for each in reports) - sum(_counts(each) for each in reached)
    late = any(story.unbound_late for each in told for story in each.told)
    left_open = Counter(each.code for each in wanted if not each.required)
    return Verdict(
        text,
        runs,
        finished=True,
        met=tuple(met),
        disagreements=tuple(disagreements),
        unbound_late=late,
        unreached=unreached,
        left_open=left_open,
    )


def _compared(told: Iterable[Stories]) -> list[Demand]:
    found = demands(story for each in told for story in each.told)
    return [each for each in found if each.code in COMPARED]


def _unfounded(wanted: list[Demand], reports: list[Diagnostic]) -> bool:
    asked = {(each.line, code) for each in wanted for code in (each.code, *each.accepted)}
    return any(each.code in COMPARED and (each.span.line, each.code) not in asked for each in reports)


def _counts(report: Diagnostic) -> bool:
    return report.code in COMPARED or report.code == "SES307"


def _match(wanted: list[Demand], reports: list[Diagnostic]) -> tuple[list[str], list[Disagreement]]:
    by_line: dict[tuple[int, str], Diagnostic] = {}
    for report in reports:
        by_line.setdefault((report.span.line, report.code), report)
    met: list[str] = []
    missed: list[Demand] = []
    for demand in wanted:
        for code in (demand.code, *demand.accepted):
            if by_line.pop((demand.line, code), None) is not None:
                met += [demand.code] * demand.required
                break
        else:
            missed += [demand] * demand.required
    said: dict[int, tuple[str, ...]] = {}
    for report in reports:
        said[report.span.line] = (*said.get(report.span.line, ()), report.code)
    disagreements = [
        Disagreement(each.line, each.code, each, None, said.get(each.line, ())) for each in missed
    ]
    asked: dict[int, tuple[str, ...]] = {}
    for demand in wanted:
        asked[demand.line] = (*asked.get(demand.line, ()), demand.code)
    disagreements += [
        Disagreement(line, code, None, report, asked.get(line, ()))
        for (line, code), report in by_line.items()
        if code in COMPARED
    ]
    return met, disagreements


def describe(verdict: Verdict, found: Disagreement) -> str:
    """The program, the run that shows the fault and the linter's path, for a person to judge."""
    interesting = verdict.text.find("\ndef function")
    start = verdict.text.count("\n", 0, max(0, interesting - 200)) if interesting >= 0 else 0
    lines = [f"--- {found.code} {found.kind} at line {found.line}"]
    lines += [
        f"{number:4}{'>' if number == found.line else ' '} {line}"
        for number, line in enumerate(verdict.text.splitlines(), 1)
        if number > start and not line.startswith(("import ", "from "))
    ]
    if found.demand is not None:
        lines += ["run:    " + each for each in tell(found.demand.story)]
        lines += [f"linter: silent here; says on this line: {' '.join(found.others) or 'nothing'}"]
    if found.report is not None:
        lines += [f"linter: {found.report.message}"]
        lines += [f"linter:   line {each.span.line}: {each.message}" for each in found.report.path]
        lines += [f"run:    none shows it; runs demand on this line: {' '.join(found.others) or 'nothing'}"]
    return "\n".join(lines)


def tell(story: Story) -> Iterator[str]:
    """A run in words."""
    answers = " ".join(map(str, story.answers))
    yield f"answers {answers or 'none'}; " + (
        f"{story.injected}, line {story.injected_line}" if story.injected else "no failure"
    )
    for sight in story.sights:
        yield f"{sight.code} seen at line {sight.line}"
    for ending in story.endings:
        yield f"session of line {ending.line}: {ending.fate.value}"
    yield story.how
