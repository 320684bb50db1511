"""The plans for queries and results that are read after their session: read them before it ends."""

from __future__ import annotations

from flake8_session.editing.plans import EndLater, Plan, ReadAll
from flake8_session.facts.ends import call_origin, closing, is_pending
from flake8_session.facts.solving import FunctionFacts, SessionFacts
from flake8_session.facts.uses import LateRead, Reuse
from flake8_session.flow.events import Bind, Call, Define, Event, Iter, Iterate, Read, Return
from flake8_session.knowledge.words import Role
from flake8_session.rules._ending import doubts

_WHOLE = "it reads every row into memory, and gives another type"
_WORKS = "what opened the session anew becomes part of its transaction"


def for_late_read(facts: FunctionFacts, session: SessionFacts, found: LateRead | Reuse) -> tuple[Plan, ...]:
    """``.all()`` behind what made the query or result, or its reading before the session ends."""
    step = facts.frame.graph.steps[found.step]
    source = step.event.value if isinstance(step.event, Return) else _source(step.event)
    plans: list[Plan] = []
    origin = _made_once(facts, source)
    if origin is not None and _is_only_iterated(facts, source):
        plans.append(ReadAll(origin, _is_stream(found), doubts=(_WHOLE,)))
    end = closing(found.solved, found.path)
    if end is not None:
        against = (*doubts(session, end), _WORKS)
        site = call_origin(found.solved, end)
        plans.append(EndLater(site, (step.origin,), flushes=is_pending(session, end), doubts=against))
    return tuple(plans)


def _is_stream(found: LateRead | Reuse) -> bool:
    """Whether what is read late must be waited for."""
    roles = {role for passage in found.path for _, role in passage.world.names}
    return Role.STREAM in roles or Role.STREAM_SCALARS in roles


def _is_only_iterated(facts: FunctionFacts, place: str) -> bool:
    """Whether a list may stand in for it: nothing calls a method of it, or waits for its elements."""
    places = {place}
    steps = facts.frame.graph.steps
    for step in steps:
        if isinstance(step.event, Bind) and (step.event.target in places or step.event.source in places):
            places |= {step.event.target, step.event.source}
        if isinstance(step.event, Iter) and step.event.result in places:
            places.add(step.event.iterable)
    return not any(_needs_more(step.event, places) for step in steps)


def _needs_more(event: Event, places: set[str]) -> bool:
    match event:
        case Call(receiver=place) | Read(_, place, _):
            return place in places
        case Iterate(_, place, asynchronous):
            return asynchronous and place in places
    return False


def _made_once(facts: FunctionFacts, place: str) -> int | None:
    """The origin of the one expression that makes what `place` holds."""
    steps = facts.frame.graph.steps
    for _ in range(4):
        if place.startswith("%"):
            made_at = facts.frame.made_by.get(place)
            if made_at is None:
                return _defined_at(facts, place)
            event = steps[made_at].event
            if isinstance(event, Iter):
                place = event.iterable
                continue
            return steps[made_at].origin
        sources = {
            step.event.source for step in steps if isinstance(step.event, Bind) and step.event.target == place
        }
        if len(sources) != 1:
            return None
        place = sources.pop()
    return None


def _defined_at(facts: FunctionFacts, place: str) -> int | None:
    """The origin of a generator expression."""
    for step in facts.frame.graph.steps:
        if isinstance(step.event, Define) and step.event.target == place and step.event.lazy:
            return step.origin
    return None


def _source(event: Event) -> str:
    for name in ("iterator", "iterable", "receiver", "object", "value"):
        place = getattr(event, name, "")
        if place:
            return str(place)
    arguments = getattr(event, "arguments", ())
    return arguments[0].value if arguments else ""
