"""What is entered in an ``ExitStack`` is left where the stack is left.

``stack.enter_context(manager)`` is written as what it does: the manager is entered there, and left, the
last one first, in front of every step that leaves the stack; so is ``stack.callback(session.close)`` written
as a call there. Followed are stacks that a ``with`` opens and that nothing else gets hold of. Not
modelled: what is entered in a loop, ``pop_all``, exits that raise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from flake8_session.flow.events import (
    Await,
    Bind,
    Call,
    Define,
    Door,
    Enter,
    Event,
    Leave,
    Pass,
    Place,
    Read,
)
from flake8_session.flow.graph import Graph
from flake8_session.knowledge import callees
from flake8_session.linking.drafts import Draft
from flake8_session.linking.meanings import External, Meaning
from flake8_session.linking.places import bound, operands

Outside = Callable[[str], Meaning]

_ENTERING = {"enter_context": False, "enter_async_context": True}
_CALLING_BACK = {"callback": False, "push_async_callback": True}


@dataclass(slots=True)
class _Stack:
    """A stack: what the ``with`` opened, its variable, the step that enters it, and what is put into it."""

    manager: Place
    name: Place
    entered: int
    uses: list[int] = field(default_factory=list)


def unstacked(graph: Graph, outside: Outside) -> Graph:
    """`graph`, with the managers and callbacks of its stacks left and called where the stacks are left."""
    stacks = [stack for stack in _stacks(graph, outside) if _is_followed(graph, stack)]
    if not stacks:
        return graph
    draft = Draft(graph)
    for stack in stacks:
        _spell_out(graph, draft, stack)
    return draft.graph()


def _stacks(graph: Graph, outside: Outside) -> Iterator[_Stack]:
    opened = {
        step.event.result
        for step in graph.steps
        if isinstance(step.event, Call) and _opens_stack(step.event, outside)
    }
    entered = {
        step.event.result: (step.event.manager, index)
        for index, step in enumerate(graph.steps)
        if isinstance(step.event, Enter) and step.event.manager in opened
    }
    for step in graph.steps:
        if isinstance(step.event, Bind) and step.event.source in entered:
            manager, index = entered[step.event.source]
            yield _Stack(manager, step.event.target, index)


def _opens_stack(call: Call, outside: Outside) -> bool:
    if not call.function.endswith("ExitStack") or not call.function.startswith("@") or call.arguments:
        return False
    meaning = outside(call.function[1:])
    return isinstance(meaning, External) and callees.MANAGERS.get(meaning.name) is callees.Manager.STACK


def _is_followed(graph: Graph, stack: _Stack) -> bool:
    """Whether the variable is nothing but this stack, whose uses are all followed; notes them."""
    binders = 0
    for index, step in enumerate(graph.steps):
        event = step.event
        binders += stack.name in bound(event)
        if stack.name not in operands(event):
            continue
        if not isinstance(event, Call) or event.receiver != stack.name or isinstance(event, Define):
            return False
        if any(argument.value == stack.name for argument in event.arguments):
            return False
        if not _is_entering(graph, event) and _called_back(graph, event) is None:
            return False
        if index in _behind(graph, index, stack.entered):
            return False
        stack.uses.append(index)
    return binders == 1 and stack.name not in graph.captured | graph.shared and bool(stack.uses)


def _is_entering(graph: Graph, call: Call) -> bool:
    if call.method not in _ENTERING or len(call.arguments) != 1 or call.arguments[0].keyword:
        return False
    if _ENTERING[call.method] and _awaiting(graph, call.result) is None:
        return False
    manager = call.arguments[0].value
    return sum(manager in bound(step.event) for step in graph.steps) == 1


def _called_back(graph: Graph, call: Call) -> Call | None:
    """The call that the stack makes when it is left."""
    if call.method not in _CALLING_BACK or not call.arguments:
        return None
    (function, *rest) = call.arguments
    if function.keyword or any(argument.keyword.startswith("*") for argument in rest):
        return None
    result = f"{call.result}called"
    for step in graph.steps:
        if isinstance(step.event, Read) and step.event.result == function.value:
            return Call(
                result,
                receiver=step.event.object,
                method=step.event.attribute,
                arguments=tuple(rest),
            )
    return Call(result, function=function.value, arguments=tuple(rest))


def _awaiting(graph: Graph, place: Place) -> int | None:
    awaiting = [
        index
        for index, step in enumerate(graph.steps)
        if isinstance(step.event, Await) and step.event.value == place
    ]
    return awaiting[0] if len(awaiting) == 1 else None


def _behind(graph: Graph, step: int, end: int = -1) -> frozenset[int]:
    """The steps that come behind `step`, as far as `end`."""
    seen: set[int] = set()
    pending = list(graph.steps[step].doors.values())
    while pending:
        here = pending.pop()
        if here not in seen and here != end:
            seen.add(here)
            pending.extend(graph.steps[here].doors.values())
    return frozenset(seen)


def _spell_out(graph: Graph, draft: Draft, stack: _Stack) -> None:
    leaving: dict[int, list[tuple[Event, ...]]] = {}
    for use in stack.uses:
        behind = _behind(graph, use, stack.entered)
        for index in behind:
            step = graph.steps[index]
            if isinstance(step.event, Leave) and step.event.manager == stack.manager:
                leaving.setdefault(index, []).append(_at_end(graph, stack, use, index, step.event.raising))
    for use in stack.uses:
        _enter(graph, draft, use)
    for index, ends in leaving.items():
        _leave(draft, index, [event for end in reversed(ends) for event in end])


def _at_end(graph: Graph, stack: _Stack, use: int, end: int, raising: bool) -> tuple[Event, ...]:
    """What is done for one use of the stack when that is left at `end`.

    A callback is called where it is sure to be registered: what fails may have come before that.
    """
    call = graph.steps[use].event
    assert isinstance(call, Call)
    if call.method in _ENTERING:
        return (Leave(call.arguments[0].value, _ENTERING[call.method], raising),)
    if raising or end in _behind(graph, stack.entered, use):
        return ()
    back = _called_back(graph, call)
    assert back is not None
    if _CALLING_BACK[call.method]:
        return (back, Await(f"{back.result}awaited", back.result))
    return (back,)


def _enter(graph: Graph, draft: Draft, use: int) -> None:
    step = draft.steps[use]
    call = step.event
    assert isinstance(call, Call)
    if call.method not in _ENTERING:
        return
    awaiting = _awaiting(graph, call.result) if _ENTERING[call.method] else None
    manager = call.arguments[0].value
    if awaiting is None:
        draft.put(use, Enter(call.result, manager), step.doors, step.origin)
        return
    awaited = draft.steps[awaiting]
    event = awaited.event
    assert isinstance(event, Await)
    draft.put(use, Pass(), {Door.COMPLETED: step.doors[Door.COMPLETED]}, step.origin)
    draft.put(awaiting, Enter(event.result, manager, True), awaited.doors, awaited.origin)


def _leave(draft: Draft, index: int, events: Sequence[Event]) -> None:
    """Puts `events` in front of the step that leaves the stack."""
    if not events:
        return
    step = draft.steps[index]
    following = draft.move(index)
    for number, event in enumerate(reversed(events)):
        onward = {Door.COMPLETED: following}
        if isinstance(event, Leave) and event.raising:
            onward = {Door.FALSE: following, Door.TRUE: step.doors.get(Door.TRUE, following)}
        if number == len(events) - 1:
            draft.put(index, event, onward, step.origin)
        else:
            following = draft.add(event, onward, step.origin)
