"""Functions that are given to a function of Python which calls them with every element, spelled out.

``users.sort(key=lambda user: user.name)`` reads an attribute of every user. It is written as the loop
that it is, in front of the call::

    for user in users:
        key(user)

So are ``key=`` of `sorted`, `min` and `max`, and ``map(function, users)`` and ``filter(function, users)``
where something runs through them at once. Followed are lambdas, functions of the project and of the
function itself, and ``attrgetter("name")``. Not modelled: what several iterables give side by side, and
iterators that are kept and run later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from flake8_session.flow.events import (
    Argument,
    Bind,
    Call,
    Define,
    Door,
    Event,
    Iter,
    Iterate,
    Place,
    Read,
    Return,
    Yield,
)
from flake8_session.flow.graph import Graph
from flake8_session.linking.drafts import Draft
from flake8_session.linking.meanings import External, FunctionAt, Meaning
from flake8_session.linking.places import bound, operands

Outside = Callable[[str], Meaning]

_BY_KEY = frozenset({"builtins.sorted", "builtins.min", "builtins.max"})
_FIRST = frozenset({"builtins.map", "builtins.filter"})
_NAMES = frozenset(name.rpartition(".")[2] for name in (*_BY_KEY, *_FIRST))
_GETTER = External("operator.attrgetter")


class _Each(NamedTuple):
    """The call at `step` has `function` called with every element of `elements`."""

    step: int
    function: Place
    elements: Place


def called_for_each(graph: Graph, outside: Outside) -> Graph:
    """`graph`, with a loop in front of every call that has a function called for each element."""
    found = list(_calls(graph, outside))
    if not found:
        return graph
    draft = Draft(graph)
    made = {place: step.event for step in graph.steps for place in bound(step.event)}
    for each in found:
        _spell_out(draft, each, made, outside)
    return draft.graph()


def _calls(graph: Graph, outside: Outside) -> Iterator[_Each]:
    for index, step in enumerate(graph.steps):
        call = step.event
        if not isinstance(call, Call):
            continue
        named = {argument.keyword: argument.value for argument in call.arguments}
        given = [argument.value for argument in call.arguments if not argument.keyword]
        if call.method == "sort" and "key" in named and not given:
            yield _Each(index, named["key"], call.receiver)
        elif call.function[1:] in _NAMES and call.function.startswith("@"):
            meaning = outside(call.function[1:])
            name = meaning.name if isinstance(meaning, External) else ""
            if name in _BY_KEY and len(given) == 1 and "key" in named:
                yield _Each(index, named["key"], given[0])
            elif name in _FIRST and len(given) == 2 and not named.keys() - {""}:
                if _is_run_at_once(graph, call.result):
                    yield _Each(index, given[0], given[1])


def _is_run_at_once(graph: Graph, iterator: Place) -> bool:
    """Whether the expression around an iterator runs through it: nothing keeps it for later."""
    readers = [step.event for step in graph.steps if iterator in operands(step.event)]
    return bool(readers) and not any(isinstance(event, Bind | Return | Yield) for event in readers)


def _spell_out(draft: Draft, each: _Each, made: dict[Place, Event], outside: Outside) -> None:
    iterator, element, given = (f"%{each.step}{part}" for part in ("iterator", "element", "given"))
    event = _call_with(each.function, element, given, made, outside)
    if event is None:
        return
    raised = draft.steps[each.step].doors.get(Door.RAISED)
    origin = _origin(draft, each)
    call = draft.move(each.step)
    step = draft.add(Iterate(element, iterator), {}, origin)
    inner = draft.add(event, {Door.COMPLETED: step}, origin)
    if raised is not None:
        draft.lead(inner, Door.RAISED, raised)
    draft.lead(step, Door.TRUE, inner)
    draft.lead(step, Door.FALSE, call)
    draft.put(each.step, Iter(iterator, each.elements), {Door.COMPLETED: step}, origin)


def _call_with(
    function: Place, element: Place, result: Place, made: dict[Place, Event], outside: Outside
) -> Event | None:
    """The call of the function with one element; None where the function is out of sight."""
    source = made.get(function)
    is_named = function.startswith("@") and isinstance(outside(function[1:]), FunctionAt)
    if is_named or (isinstance(source, Define) and not source.lazy):
        return Call(result, function=function, arguments=(Argument(element),))
    if not isinstance(source, Call) or not source.function.startswith("@") or len(source.arguments) != 1:
        return None
    name = source.arguments[0].value
    if outside(source.function[1:]) != _GETTER or name[:2] not in ("='", '="') or "." in name:
        return None
    return Read(result, element, name[2:-1])


def _origin(draft: Draft, each: _Each) -> int:
    """The syntax of a function that is written into the call, else of the call."""
    for step in draft.steps:
        if isinstance(step.event, Define) and step.event.target == each.function and each.function[0] == "%":
            return step.origin
    return draft.steps[each.step].origin
