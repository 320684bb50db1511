"""The codes that the runs of a program demand, line by line.

The conventions are the rules' own: an opened session gets one code of SES101 to SES106, the first that
fits in the order 105, 106, 104, 101, 103, 102; a session that was closed and used again is SES206's
alone; a read that is SES201 in one run and SES202 in another is SES201. Where two
codes say the same thing a demand accepts either.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from tests.truth.notes import Ending, Fate, Sight, Written
from tests.truth.running import Story
from tests.truth.writes import Outcome

COMPARED = (
    "SES101", "SES102", "SES103", "SES104", "SES105", "SES106",
    "SES201", "SES202", "SES205", "SES206", "SES301", "SES302",
)
"""The codes whose every report and silence the runs decide."""

SEEN = (*COMPARED, "SES304", "SES305", "SES401")
"""And those of which only the cases are held against the runs: random programs hardly have them."""


@dataclass(frozen=True, slots=True)
class Demand:
    """A report that must be made, and the run that shows why."""

    line: int
    code: str
    story: Story
    accepted: tuple[str, ...] = ()
    """Other codes that would do."""
    required: bool = True
    """False where the linter cannot know: it may report and need not."""


def demands(told: Iterable[Story]) -> list[Demand]:
    """What the runs of a program's functions demand, by line and code."""
    told = list(told)
    found: dict[tuple[int, str], Demand] = {}
    for story in told:
        for sight in story.sights:
            if sight.code in SEEN:
                accepted = _just_as_good(sight)
                _keep(found, Demand(sight.line, sight.code, story, accepted, not sight.doubtful))
        for ending in story.endings:
            if ending.fate is Fate.REOPENED:
                demand = Demand(ending.line, "SES206", story, required=not ending.doubtful)
                _keep(found, demand)
    for line, code in list(found):
        if code == "SES202" and (line, "SES201") in found:
            del found[line, code]
    for demand in (*_unclosed(told), *_lost(told)):
        found[demand.line, demand.code] = demand
    return sorted(found.values(), key=lambda each: (each.line, each.code))


def _lost(told: Iterable[Story]) -> Iterable[Demand]:
    """The first change of each session that every calm run loses, and that no run keeps or takes back."""
    by_line: dict[tuple[int, int], list[tuple[Written, Story]]] = {}
    for story in told:
        for written in story.written:
            by_line.setdefault((written.opened, written.line), []).append((written, story))
    first: dict[int, Demand] = {}
    for (opened, line), all_of_it in sorted(by_line.items(), key=lambda each: each[0]):
        calm = [(written.outcome, story) for written, story in all_of_it if story.calm]
        settled = any(written.outcome in _SETTLED for written, _ in all_of_it)
        if calm and not settled and all(outcome in (Outcome.WAITING, Outcome.LOST) for outcome, _ in calm):
            first.setdefault(opened, Demand(line, "SES304", calm[0][1]))
    return first.values()


_SETTLED = (Outcome.KEPT, Outcome.TAKEN_BACK, Outcome.OUT_OF_SIGHT)


def _keep(found: dict[tuple[int, str], Demand], demand: Demand) -> None:
    """The first demand of its kind is kept, or the first that is required."""
    known = found.get((demand.line, demand.code))
    if known is None or (demand.required and not known.required):
        found[demand.line, demand.code] = demand


def _just_as_good(sight: Sight) -> tuple[str, ...]:
    """The codes that say as much. What was expired may have been found by a query, and unloaded still."""
    if sight.code == "SES302":
        return ("SES307",)
    return ("SES202",) if sight.code == "SES201" and sight.doubtful else ()


def _unclosed(told: Iterable[Story]) -> Iterable[Demand]:
    by_line: dict[int, list[tuple[Ending, Story]]] = {}
    for story in told:
        for ending in story.endings:
            by_line.setdefault(ending.opened, []).append((ending, story))
    for line, all_of_it in by_line.items():
        unclosed = [(ending, story) for ending, story in all_of_it if ending.fate is Fate.UNCLOSED]
        certain = [each for each in unclosed if not each[0].doubtful] or unclosed
        if unclosed:
            never = all(ending.fate is Fate.UNCLOSED for ending, _ in all_of_it)
            surely = [ending.fate for ending, _ in all_of_it if not ending.doubtful or never]
            demand = _opening(line, certain, never=set(surely) == {Fate.UNCLOSED})
            # What only doubtful runs show may be what fits first.
            perhaps = _opening(line, unclosed, never=never)
            accepted = tuple(sorted({*demand.accepted, perhaps.code, *perhaps.accepted} - {demand.code}))
            yield replace(demand, accepted=accepted, required=not certain[0][0].doubtful)


def _opening(line: int, unclosed: list[tuple[Ending, Story]], *, never: bool) -> Demand:
    """The one code for a construction; `never`: no run closes it or hands it on."""
    first = unclosed[0][1]
    if not any(ending.named for ending, _ in unclosed):
        return Demand(line, "SES105", first)
    for ending, story in unclosed:
        if ending.lent and (ending.thrown or never):
            return Demand(line, "SES106", story)
    for ending, story in unclosed:
        if ending.lost:
            return Demand(line, "SES104", story)
    if never:
        undisturbed = any(not ending.injected and not ending.derailed for ending, _ in unclosed)
        return Demand(line, "SES101", first, () if undisturbed else ("SES102", "SES103"))
    for ending, story in unclosed:
        if not ending.injected and not ending.derailed:
            accepted = ("SES102",) if story.how.startswith("raised") else ()
            return Demand(line, "SES103", story, accepted)
    for ending, story in unclosed:
        if not ending.injected:
            return Demand(line, "SES103", story, ("SES102",))
    return Demand(line, "SES102", first)
