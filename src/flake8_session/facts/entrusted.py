"""What a project function does with the session that a call gives it, where that can be proven.

Proven is that it neither ends a transaction nor hands the session on: all that it does with it are calls
of methods that do neither, and calls of functions of which the same can be proven. What it does on some
way only does not count as a write. Of everything else nothing is said.
"""

from __future__ import annotations

from typing import NamedTuple

from flake8_session.flow.events import (
    Await,
    Bind,
    Call,
    Door,
    Event,
    Place,
    Read,
    Test,
    TestInstance,
    TestSame,
)
from flake8_session.flow.ways import reached
from flake8_session.knowledge import results
from flake8_session.knowledge.words import Role
from flake8_session.linking.frames import Frame
from flake8_session.linking.linker import Linker
from flake8_session.linking.meanings import External, FunctionAt, Object, Selected
from flake8_session.linking.places import operands
from flake8_session.summaries.passing import given_names
from flake8_session.typestate.worlds import World

_ADDING = frozenset({"add", "add_all", "merge"})
_DELETING = frozenset({"delete", "bulk_save_objects", "bulk_insert_mappings", "bulk_update_mappings"})
_ASKING = frozenset({"execute", "exec", "scalar", "scalars", "stream", "stream_scalars", "query"})
_PLAIN = _ADDING | _DELETING | _ASKING | {"expire", "expire_all", "flush", "get", "get_one", "refresh"}
_LOOKING = frozenset({"autoflush", "bind", "deleted", "dirty", "info", "is_active", "new", "no_autoflush"})


class Entrusted(NamedTuple):
    """Nothing is ended and nothing is handed on; `writes`: on each way that returns a row is changed."""

    writes: bool


def entrusted(frame: Frame, call: Call, world: World) -> Entrusted | None:
    """What the called function does with the session that `world` knows; None where that is not proven."""
    callee = frame.callee(call)
    inner = _inner(frame.linker, callee) if isinstance(callee, FunctionAt) else None
    if inner is None:
        return None
    given = given_names(frame, inner, call, world)
    if any(holding is not Role.SESSION for _, holding in given):
        return None
    places = frozenset(place for place, _ in given)
    # A function that comes back to itself is not proven: the answer starts from None.
    return frame.linker.answers.ask(
        ("entrusted", callee, places), lambda: _proven(inner, places, world), None, None
    )


def _inner(linker: Linker, at: FunctionAt) -> Frame | None:
    """The callee, made once; None where calling it does not run a body in sight."""
    body = linker.body(at)
    if body is None or body.graph is None or body.generator:
        return None
    return linker.answers.ask(("entrusted to", at), lambda: Frame(at.module, body, linker), None, None)


def _proven(frame: Frame, given: frozenset[Place], world: World) -> Entrusted | None:
    places = _places(frame, given)
    inside = world._replace(names=frozenset((place, Role.SESSION) for place in places))
    writing = set()
    for index, step in enumerate(frame.graph.steps):
        if not _is_plain(frame, step.event, places, inside):
            return None
        if isinstance(step.event, Call) and _writes(frame, step.event, places, inside):
            writing.add(index)
    return Entrusted(bool(writing) and not _returns_without(frame, writing))


def _places(frame: Frame, given: frozenset[Place]) -> set[Place]:
    """The places that hold the session: what was given, by all names."""
    found = set(given)
    while True:
        more = set()
        for step in frame.graph.steps:
            match step.event:
                case Bind(target, source) if source in found:
                    more.add(target)
                case Read(result, owner, attribute) if f"{owner}.{attribute}" in found:
                    more.add(result)
        if more <= found:
            return found
        found |= more


def _is_plain(frame: Frame, event: Event, places: set[Place], inside: World) -> bool:
    """Whether what happens here ends no transaction of the session, and hands it to nobody."""
    match event:
        case Call(_, _, receiver, method, _) if receiver in places:
            return method in _PLAIN and not any(each.value in places for each in event.arguments)
        case Call() if not places.isdisjoint(operands(event)):
            return entrusted(frame, event, inside) is not None
        case Call(_, function, _, method, _):
            return "commit" not in (method or function)
        case Read(_, owner, attribute) if owner in places:
            return attribute in _LOOKING
        case Bind() | Await() | Read() | Test() | TestInstance() | TestSame():
            return True
    return places.isdisjoint(operands(event))


def _writes(frame: Frame, call: Call, places: set[Place], inside: World) -> bool:
    if call.receiver not in places:
        if not places.isdisjoint(operands(call)):
            found = entrusted(frame, call, inside)
            return found is not None and found.writes
        return _is_written_by_query(frame, call, places)
    if call.method in _ADDING:
        return any(_is_new(frame, argument.value) for argument in call.arguments)
    if call.method in _ASKING:
        selected = frame.meaning(call.result)
        return isinstance(selected, Selected) and selected.surely
    return call.method in _DELETING


def _is_new(frame: Frame, place: Place) -> bool:
    """Whether an instance is made here and nowhere else, of a class."""
    step = frame.made_by.get(place)
    event = frame.graph.steps[step].event if step is not None else None
    if isinstance(event, Call) and step in frame.certain_objects:
        return isinstance(frame.meaning(event.result), Object | External)
    return frame.constructor(place) is not None


def _is_written_by_query(frame: Frame, call: Call, places: set[Place]) -> bool:
    """Whether this is ``session.query(...).delete()`` or its like."""
    row = results.QUERY.get(call.method)
    if row is None or not row.writes:
        return False
    event: Event | None = call
    while isinstance(event, Call) and event.receiver not in places:
        step = frame.made_by.get(event.receiver)
        event = frame.graph.steps[step].event if step is not None else None
    return isinstance(event, Call) and event.method == "query"


def _returns_without(frame: Frame, writing: set[int]) -> bool:
    """Whether some way to the return goes past all these steps."""
    unwritten = reached(frame.graph, lambda step, door: door is not Door.COMPLETED or step not in writing)
    return frame.graph.returned in unwritten
