"""The births of a function's instances: where one comes out of a session, or is made to be put into one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from flake8_session.flow.events import Await, Bind, Build, Call, Event, Extend, Iterate, Place
from flake8_session.knowledge import callees
from flake8_session.knowledge.frameworks import EXTENSION_QUERIES
from flake8_session.linking import models
from flake8_session.linking.frames import Frame
from flake8_session.linking.meanings import (
    Borrowed,
    ClassAt,
    External,
    FunctionAt,
    Holds,
    Made,
    Meaning,
    Member,
    Object,
    Selected,
    Unknown,
)
from flake8_session.linking.selecting import is_class_name
from flake8_session.summaries.beside import beside
from flake8_session.typestate.focus import Focus

_GIVING = frozenset(
    {
        "get",
        "get_one",
        "scalar",
        "first",
        "one",
        "one_or_none",
        "all",
        "fetchall",
        "fetchmany",
        "fetchone",
        "scalar_one",
        "scalar_one_or_none",
        "merge",
        *EXTENSION_QUERIES,
    }
)
_TAKING = frozenset(
    {
        "add",
        "add_all",
        "merge",
        "delete",
        "append",
        "insert",
        "extend",
        "refresh",
        "expire",
        "expunge",
    }
)
_MOST_FOCI = 200


def instance_foci(frame: Frame, session: Focus) -> list[Focus]:
    """`session` with each instance that it may hold; empty where there are too many to follow."""
    if session.gone and not session.takes:
        return [replace(session, instance=session.birth)]
    births = _new(frame) if session.takes else _births(frame)
    found = [
        replace(session, instance=step, selected=part, constructed=constructed)
        for step, selected, constructed in births
        for part in _each_part(selected)
    ]
    if len(found) > _MOST_FOCI:
        return []
    return [replace(focus, beside=beside(frame, focus)) for focus in found]


def _each_part(selected: Selected) -> Iterator[Selected]:
    """What is selected, once for each entity of a row."""
    if not selected.parts:
        yield selected
    for index, model in enumerate(selected.parts):
        if model is not None:
            yield replace(selected, model=model, part=index)


def given_to_sessions(frame: Frame) -> frozenset[Place]:
    """Every place whose value may be given to a session, by the function or by one that it calls."""
    taken, passed = _taken(frame)
    return taken | passed


def _new(frame: Frame) -> Iterator[tuple[int, Selected, bool]]:
    """The new objects of mapped classes in sight."""
    for index, step in enumerate(frame.graph.steps):
        if isinstance(step.event, Call) and step.event.result in frame.new_instances:
            callee = frame.callee(step.event)
            if isinstance(callee, ClassAt) and _is_mapped(frame, callee):
                yield index, Selected(Holds.INSTANCE, model=callee), True


def _births(frame: Frame) -> Iterator[tuple[int, Selected, bool]]:
    taken, passed = _taken(frame)
    for index, step in enumerate(frame.graph.steps):
        event = step.event
        if isinstance(event, Call):
            meaning = frame.meaning(event.result)
            made = _made_elsewhere(frame, event, meaning)
            added = _added(frame, event)
            if added is not None:
                yield index, added, False
            elif made is not None:
                yield index, made, False
            elif isinstance(meaning, Selected):
                if _gives_entities(meaning) and (_gives(frame, event) or _reads_entities(frame, event)):
                    yield index, meaning, False
            elif event.result in taken or event.result in passed:
                model = _constructed(frame, event)
                if model is not None and (event.result in taken or _is_mapped(frame, model)):
                    yield index, Selected(Holds.INSTANCE, model=model), True
        elif isinstance(event, Iterate):
            meaning = frame.meaning(event.result)
            if isinstance(meaning, Selected) and _gives_entities(meaning):
                yield index, meaning, False


def _added(frame: Frame, call: Call) -> Selected | None:
    """What the session is given that comes from out of sight: ``session.add(user)`` of a parameter."""
    if call.method != "add" or len(call.arguments) != 1 or call.arguments[0].keyword:
        return None
    place = call.arguments[0].value
    if place[0] in "%@=" or not isinstance(frame.meaning(call.receiver), Borrowed | Made | Unknown):
        return None
    made = [frame.made_by.get(source) for source in frame.bindings.get(place, ())]
    if any(index is None or _is_followed(frame, frame.graph.steps[index].event) for index in made):
        return None
    meaning = frame.meaning(place)
    if isinstance(meaning, Object) and models.is_mapped(frame.linker, meaning.of):
        return Selected(Holds.INSTANCE, model=meaning.of)
    return Selected(Holds.INSTANCE) if isinstance(meaning, Unknown | Member) else None


def _is_followed(frame: Frame, event: Event) -> bool:
    """Whether what a step gives is an instance of its own accord."""
    if not isinstance(event, Call | Await):
        return True
    call = frame.called(frame.made_by[event.result])
    return not isinstance(call, Call) or isinstance(frame.callee(call), ClassAt | FunctionAt)


def _made_elsewhere(frame: Frame, call: Call, meaning: Meaning) -> Selected | None:
    """The instance that a project function may have constructed, and added, before it gave it back."""
    if not call.arguments or not isinstance(frame.callee(call), FunctionAt):
        return None
    if isinstance(meaning, Object):
        return Selected(Holds.INSTANCE, model=meaning.of)
    if isinstance(meaning, External) and meaning.name.endswith("()"):
        name = meaning.name[:-2]
        if is_class_name(name.rpartition(".")[2]) and not name.startswith(("builtins.", "sqlalchemy.")):
            return Selected(Holds.INSTANCE, model=External(name))
    return None


def _gives_entities(selected: Selected) -> bool:
    return selected.holds in (Holds.INSTANCE, Holds.ROWS)


def _gives(frame: Frame, call: Call) -> bool:
    if isinstance(frame.callee(call), FunctionAt):
        return True
    method = call.method or call.function.rpartition(".")[2]
    return method in _GIVING


def _reads_entities(frame: Frame, call: Call) -> bool:
    callee = frame.meaning(call.function) if call.function else None
    if not isinstance(callee, External) or not call.arguments:
        return False
    reads = callees.READERS.get(callee.name.removeprefix("builtins."))
    source = frame.meaning(call.arguments[0].value)
    return (
        reads in (callees.Reads.COLLECTS, callees.Reads.NEXT)
        and isinstance(source, Selected)
        and _gives_entities(source)
    )


def _constructed(frame: Frame, call: Call) -> Meaning | None:
    callee = frame.callee(call)
    if isinstance(callee, ClassAt):
        return callee
    if isinstance(callee, External) and is_class_name(callee.name.rpartition(".")[2]):
        return callee if not callee.name.startswith(("builtins.", "sqlalchemy.")) else None
    return None


def _saves_itself(frame: Frame, call: Call) -> bool:
    """Whether a model in sight is given something by its own method, which may add it: ``u.save(s)``."""
    receiver = frame.meaning(call.receiver)
    return (
        isinstance(receiver, Object)
        and bool(call.arguments)
        and models.is_mapped(frame.linker, receiver.of)
        and isinstance(frame.callee(call), FunctionAt)
    )


def _is_mapped(frame: Frame, model: Meaning) -> bool:
    return isinstance(model, ClassAt) and models.is_mapped(frame.linker, model)


def _taken(frame: Frame) -> tuple[frozenset[Place], frozenset[Place]]:
    """Every place whose value may be given to a session, and to functions of the project that may do so."""
    taken: set[Place] = set()
    passed: set[Place] = set()
    sources: dict[Place, set[Place]] = {}
    for step in frame.graph.steps:
        event = step.event
        match event:
            case Call(receiver=receiver) if receiver and _saves_itself(frame, event):
                taken.add(receiver)
            case Call() if (event.method or event.function.rpartition(".")[2]) in _TAKING:
                taken.update(argument.value for argument in event.arguments)
                if event.receiver and event.method in ("append", "insert", "extend"):
                    sources.setdefault(event.receiver, set()).update(a.value for a in event.arguments)
            case Call() if event.arguments and isinstance(frame.callee(event), FunctionAt):
                passed.update(argument.value for argument in event.arguments)
            case Bind(target, source):
                sources.setdefault(target, set()).add(source)
            case Build(result, parts, _):
                sources.setdefault(result, set()).update(parts)
            case Extend(container, source):
                sources.setdefault(container, set()).add(source)
    return _closed(taken, sources), _closed(passed, sources)


def _closed(places: set[Place], sources: dict[Place, set[Place]]) -> frozenset[Place]:
    """`places`, and those that they are bound to or made of."""
    closed = set(places)
    pending = list(places)
    while pending:
        for source in sources.get(pending.pop(), ()):
            if source not in closed:
                closed.add(source)
                pending.append(source)
    return frozenset(closed)
