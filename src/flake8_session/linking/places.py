"""The places of an event: those that it reads, and those that it gives a value to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from flake8_session.flow.events import (
    Bind,
    Build,
    Call,
    Define,
    Event,
    Extend,
    Import,
    Place,
    Read,
    Unpack,
    Write,
)

_READING = frozenset(
    {
        "source",
        "value",
        "object",
        "key",
        "iterable",
        "iterator",
        "manager",
        "subject",
        "container",
        "exception",
    }
)
_READ_BY = {kind: tuple(name for name in kind.__slots__ if name in _READING) for kind in get_args(Event)}


def operands(event: Event) -> Iterator[Place]:
    """Every place that an event reads."""
    match event:
        case Call(_, function, receiver, _, arguments):
            if function:
                yield function
            if receiver:
                yield receiver
            for argument in arguments:
                yield argument.value
        case Build(_, parts, _):
            yield from parts
        case Define(_, _, captures, _, _):
            yield from captures
        case _:
            for name in _READ_BY[type(event)]:
                place = getattr(event, name)
                if place:
                    yield place
            yield from getattr(event, "parts", ())
            yield from getattr(event, "classes", ())


def asked_object(event: Event) -> Place:
    """The place of which an event needs an attribute or a method; `""` where it needs none."""
    match event:
        case Call(receiver=receiver):
            return receiver
        case Read(object=place) | Write(object=place):
            return place
    return ""


def bound(event: Event) -> Iterator[Place]:
    """Every place that an event gives a value to."""
    match event:
        case Unpack(targets, _):
            yield from targets
        case Extend(container, _):
            yield container
        case Bind(target, _) | Define(target, _, _, _, _) | Import(target, _, _, _):
            if target:
                yield target
        case _:
            result = getattr(event, "result", "")
            if result:
                yield result
