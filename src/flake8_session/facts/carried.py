"""What still needs a session, and where: what is derived from it, and where that is read or gets away.

Two kinds of things are carried from place to place. *Bound* ones need the session itself: its other
names, its transactions, queries, unread results, functions that read it. *Held* ones are the
instances, rows and lists of them that came out of it, and every value of which it is not known that
it is plain. The analysis asks more than the typestate does: it follows everything at once, and what
it cannot tell is held. So it errs on one side only, and "nothing held is read here" can be relied on.

It runs on pairs of a step and whether the session is open there, since an instance of a closed
session loses nothing more when the session is closed earlier.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from typing import NamedTuple

from flake8_session.facts.solving import Solved
from flake8_session.flow import events as ev
from flake8_session.flow.events import Door, Event, Place
from flake8_session.knowledge import callees, results
from flake8_session.knowledge import sessions as tables
from flake8_session.knowledge.words import Gives, Role, Row, ToInstance
from flake8_session.linking import models
from flake8_session.linking.frames import Frame, operands
from flake8_session.linking.meanings import External, Holds, Object, Selected
from flake8_session.typestate import sessions
from flake8_session.typestate.worlds import RETURN, World


class Carried(Enum):
    """What a place carries of a session."""

    BOUND = "bound"
    HELD = "held"


class Getaway(Enum):
    """How something held leaves the statements that read it."""

    RETURNED = "returned"
    YIELDED = "yielded"
    STORED = "stored"
    PASSED = "passed to what may keep it"


class Use(NamedTuple):
    """`step` reads something of the session while it is open, or (`carried` is BOUND) at any time."""

    step: int
    carried: Carried
    open: bool


class Escape(NamedTuple):
    """At `step` something held leaves, while the session is open."""

    step: int
    how: Getaway


class Carry(NamedTuple):
    """All uses and escapes of what one session has given."""

    uses: tuple[Use, ...]
    escapes: tuple[Escape, ...]


_Places = frozenset[tuple[Place, Carried]]
_Node = tuple[int, bool]
_NOTHING: _Places = frozenset()
_BOTH = (Carried.BOUND, Carried.HELD)


def carry(solved: Solved) -> Carry:
    """What the session of `solved`, followed alone, has given, and what becomes of it."""
    before = _solve(solved)
    tracing = _Tracing(solved.frame)
    uses: dict[Use, None] = {}
    escapes: dict[Escape, None] = {}
    for (step, opened), places in sorted(before.items(), key=lambda item: item[0]):
        event = solved.graph.steps[step].event
        for kind in _BOTH:
            if any((place, kind) in places for place in operands(event)):
                uses[Use(step, kind, opened)] = None
        if opened:
            for how in tracing.escapes(step, event, places):
                escapes[Escape(step, how)] = None
    if _of(before.get((solved.graph.returned, True), _NOTHING), RETURN):
        escapes[Escape(solved.graph.returned, Getaway.RETURNED)] = None
    return Carry(tuple(uses), tuple(escapes))


def is_open(world: World) -> bool:
    """Whether somebody still has to close the session."""
    return world.session is not None and sessions.is_open(world.session)


def _solve(solved: Solved) -> Mapping[_Node, _Places]:
    edges = _edges(solved)
    tracing = _Tracing(solved.frame)
    birth = solved.focus.birth
    before: dict[_Node, _Places] = {}
    start: _Places = frozenset((place, Carried.BOUND) for place in solved.focus.places)
    waiting: list[_Node] = [(0, True), (0, False)] if birth < 0 else []
    for node in waiting:
        before[node] = start
    for node in [node for node in edges if node[0] == birth]:
        before[node] = _NOTHING
        waiting.append(node)
    while waiting:
        node = waiting.pop()
        event = solved.graph.steps[node[0]].event
        for door, target in edges.get(node, ()):
            places = before[node]
            if door in (Door.COMPLETED, Door.TRUE):
                places = tracing.moved(node[0], event, places)
                if node[0] == birth:
                    places = places | {(getattr(event, "result", ""), Carried.BOUND)}
            known = before.get(target)
            if known is None or not places <= known:
                before[target] = places | (known or _NOTHING)
                waiting.append(target)
    return before


def _edges(solved: Solved) -> Mapping[_Node, tuple[tuple[int, _Node], ...]]:
    """Where each pair of a step and the session's openness leads, by which door."""
    edges: dict[_Node, dict[tuple[int, _Node], None]] = {}
    for step, world in solved.reached():
        leads = edges.setdefault((step, is_open(world)), {})
        for door, target, moved in solved.movement.transfer(step, world):
            leads[(door, (target, is_open(moved)))] = None
    return {node: tuple(leads) for node, leads in edges.items()}


class _Tracing:
    """How each event carries things on."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame

    def moved(self, step: int, event: Event, places: _Places) -> _Places:
        """What is carried once `event` has completed."""
        match event:
            case ev.Bind(target, source):
                return _set(places, target, _of(places, source))
            case ev.Unpack(targets, source):
                for target in targets:
                    places = _set(places, target, _of(places, source))
                return places
            case ev.Call():
                return self._called(event, places)
            case ev.Await(result, value):
                return _set(places, result, _of(places, value))
            case ev.Read(result, object_, attribute):
                return _set(places, result, self._read(object_, attribute, places))
            case ev.Write(object_, attribute, source):
                return self._written(object_, attribute, source, places)
            case ev.Item(result, object_, _):
                return _set(places, result, self._element(object_, places))
            case ev.Iterate(result, iterator, _):
                return _set(places, result, self._element(iterator, places))
            case ev.SetItem(object_, _, source) | ev.Extend(object_, source):
                return _add(places, object_, _of(places, source))
            case ev.Build(result, parts, shape):
                kept = parts if shape is ev.Shape.CONTAINER else ()
                return _set(places, result, {kind for part in kept for kind in _of(places, part)})
            case ev.Iter(result, iterable, _):
                return _set(places, result, _of(places, iterable))
            case ev.Enter(result, manager, _):
                return _set(places, result, _of(places, manager))
            case ev.Define(target, _, captures, _, _):
                return _set(places, target, {kind for place in captures for kind in _of(places, place)})
            case ev.Return(value):
                return _set(places, RETURN, _of(places, value))
            case ev.Delete(place) | ev.Import(place, _, _, _):
                return _set(places, place, ())
        return places

    def escapes(self, step: int, event: Event, places: _Places) -> Iterator[Getaway]:
        """The ways in which `event` lets something held get away from the function."""
        match event:
            case ev.Yield(_, value, _) if Carried.HELD in _of(places, value):
                yield Getaway.YIELDED
            case ev.Write(object_, _, source) | ev.SetItem(object_, _, source):
                if Carried.HELD in _of(places, source) and not self._stays(object_, places):
                    yield Getaway.STORED
            case ev.Call():
                yield from self._passed(event, places)

    def _passed(self, call: ev.Call, places: _Places) -> Iterator[Getaway]:
        if not any(Carried.HELD in _of(places, argument.value) for argument in call.arguments):
            return
        if not callees.presumed_to_keep(call.method or call.function.rpartition(".")[2].removeprefix("@")):
            return
        if Carried.BOUND in _of(places, call.receiver) or (
            call.receiver and self._stays(call.receiver, places)
        ):
            return
        if isinstance(self._frame.meaning(call.result), Object):
            return
        yield Getaway.PASSED

    def _stays(self, place: Place, places: _Places) -> bool:
        """Whether what is put into `place` can only get away with it: a local container, an instance."""
        if _of(places, place):
            return True
        sources = [
            step.event.source
            for step in self._frame.graph.steps
            if isinstance(step.event, ev.Bind) and step.event.target == place
        ] or [place]
        return all(self._is_made_here(source) for source in sources)

    def _is_made_here(self, place: Place) -> bool:
        if place.startswith("="):
            return True
        made = self._frame.made_by.get(place)
        event = self._frame.graph.steps[made].event if made is not None else None
        if isinstance(event, ev.Build):
            return True
        return isinstance(event, ev.Call) and event.function in _CONTAINERS

    def _called(self, call: ev.Call, places: _Places) -> _Places:
        given = {kind for argument in call.arguments for kind in _of(places, argument.value)}
        receiver = set(_of(places, call.receiver)) | set(self._outside(call, places))
        method = call.method or call.function.rpartition(".")[2]
        if Carried.BOUND in receiver and call.function not in _names(places):
            row = _row(method)
            if row is None or row.instance is not ToInstance.NOTHING:
                for argument in call.arguments:
                    if not argument.value.startswith(("=", "@")):
                        places = _add(places, argument.value, (Carried.HELD,))
            return _set(places, call.result, self._given_by_session(call, row))
        if given and call.receiver and not receiver and callees.presumed_to_keep(call.method):
            places = _add(places, call.receiver, given)
        if receiver or call.function in _names(places):
            return _set(places, call.result, (Carried.HELD,))
        return _set(places, call.result, self._given_by_callee(call, given) if given else ())

    def _outside(self, call: ev.Call, places: _Places) -> Iterable[Carried]:
        """``@db.session.add``: the receiver is a prefix of an outside name."""
        prefix = call.function.rpartition(".")[0]
        return _of(places, prefix) if prefix.startswith("@") else ()

    def _given_by_session(self, call: ev.Call, row: Row | None) -> Iterable[Carried]:
        meaning = self._frame.meaning(call.result)
        if row is not None and (row.role in _LAZY or row.gives is Gives.SAME):
            return (Carried.BOUND,)
        if isinstance(meaning, Selected) and meaning.holds is Holds.COLUMNS:
            return ()
        if row is not None and (
            row.gives is Gives.NOTHING or (row.gives is Gives.ROLE and row.role is Role.VALUE)
        ):
            return ()
        return (Carried.HELD,)

    def _given_by_callee(self, call: ev.Call, given: set[Carried]) -> Iterable[Carried]:
        meaning = self._frame.meaning(call.function) if call.function else None
        name = meaning.name.removeprefix("builtins.") if isinstance(meaning, External) else ""
        match callees.READERS.get(name):
            case callees.Reads.NOTHING | callees.Reads.TEXT | callees.Reads.LENGTH:
                return ()
            case callees.Reads.CONSUMES if name in ("all", "any", "sum"):
                return ()
            case callees.Reads.ITERATES | callees.Reads.WRAPS:
                return given
        return (Carried.HELD,)

    def _read(self, object_: Place, attribute: str, places: _Places) -> Iterable[Carried]:
        kinds = _of(places, object_)
        if Carried.HELD in kinds and self._is_column(object_, attribute):
            return ()
        return kinds

    def _is_column(self, object_: Place, attribute: str) -> bool:
        meaning = self._frame.meaning(object_)
        match meaning:
            case Selected(holds=Holds.INSTANCE, model=model):
                pass
            case Object(of=model):
                pass
            case _:
                return False
        found = models.attribute(self._frame.linker, model, attribute)
        return found in (models.Attribute.COLUMN, models.Attribute.EXPRESSION)

    def _element(self, source: Place, places: _Places) -> Iterable[Carried]:
        if not _of(places, source):
            return ()
        meaning = self._frame.meaning(source)
        if isinstance(meaning, Selected) and meaning.holds is Holds.COLUMNS:
            return ()
        return (Carried.HELD,)

    def _written(self, object_: Place, attribute: str, source: Place, places: _Places) -> _Places:
        moved = _add(places, object_, _of(places, source))
        if Carried.HELD in _of(places, object_) and isinstance(self._frame.meaning(source), Object):
            moved = _add(moved, source, (Carried.HELD,))
        return moved


_CONTAINERS = frozenset(
    {"@dict", "@list", "@set", "@collections.defaultdict", "@defaultdict", "@OrderedDict"}
)
_LAZY = frozenset(
    {
        Role.SESSION,
        Role.QUERY,
        Role.RESULT,
        Role.SCALARS,
        Role.STREAM,
        Role.STREAM_SCALARS,
        Role.TRANSACTION,
        Role.SAVEPOINT,
        Role.AUTOFLUSH_PAUSE,
        Role.CONNECTION,
        Role.ITERATOR,
    }
)
_ROWS: Mapping[str, Row] = {
    **results.STREAM_SCALARS,
    **results.STREAM,
    **results.SCALARS,
    **results.RESULT,
    **results.QUERY,
    **tables.ASYNC_SESSION,
    **tables.SESSION,
}


def _names(places: _Places) -> set[Place]:
    return {place for place, _ in places}


def _row(method: str) -> Row | None:
    return _ROWS.get(method)


def _of(places: _Places, place: Place) -> tuple[Carried, ...]:
    return tuple(kind for kind in _BOTH if (place, kind) in places)


def _set(places: _Places, place: Place, kinds: Iterable[Carried]) -> _Places:
    rest = frozenset(entry for entry in places if entry[0] != place)
    return rest | {(place, kind) for kind in kinds}


def _add(places: _Places, place: Place, kinds: Iterable[Carried]) -> _Places:
    if place.startswith("="):
        return places
    return places | {(place, kind) for kind in kinds}
