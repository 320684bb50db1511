"""
## What it does
Reports a generator that lends a session, such as the `get_db` of a web application, when it is driven
by hand without a name: `next(get_db())` or `await anext(get_db())`, where the session is used and on
some way not closed by hand; and `async for session in get_db()` that is left by `return`, `break` or
an exception. A session that is stored on an object, or in a name of the module, counts where methods or
functions of the module use it and none closes it.

A generator that has a name is not meant, since it ends with the function, and neither is an ordinary
`for`. `session = next(get_db())` with a `session.close()` in a `finally` is clean.

## Why is this bad?
Nothing but the expression itself refers to the generator, so it is collected as soon as `next()`
returns: its `finally` closes the session *before* the first use. That use quietly reopens the
session, and now nothing is left to close it. An asynchronous generator that is left early is closed
by the event loop at some later time, if the loop still runs then.

## Example

    from collections.abc import Iterator
    from sqlalchemy import create_engine, text
    from sqlalchemy.orm import Session

    engine = create_engine("sqlite://")

    def get_db() -> Iterator[Session]:
        with Session(engine) as session:
            yield session

    def nightly_report() -> int:
        session = next(get_db())
        return session.scalar(text("select count(*) from users"))

Use instead:

    from collections.abc import Iterator
    from contextlib import contextmanager
    from sqlalchemy import create_engine, text
    from sqlalchemy.orm import Session

    engine = create_engine("sqlite://")

    def get_db() -> Iterator[Session]:
        with Session(engine) as session:
            yield session

    def nightly_report() -> int:
        with contextmanager(get_db)() as session:
            return session.scalar(text("select count(*) from users"))

## Fix safety
Unsafe: `with contextlib.contextmanager(get_db)() as session:` lets the clean-up of the generator,
a commit perhaps, run after the work instead of before it. Of an `async for` it makes an `async with`,
which runs the clean-up as soon as it is left; there is no fix where the loop has an `else`, a `break`
or a `continue` of its own.

## References
- Python Language Reference: "Generator-iterator methods", `generator.close`
- FastAPI, "Dependencies with yield"
- SQLAlchemy, Session Basics: "Closing"
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from flake8_session.diagnostics import Diagnostic
from flake8_session.editing.plans import EnterLoop, Plan
from flake8_session.facts.circumstances import is_test
from flake8_session.facts.generators import Driven, driven_by_hand
from flake8_session.facts.keeping import kept_from_generators
from flake8_session.facts.paths import told
from flake8_session.facts.solving import FunctionFacts
from flake8_session.rules._enclosing import enclosing
from flake8_session.rules._rule import Rule, quoted

RULE = Rule(
    code="SES110",
    name="generator-dependency-driven-by-hand",
    summary="a generator that lends a session is driven by hand, and nothing closes the session",
    fixable="unsafe",
)


_CLOSED = "{name} is closed before its first use, as nothing holds the generator; the use opens it again"
_SOONER = "the clean-up of the generator runs as soon as the block is left then"


def check(facts: FunctionFacts) -> Iterator[Diagnostic]:
    """One report for each call of such a generator."""
    if is_test(facts) and not facts.settings.tests:
        return
    kept = {each.step: each for each in kept_from_generators(facts)}
    for session in facts.sessions:
        found = driven_by_hand(session)
        if found is not None and found.step not in kept:
            path = told(facts, found.solved, found.path, leaves=True)
            plan = partial(_entering, facts, found)
            yield RULE.at(facts, facts.step_span(found.step), _message(found), path, plan)
    for step, each in kept.items():
        yield RULE.at(facts, facts.step_span(step), _CLOSED.format(name=f"`{each.attribute}`"))


def _entering(facts: FunctionFacts, found: Driven) -> Sequence[Plan]:
    """A context manager of the generator, in a ``with``."""
    if found.loop:
        origin = facts.frame.graph.steps[found.step].origin
        return (EnterLoop(origin, "asynccontextmanager", doubts=(_SOONER,)),)
    driver = "asynccontextmanager" if found.solved.focus.options.asynchronous else "contextmanager"
    return enclosing(facts, found.solved, driver=driver)


def _message(found: Driven) -> str:
    name = quoted(found.solved.place, "the session")
    if found.loop:
        return f"when this loop is left early, {name} is closed at some later time, if at all"
    return _CLOSED.format(name=name)
