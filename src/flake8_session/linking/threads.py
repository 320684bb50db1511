"""Calls that are made in another thread and awaited at once: the same as making them here.

``await run_in_threadpool(create_session)`` gives what ``create_session()`` gives, and
``await asyncio.to_thread(session.close)`` closes. What is not awaited at once goes on by itself, and is
left as it is. Not modelled: ``partial`` objects, arguments that are spread.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from flake8_session.flow.events import Argument, Await, Call, Event, Place, Read
from flake8_session.flow.graph import Graph
from flake8_session.knowledge.concurrency import LOOP_METHODS, THREAD_STARTERS
from flake8_session.linking.meanings import External, Meaning

_OF_THE_STARTER = frozenset({"abandon_on_cancel", "cancellable", "limiter"})
"""Arguments that anyio's starter keeps for itself."""


def called_here(graph: Graph, outside: Callable[[str], Meaning]) -> Graph:
    """`graph`, with every call that is awaited in another thread written as the call itself."""
    made: dict[Place, Event] = {getattr(step.event, "result", ""): step.event for step in graph.steps}
    awaited = {step.event.value for step in graph.steps if isinstance(step.event, Await)}
    rewritten = {
        index: call
        for index, step in enumerate(graph.steps)
        if isinstance(step.event, Call) and step.event.result in awaited
        for call in [_inner(step.event, made, outside)]
        if call is not None
    }
    if not rewritten:
        return graph
    steps = tuple(
        replace(step, event=rewritten[index]) if index in rewritten else step
        for index, step in enumerate(graph.steps)
    )
    return replace(graph, steps=steps)


def _inner(call: Call, made: dict[Place, Event], outside: Callable[[str], Meaning]) -> Call | None:
    arguments = _given(call, outside)
    if not arguments or any(argument.keyword.startswith("*") for argument in arguments):
        return None
    callee, rest = arguments[0].value, arguments[1:]
    source = made.get(callee)
    if isinstance(source, Read):
        return Call(call.result, receiver=source.object, method=source.attribute, arguments=rest)
    if isinstance(source, Call) or callee.startswith("=") or arguments[0].keyword:
        return None
    return Call(call.result, function=callee, arguments=rest)


def _given(call: Call, outside: Callable[[str], Meaning]) -> tuple[Argument, ...]:
    """The callee and its arguments, where `call` starts a thread with them; empty for any other call."""
    if call.method in LOOP_METHODS:
        return call.arguments[1:]
    if not call.function.startswith("@"):
        return ()
    meaning = outside(call.function[1:])
    if not isinstance(meaning, External) or meaning.name not in THREAD_STARTERS:
        return ()
    return tuple(argument for argument in call.arguments if argument.keyword not in _OF_THE_STARTER)
