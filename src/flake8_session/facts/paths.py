"""A path told in words: the places on the way to a fault where something happens to what is followed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from flake8_session.dataflow import Passage
from flake8_session.diagnostics import Related, Span
from flake8_session.facts.solutions import Solved
from flake8_session.facts.solving import FunctionFacts
from flake8_session.flow.events import Await, Catch, Door, Event, Iterate, Return, Yield
from flake8_session.typestate.sessions import is_open
from flake8_session.typestate.worlds import Columns, Kind, Life, Tie, Transaction, World

Path = Sequence[Passage[World]]


def told(facts: FunctionFacts, solved: Solved, path: Path, *, leaves: bool = False) -> tuple[Related, ...]:
    """The places of `path`, in order; with `leaves`, the last one is where the function is left."""
    related: list[Related] = []
    subject = _session_name(solved)
    for before, after in pairwise(path):
        for message in _happened(solved, before, after, subject):
            related.append(Related(facts.step_span(before.step), message))
    if leaves:
        leaving = _leaving(facts, solved, path)
        if leaving is not None:
            related.append(leaving)
    return _without_repeats(related)


def _happened(solved: Solved, before: Passage[World], after: Passage[World], subject: str) -> Iterator[str]:
    old, new = before.world, after.world
    if new.session is not None and (old.session is None or before.step == solved.focus.birth):
        if not solved.focus.gone:
            yield f"{subject} is opened here"
        elif new.instance is not None:
            given = "what this is given leaves" if solved.focus.takes else "what this gives comes"
            yield f"{given} without its session"
        return
    if new.spent and not old.spent:
        yield _may_raise(solved.graph.steps[before.step].event, new)
    yield from _session_happened(old, new, subject)
    yield from _instance_happened(solved, old, new, subject)
    if new.lost is not None and old.lost is None:
        yield f"{subject} loses its last name here"
    if isinstance(solved.graph.steps[before.step].event, Catch) and before.door == Door.TRUE:
        yield "the exception is caught here"


def _session_happened(old: World, new: World, subject: str) -> Iterator[str]:
    was, now = old.session, new.session
    if was is None or now is None:
        return
    if now.life is Life.CLOSED and was.life is not Life.CLOSED:
        yield f"{subject} is closed here"
    elif now.life is Life.REOPENED and was.life is not Life.REOPENED:
        yield f"{subject} is used again here"
    elif (
        new.instance is None
        and new.flight is None
        and was.transaction not in (Transaction.IDLE, Transaction.FAILED)
        and now.transaction is Transaction.IDLE
        and is_open(now)
    ):
        yield f"the transaction of {subject} ends here, which gives the connection back"


def _instance_happened(solved: Solved, old: World, new: World, subject: str) -> Iterator[str]:
    was, now = old.instance, new.instance
    if now is None:
        return
    name = _quoted(solved.instance_place(new) or solved.instance_place(old)) or "the instance"
    if was is None:
        expired = ", which has expired," if now.columns is Columns.EXPIRED else ""
        moved = f"{name}{expired} goes over to {subject} here"
        yield moved if solved.focus.comes_from is not None else f"{name} comes from here"
        return
    if was.columns is not Columns.EXPIRED and now.columns is Columns.EXPIRED:
        if new.session is not None and new.session.transaction is Transaction.FAILED:
            yield f"the failure expires {name}"
        else:
            yield f"{name} is expired here"
    if was.tie is not Tie.DETACHED and now.tie is Tie.DETACHED:
        closed = new.session is not None and new.session.life is Life.CLOSED
        if not (closed and old.session is not None and old.session.life is not Life.CLOSED):
            yield f"{name} is detached here"


def _may_raise(event: Event, world: World) -> str:
    flight = world.flight
    if isinstance(event, Yield):
        return "the generator may be closed, or thrown into, here"
    if flight is not None and flight.kind is Kind.INTERRUPTED and isinstance(event, Await | Iterate):
        return "may be cancelled here"
    return "may raise here"


def _leaving(facts: FunctionFacts, solved: Solved, path: Path) -> Related | None:
    end = path[-1].step
    if len(path) < 2:
        return None
    if end == solved.graph.raised:
        return Related(facts.step_span(path[-2].step), "the exception leaves the function here")
    for passage in reversed(path):
        if isinstance(solved.graph.steps[passage.step].event, Return):
            return Related(facts.step_span(passage.step), "the function returns here")
    return Related(_end(facts.step_span(path[-2].step)), "the function ends here")


def _end(span: Span) -> Span:
    return span


def _without_repeats(related: Sequence[Related]) -> tuple[Related, ...]:
    return tuple(dict.fromkeys(related))


def _session_name(solved: Solved) -> str:
    return _quoted(solved.place) or "the session"


def _quoted(name: str) -> str:
    return f"`{name}`" if name else ""
