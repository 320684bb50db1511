"""Which places are still read behind a step: what a world need not remember is forgotten exactly there.

Two questions are answered. *Live*: some later step reads the place before it is bound anew.
*Asked*: some later test asks about its value, directly or by a name that it is bound to; so does every
use of a name that is deleted or bound to None somewhere, every loop over one that is bound to an empty
display and to something else, or over an attribute, and every call that a flag is given on to.
Captured variables of a closure are read wherever the closure may run, so they stay live throughout.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from flake8_session.flow.events import (
    Await,
    Bind,
    Call,
    Catch,
    Define,
    Delete,
    EndCatch,
    Enter,
    Event,
    Import,
    Iter,
    Iterate,
    Place,
    Test,
    TestSame,
    Unpack,
)
from flake8_session.flow.graph import Graph
from flake8_session.flow.questions import may_change
from flake8_session.linking.emptiness import emptied, looped
from flake8_session.linking.places import operands


class Liveness:
    """Computed once per graph, backwards, to a fixpoint."""

    def __init__(self, graph: Graph, flags: frozenset[Place] = frozenset()) -> None:
        """`flags`: the parameters of which a function asks to which they are given on."""
        always = frozenset(
            place
            for step in graph.steps
            if isinstance(step.event, Define)
            for place in (*step.event.captures, *step.event.writes)
        )
        made = {getattr(step.event, "result", ""): step.event for step in graph.steps}
        reads = [_reads(step.event, made) for step in graph.steps]
        self._live = [live | always for live in _backwards(graph, reads, carry=False)]
        gone = frozenset(_gone(graph))
        looped = frozenset(_looped(graph))
        asks = [_asks(step.event, gone, looped) for step in graph.steps]
        if flags:
            asks = [
                asked | _given_on(step.event, made, flags)
                for step, asked in zip(graph.steps, asks, strict=True)
            ]
        questions = sorted({place for asked in asks for place in asked if place[0] in "?!"})
        self._asked = _backwards(graph, asks, carry=True, questions=questions)

    def live(self, step: int) -> frozenset[Place]:
        """The places that some step from `step` on reads."""
        return self._live[step]

    def asked(self, step: int) -> frozenset[Place]:
        """The places whose value some test from `step` on asks about."""
        return self._asked[step]


def binds(event: Event) -> tuple[Place, ...]:
    """The places that an event binds."""
    match event:
        case Bind(target, _) | Import(target, _, _, _) | Define(target, _, _, _, _):
            return (target,)
        case Unpack(targets, _):
            return targets
        case Catch(_, target, _) | EndCatch(target):
            return (target,) if target else ()
    result = getattr(event, "result", "")
    return (result,) if result else ()


def _reads(event: Event, made: dict[Place, Event]) -> frozenset[Place]:
    found = set(operands(event))
    if isinstance(event, Await | Enter):
        call = made.get(event.value if isinstance(event, Await) else event.manager)
        if isinstance(call, Call):
            found.update(operands(call))
    return frozenset(found)


def _gone(graph: Graph) -> Iterator[Place]:
    """The names that are deleted, or bound to None, so that a use of them may raise."""
    for step in graph.steps:
        match step.event:
            case Bind(target, "=None") | Delete(target):
                yield target


def _looped(graph: Graph) -> Iterator[Place]:
    """The names that a loop may find empty, and the iterators over them."""
    bindings = Counter(step.event.target for step in graph.steps if isinstance(step.event, Bind))
    found = {place for place in emptied(graph).values() if bindings[place] > 1} | looped(graph)
    for step in graph.steps:
        if isinstance(step.event, Iter) and step.event.iterable in found:
            yield step.event.iterable
            yield step.event.result


def _given_on(event: Event, made: dict[Place, Event], flags: frozenset[Place]) -> frozenset[Place]:
    """The flags that the event gives a function, by a call of it, or where that is awaited or entered."""
    source = event.value if isinstance(event, Await) else getattr(event, "manager", "")
    call = made.get(source) if source else event
    given = (argument.value for argument in call.arguments) if isinstance(call, Call) else ()
    return flags.intersection(given)


def _asks(event: Event, gone: frozenset[Place], looped: frozenset[Place]) -> frozenset[Place]:
    used = gone.intersection(operands(event)) if gone else frozenset()
    if looped and isinstance(event, Iter | Iterate):
        used |= looped.intersection(operands(event))
    return _questions(event) | used


def _questions(event: Event) -> frozenset[Place]:
    match event:
        case Test(subject, _, question):
            return frozenset({subject, question} if question else {subject})
        case TestSame(_, _, question) if question:
            return frozenset({question})
    return frozenset()


def _backwards(
    graph: Graph, reads: list[frozenset[Place]], *, carry: bool, questions: Sequence[Place] = ()
) -> list[frozenset[Place]]:
    """Standard backward may-analysis.

    `carry`: a bind of an asked name makes its source asked. `questions` end where their answer may change.
    """
    before: list[frozenset[Place]] = [frozenset()] * len(graph.steps)
    predecessors: list[list[int]] = [[] for _ in graph.steps]
    for index, step in enumerate(graph.steps):
        for target in step.doors.values():
            predecessors[target].append(index)
    pending: dict[int, None] = dict.fromkeys(range(len(graph.steps) - 1, -1, -1))
    while pending:
        index = next(iter(pending))
        del pending[index]
        step = graph.steps[index]
        after = _union(before[target] for target in step.doors.values())
        bound = binds(step.event)
        changed = [each for each in questions if each in after and may_change(each, step.event, bound)]
        now = after.difference(bound, changed) | reads[index] if bound or changed else after | reads[index]
        if carry and isinstance(step.event, Bind) and step.event.target in after:
            now = now | {step.event.source}
        if now != before[index]:
            before[index] = now
            pending.update(dict.fromkeys(predecessors[index]))
    return before


def _union(sets: Iterable[frozenset[Place]]) -> frozenset[Place]:
    united: frozenset[Place] = frozenset()
    for one in sets:
        united = united | one if united else one
    return united
