"""
## What it does
Reports a `scoped_session` that is used in a module where nothing calls its `remove()`, and that no
framework in sight removes either. To configure a registry, or to take its `query_property()`, is no use
of it. This rule is off by default: the call may stand in another module.

## Why is this bad?
A registry gives every caller of one thread, or of one scope, the same session, and keeps it until
`remove()` is called. Without it the session of one request goes over to the next: with its open
transaction, its old rows, and, after an error, its failed state. `close()` alone leaves the session
in the registry, with the settings that it was made with.

## Example

    from sqlalchemy import create_engine, text
    from sqlalchemy.orm import scoped_session, sessionmaker

    Session = scoped_session(sessionmaker(create_engine("sqlite://")))

    def handle_request() -> list[str]:
        return list(Session.scalars(text("select name from users")).all())

Use instead:

    from sqlalchemy import create_engine, text
    from sqlalchemy.orm import scoped_session, sessionmaker

    Session = scoped_session(sessionmaker(create_engine("sqlite://")))

    def handle_request() -> list[str]:
        try:
            return list(Session.scalars(text("select name from users")).all())
        finally:
            Session.remove()

## Fix safety
No fix is offered: where a scope ends is known to the application only.

## References
- SQLAlchemy, Contextual/Thread-local Sessions: "Using Thread-Local Scope with Web Applications"
- SQLAlchemy, Contextual Session API: "scoped_session.remove"
"""

from __future__ import annotations

from collections.abc import Iterator

from flake8_session.diagnostics import Diagnostic
from flake8_session.facts.circumstances import is_test
from flake8_session.facts.keeping import never_removed
from flake8_session.facts.solving import FunctionFacts
from flake8_session.rules._rule import Rule

RULE = Rule(
    code="SES108",
    name="scoped-session-never-removed",
    summary="a registry is used in a module that never calls its `remove()`",
    default=False,
)


def check(facts: FunctionFacts) -> Iterator[Diagnostic]:
    """One report for each registry, where it is made."""
    if is_test(facts) and not facts.settings.tests:
        return
    for step in never_removed(facts):
        message = "nothing in this module calls `remove()` of the registry that it makes and uses"
        yield RULE.at(facts, facts.step_span(step), message)
