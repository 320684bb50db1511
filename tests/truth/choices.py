"""Every branch and every single failure of a function, depth first.

A *choice* is a question that the program leaves open (what `cond()` answers, how many `items()`
there are); it is answered by a number below its *arity*. A *point* is a place of a run where a failure
may be put; it offers one or more *variants* of it. A *script* settles a run beforehand: the first
answers (later ones are 0), and at most one point with a variant. Runs are repeatable: the same script
gives the same run, so points are known by their position in the run without a failure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

LONGEST = 400
"""Choices and points in one run; a run that asks for more is given up."""


class GivenUp(BaseException):
    """Ends a run that asks too much. Not an `Exception`, so that no program swallows it by accident."""


@dataclass(frozen=True, slots=True)
class Script:
    """What is settled before a run."""

    answers: tuple[int, ...] = ()
    point: int = -1
    variant: int = 0


@dataclass(slots=True)
class Point:
    """One place where a failure could have been put. `void`: on second thoughts it could not."""

    answered: int
    variants: int
    void: bool = False


@dataclass(slots=True)
class Trail:
    """Answers the questions of one run by its script, and keeps what was asked."""

    script: Script
    answers: list[int] = field(default_factory=list)
    arities: list[int] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)
    given_up: bool = False

    def choose(self, arity: int) -> int:
        """The answer to the next question, below `arity`."""
        if len(self.answers) + len(self.points) > LONGEST:
            self.given_up = True
            raise GivenUp
        position = len(self.answers)
        answer = self.script.answers[position] if position < len(self.script.answers) else 0
        self.answers.append(answer)
        self.arities.append(arity)
        return answer

    def point(self, variants: int) -> tuple[Point, int | None]:
        """A new point, and the variant of the failure that the script puts here, if it does."""
        if len(self.answers) + len(self.points) > LONGEST:
            self.given_up = True
            raise GivenUp
        point = Point(len(self.answers), variants)
        self.points.append(point)
        chosen = self.script.point == len(self.points) - 1
        return point, self.script.variant if chosen else None


def explore(run: Callable[[Trail], None], limit: int) -> Iterator[Trail | None]:
    """Runs every script; the trail of each run, or None at the end if `limit` runs were not enough."""
    waiting = [Script()]
    done = 0
    while waiting:
        if done >= limit:
            yield None
            return
        script = waiting.pop()
        trail = Trail(script)
        run(trail)
        done += 1
        waiting.extend(reversed(list(_next_scripts(trail))))
        yield trail


def _next_scripts(trail: Trail) -> Iterator[Script]:
    script = trail.script
    settled = len(script.answers)
    if script.point < 0:
        for position, point in enumerate(trail.points):
            if point.answered >= settled and not point.void:
                for variant in range(point.variants):
                    yield Script(tuple(trail.answers[: point.answered]), position, variant)
    for position in range(settled, len(trail.answers)):
        for answer in range(1, trail.arities[position]):
            yield Script((*trail.answers[:position], answer), script.point, script.variant)
