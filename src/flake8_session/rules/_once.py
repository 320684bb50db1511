"""One report for each place: of what is found of all sessions at one place, the first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

from flake8_session.diagnostics import Span
from flake8_session.facts.solving import FunctionFacts, SessionFacts


class _Placed(Protocol):
    @property
    def step(self) -> int: ...


Found = TypeVar("Found", bound=_Placed)


def once(
    facts: FunctionFacts, find: Callable[[SessionFacts], Iterable[Found]]
) -> Iterator[tuple[Span, SessionFacts, Found]]:
    """What `find` finds of the function's sessions, with its place and its session."""
    seen: set[Span] = set()
    for session in facts.sessions:
        for found in find(session):
            span = facts.step_span(found.step)
            if span not in seen:
                seen.add(span)
                yield span, session, found
