"""A loop over a generator of the project that lends a session: ``for session in get_session()``.

It goes as a ``with`` does, for as long as nobody else drives the generator: the first element is the session,
asking for the next one lets the generator go on from its ``yield``, and a loop that is left before its end
lets go of the generator, which is closed at its ``yield`` then. Not modelled: an asynchronous generator that
is let go, whose clean-up runs at some later time; the session is taken for open.
"""

from __future__ import annotations

from flake8_session.flow.events import Door, Drop, Enter, Iter, Iterate, Leave, Place
from flake8_session.linking.frames import Frame
from flake8_session.typestate.focus import Context, Ways
from flake8_session.typestate.managers import enter_ways, leave_ways
from flake8_session.typestate.worlds import Flight, Kind, World


def generator_of(frame: Frame, loop: Iterate | Drop) -> Place:
    """What the loop goes over, before it is asked for its iterator; empty where that cannot be told."""
    begun = frame.made_by.get(loop.iterator)
    start = frame.graph.steps[begun].event if begun is not None else None
    return start.iterable if isinstance(start, Iter) else ""


def driven_ways(context: Context, step: int, loop: Iterate, world: World) -> Ways:
    """All ways out of asking such a generator for its next element."""
    generator = generator_of(context.frame, loop)
    if any(held.manager == generator for held in world.suspended):
        for door, moved in leave_ways(context, Leave(generator, loop.asynchronous), world):
            yield Door.FALSE if door is Door.COMPLETED else door, moved
        return
    for door, moved in enter_ways(context, step, Enter(loop.result, generator, loop.asynchronous), world):
        yield Door.TRUE if door is Door.COMPLETED else door, moved


def dropped_ways(context: Context, step: int, loop: Drop, world: World) -> Ways:
    """What becomes of a generator that a loop lets go; nothing that it raises is heard of."""
    generator = generator_of(context.frame, loop)
    if all(held.manager != generator for held in world.suspended):
        yield Door.COMPLETED, world
        return
    closing = world._replace(flight=Flight(Kind.INTERRUPTED))
    # Where its clean-up is not known, nothing is said of what comes behind the loop.
    for out in context.effects.leave(generator, closing, context.focus, raising=True) or ():
        yield Door.COMPLETED, out.world._replace(flight=world.flight)
