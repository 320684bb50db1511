"""What a call gives, by where in a function it stands.

What is called mostly tells it; where that cannot be resolved, what is done with the result may. And
a registry that nobody but the function itself can reach gives sessions like a factory.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from flake8_session.flow.events import Build, Call, Place, Return
from flake8_session.flow.outline import GIVEN_TO
from flake8_session.knowledge import statements
from flake8_session.linking import calls, models, selecting
from flake8_session.linking.classes import next_class, of_receiver
from flake8_session.linking.evidence import holders, session_by_use
from flake8_session.linking.making import prepared
from flake8_session.linking.meanings import (
    UNKNOWN,
    Borrowed,
    ClassAt,
    Constant,
    External,
    Factory,
    FunctionAt,
    Made,
    Meaning,
    Member,
    Object,
    Registry,
    Selected,
    Unknown,
)

if TYPE_CHECKING:
    from flake8_session.linking.frames import Frame

MeaningOf: TypeAlias = Callable[[Place], Meaning]


def called(frame: Frame, call: Call, meaning: MeaningOf) -> Meaning:
    """The meaning of the result of `call`, a step of the frame, where `meaning` tells those of its places."""
    given = [(argument.keyword, meaning(argument.value)) for argument in call.arguments]
    if call.function:
        return _of_function(frame, call, given, meaning)
    receiver = _prepared(frame, call.receiver, meaning)
    member = frame.linker.member(receiver, call.method)
    if isinstance(member, External | FunctionAt | ClassAt | Factory | Registry | Object) and not isinstance(
        receiver, Selected
    ):
        found = frame.linker.call(member, given)
        if isinstance(member, FunctionAt):
            found = of_receiver(frame.linker, found, receiver)
        if isinstance(found, Borrowed) and found.inner and _is_passing(frame, call.receiver, meaning):
            return Made(found.options)
        return found
    if _selects(frame, receiver, call.method):
        return selecting.selected(receiver, given)
    found = calls.method(receiver, call.method, given)
    if isinstance(found, Selected) and call.method in statements.FILTERING and not found.key:
        return replace(found, key=_key(frame, call, found.model, meaning))
    unresolved = isinstance(member, Unknown | Member) and not isinstance(receiver, Selected)
    return session_by_use(frame, call, given) if unresolved and found == UNKNOWN else found


def _prepared(frame: Frame, place: Place, meaning: MeaningOf) -> Meaning:
    """What is called; a factory or registry in a variable as this function configures or registers it."""
    maker = meaning(place)
    if isinstance(maker, Factory | Registry):
        for call in frame.preparing.get(place, ()):
            given = [(argument.keyword, meaning(argument.value)) for argument in call.arguments]
            if call.method != "configure":
                given = [(GIVEN_TO, meaning(call.function))] if call.function else []
            maker = prepared(maker, given)
    return maker


def _key(frame: Frame, call: Call, model: Meaning | None, meaning: MeaningOf) -> str:
    """The primary key that a condition asks for, ``where(User.id == 1)``; `""` where none does."""
    for argument in call.arguments:
        column, value = argument.keyword, argument.value
        if not column:
            made = frame.made_by.get(argument.value)
            event = frame.graph.steps[made].event if made is not None else None
            if isinstance(event, Build) and event.equals:
                column, value = _column(meaning(event.parts[0]), model), event.equals
        constant = meaning(value) if column and models.is_key(frame.linker, model, column) else UNKNOWN
        if isinstance(constant, Constant):
            return repr(constant.value)
    return ""


def _column(asked: Meaning, model: Meaning | None) -> str:
    """The attribute of `model` that is asked for, ``User.id``; `""` for anything else."""
    if isinstance(asked, Member) and asked.owner == model:
        return asked.name
    if isinstance(asked, External) and isinstance(model, External):
        owner, _, name = asked.name.rpartition(".")
        return name if owner == model.name else ""
    return ""


def is_super(frame: Frame, call: Call, meaning: MeaningOf) -> bool:
    """Whether the call is ``super()``, which gives the frame's own object as one of a base class."""
    return bool(call.function) and not call.arguments and meaning(call.function) == External("builtins.super")


def _of_function(frame: Frame, call: Call, given: list[tuple[str, Meaning]], meaning: MeaningOf) -> Meaning:
    callee = _prepared(frame, call.function, meaning)
    if (
        isinstance(callee, Registry)
        and _is_own(frame, call.function, meaning)
        and _is_returned(frame, call.result)
    ):
        return Made(callee.options)
    if frame.owner is not None and is_super(frame, call, meaning):
        return next_class(frame.linker, frame.owner)
    found = frame.linker.call(callee, given)
    owner = call.function.rpartition(".")[0]
    if isinstance(callee, FunctionAt) and owner:
        return of_receiver(frame.linker, found, meaning(owner))
    if isinstance(callee, Member) and _selects(frame, callee.owner, callee.name):
        return selecting.selected(callee.owner, given)
    unresolved = isinstance(callee, Unknown | Member) and found == UNKNOWN
    return session_by_use(frame, call, given) if unresolved else found


def _selects(frame: Frame, owner: Meaning, name: str) -> bool:
    """Whether a method that a model inherits out of sight is called as what gives a statement over it."""
    return (
        name == "select"
        and isinstance(owner, ClassAt)
        and frame.linker.member(owner, name) == Member(owner, name)
        and models.is_mapped(frame.linker, owner)
    )


def _is_passing(frame: Frame, place: Place, meaning: MeaningOf) -> bool:
    """Whether an object was made, given nothing, for this one call: ``Manager().open()``."""
    made = frame.made_by.get(place)
    event = frame.graph.steps[made].event if made is not None else None
    constructs = isinstance(meaning(place), Object) and isinstance(event, Call)
    return constructs and isinstance(event, Call) and not event.arguments


def _is_own(frame: Frame, place: Place, meaning: MeaningOf) -> bool:
    """Whether a registry was made in this very function: then nobody else can end its session."""
    graph = frame.graph
    made = [frame.made_by.get(source) for source in frame.bindings.get(place, ())]
    here = all(index is not None and _constructs_registry(frame, index, meaning) for index in made)
    return bool(made) and here and place not in graph.captured and place not in graph.shared


def _constructs_registry(frame: Frame, index: int, meaning: MeaningOf) -> bool:
    event = frame.graph.steps[index].event
    callee = meaning(event.function) if isinstance(event, Call) and event.function else UNKNOWN
    return isinstance(callee, External)


def _is_returned(frame: Frame, result: Place) -> bool:
    """Whether the function gives its caller what is in `result`."""
    held = holders(frame.graph, result)
    steps = frame.graph.steps
    cast = {
        step.event.result
        for step in steps
        if isinstance(step.event, Call)
        and step.event.function.rpartition(".")[2].removeprefix("@") == "cast"
        and any(argument.value in held for argument in step.event.arguments)
    }
    return any(isinstance(step.event, Return) and step.event.value in held | cast for step in steps)
