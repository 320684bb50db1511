"""The sites of a function: where it gets sessions from (where instances come from: `instances`)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple, Protocol

from flake8_session.flow.events import Call, Enter, Iterate, Place, Unpack
from flake8_session.flow.outline import Kind, Parameter
from flake8_session.linking.frames import Frame
from flake8_session.linking.meanings import (
    Borrowed,
    Called,
    ClassAt,
    External,
    FunctionAt,
    Made,
    Object,
    OneOf,
    Opening,
    Options,
    Registry,
    Selected,
)
from flake8_session.summaries.chosen import as_called, as_made, call_of
from flake8_session.summaries.decorated import is_bare
from flake8_session.summaries.held import held_foci
from flake8_session.typestate.driving import generator_of
from flake8_session.typestate.focus import Focus


class Part(NamedTuple):
    """A new session that is part `number` of the `size` parts of a tuple."""

    number: int
    size: int
    options: Options


class Givers(Protocol):
    """Which project functions give a session to their caller."""

    def fresh(self, at: FunctionAt) -> Options | None:
        """The options of a new session that a call of `at` may return; None where it returns none."""
        ...

    def fresh_part(self, at: FunctionAt) -> Part | None:
        """The new session in the tuples that a call of `at` returns; None where there is none."""
        ...

    def lent(self, at: FunctionAt) -> Options | None:
        """The options of a session that ``with at() as s`` lends; None where it lends none."""
        ...

    def borrowed(self, frame: Frame, parameter: Parameter) -> Borrowed | None:
        """The session that the function is given in the parameter; None where that holds none."""
        ...

    def detached(self, frame: Frame, call: Call, at: FunctionAt) -> Focus | None:
        """The ended session of an instance that the call gives, with the instance; None if it gives none."""
        ...

    def taking(self, frame: Frame, call: Call, at: FunctionAt) -> Focus | None:
        """The ended session into which the call has put a new instance; None where it puts none."""
        ...

    def takes(self, at: FunctionAt) -> bool:
        """Whether a call of `at` may put what it is given into a session of its own."""
        ...

    def gives_detached(self, at: FunctionAt) -> bool:
        """Whether a call of `at` may give an instance whose session it has ended."""
        ...

    def lent_by(self, at: ClassAt) -> Options | None:
        """The options of a session that ``with`` over an object of the class lends."""
        ...


def session_foci(frame: Frame, givers: Givers) -> list[Focus]:
    """Every session that the function is given, borrows or makes, in order of the text."""
    return [*_parameters(frame, givers), *_outside(frame), *held_foci(frame), *_made(frame, givers)]


def registry_foci(frame: Frame) -> list[Focus]:
    """Every registry and global session that the function names."""
    return list(_outside(frame))


def made_foci(frame: Frame, givers: Givers, among: frozenset[Place] | None) -> list[Focus]:
    """Every session of `among`, or at all, that the function makes, or gets from what it calls or enters."""
    return list(_made(frame, givers, among))


def parts_taken(frame: Frame, call: Call) -> int:
    """Into how many names the call's result is taken apart at once; 0 where it is not."""
    for step in frame.graph.steps:
        if isinstance(step.event, Unpack) and step.event.source == call.result:
            return len(step.event.targets)
    return 0


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


def _made(frame: Frame, givers: Givers, among: frozenset[Place] | None = None) -> Iterator[Focus]:
    for index, step in enumerate(frame.graph.steps):
        event = step.event
        if among is not None and getattr(event, "result", "") not in among:
            continue
        if isinstance(event, Call):
            yield from _called(frame, givers, index, event)
        elif isinstance(event, Iterate):
            options = _driven(frame, givers, generator_of(frame, event), waits=event.asynchronous)
            if options is not None:
                by_hand = event.asynchronous
                yield Focus(options, birth=index, owned=False, driven=by_hand, lent=not by_hand)
        elif isinstance(event, Enter):
            meaning = frame.meaning(event.manager)
            if isinstance(meaning, Opening):
                yield Focus(meaning.options, birth=index, owned=not meaning.options.on_connection)
            elif isinstance(meaning, Called):
                options = givers.lent(meaning.function)
                if options is not None:
                    options = as_called(frame, call_of(frame, event.manager), meaning.function, options)
                    yield Focus(options, birth=index, owned=False, lent=True)
            elif isinstance(meaning, OneOf):
                one = _lent_by_one(meaning, givers)
                if one is not None:
                    yield Focus(one, birth=index, owned=False, lent=True)
            elif isinstance(meaning, Object):
                options = givers.lent_by(meaning.of)
                if options is not None:
                    options = as_made(frame, call_of(frame, event.manager), meaning.of, options)
                    yield Focus(options, birth=index, owned=False, lent=True)


def _lent_by_one(meaning: OneOf, givers: Givers) -> Options | None:
    """What the sessions have in common that one of several managers lends; None where one lends none."""
    found = [
        each.options
        if isinstance(each, Opening)
        else givers.lent(each.function if isinstance(each, Called) else each)
        for each in meaning.options
    ]
    known = [options for options in found if options is not None]
    if len(known) < len(found) or len({options.asynchronous for options in known}) > 1:
        return None
    expires = known[0].expires if len({options.expires for options in known}) == 1 else None
    return replace(known[0], expires=expires)


def _called(frame: Frame, givers: Givers, index: int, call: Call) -> Iterator[Focus]:
    driven = _driven(frame, givers, *_asked_for_next(frame, call))
    if driven is not None:
        yield Focus(driven, birth=index, owned=False, driven=True)
        return
    callee = frame.callee(call)
    made = frame.meaning(call.result)
    if isinstance(callee, FunctionAt) and not isinstance(made, Borrowed | Made):
        options = givers.fresh(callee)
        if options is not None:
            options = as_called(frame, call, callee, options)
            yield Focus(options, birth=index, owned=not options.on_connection)
            return
        part = givers.fresh_part(callee) if parts_taken(frame, call) else None
        if part is not None and part.size == parts_taken(frame, call):
            options = as_called(frame, call, callee, part.options)
            yield Focus(options, birth=index, owned=not options.on_connection)
            return
        gone = givers.detached(frame, call, callee)
        if gone is not None:
            yield Focus(gone.options, birth=index, owned=False, gone=True, selected=gone.selected)
            return
        taking = givers.taking(frame, call, callee)
        if taking is not None:
            yield replace(taking, birth=index)
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


def _asked_for_next(frame: Frame, call: Call) -> tuple[Place, bool]:
    """What ``next(…)``, ``anext(…)`` or ``….__next__()`` asks, and whether that waits; `""` for any other."""
    if call.method in ("__next__", "__anext__"):
        return call.receiver, call.method == "__anext__"
    callee = frame.meaning(call.function) if call.function else None
    if callee not in (External("builtins.next"), External("builtins.anext")) or not call.arguments:
        return "", False
    return call.arguments[0].value, callee == External("builtins.anext")


def _driven(frame: Frame, givers: Givers, generator: Place, waits: bool) -> Options | None:
    """The options of the session that a generator lends which nothing but this expression refers to.

    `waits`: it is driven as only asynchronous ones can be. ``next()`` of such a one raises at once.
    """
    meaning = frame.meaning(generator) if generator.startswith("%") else None
    if not isinstance(meaning, Called):
        return None
    function = frame.linker.function(meaning.function)
    if function is None or not function.generator or not is_bare(function):
        return None
    options = givers.lent(meaning.function) if function.asynchronous is waits else None
    call = call_of(frame, generator)
    return as_called(frame, call, meaning.function, options) if options is not None else None
