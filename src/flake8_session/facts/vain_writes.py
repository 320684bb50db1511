"""Attributes that are set on a detached instance which nobody is given afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from flake8_session.facts.giving import is_given_from
from flake8_session.facts.paths import Path
from flake8_session.facts.solutions import Solved
from flake8_session.facts.solving import SessionFacts
from flake8_session.flow.events import Door, Write
from flake8_session.knowledge.words import Role
from flake8_session.typestate.worlds import Tie, World


class VainWrite(NamedTuple):
    """The attribute that is set at `step` goes to no session any more."""

    solved: Solved
    step: int
    name: str
    attribute: str
    path: Path


def vain_writes(session: SessionFacts) -> Iterator[VainWrite]:
    """Every attribute set on an instance that is detached, and stays so as far as the function goes."""
    for solved in session.with_instances:
        for step, world in solved.reached(Write):
            event = solved.graph.steps[step].event
            if not isinstance(event, Write) or not _is_detached(event, world):
                continue
            ways = solved.movement.transfer(step, world)
            behind = [(target, moved) for door, target, moved in ways if door is Door.COMPLETED]
            path = solved.path(step, world)
            if path is None or not behind or is_given_from(solved, behind, to_session=True):
                continue
            yield VainWrite(solved, step, solved.instance_place(world), event.attribute, path)


def _is_detached(event: Write, world: World) -> bool:
    if world.instance is None or world.instance.tie is not Tie.DETACHED or world.spent:
        return False
    return Role.INSTANCE in world.roles(event.object)
