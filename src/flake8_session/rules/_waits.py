"""What SES403 and SES404 share: one report for each read that cannot wait for the database."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import pairwise

from flake8_session.diagnostics import Diagnostic, Span
from flake8_session.facts.circumstances import is_test
from flake8_session.facts.paths import told
from flake8_session.facts.solving import FunctionFacts
from flake8_session.facts.spelling import attribute_of, within
from flake8_session.facts.waits import Wait, waits
from flake8_session.flow.events import Call
from flake8_session.linking.meanings import FunctionAt
from flake8_session.rules._loading import for_wait
from flake8_session.rules._rule import Rule
from flake8_session.typestate.worlds import Columns, World


def reports(rule: Rule, facts: FunctionFacts, *, expired: bool, problem: str) -> Iterator[Diagnostic]:
    """The reads of what was known and has to be fetched again, or of what was never loaded."""
    chosen: dict[Span, Wait] = {}
    test = is_test(facts) and not facts.settings.tests
    for session in facts.sessions:
        for found in waits(session):
            if test and _is_expired_in_a_callee(found):
                continue
            span = facts.step_span(found.step)
            if span not in chosen or (found.expired and not chosen[span].expired):
                chosen[span] = found
    for span, found in chosen.items():
        if found.expired is expired:
            inside = within(found.solved.frame, found.step)
            message = f"{_subject(found)} {problem}; reading it{inside} raises MissingGreenlet"
            plan = partial(for_wait, facts, found)
            yield rule.at(facts, span, message, told(facts, found.solved, found.path), plan)


def _is_expired_in_a_callee(found: Wait) -> bool:
    """Whether a function in sight has expired the instance.

    Where it always does so, a test that reads the instance cannot pass. Where only a failure leads there, the
    test knows what it lets its callees meet.
    """
    frame = found.solved.frame
    for before, after in pairwise(found.path):
        if _is_expired(after.world) and not _is_expired(before.world):
            called = frame.called(before.step)
            return isinstance(called, Call) and isinstance(frame.callee(called), FunctionAt)
    return False


def _is_expired(world: World) -> bool:
    return world.instance is not None and world.instance.columns is Columns.EXPIRED


def _subject(found: Wait) -> str:
    if not found.attribute:
        return f"an attribute of `{found.name}`" if found.name else "an attribute of the instance"
    return attribute_of(found.solved.frame, found.step, found.name, found.attribute)
