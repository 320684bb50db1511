"""What one focus says of a step to the others of the same session: whether an attribute is loaded there.

Only the focus that holds an instance knows whether reading or setting an attribute of it runs SQL, and
whether adding, merging or refreshing it does anything. The
session alone, and the session with another instance, are told what comes of the step, in the
*circumstances* in which the one that knows has met it::

    session.commit()
    try:
        user.name        # the focus of `user`: loaded here, which may fail; begins a transaction
    except Exception:
        other.name       # so the focus of `other` knows that this is refused

Circumstances that it has not met say nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeAlias

from flake8_session.flow.events import Call, Door, Place, Read, Write
from flake8_session.knowledge.words import Role
from flake8_session.linking.frames import Frame
from flake8_session.typestate.acts import with_act
from flake8_session.typestate.focus import Context, Way
from flake8_session.typestate.sessions import Act
from flake8_session.typestate.worlds import Block, Broken, Flight, SessionState, Transaction, World

_GIVEN = frozenset({"add", "add_all", "delete", "expire", "expunge", "merge", "refresh"})
"""Methods of a session to which the state of the instance that they are given makes a difference."""


class Circumstance(NamedTuple):
    """As much of a world as all foci of one session share."""

    session: SessionState | None
    flight: Flight | None
    caught: Flight | None
    spent: bool


class Heard(NamedTuple):
    """One way out of a step: `door`, and what the shared part of the world is behind it."""

    door: Door
    after: Circumstance


Hearsay: TypeAlias = Mapping[int, Mapping[Circumstance, frozenset[Heard]]]
"""By step, and by the circumstances in front of it: all ways out."""


def asked_of_instance(frame: Frame, step: int) -> Place:
    """The place of the instance that a step asks for an attribute, or gives to its session; `""` for none."""
    event = frame.called(step)
    if isinstance(event, Call):
        if not event.arguments or event.method not in _GIVEN:
            return ""
        given = event.arguments[0].value
        return (frame.single_part(given) or given) if event.method == "add_all" else given
    return event.object if isinstance(event, Read | Write) else ""


def is_about_session(frame: Frame, step: int, world: World) -> bool:
    """Whether the step asks the session that is followed; an attribute belongs to whichever session it is."""
    event = frame.called(step)
    if not isinstance(event, Call):
        return True
    return Role.SESSION in world.roles(event.receiver or event.function.rpartition(".")[0])


def circumstance(world: World) -> Circumstance:
    """The part of `world` that all foci of the session share."""
    return Circumstance(world.session, world.flight, world.caught, world.spent)


def heard(ways: Iterable[Way]) -> frozenset[Heard]:
    """The ways out of a step as others are told of them."""
    return frozenset(Heard(door, circumstance(moved)) for door, moved in ways)


def as_told(
    context: Context, world: World, ways: tuple[Way, ...], told: frozenset[Heard], *, double: bool
) -> tuple[Way, ...]:
    """The ways out of a step that another focus knows better, in the worlds of this one.

    `double`: it may be about this focus's instance, by another name.
    """
    moved = next((after for door, after in ways if door is Door.COMPLETED), world)
    if not double:
        moved = moved._replace(instance=world.instance)
    ordered = sorted(told, key=_order)
    return tuple((door, _moved(context, world.session, moved, after)) for door, after in ordered)


def giving_as_told(ways: tuple[Way, ...], told: frozenset[Heard]) -> tuple[Way, ...]:
    """The same for the step that gives the instance: those ways of its own that the other focus knows too.

    Where it knows another state behind a door than all of these, that state takes the place of theirs.
    """
    agreed = [way for way in ways if not told.isdisjoint(heard((way,)))]
    known = {door for door, _ in agreed}
    others = [each for each in sorted(told, key=_order) if each.door not in known]
    more = [
        (door, moved._replace(**each.after._asdict()))
        for each in others
        for door, moved in ways
        if door is each.door
    ]
    return (*agreed, *more)


def _order(told: Heard) -> tuple[int, str]:
    return told.door, repr(told.after)


def _moved(context: Context, before: SessionState | None, moved: World, after: Circumstance) -> World:
    if moved.instance is not None and moved.instance.sole:
        moved = moved._replace(instance=moved.instance._replace(sole=False))
    if before is not None and after.session is not None:
        moved = with_act(context, moved, after.session, _act(before, after.session))
    return moved._replace(flight=after.flight, caught=after.caught, spent=after.spent)


def _act(before: SessionState, after: SessionState) -> Act:
    """What has happened to all instances of the session: those that waited were written, or that failed."""
    failed = after.transaction is Transaction.FAILED and before.transaction is not Transaction.FAILED
    if failed and after.broken is Broken.FLUSH:
        return Act.SAVEPOINT_ROLLBACK if Block.NESTED in before.blocks else Act.ROLLBACK
    return Act.FLUSH if before.dirty and not after.dirty else Act.NOTHING
