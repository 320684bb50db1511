"""Reads of attached instances that would have to wait for the database where nothing can wait for it.

A plain attribute of an instance of an `AsyncSession` cannot be awaited: one that is not loaded raises
`MissingGreenlet`, at the read itself or in the body of a method or property that is in sight.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from flake8_session.facts.paths import Path
from flake8_session.facts.solutions import Solved
from flake8_session.facts.solving import SessionFacts
from flake8_session.facts.transactions import made
from flake8_session.flow.events import Read, Write
from flake8_session.knowledge.words import Role
from flake8_session.linking.places import operands
from flake8_session.typestate.acts import updated_columns
from flake8_session.typestate.loading import MISSING_GREENLET, readable
from flake8_session.typestate.worlds import Columns, Flight, Tie, World


class Wait(NamedTuple):
    """A read (or replacement) at `step`, or in a body that is called there.

    `attribute` is empty where that body hides which one. `expired`: the value was known before, and has to be
    fetched again.
    """

    solved: Solved
    step: int
    name: str
    attribute: str
    expired: bool
    path: Path


def waits(session: SessionFacts) -> Iterator[Wait]:
    """Every read that raises because its attribute is not loaded, each with one path."""
    if not session.focus.options.asynchronous:
        return
    for solved in session.with_instances:
        for step, world in solved.reached():
            if world.instance is None or world.instance.tie is not Tie.ATTACHED:
                continue
            flight = _waiting(solved, step, world) if _concerns(solved, step, world) else None
            path = solved.path(step, world) if flight is not None else None
            if flight is not None and path is not None:
                yield _wait(solved, step, world, flight, path)


def _concerns(solved: Solved, step: int, world: World) -> bool:
    """Whether the step has to do with the instance that is followed, and not with another one alone."""
    entity = (Role.INSTANCE, Role.INSTANCES)
    places = operands(made(solved, step))
    return any(role in world.roles(place) for place in places for role in entity)


def _waiting(solved: Solved, step: int, world: World) -> Flight | None:
    """The exception of the step, if it must wait."""
    for _, _, moved in solved.movement.transfer(step, world):
        flight = moved.flight
        if flight is not None and flight != world.flight and flight.name == MISSING_GREENLET:
            return flight
    return None


def _wait(solved: Solved, step: int, world: World, flight: Flight, path: Path) -> Wait:
    event, state = solved.graph.steps[step].event, world.instance
    attribute = event.attribute if isinstance(event, Read | Write) else flight.attribute
    place = event.object if isinstance(event, Read | Write) else ""
    name = place if place and place[0] not in "%@" else solved.instance_place(world)
    context = solved.movement.context
    updated = attribute in updated_columns(context)
    expired = updated or (state is not None and state.columns is Columns.EXPIRED)
    if state is not None and attribute and not isinstance(event, Read | Write):
        # What may have been loaded in front of the call has been expired by the body.
        expired = expired or readable(context, state, attribute) is not False
    return Wait(solved, step, name.partition("'")[0], attribute, expired, path)
