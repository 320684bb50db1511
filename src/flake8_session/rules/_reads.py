"""What SES201 to SES204 share: one verdict for each read of a detached instance, the worst that fits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import partial

from flake8_session.diagnostics import Related, Span
from flake8_session.editing.plans import Plan
from flake8_session.facts.paths import told
from flake8_session.facts.reads import DetachedRead, detached_reads
from flake8_session.facts.solving import FunctionFacts, SessionFacts
from flake8_session.facts.spelling import attribute_of, within
from flake8_session.rules._ending import for_read
from flake8_session.typestate.focus import Focus
from flake8_session.typestate.worlds import Columns


class Verdict(IntEnum):
    """How a read of a detached instance ends, the worst first."""

    EXPIRED = 1
    UNLOADED = 2
    UNCERTAIN = 3
    LOADED = 4


@dataclass(frozen=True, slots=True)
class FoundRead:
    """A read with the place where it is reported and the path that leads there."""

    span: Span
    subject: str
    within: str
    """The function that reads it, if that is one which is called there."""
    whose: Focus
    """The session and the instance."""
    path: tuple[Related, ...]
    plan: Callable[[], Sequence[Plan]]


def verdicts(facts: FunctionFacts, wanted: Verdict) -> Iterator[FoundRead]:
    """The reads of the function that end in this way, each once."""
    chosen: dict[Span, tuple[Verdict, SessionFacts, DetachedRead]] = {}
    for session in facts.sessions:
        for read in detached_reads(session):
            verdict = _verdict(facts, read)
            if verdict is None:
                continue
            span = facts.step_span(read.step)
            if span not in chosen or verdict < chosen[span][0]:
                chosen[span] = (verdict, session, read)
    for span, (verdict, session, read) in chosen.items():
        if verdict is wanted:
            plan = partial(for_read, facts, session, read)
            subject = attribute_of(facts.frame, read.step, read.name, read.attribute)
            inside = within(facts.frame, read.step)
            path = told(facts, read.solved, read.path)
            yield FoundRead(span, subject, inside, read.solved.focus, path, plan)


def _verdict(facts: FunctionFacts, read: DetachedRead) -> Verdict | None:
    if read.loaded is False:
        return Verdict.EXPIRED if read.state.columns is Columns.EXPIRED else Verdict.UNLOADED
    if not read.state.explicit and facts.settings.detached != "strict":
        return None
    return Verdict.UNCERTAIN if read.loaded is None else Verdict.LOADED
