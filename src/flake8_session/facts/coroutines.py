"""Coroutines of asynchronous sessions that are never awaited, and ``with`` where ``async with`` is needed.

Both are asked of what a place *means*, and, where that says nothing, of what the solved function knows
of it. A parameter that may be of either kind is proven to be asynchronous only where an ``isinstance``
leaves no other choice.

A coroutine that is only used as if it were its result, ``session.execute(query).all()``, is dropped as well;
so is one that is handed on behind such a use alone, since that raises.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from flake8_session.facts.solving import FunctionFacts
from flake8_session.flow.events import (
    Bind,
    Call,
    Door,
    Enter,
    Event,
    Iter,
    Place,
    Read,
    Test,
    TestInstance,
)
from flake8_session.flow.ways import led_to, reached
from flake8_session.knowledge import factories, registries, sessions, transactions
from flake8_session.knowledge.words import Role
from flake8_session.linking.frames import Frame
from flake8_session.linking.meanings import (
    Borrowed,
    External,
    Made,
    Meaning,
    Member,
    Opening,
    Options,
    Registry,
)
from flake8_session.linking.places import operands

_CALLS = {**registries.ASYNC_SCOPED_SESSION, **sessions.ASYNC_SESSION}
_BEGINNING = frozenset({"begin", "begin_nested"})
_OF_COROUTINES = frozenset({"close", "send", "throw", "__await__"})


class Dropped(NamedTuple):
    """The call at `step` makes a coroutine of the session (or transaction) `place`, which nobody awaits."""

    step: int
    place: Place
    method: str


def dropped(facts: FunctionFacts) -> Iterator[Dropped]:
    """Every coroutine of an asynchronous session that is made, and that nobody can await."""
    frame = facts.frame
    renamed, takers = _renamed(frame), _takers(frame)
    for step, each in enumerate(frame.graph.steps):
        event = each.event
        if not isinstance(event, Call):
            continue
        receiver, method = _receiver(event)
        if _is_coroutine(facts, step, receiver, method):
            names = _names(renamed, event.result)
            taking = {taker for name in names for taker in takers.get(name, ())}
            if not taking or taking.isdisjoint(_survived(frame, step, names)):
                yield Dropped(step, receiver, method)


def sync_entries(facts: FunctionFacts) -> Iterator[int]:
    """The steps that enter an asynchronous session, or a ``begin()`` of one, by a plain ``with``."""
    for step, each in enumerate(facts.frame.graph.steps):
        event = each.event
        if isinstance(event, Enter) and not event.asynchronous:
            if _needs_async_with(facts, step, event.manager):
                yield step


def _renamed(frame: Frame) -> Mapping[Place, AbstractSet[Place]]:
    """The names that a place's value gets. To be named anew says nothing by itself."""
    renamed: dict[Place, set[Place]] = {}
    for step in frame.graph.steps:
        event = step.event
        if isinstance(event, Bind) and _stays_inside(frame, event.target):
            renamed.setdefault(event.source, set()).add(event.target)
    return renamed


def _takers(frame: Frame) -> Mapping[Place, Sequence[int]]:
    """The steps by which the value of a place goes where it may be awaited."""
    takers: dict[Place, list[int]] = {}
    for index, step in enumerate(frame.graph.steps):
        event = step.event
        if not (isinstance(event, Bind) and _stays_inside(frame, event.target)):
            for place in set(operands(event)) - set(_mistaken(event)):
                takers.setdefault(place, []).append(index)
    return takers


def _survived(frame: Frame, step: int, names: AbstractSet[Place]) -> frozenset[int]:
    """The steps that follow the call at `step`, unless a name of the coroutine is asked for what none has."""
    steps = frame.graph.steps
    certain = {name for name in names if name.startswith("%") or _is_only_bound_to(frame, name, names)}

    def is_open(here: int, door: Door) -> bool:
        if here == step:
            return door is Door.COMPLETED
        asked = steps[here].event
        return door is not Door.COMPLETED or not (
            isinstance(asked, Call | Read) and certain.intersection(_mistaken(asked))
        )

    return led_to(frame.graph, step, is_open)


def _is_only_bound_to(frame: Frame, name: Place, sources: AbstractSet[Place]) -> bool:
    events = (frame.graph.steps[index].event for index in frame.binders.get(name, ()))
    return all(isinstance(event, Bind) and event.source in sources for event in events)


def _stays_inside(frame: Frame, target: Place) -> bool:
    return not target.startswith("@") and target not in frame.graph.captured


def _mistaken(event: Event) -> Iterator[Place]:
    """What an event uses as if it were a result already: a coroutine refuses that, or is always true."""
    match event:
        case Call(_, _, receiver, method, arguments) if receiver and method not in _OF_COROUTINES:
            if all(argument.value != receiver for argument in arguments):
                yield receiver
        case Read(_, owner, attribute) if not attribute.startswith("cr_") and attribute not in _OF_COROUTINES:
            yield owner
        case Test(subject):
            yield subject
        case Iter(_, iterable, _):
            yield iterable


def _names(renamed: Mapping[Place, AbstractSet[Place]], place: Place) -> AbstractSet[Place]:
    found, pending = {place}, [place]
    while pending:
        for target in renamed.get(pending.pop(), ()):
            if target not in found:
                found.add(target)
                pending.append(target)
    return found


def _receiver(call: Call) -> tuple[Place, str]:
    if call.receiver:
        return call.receiver, call.method
    prefix, _, last = call.function.rpartition(".")
    return prefix, last


def _is_coroutine(facts: FunctionFacts, step: int, receiver: Place, method: str) -> bool:
    row = _CALLS.get(method)
    if not receiver or row is None or not row.awaited or method in _BEGINNING:
        return False
    if _is_asynchronous(facts, step, receiver, Role.SESSION):
        return True
    ending = transactions.ASYNC_TRANSACTION.get(method)
    if ending is None or not ending.awaited:
        return False
    return _holds(facts, step, receiver, Role.TRANSACTION, Role.SAVEPOINT)


def _needs_async_with(facts: FunctionFacts, step: int, manager: Place) -> bool:
    meaning = facts.frame.meaning(manager)
    if isinstance(meaning, Opening):
        return meaning.options.asynchronous
    if _is_asynchronous(facts, step, manager, Role.SESSION):
        return True
    made = facts.frame.made_by.get(manager)
    call = facts.frame.graph.steps[made].event if made is not None else None
    if made is None or not isinstance(call, Call):
        return False
    receiver, method = _receiver(call)
    return method in _BEGINNING and _is_asynchronous(facts, made, receiver, Role.SESSION)


def _is_asynchronous(facts: FunctionFacts, step: int, place: Place, role: Role) -> bool:
    """Whether `place` is an asynchronous session whenever `step` is reached."""
    if not place:
        return False
    meaning = facts.frame.meaning(place)
    if isinstance(meaning, Member) and meaning.name == "sync_session":
        return False
    options = _options(meaning)
    if options is not None and options.exits_unknown:
        return False
    if options is not None and options.asynchronous:
        return step not in _narrowed(facts.frame, place, asynchronous=False)
    if step in _narrowed(facts.frame, place, asynchronous=True):
        return True
    return options is None and _holds(facts, step, place, role)


def _options(meaning: Meaning) -> Options | None:
    return meaning.options if isinstance(meaning, Made | Borrowed | Registry) else None


def _holds(facts: FunctionFacts, step: int, place: Place, *roles: Role) -> bool:
    """Whether a solution for an asynchronous session knows `place` to hold that in front of `step`."""
    return any(
        (place, role) in world.names
        for session in facts.sessions
        if session.focus.options.asynchronous and not session.focus.options.exits_unknown
        for world in (session.alone.solution.before(step) if session.alone is not None else ())
        for role in roles
    )


def _narrowed(frame: Frame, place: Place, *, asynchronous: bool) -> frozenset[int]:
    """The steps that are reached only where an ``isinstance`` has decided which kind of session it is."""
    deciding = {
        index: door
        for index, step in enumerate(frame.graph.steps)
        if isinstance(step.event, TestInstance) and step.event.subject == place
        for door in _deciding_doors(frame, step.event, asynchronous)
    }
    if not deciding:
        return frozenset()
    reachable = reached(frame.graph, lambda step, door: True)
    return reachable - reached(frame.graph, lambda step, door: deciding.get(step) is not door)


def _deciding_doors(frame: Frame, test: TestInstance, asynchronous: bool) -> Iterator[Door]:
    """The door behind which the kind is certain: it is one of these; or it is none, and a session."""
    kinds = {_kind(frame.meaning(class_)) for class_ in test.classes}
    if kinds == {asynchronous}:
        yield Door.TRUE
    elif kinds == {not asynchronous} and isinstance(frame.meaning(test.subject), Borrowed):
        yield Door.FALSE


def _kind(meaning: Meaning) -> bool | None:
    """Whether a class is that of asynchronous sessions; None where it is no session class."""
    maker = factories.MAKERS.get(meaning.name) if isinstance(meaning, External) else None
    return maker.asynchronous if maker is not None and maker.makes is factories.Makes.SESSION else None
