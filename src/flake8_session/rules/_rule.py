"""A rule as a value: its code, its name, its page, and the function that asks the facts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from flake8_session.diagnostics import Diagnostic, Related, Span
from flake8_session.editing.plans import Plan
from flake8_session.facts.solving import FunctionFacts

Check = Callable[[FunctionFacts], Iterator[Diagnostic]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    `name` names the bad pattern. `summary` is one line for lists. `default`: on unless it is asked
    for. `fixable`: "safe", "unsafe" or "" for the best fix that it may offer. `page` is the text of
    its documentation, from the docstring of its module.
    """

    code: str
    name: str
    summary: str
    default: bool = True
    fixable: str = ""
    page: str = field(default="", repr=False)

    def at(
        self,
        facts: FunctionFacts,
        span: Span,
        message: str,
        path: tuple[Related, ...] = (),
        plan: Callable[[], Sequence[Plan]] | None = None,
    ) -> Diagnostic:
        """A report of this rule; `plan` works out what would mend it, once somebody wants to know."""
        return Diagnostic(span, self.code, self.name, message, path, facts.qualname, plan=plan)


def quoted(name: str, otherwise: str) -> str:
    """A name as it stands in messages, or words for what has none."""
    return f"`{name}`" if name else otherwise
