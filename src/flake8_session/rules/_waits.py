"""What SES403 and SES404 share: one report for each read that cannot wait for the database."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from flake8_session.diagnostics import Diagnostic, Span
from flake8_session.facts.paths import told
from flake8_session.facts.solving import FunctionFacts
from flake8_session.facts.spelling import attribute_of, within
from flake8_session.facts.waits import Wait, waits
from flake8_session.rules._loading import for_wait
from flake8_session.rules._rule import Rule


def reports(rule: Rule, facts: FunctionFacts, *, expired: bool, problem: str) -> Iterator[Diagnostic]:
    """The reads of what was known and has to be fetched again, or of what was never loaded."""
    chosen: dict[Span, Wait] = {}
    for session in facts.sessions:
        for found in waits(session):
            span = facts.step_span(found.step)
            if span not in chosen or (found.expired and not chosen[span].expired):
                chosen[span] = found
    for span, found in chosen.items():
        if found.expired is expired:
            inside = within(found.solved.frame, found.step)
            message = f"{_subject(found)} {problem}; reading it{inside} raises MissingGreenlet"
            plan = partial(for_wait, facts, found)
            yield rule.at(facts, span, message, told(facts, found.solved, found.path), plan)


def _subject(found: Wait) -> str:
    if not found.attribute:
        return f"an attribute of `{found.name}`" if found.name else "an attribute of the instance"
    return attribute_of(found.solved.frame, found.step, found.name, found.attribute)
