"""What the rules of SES1xx share: which leaks are reported, and how they are worded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from flake8_session.diagnostics import Related, Span
from flake8_session.editing.plans import Plan
from flake8_session.facts.circumstances import is_one_shot, is_process_wide, is_test
from flake8_session.facts.paths import told
from flake8_session.facts.solving import FunctionFacts
from flake8_session.facts.unclosed import Leak, Unclosed, constructions, is_taken_out, leak
from flake8_session.rules._enclosing import enclosing


@dataclass(frozen=True, slots=True)
class FoundLeak:
    """A leak with the place where it is reported: the call that opens the session."""

    leak: Leak
    span: Span
    path: tuple[Related, ...]
    plan: Callable[[], Sequence[Plan]]


def leaks(facts: FunctionFacts, how: Unclosed) -> Iterator[FoundLeak]:
    """The sessions of the function that are left open in this way, where that is to be reported."""
    if is_test(facts) and not facts.settings.tests:
        return
    one_shot = facts.settings.one_shot and is_one_shot(facts)
    if one_shot and how is Unclosed.ON_ERROR:
        return
    for session, *copies in constructions(facts.sessions):
        found = leak(session, *copies)
        if found is None or found.how is not how or is_process_wide(facts, session):
            continue
        span = facts.step_span(found.step)
        path = told(facts, found.solved, found.path, leaves=True)
        yield FoundLeak(found, span, path, partial(_plan, facts, found))


def _plan(facts: FunctionFacts, found: Leak) -> Sequence[Plan]:
    """What closes the session on every way out.

    Nothing for that of a registry, which is not opened here, and for one that comes in a tuple.
    """
    birth = found.solved.focus.birth
    if birth < 0 or is_taken_out(found.solved):
        return ()
    return enclosing(facts, found.solved, found.how)


def subject(found: FoundLeak) -> str:
    """What the message calls the session."""
    return f"`{found.leak.solved.place}`" if found.leak.solved.place else "this session"


def connection(found: FoundLeak) -> str:
    """Whether the pool misses a connection at the end of the path."""
    if found.leak.holds_connection:
        return "its connection may still be checked out"
    return "no connection is held at the end, but its instances stay attached to it"


def one_shot_note(facts: FunctionFacts) -> str:
    """Says so where the process ends with the function anyway."""
    return " (until the process ends)" if is_one_shot(facts) else ""
