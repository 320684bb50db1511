"""Events that only ask, and exceptions that are raised and caught."""

from __future__ import annotations

from typing import Any

from flake8_session.flow import events as ev
from flake8_session.flow.events import Door
from flake8_session.knowledge.words import Role
from flake8_session.typestate import values
from flake8_session.typestate.catching import passed, taken, takes
from flake8_session.typestate.focus import Context, Ways
from flake8_session.typestate.managers import class_name
from flake8_session.typestate.steps.binding import unbound
from flake8_session.typestate.worlds import Flight, Hold, Kind, Transaction, World


def test_ways(context: Context, step: int, event: ev.Test, world: World) -> Ways:
    """A question about a value; what is known of it closes a door."""
    roles = world.roles(event.subject)
    if Hold.ABSENT in roles:
        yield (Door.TRUE if event.fact is ev.Fact.NONE else Door.FALSE), world
        return
    if roles and not (event.fact is ev.Fact.TRUTHY and (Role.INSTANCES in roles or Role.ROWS in roles)):
        if Role.UNKNOWN not in roles:
            yield (Door.TRUE if event.fact is ev.Fact.TRUTHY else Door.FALSE), world
            return
    for door, answer in ((Door.TRUE, True), (Door.FALSE, False)):
        narrowed = _narrowed(context, event, answer, world.values)
        if narrowed is not None:
            yield door, world._replace(values=narrowed)


def _narrowed(context: Context, event: ev.Test, answer: bool, known: values.Values) -> values.Values | None:
    before: values.Values | None = known
    if event.question:
        before = values.answered(known, event.question, event.fact, answer)
    if before is not None and event.subject in context.frame.sessions_or_none:
        mask = values.known(before, event.subject)
        before = values.with_value(before, event.subject, mask & ~values.FALSY or mask)
    return values.narrowed(before, event.subject, event.fact, answer) if before is not None else None


def same_ways(context: Context, step: int, event: ev.TestSame, world: World) -> Ways:
    """``a is b``: a session that was made here is what its names hold, and nothing else is."""
    held = [Role.SESSION in world.roles(place) for place in (event.left, event.right)]
    if all(held) or (any(held) and context.focus.birth >= 0):
        yield (Door.TRUE if all(held) else Door.FALSE), world
        return
    if not values.known(world.values, event.left) & values.known(world.values, event.right):
        yield Door.FALSE, world
        return
    for door, answer in ((Door.TRUE, True), (Door.FALSE, False)):
        known: values.Values | None = world.values
        if event.question:
            known = values.answered(world.values, event.question, ev.Fact.TRUTHY, answer)
        if known is not None:
            yield door, world._replace(values=known)


def both_ways(context: Context, step: int, event: Any, world: World) -> Ways:
    """A question of which nothing is known."""
    yield Door.TRUE, world
    yield Door.FALSE, world


def catch_ways(context: Context, step: int, event: ev.Catch, world: World) -> Ways:
    """A handler clause: true where it takes what is in flight."""
    flight = world.flight or Flight(Kind.OTHER)
    classes = [class_name(context, place) for place in event.classes]
    answer = takes(classes, flight)
    if answer is not False:
        caught = world._replace(flight=None, caught=taken(classes, flight, surely=bool(answer)))
        yield Door.TRUE, unbound(context, caught, event.target) if event.target else caught
    if answer is not True:
        yield Door.FALSE, world if answer is False else world._replace(flight=passed(classes, flight))


def end_catch_ways(context: Context, step: int, event: ev.EndCatch, world: World) -> Ways:
    """The end of a handler: its exception is over."""
    moved = world._replace(caught=None)
    yield Door.COMPLETED, unbound(context, moved, event.target) if event.target else moved


def raise_ways(context: Context, step: int, event: ev.Raise, world: World) -> Ways:
    """``raise``, with an exception or without."""
    if world.caught is not None and not event.function:
        yield Door.RAISED, world._replace(flight=world.caught, caught=None)
        return
    name = class_name(context, event.function or event.exception) or ""
    kind = Kind.DATABASE if not name and _is_given_the_failure(context, event, world) else Kind.RAISED
    yield Door.RAISED, world._replace(flight=Flight(kind, name), caught=None)


def _is_given_the_failure(context: Context, event: ev.Raise, world: World) -> bool:
    """Whether the function raises what a caller's handler has given it, while the session has failed.

    Then that is the failure itself, and none of the classes into which the function turns it elsewhere.
    """
    failed = world.session is not None and world.session.transaction is Transaction.FAILED
    given = [parameter.name for parameter in context.frame.function.parameters]
    return failed and event.exception in given and event.exception not in context.frame.bindings
