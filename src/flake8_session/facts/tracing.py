"""How each event carries on what needs a session, and lets it get away.

*Bound* is what needs the session itself: its other names, its transactions, queries, unread results,
functions that read it. *Held* are the instances, rows and lists of them that came out of it, and
every value of which it is not known that it is plain.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum

from flake8_session.flow import events as ev
from flake8_session.flow.events import Event, Place
from flake8_session.knowledge import callees, results
from flake8_session.knowledge import sessions as tables
from flake8_session.knowledge.words import Gives, Role, Row, ToInstance
from flake8_session.linking import models
from flake8_session.linking.frames import Frame
from flake8_session.linking.meanings import External, FunctionAt, Holds, Object, Selected
from flake8_session.typestate.worlds import RETURN


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


Places = frozenset[tuple[Place, Carried]]
KINDS = (Carried.BOUND, Carried.HELD)


class Tracing:
    """How each event carries things on."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame

    def moved(self, step: int, event: Event, places: Places) -> Places:
        """What is carried once `event` has completed."""
        match event:
            case ev.Bind(target, source):
                return _set(places, target, carried_by(places, source))
            case ev.Unpack(targets, source):
                given = self._is_given(source)
                kinds = self._element(source, places) if given else carried_by(places, source)
                for target in targets:
                    places = _set(places, target, kinds)
                return places
            case ev.Call():
                return self._called(event, places)
            case ev.Await(result, value):
                return _set(places, result, carried_by(places, value))
            case ev.Read(result, object_, attribute):
                return _set(places, result, self._read(object_, attribute, places))
            case ev.Write(object_, attribute, source):
                return self._written(object_, attribute, source, places)
            case ev.Item(result, object_, _):
                return _set(places, result, self._element(object_, places))
            case ev.Iterate(result, iterator, _):
                return _set(places, result, self._element(iterator, places))
            case ev.SetItem(object_, _, source) | ev.Extend(object_, source):
                return _add(places, object_, carried_by(places, source))
            case ev.Build(result, parts, shape):
                kept = parts if shape is ev.Shape.CONTAINER else ()
                return _set(places, result, {kind for part in kept for kind in carried_by(places, part)})
            case ev.Iter(result, iterable, _):
                return _set(places, result, carried_by(places, iterable))
            case ev.Enter(result, manager, _):
                return _set(places, result, carried_by(places, manager))
            case ev.Define(target, _, captures, _, _):
                needs = {kind for place in captures for kind in carried_by(places, place)}
                return _set(places, target, needs)
            case ev.Return(value):
                return _set(places, RETURN, carried_by(places, value))
            case ev.Delete(place) | ev.Import(place, _, _, _):
                return _set(places, place, ())
        return places

    def escapes(self, step: int, event: Event, places: Places) -> Iterator[Getaway]:
        """The ways in which `event` lets something held get away from the function."""
        match event:
            case ev.Yield(_, value, _) if Carried.HELD in carried_by(places, value):
                yield Getaway.YIELDED
            case ev.Write(object_, _, source) | ev.SetItem(object_, _, source):
                if Carried.HELD in carried_by(places, source) and not self._stays(object_, places):
                    yield Getaway.STORED
            case ev.Call():
                yield from self._passed(event, places)

    def _passed(self, call: ev.Call, places: Places) -> Iterator[Getaway]:
        if not any(Carried.HELD in carried_by(places, argument.value) for argument in call.arguments):
            return
        if not callees.presumed_to_keep(call.method or call.function.rpartition(".")[2].removeprefix("@")):
            return
        if Carried.BOUND in carried_by(places, call.receiver) or (
            call.receiver and self._stays(call.receiver, places)
        ):
            return
        if isinstance(self._frame.meaning(call.result), Object):
            return
        yield Getaway.PASSED

    def _stays(self, place: Place, places: Places) -> bool:
        """Whether what is put into `place` can only get away with it: a local container, an instance."""
        if carried_by(places, place):
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

    def _called(self, call: ev.Call, places: Places) -> Places:
        given = {kind for argument in call.arguments for kind in carried_by(places, argument.value)}
        receiver = set(carried_by(places, call.receiver)) | set(self._outside(call, places))
        method = call.method or call.function.rpartition(".")[2]
        if Carried.BOUND in receiver and call.function not in _names(places):
            row = _row(method)
            if row is None or row.instance is not ToInstance.NOTHING:
                for argument in call.arguments:
                    for place in self._with_contents(argument.value):
                        places = _add(places, place, (Carried.HELD,))
            return _set(places, call.result, self._given_by_session(call, row))
        if given and call.receiver and not receiver and callees.presumed_to_keep(call.method):
            places = _add(places, call.receiver, given)
        if receiver or call.function in _names(places):
            return _set(places, call.result, (Carried.HELD,))
        return _set(places, call.result, self._given_by_callee(call, given) if given else ())

    def _with_contents(self, place: Place) -> set[Place]:
        """The place and what is ever put into it, where it is a container: ``add_all([user])``."""
        found: set[Place] = set()
        pending = [place]
        while pending:
            here = pending.pop()
            if here in found or here.startswith(("=", "@")):
                continue
            found.add(here)
            for step in self._frame.graph.steps:
                match step.event:
                    case ev.Build(result, parts, _) if result == here:
                        pending += parts
                    case ev.Bind(target, source) if target == here:
                        pending.append(source)
                    case ev.Extend(container, source) | ev.SetItem(container, _, source) if container == here:
                        pending.append(source)
                    case ev.Call(receiver=receiver) if receiver == here:
                        pending += [argument.value for argument in step.event.arguments]
        return found

    def _outside(self, call: ev.Call, places: Places) -> Iterable[Carried]:
        """``@db.session.add``: the receiver is a prefix of an outside name."""
        prefix = call.function.rpartition(".")[0]
        return carried_by(places, prefix) if prefix.startswith("@") else ()

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
        if self._answers(call):
            return ()
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

    def _answers(self, call: ev.Call) -> bool:
        """Whether a plain function of the project is called that gives back nothing but constants."""
        callee = self._frame.callee(call)
        body = self._frame.linker.body(callee) if isinstance(callee, FunctionAt) else None
        if body is None or body.graph is None or body.asynchronous or body.generator or body.decorators:
            return False
        given = (step.event.value for step in body.graph.steps if isinstance(step.event, ev.Return))
        return all(not value or value.startswith("=") for value in given)

    def _read(self, object_: Place, attribute: str, places: Places) -> Iterable[Carried]:
        kinds = carried_by(places, object_)
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

    def _is_given(self, place: Place) -> bool:
        """Whether only calls make what it holds: the parts of a result are no results."""
        steps = self._frame.graph.steps
        bound = [
            step.event.source
            for step in steps
            if isinstance(step.event, ev.Bind) and step.event.target == place
        ]
        made = [self._frame.made_by.get(source) for source in bound or [place]]
        return all(step is not None and isinstance(steps[step].event, ev.Call) for step in made)

    def _element(self, source: Place, places: Places) -> Iterable[Carried]:
        if not carried_by(places, source):
            return ()
        meaning = self._frame.meaning(source)
        if isinstance(meaning, Selected) and meaning.holds is Holds.COLUMNS:
            return ()
        return (Carried.HELD,)

    def _written(self, object_: Place, attribute: str, source: Place, places: Places) -> Places:
        moved = _add(places, object_, carried_by(places, source))
        if Carried.HELD in carried_by(places, object_) and isinstance(self._frame.meaning(source), Object):
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


def _names(places: Places) -> set[Place]:
    return {place for place, _ in places}


def _row(method: str) -> Row | None:
    return _ROWS.get(method)


def carried_by(places: Places, place: Place) -> tuple[Carried, ...]:
    return tuple(kind for kind in KINDS if (place, kind) in places)


def _set(places: Places, place: Place, kinds: Iterable[Carried]) -> Places:
    rest = frozenset(entry for entry in places if entry[0] != place)
    return rest | {(place, kind) for kind in kinds}


def _add(places: Places, place: Place, kinds: Iterable[Carried]) -> Places:
    if place.startswith("="):
        return places
    return places | {(place, kind) for kind in kinds}
