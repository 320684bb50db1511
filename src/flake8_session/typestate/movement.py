"""How worlds move through the steps of one function: the transfer of the dataflow core.

Each kind of event has one function that gives all its ways out, as pairs of a door and a world;
what the next step does not need is forgotten on the way there.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any

from flake8_session.flow import events as ev
from flake8_session.flow.events import Door
from flake8_session.knowledge.words import Role
from flake8_session.linking.frames import Frame
from flake8_session.linking.places import asked_object, operands
from flake8_session.typestate import names, values
from flake8_session.typestate.aside import with_rest
from flake8_session.typestate.attributes import read_ways
from flake8_session.typestate.calls.loads import is_asked_for_again
from flake8_session.typestate.doubles import may_be_double
from flake8_session.typestate.driving import dropped_ways
from flake8_session.typestate.emptiness import without_filled
from flake8_session.typestate.focus import Arrivals, Context, Effects, Focus, Raised, Way, Ways
from flake8_session.typestate.hearsay import (
    Hearsay,
    as_told,
    asked_of_instance,
    circumstance,
    giving_as_told,
    is_about_session,
)
from flake8_session.typestate.known_ways import Found, KnownWays, Move
from flake8_session.typestate.managers import enter_ways
from flake8_session.typestate.sessions import is_open
from flake8_session.typestate.steps.binding import (
    bind_ways,
    define_ways,
    delete_ways,
    import_ways,
    unpack_ways,
)
from flake8_session.typestate.steps.branching import (
    both_ways,
    catch_ways,
    end_catch_ways,
    raise_ways,
    same_ways,
    test_ways,
)
from flake8_session.typestate.steps.calling import awaited_ways, called_ways
from flake8_session.typestate.steps.containers import (
    build_ways,
    extend_ways,
    item_ways,
    iter_ways,
    iterate_ways,
    set_item_ways,
)
from flake8_session.typestate.steps.leaving import (
    block_left_ways,
    no_change,
    return_ways,
    unmodelled_ways,
    yield_ways,
)
from flake8_session.typestate.worlds import RETURN, Flight, Hold, Kind, Names, Tie, World
from flake8_session.typestate.writing import write_ways


def concerns(event: ev.Event, world: World) -> bool:
    """Whether a step asks for something of the session or the instance that is followed."""
    match event:
        case ev.Call():
            places = (event.receiver, event.function, *(argument.value for argument in event.arguments))
        case ev.Read() | ev.Write() | ev.Item():
            places = (event.object,)
        case ev.Iterate():
            places = (event.iterator,)
        case ev.Enter() | ev.Leave(raising=False):
            places = (event.manager,)
        case ev.Build():
            places = event.parts
        case _:
            return False
    told = _OF_ANY_SESSION if _is_told_elsewhere(event, world) else _COLLECTED
    return any(role not in told for place in places if place for role in world.roles(place))


def _is_told_elsewhere(event: ev.Event, world: World) -> bool:
    """Whether another focus knows better what a step does that has to do with the instance.

    One that no session holds is nothing but an argument of what others are asked for.
    """
    if world.instance is None:
        return False
    if world.instance.tie in (Tie.TRANSIENT, Tie.DETACHED):
        return isinstance(event, ev.Call) and not world.roles(event.receiver or event.function)
    return world.instance.tie is Tie.UNKNOWN


_COLLECTED = (Role.INSTANCES, Role.ROWS, Hold.ABSENT)
"""Of what had an instance added to it, a list or a session that goes by a name of many meanings; and None."""
_OF_ANY_SESSION = (*_COLLECTED, Role.INSTANCE, Role.ROW)
"""And of an instance that may be in another session: what asking it for something does is known there."""


def _order(raised: Raised) -> tuple[str, str, bool, bool, list[str]]:
    flight = raised.flight
    return flight.kind.value, flight.name, raised.assumed, raised.late, sorted(flight.passed)


def _of_its_kind(flight: Flight | None) -> Flight | None:
    """An exception without what it is known not to be, which whoever raises it knows best."""
    return flight._replace(passed=frozenset()) if flight is not None and flight.passed else flight


class SessionMovement:
    """The `dataflow.Movement` of one focus in one function."""

    def __init__(
        self,
        frame: Frame,
        focus: Focus,
        effects: Effects,
        *,
        raising: Mapping[int, Flight] | None = None,
        failing: Mapping[int, frozenset[Raised]] | None = None,
        arriving: Arrivals | None = None,
        hearsay: Hearsay | None = None,
        stops: bool = False,
        known: KnownWays | None = None,
    ) -> None:
        """`raising`: steps that are known to raise because of something that this focus does not hold;
        `failing`: what steps may raise because of something that it does not hold; `arriving`: what
        another session has given; `hearsay`: what the other foci of the same session say of their instances.

        `stops`: a generator's body is followed up to its first ``yield`` only. `known`: what was found
        for other foci of the function.
        """
        self.context = Context(frame, focus, effects, raising or {}, failing or {}, arriving or {})
        self.raised: dict[int, set[Raised]] = {}
        """What steps that concern this focus were seen to raise, by all transfers so far."""
        self._graph = frame.graph
        self._stops = stops
        self.hearsay = hearsay or {}
        """What this focus was told of its session's instances."""
        self._known = (known or KnownWays(frame.graph)).of(focus)
        self._answers = frame.linker.answers
        self._liveness = frame.liveness
        self._kept: dict[tuple[int, bool, Names, values.Values], tuple[Names, values.Values]] = {}
        self._held_stays = is_asked_for_again(self.context)
        self._told_of = {*self.context.raising, *self.context.failing, *self.hearsay}
        if stops:
            self._told_of.update(
                index for index, step in enumerate(frame.graph.steps) if isinstance(step.event, ev.Yield)
            )

    def transfer(self, step: int, world: World) -> Iterable[tuple[int, int, World]]:
        """See `dataflow.Movement.transfer`."""
        if step in self._told_of:
            return self._transfer_as_told(step, world)
        found = self._found(step, world)
        if found.raised:
            self._note(step, found)
        return found.moves

    def _transfer_as_told(self, step: int, world: World) -> Iterable[tuple[int, int, World]]:
        """The same at a step where the generator stops, or of which others say something."""
        if self._stops and isinstance(self._graph.steps[step].event, ev.Yield):
            return ()
        found = self._found(step, world)
        must = self.context.raising.get(step)
        if must is not None and any(door is not Door.RAISED for door, _ in found.ways):
            return self._moves(step, ((Door.RAISED, world._replace(flight=must)),))
        if found.without_value:
            return found.moves
        told = self.told_ways(step, world)
        if told is not found.ways:
            return self._moves(step, told)
        self._note(step, found)
        more = self._told(step, world, found.ways)
        return (*found.moves, *self._moves(step, more)) if more else found.moves

    def _note(self, step: int, found: Found) -> None:
        """Keeps what a step raises because of what this focus holds."""
        if found.raised:
            self.raised.setdefault(step, set()).update(found.raised)

    def _told(self, step: int, world: World, ways: Sequence[Way]) -> tuple[Way, ...]:
        """The ways by which others say that a step may raise, where this focus holds nothing of it.

        Where it knows that nothing comes behind the step, as where an instance is None, there are none.
        """
        told = self.context.failing.get(step)
        if not told or not ways or concerns(self.context.frame.called(step), world):
            return ()
        own = {_of_its_kind(moved.flight) for door, moved in ways if door is Door.RAISED}
        return tuple(
            (Door.RAISED, world._replace(flight=each.flight, spent=world.spent or each.assumed))
            for each in sorted(told, key=_order)
            if _of_its_kind(each.flight) not in own and each.fits(world)
        )

    def told_ways(self, step: int, world: World) -> tuple[Way, ...]:
        """The ways out of `step`, with what others know of an instance that this focus does not hold."""
        own = self._found(step, world).ways
        told = self.hearsay[step].get(circumstance(world)) if step in self.hearsay else None
        if not own or told is None or not is_about_session(self.context.frame, step, world):
            return own
        asked = asked_of_instance(self.context.frame, step)
        if Role.INSTANCE in world.roles(asked):
            return own
        if step == self.context.focus.instance and (giving := giving_as_told(own, told)):
            return giving
        double = may_be_double(self.context, world, asked)
        return as_told(self.context, world, own, told, double=double)

    def own_ways(self, step: int, world: World) -> Sequence[Way]:
        """The ways out of `step` by what this focus holds, whatever others say of the step."""
        return self._found(step, world).ways

    def _found(self, step: int, world: World) -> Found:
        known = self._known.at(step, world)
        kept = known.get(world)
        if kept is not None:
            if kept.asked:
                self._answers.prices.hear_all(kept.asked)
            return kept
        found, asked = self._answers.prices.listening(self._find, step, world)
        if self._answers.is_final:
            known[world] = found._replace(asked=asked) if asked else found
        return found

    def _find(self, step: int, world: World) -> Found:
        event = self._graph.steps[step].event
        bare = self._known.bare(self.context, step, world)
        if bare is not None and bare != world:
            ways = with_rest(world, bare, self._found(step, bare).ways)
            return Found(ways, self._moves(step, ways))
        own = tuple(_WAYS[type(event)](self.context, step, event, world))
        if self.context.frame.emptied:
            own = tuple(without_filled(self.context.frame, event, own))
        must = _without_value(event, world)
        if must is not None and any(door is not Door.RAISED for door, _ in own):
            moves = self._moves(step, ((Door.RAISED, world._replace(flight=must)),))
            return Found(own, moves, without_value=True)
        return Found(own, self._moves(step, own), self._raised_by(step, world, own))

    def _raised_by(self, step: int, world: World, ways: Sequence[Way]) -> tuple[Raised, ...]:
        """What the step raises because of what this focus holds."""
        raised = [
            Raised(moved.flight, moved.spent and not world.spent, world.spent)
            for door, moved in ways
            if door is Door.RAISED and moved.flight is not None
        ]
        return tuple(raised) if raised and concerns(self.context.frame.called(step), world) else ()

    def _moves(self, step: int, ways: Sequence[Way]) -> tuple[Move, ...]:
        doors = self._graph.steps[step].doors
        return tuple(
            (door, doors[door], self._forgotten(doors[door], moved)) for door, moved in ways if door in doors
        )

    def coarse(self, world: World) -> Hashable:
        """Everything but what is known of values."""
        return world._replace(values=frozenset())

    def merge(self, left: World, right: World) -> World:
        """What both know."""
        return left._replace(values=values.common(left.values, right.values))

    def _forgotten(self, step: int, world: World) -> World:
        state = world.session
        stays = self.context.focus.owned and state is not None and is_open(state)
        kept = self._kept.get((step, stays, world.names, world.values))
        if kept is None:
            kept = self._kept[step, stays, world.names, world.values] = self._needed(step, stays, world)
        if len(kept[0]) == len(world.names) and len(kept[1]) == len(world.values):
            return world
        return world._replace(names=kept[0], values=kept[1])

    def _needed(self, step: int, stays: bool, world: World) -> tuple[Names, values.Values]:
        """What of its names and values a world needs in front of `step`."""
        live = self._liveness.live(step)
        held = names.needed(world.names, live, session_stays=stays, instance_stays=self._held_stays)
        asked = self._liveness.asked(step) if world.values else ()
        return held, frozenset(each for each in world.values if each[0] in asked or each[0] == RETURN)


def _without_value(event: ev.Event, world: World) -> Flight | None:
    """What the event must raise because a name holds None, of which nothing can be asked, or was deleted."""
    if not world.values:
        return None
    known = dict(world.values)
    if any(known.get(place) == values.UNBOUND for place in operands(event)):
        return Flight(Kind.RAISED, "builtins.NameError")
    asked = asked_object(event)
    return Flight(Kind.RAISED, "builtins.AttributeError") if known.get(asked) == values.NONE else None


def _read(context: Context, step: int, event: ev.Read, world: World) -> Ways:
    yield from read_ways(context, event, world)


def _write(context: Context, step: int, event: ev.Write, world: World) -> Ways:
    yield from write_ways(context, event, world)


_WAYS: Mapping[type, Callable[[Context, int, Any, World], Ways]] = {
    ev.Bind: bind_ways,
    ev.Unpack: unpack_ways,
    ev.Call: called_ways,
    ev.Await: awaited_ways,
    ev.Read: _read,
    ev.Write: _write,
    ev.Item: item_ways,
    ev.SetItem: set_item_ways,
    ev.Build: build_ways,
    ev.Extend: extend_ways,
    ev.Iter: iter_ways,
    ev.Iterate: iterate_ways,
    ev.Drop: dropped_ways,
    ev.Enter: enter_ways,
    ev.Leave: block_left_ways,
    ev.Test: test_ways,
    ev.TestSame: same_ways,
    ev.TestInstance: both_ways,
    ev.Choose: both_ways,
    ev.Catch: catch_ways,
    ev.EndCatch: end_catch_ways,
    ev.Raise: raise_ways,
    ev.Return: return_ways,
    ev.Yield: yield_ways,
    ev.Delete: delete_ways,
    ev.DeleteItem: no_change,
    ev.Define: define_ways,
    ev.Import: import_ways,
    ev.Unmodelled: unmodelled_ways,
    ev.Pass: no_change,
}
