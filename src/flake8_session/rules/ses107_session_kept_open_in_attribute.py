"""
## What it does
Reports a session that a method opens and stores on `self`, where no method of the class closes what
is stored there.

A method that closes it, an `__exit__` or `__aexit__`, a `close()`, `stop()` or `__del__`, and handing
the close to a finalizer all count. A session that the class was given is not meant: whoever made it
closes it. This rule is off by default, since an application may well keep one session for as long
as it runs.

## Why is this bad?
Storing a session ends the duty of the function that opened it, and no other code takes the duty
over: the session lives as long as the object, mostly in one long transaction, and its connection is
missing from the pool for that time.

## Example

    from sqlalchemy import create_engine, text
    from sqlalchemy.orm import Session

    engine = create_engine("sqlite://")

    class Users:
        def __init__(self) -> None:
            self.session = Session(engine)

        def names(self) -> list[str]:
            return list(self.session.scalars(text("select name from users")).all())

Use instead:

    from sqlalchemy import create_engine, text
    from sqlalchemy.orm import Session

    engine = create_engine("sqlite://")

    class Users:
        def __init__(self) -> None:
            self.session = Session(engine)

        def names(self) -> list[str]:
            return list(self.session.scalars(text("select name from users")).all())

        def close(self) -> None:
            self.session.close()

## Fix safety
No fix is offered: who is to call the close is the author's decision.

## References
- SQLAlchemy, Session Basics: "When do I construct a Session, when do I commit it, and when do I
  close it?"
"""

from __future__ import annotations

from collections.abc import Iterator

from flake8_session.diagnostics import Diagnostic
from flake8_session.facts.circumstances import is_test
from flake8_session.facts.keeping import kept_in_attributes
from flake8_session.facts.solving import FunctionFacts
from flake8_session.rules._rule import Rule

RULE = Rule(
    code="SES107",
    name="session-kept-open-in-attribute",
    summary="a session is stored on an object, and no method closes it",
    default=False,
)


def check(facts: FunctionFacts) -> Iterator[Diagnostic]:
    """One report for each session that a method stores."""
    if is_test(facts) and not facts.settings.tests:
        return
    for found in kept_in_attributes(facts):
        message = f"nothing closes the session that is kept in `{found.attribute}`"
        yield RULE.at(facts, facts.step_span(found.step), message)
