"""What SES405 and SES406 share: one report for each call that starts something with the session."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from flake8_session.diagnostics import Diagnostic, Related, Span
from flake8_session.facts.sharing import Shared, shared
from flake8_session.facts.solving import FunctionFacts
from flake8_session.facts.starts import Runs
from flake8_session.rules._rule import Rule


def reports(
    rule: Rule, facts: FunctionFacts, kinds: tuple[Runs, ...], message: Callable[[Shared], str]
) -> Iterator[Diagnostic]:
    """The starts of these kinds, each with the place where the session is used as well."""
    seen: set[Span] = set()
    for session in facts.sessions:
        for found in shared(session, facts.settings.fastapi_version):
            span = facts.step_span(found.step)
            if found.runs in kinds and span not in seen:
                seen.add(span)
                yield rule.at(facts, span, message(found), tuple(_also(facts, found)))


def _also(facts: FunctionFacts, found: Shared) -> Iterator[Related]:
    if found.other is not None and found.other != found.solved.graph.returned:
        yield Related(facts.step_span(found.other), "the session is used here as well")
