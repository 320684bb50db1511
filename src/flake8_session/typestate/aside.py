"""Steps that have nothing to do with what a world knows of names: found once for all such worlds.

Most steps of a function neither read nor bind a name that leads to the session or the instance, or whose
value is known. What such a step does depends on little of the world: where it cannot raise, on nothing;
else on whether a failure may still be assumed, and on the states of a session that anybody may reach. So
its ways are found for a *bare* world that holds no more, and what was left out is there again behind them.

A function of the project may see more than its call mentions: see `Effects.sees`. Not taken for such
steps: calls that end all sessions, and kinds of events that are rare.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from flake8_session.flow.events import (
    Await,
    Bind,
    Build,
    Call,
    Event,
    Item,
    Iter,
    Iterate,
    Place,
    Read,
    SetItem,
    Test,
    Unpack,
)
from flake8_session.knowledge import factories
from flake8_session.linking.meanings import External, FunctionAt, Selected
from flake8_session.linking.places import bound, operands
from flake8_session.typestate.focus import OUTSIDE, Context, Way
from flake8_session.typestate.worlds import World

Entries: TypeAlias = frozenset[tuple[Place, object]]
"""The names of a world, or what it knows of values."""
_NOTHING = World()
_KINDS = (Await, Bind, Build, Call, Item, Iter, Iterate, Read, SetItem, Test, Unpack)


class Asides:
    """The steps of one function that may have nothing to do with a world."""

    def __init__(self) -> None:
        self._mentioned: dict[int, _Mentioned | None] = {}

    def bare(self, context: Context, step: int, world: World) -> World | None:
        """What of the world the step depends on, where it mentions none of its names; None elsewhere."""
        if world.older is not None:
            return None
        mentioned = self._mentioned_by(context, step)
        if mentioned is None or mentioned.any_of(world.names) or mentioned.any_of(world.values):
            return None
        if mentioned.is_plain:
            return _NOTHING
        session = world.session if context.focus.registry else None
        return World(session, world.instance, spent=world.spent)

    def _mentioned_by(self, context: Context, step: int) -> _Mentioned | None:
        if step not in self._mentioned:
            found = _mentioned(context, step)
            if not context.frame.linker.answers.is_final:
                return None
            self._mentioned[step] = found
        return self._mentioned[step]


def with_rest(world: World, bare: World, ways: Iterable[Way]) -> tuple[Way, ...]:
    """The ways out of a step from `world`, by those from its `bare` one."""
    return tuple([(door, world if moved is bare else _with_rest(world, bare, moved)) for door, moved in ways])


def _with_rest(world: World, bare: World, moved: World) -> World:
    """`world`, with whatever the step has changed in the bare one."""
    return World(
        world.session if moved.session is bare.session else moved.session,
        world.instance if moved.instance is bare.instance else moved.instance,
        world.names | moved.names if moved.names else world.names,
        world.flight if moved.flight is bare.flight else moved.flight,
        world.caught if moved.caught is bare.caught else moved.caught,
        world.spent or moved.spent,
        world.values | moved.values if moved.values else world.values,
        world.older,
        world.lost,
        world.suspended,
    )


class _Mentioned:
    """The places that a step mentions; ``a.b`` mentions ``a`` as well, and ``a`` whatever is below it."""

    def __init__(self, places: Iterable[Place], *, is_plain: bool) -> None:
        self.is_plain = is_plain
        """Whether the step cannot raise, and looks at no state."""
        self._places = frozenset(places)
        self._outside = OUTSIDE in self._places
        self._above = frozenset(above for place in self._places for above in _with_owners(place))
        self._answers: dict[Entries, bool] = {}

    def any_of(self, entries: Entries) -> bool:
        """Whether one of the entries is about a place that is mentioned."""
        answer = self._answers.get(entries)
        if answer is None:
            answer = self._answers[entries] = any(map(self._is_met, {place for place, _ in entries}))
        return answer

    def _is_met(self, place: Place) -> bool:
        if self._outside and place.startswith(OUTSIDE):
            return True
        return place in self._above or not self._places.isdisjoint(_with_owners(place))


def _mentioned(context: Context, step: int) -> _Mentioned | None:
    """What the step mentions, and sees besides; None where that cannot be told."""
    frame = context.frame
    event, called = frame.graph.steps[step].event, frame.called(step)
    if not isinstance(event, _KINDS):
        return None
    places = [*operands(event), *bound(event)]
    if isinstance(called, Call) and step not in frame.awaited:
        seen = _seen(context, called)
        if seen is None:
            return None
        places += (*seen, *operands(called), *bound(called))
    if isinstance(event, Test) and event.question:
        places.append(event.question)
    looks = isinstance(event, (Await, Call, Iterate)) or _is_of_instance(context, event)
    return _Mentioned(places, is_plain=not looks)


def _is_of_instance(context: Context, event: Event) -> bool:
    """Whether an attribute is read of some instance: it may be the followed one, by another name."""
    return isinstance(event, Read) and isinstance(context.frame.meaning(event.object), Selected)


def _seen(context: Context, call: Call) -> Sequence[Place] | None:
    callee = context.frame.callee(call) if call.function or call.receiver else None
    if isinstance(callee, FunctionAt):
        return context.effects.sees(context.frame, callee, call)
    if isinstance(callee, External) and callee.name in factories.FUNCTIONS:
        return None
    return ()


def _with_owners(place: Place) -> Sequence[Place]:
    """``a.b.c`` to ``a.b.c``, ``a.b`` and ``a``."""
    found = [place]
    while "." in place:
        place = place.rpartition(".")[0]
        found.append(place)
    return found
