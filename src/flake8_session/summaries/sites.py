"""The sites of a function: where it gets sessions from, and where instances come out of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol

from flake8_session.flow.events import Bind, Build, Call, Enter, Extend, Iter, Iterate, Place, Read, Write
from flake8_session.flow.outline import Kind, Parameter
from flake8_session.knowledge import callees
from flake8_session.knowledge.frameworks import EXTENSION_QUERIES
from flake8_session.linking import models
from flake8_session.linking.calls import is_class_name
from flake8_session.linking.frames import Frame
from flake8_session.linking.meanings import (
    Borrowed,
    Called,
    ClassAt,
    External,
    FunctionAt,
    Holds,
    Made,
    Meaning,
    Object,
    Opening,
    Options,
    Registry,
    Selected,
)
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


class Givers(Protocol):
    """Which project functions give a session to their caller."""

    def fresh(self, at: FunctionAt) -> Options | None:
        """The options of a new session that a call of `at` may return; None where it returns none."""
        ...

    def lent(self, at: FunctionAt) -> Options | None:
        """The options of a session that ``with at() as s`` lends; None where it lends none."""
        ...

    def borrowed(self, frame: Frame, parameter: Parameter) -> Borrowed | None:
        """The session that the function is given in the parameter; None where that holds none."""
        ...

    def lent_by(self, at: ClassAt) -> Options | None:
        """The options of a session that ``with`` over an object of the class lends."""
        ...


def session_foci(frame: Frame, givers: Givers) -> list[Focus]:
    """Every session that the function is given, borrows or makes, in order of the text."""
    return [*_parameters(frame, givers), *_outside(frame), *_held(frame), *_made(frame, givers)]


def made_foci(frame: Frame, givers: Givers, among: frozenset[Place]) -> list[Focus]:
    """Every session of `among` that the function makes, or is given by what it calls or enters."""
    return list(_made(frame, givers, among))


def instance_foci(frame: Frame, session: Focus) -> list[Focus]:
    """`session` with each instance that it may hold; empty where there are too many to follow."""
    found = [
        replace(session, instance=step, selected=selected, constructed=constructed)
        for step, selected, constructed in _births(frame)
    ]
    return found if len(found) <= _MOST_FOCI else []


def _parameters(frame: Frame, givers: Givers) -> Iterator[Focus]:
    for parameter in frame.function.parameters:
        meaning = givers.borrowed(frame, parameter)
        if meaning is not None and not parameter.keyword.startswith("**"):
            yield Focus(meaning.options, places=(parameter.name,), owned=False, registry=meaning.registry)


def _outside(frame: Frame) -> Iterator[Focus]:
    """Registries and global sessions, each by the longest name that means it."""
    seen: dict[Place, Focus] = {}
    for place in frame.outside_places():
        parts = place[1:].split(".")
        for count in range(1, len(parts) + 1):
            prefix = "@" + ".".join(parts[:count])
            if prefix in seen:
                break
            meaning = frame.meaning(prefix)
            if isinstance(meaning, Registry | Borrowed):
                queries = _model_queries(frame) if meaning.options.app_scoped else ()
                focus = Focus(meaning.options, places=(prefix,), queries=queries, owned=False, registry=True)
                seen[prefix] = focus
                break
    yield from seen.values()


def _model_queries(frame: Frame) -> tuple[Place, ...]:
    """Every ``Model.query`` that the function uses, where the model belongs to a Flask extension."""
    prefixes: dict[Place, None] = {}
    for place in frame.outside_places():
        model, found, _ = place.partition(".query")
        if found and isinstance(frame.meaning(model + found), Selected):
            prefixes[model + found] = None
    return tuple(prefixes)


def _held(frame: Frame) -> Iterator[Focus]:
    """Sessions in attributes of the method's own object, as its class's methods stored them."""
    own = frame.function.parameters[0].name if frame.function.parameters else ""
    seen: set[Place] = set()
    for step in frame.graph.steps:
        event = step.event
        if not isinstance(event, Read) or event.object != own or not own:
            continue
        place = f"{own}.{event.attribute}"
        meaning = frame.meaning(event.result)
        if not isinstance(meaning, Borrowed | Registry) or place in seen:
            continue
        if not _binds(frame, own, event.attribute):
            seen.add(place)
            yield Focus(meaning.options, places=(place,), owned=False, registry=True)


def _binds(frame: Frame, own: Place, attribute: str) -> bool:
    return any(
        isinstance(step.event, Write) and step.event.object == own and step.event.attribute == attribute
        for step in frame.graph.steps
    )


def _made(frame: Frame, givers: Givers, among: frozenset[Place] | None = None) -> Iterator[Focus]:
    for index, step in enumerate(frame.graph.steps):
        event = step.event
        if among is not None and getattr(event, "result", "") not in among:
            continue
        if isinstance(event, Call):
            yield from _called(frame, givers, index, event)
        elif isinstance(event, Iterate) and event.asynchronous:
            started = frame.made_by.get(event.iterator)
            start = frame.graph.steps[started].event if started is not None else None
            driven = _driven(frame, givers, start.iterable) if isinstance(start, Iter) else None
            if driven is not None:
                yield Focus(driven, birth=index, owned=False, driven=True)
        elif isinstance(event, Enter):
            meaning = frame.meaning(event.manager)
            if isinstance(meaning, Opening):
                yield Focus(meaning.options, birth=index, owned=not meaning.options.on_connection)
            elif isinstance(meaning, Called):
                options = givers.lent(meaning.function)
                if options is not None:
                    yield Focus(options, birth=index, owned=False, lent=True)
            elif isinstance(meaning, Object):
                options = givers.lent_by(meaning.of)
                if options is not None:
                    yield Focus(options, birth=index, owned=False, lent=True)


def _called(frame: Frame, givers: Givers, index: int, call: Call) -> Iterator[Focus]:
    driven = _driven(frame, givers, _asked_for_next(frame, call))
    if driven is not None:
        yield Focus(driven, birth=index, owned=False, driven=True)
        return
    callee = frame.callee(call)
    made = frame.meaning(call.result)
    if isinstance(callee, FunctionAt) and not isinstance(made, Borrowed | Made):
        options = givers.fresh(callee)
        if options is not None:
            yield Focus(options, birth=index, owned=not options.on_connection)
        return
    if isinstance(callee, FunctionAt) and isinstance(made, Borrowed):
        yield Focus(made.options, birth=index, owned=False, registry=True)
        return
    if isinstance(callee, External) and callee.name.endswith("typing.cast"):
        return
    if isinstance(made, Registry) and _is_local(frame, call.result):
        yield Focus(made.options, birth=index, owned=False, registry=True)
    if isinstance(made, Borrowed) and not isinstance(callee, Registry | Borrowed):
        yield Focus(made.options, birth=index, owned=False, registry=True)
    if isinstance(made, Made):
        yield Focus(made.options, birth=index, owned=not made.options.on_connection)


def _is_local(frame: Frame, registry: Place) -> bool:
    """Whether a registry is in variables of the function alone, and gives it sessions of no other owner."""
    kept = {registry, *frame.aliases.get(registry, ())}
    given = [
        frame.meaning(step.event.result)
        for step in frame.graph.steps
        if isinstance(step.event, Call) and step.event.function in kept
    ]
    return (
        frame.function.kind is Kind.FUNCTION
        and not any(place.startswith("@") for place in kept)
        and not any(isinstance(meaning, Made) for meaning in given)
    )


def _asked_for_next(frame: Frame, call: Call) -> Place:
    """What ``next(…)``, ``anext(…)`` or ``….__next__()`` asks; `""` for any other call."""
    if call.method in ("__next__", "__anext__"):
        return call.receiver
    callee = frame.meaning(call.function) if call.function else None
    if callee not in (External("builtins.next"), External("builtins.anext")) or not call.arguments:
        return ""
    return call.arguments[0].value


def _driven(frame: Frame, givers: Givers, generator: Place) -> Options | None:
    """The options of the session that a generator lends which nothing but this expression refers to."""
    meaning = frame.meaning(generator) if generator.startswith("%") else None
    if not isinstance(meaning, Called):
        return None
    function = frame.linker.function(meaning.function)
    if function is None or not function.generator or function.decorators:
        return None
    return givers.lent(meaning.function)


def _births(frame: Frame) -> Iterator[tuple[int, Selected, bool]]:
    taken = _taken(frame)
    for index, step in enumerate(frame.graph.steps):
        event = step.event
        if isinstance(event, Call):
            meaning = frame.meaning(event.result)
            made = _made_elsewhere(frame, event, meaning)
            if made is not None:
                yield index, made, False
            elif isinstance(meaning, Selected):
                if _gives_entities(meaning) and _gives(frame, event):
                    yield index, meaning, False
            elif event.result in taken:
                model = _constructed(frame, event)
                if model is not None:
                    yield index, Selected(Holds.INSTANCE, model=model), True
            elif _reads_entities(frame, event):
                source = frame.meaning(event.arguments[0].value)
                assert isinstance(source, Selected)
                yield index, source, False
        elif isinstance(event, Iterate):
            meaning = frame.meaning(event.result)
            if isinstance(meaning, Selected) and _gives_entities(meaning):
                yield index, meaning, False


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


def _taken(frame: Frame) -> frozenset[Place]:
    """Every place whose value may be given to a session: closed under binding and packing."""
    taken: set[Place] = set()
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
            case Bind(target, source):
                sources.setdefault(target, set()).add(source)
            case Build(result, parts, _):
                sources.setdefault(result, set()).update(parts)
            case Extend(container, source):
                sources.setdefault(container, set()).add(source)
    pending = list(taken)
    while pending:
        for source in sources.get(pending.pop(), ()):
            if source not in taken:
                taken.add(source)
                pending.append(source)
    return frozenset(taken)
