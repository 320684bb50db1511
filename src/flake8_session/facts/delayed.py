"""Coroutines that will use the session once somebody runs them, and what holds several of them.

A coroutine uses the session where it was given it, closes over it, belongs to it, or is that of a method
whose object keeps it. Coroutines that take turns (see `turns`) are none of these: they may run side by
side. A place is judged for all ways through the function at once.
"""

from __future__ import annotations

from functools import cached_property

from flake8_session.facts.carrying import PARTIALS, Carrying, loops
from flake8_session.facts.turns import takes_turns
from flake8_session.flow.events import Await, Bind, Build, Call, Define, Extend, Place, Read, Shape
from flake8_session.knowledge import concurrency
from flake8_session.knowledge.sessions import ASYNC_SESSION
from flake8_session.knowledge.words import Role
from flake8_session.linking.frames import Frame
from flake8_session.linking.meanings import External, FunctionAt, Meaning

_MAP = External("builtins.map")


class Delayed:
    """What runs later with the session of a solution; nothing where an instance is followed."""

    def __init__(self, carrying: Carrying) -> None:
        self._carrying = carrying
        self._solved = carrying.solved
        self._frame: Frame = carrying.solved.frame

    @cached_property
    def coroutines(self) -> frozenset[Place]:
        """The places of such coroutines, and of containers of them."""
        if self._solved.focus.instance >= 0:
            return frozenset()
        return self._carrying.spread(
            each.event.result
            for step, each in enumerate(self._frame.graph.steps)
            if isinstance(each.event, Call) and self._is_coroutine(step, each.event)
        )

    def several(self, container: Place) -> bool:
        """Whether a container of them is filled in a loop, or with more than one."""
        if self._solved.focus.instance >= 0:
            return False
        kept = self._before(container)
        return any(self._holds_several(step, kept) for step in range(len(self._frame.graph.steps)))

    def _before(self, container: Place) -> frozenset[Place]:
        """The container, by all names that it had before."""
        found = {container}
        while True:
            sources = {
                step.event.source
                for step in self._frame.graph.steps
                if isinstance(step.event, Bind) and step.event.target in found
            }
            if sources <= found:
                return frozenset(found)
            found |= sources

    def _holds_several(self, step: int, container: frozenset[Place]) -> bool:
        match self._frame.graph.steps[step].event:
            case Build(result, parts, Shape.CONTAINER) if result in container:
                return sum(part in self.coroutines for part in parts) > 1
            case Extend(result, source) if result in container:
                return source in self.coroutines
            case Call() as call if call.receiver in container and call.method == "append":
                given = any(argument.value in self.coroutines for argument in call.arguments)
                return given and loops(self._solved, step)
            case Call() as call if call.result in container and self._frame.callee(call) == _MAP:
                return bool(call.arguments) and self._makes_coroutines(step, call.arguments[0].value)
            case Define() as generator if generator.target in container and generator.lazy:
                return self._gives_coroutine(step, generator)
        return False

    def _is_coroutine(self, step: int, call: Call) -> bool:
        if step in self._frame.awaited:
            return False
        if call.receiver and self._carrying.holds(step, call.receiver):
            return self._is_own_coroutine(call)
        callee = self._frame.callee(call)
        if call.method in concurrency.LOOP_METHODS or _starts_thread(callee):
            return False
        if isinstance(callee, FunctionAt):
            function = self._frame.linker.function(callee)
            if function is not None and not function.asynchronous:
                return False
            if takes_turns(self._frame, callee):
                return False
            if call.receiver and self._awaits_with_kept(step, call.receiver, callee):
                return True
        given = [argument.value for argument in call.arguments]
        return any(self._carrying.holds(step, place) for place in (call.function, *given) if place)

    def _is_own_coroutine(self, call: Call) -> bool:
        row = ASYNC_SESSION.get(call.method)
        return self._solved.focus.options.asynchronous and row is not None and row.awaited

    def _awaits_with_kept(self, step: int, receiver: Place, method: FunctionAt) -> bool:
        """Whether the method awaits something, and reads the session that its object keeps."""
        prefix = f"{receiver}."
        kept = {
            place.removeprefix(prefix)
            for world in self._solved.solution.before(step)
            for place, holding in world.names
            if holding is Role.SESSION and place.startswith(prefix)
        }
        body = self._frame.linker.body(method) if kept else None
        if body is None or body.graph is None or not body.parameters:
            return False
        own, events = body.parameters[0].name, [each.event for each in body.graph.steps]
        return any(isinstance(event, Await) for event in events) and any(
            isinstance(event, Read) and event.object == own and event.attribute in kept for event in events
        )

    # What makes one for each item.

    def _makes_coroutines(self, step: int, function: Place) -> bool:
        """Whether each call of what is there gives one: a function that closes over the session."""
        callee = self._frame.meaning(function)
        made = self._frame.linker.function(callee) if isinstance(callee, FunctionAt) else None
        if isinstance(callee, FunctionAt) and made is not None and made.asynchronous:
            return self._carrying.holds(step, function) and not takes_turns(self._frame, callee)
        source = self._frame.made_by.get(function)
        part = self._frame.graph.steps[source].event if source is not None else None
        if isinstance(part, Call) and source is not None and self._frame.callee(part) in PARTIALS:
            return self._is_part_of_coroutine(source, part)
        return any(
            isinstance(each.event, Define) and each.event.target == function
            and self._gives_coroutine(index, each.event)
            for index, each in enumerate(self._frame.graph.steps)
        )

    def _is_part_of_coroutine(self, step: int, part: Call) -> bool:
        """Whether a ``partial`` of an asynchronous function has the session among its arguments."""
        callee = self._frame.meaning(part.arguments[0].value) if part.arguments else None
        function = self._frame.linker.function(callee) if isinstance(callee, FunctionAt) else None
        if not isinstance(callee, FunctionAt) or function is None or not function.asynchronous:
            return False
        given = any(self._carrying.holds(step, argument.value) for argument in part.arguments[1:])
        return given and not takes_turns(self._frame, callee)

    def _gives_coroutine(self, step: int, function: Define) -> bool:
        """Whether the body of a lambda or generator expression makes one, of what it reads from here."""
        inner = self._inside(function)
        if inner is None:
            return False
        captured = set(function.captures)
        return any(
            isinstance(each.event, Call) and index not in inner.awaited
            and self._is_inner_coroutine(step, inner, each.event, captured)
            for index, each in enumerate(inner.graph.steps)
        )

    def _is_inner_coroutine(self, step: int, inner: Frame, call: Call, captured: set[Place]) -> bool:
        held = {place for place in captured if self._carrying.holds(step, place)}
        if call.receiver in held:
            return self._is_own_coroutine(call)
        callee = inner.callee(call)
        if isinstance(callee, FunctionAt):
            function = inner.linker.function(callee)
            if function is None or not function.asynchronous or takes_turns(inner, callee):
                return False
            if call.receiver in captured and self._awaits_with_kept(step, call.receiver, callee):
                return True
        return any(place in held for place in (call.function, *(each.value for each in call.arguments)))

    def _inside(self, function: Define) -> Frame | None:
        body = self._frame.linker.body(FunctionAt(self._frame.module, function.function))
        if body is None or body.graph is None:
            return None
        return Frame(self._frame.module, body, self._frame.linker, self._frame)


def _starts_thread(callee: Meaning) -> bool:
    return isinstance(callee, External) and callee.name in concurrency.THREAD_STARTERS
