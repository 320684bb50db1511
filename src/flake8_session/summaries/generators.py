"""Generators that a ``with`` drives.

One stops at its ``yield``: the world in which it stops is kept (`Suspended`), and leaving the ``with``
goes on from there.
"""

from __future__ import annotations

from functools import partial

from flake8_session.flow.events import Call, Door, Place, Yield
from flake8_session.knowledge.words import Role
from flake8_session.linking.frames import Frame
from flake8_session.linking.meanings import FunctionAt, Options
from flake8_session.summaries.asking import ask_about
from flake8_session.summaries.crossing import (
    function_at,
    handed_back,
    key_of,
    owned,
    put_back,
)
from flake8_session.summaries.decorated import is_manager
from flake8_session.summaries.feeding import leaving
from flake8_session.summaries.passing import given_names, known_values
from flake8_session.summaries.sites import registry_foci
from flake8_session.summaries.solved import Solved
from flake8_session.typestate.births import entry_world
from flake8_session.typestate.focus import Exit, Focus
from flake8_session.typestate.sessions import is_open
from flake8_session.typestate.values import Values
from flake8_session.typestate.worlds import Hold, Life, Names, Suspended, World


def lent_options(solved: Solved, at: FunctionAt) -> Options | None:
    """See `sites.Givers.lent`."""
    found = solved.ask(("lent", at), lambda: _sites(solved, at))
    return found[0][0].options if found else None


def _sites(solved: Solved, at: FunctionAt) -> list[tuple[Focus, tuple[tuple[int, World], ...]]]:
    frame = _driven(solved, at)
    if frame is None:
        return []
    found = []
    for focus in [*solved.own_foci(frame, leaving(frame, Yield)), *registry_foci(frame)]:
        stops = tuple(solved.stops(frame, entry_world(focus), focus))
        if any(_yields_session(frame, step, world) for step, world in stops):
            found.append((focus, stops))
    return found


def enter(
    solved: Solved,
    frame: Frame,
    at: FunctionAt,
    call: Call,
    manager: Place,
    world: World,
    focus: Focus,
    born: bool,
) -> list[tuple[World, Names]] | None:
    """See `Effects.enter`."""
    inner = _driven(solved, at)
    if inner is None:
        return None
    entered: dict[tuple[World, Names], None] = {}
    if born:
        known = known_values(inner, call, frozenset(), world, frame)
        for own, stops in solved.ask(("lent", at), lambda: _sites(solved, at)) or []:
            if known:
                stops = _stops_knowing(solved, at, inner, own, known)
            for step, stop in stops:
                if step != inner.graph.raised:
                    entered[_lent_world(inner, at, manager, world, step, stop)] = None
        return list(entered)
    given = given_names(frame, inner, call, world)
    start = World(
        world.session,
        world.instance,
        given,
        spent=world.spent,
        values=known_values(inner, call, given, world, frame),
    )
    found = ask_about(
        solved,
        ("enter", at),
        start,
        focus,
        lambda question, *asked: solved.ask((*question, asked[0]), lambda: list(solved.stops(inner, *asked))),
    )
    for step, stop in found or ():
        stop = put_back(stop, start)
        if step == inner.graph.raised:
            raised = world._replace(
                session=stop.session, instance=stop.instance, spent=stop.spent, flight=stop.flight
            )
            entered[raised, frozenset()] = None
        else:
            entered[_borrowing_world(inner, at, manager, world, step, stop)] = None
    return list(entered) if entered else None


def _stops_knowing(
    solved: Solved, at: FunctionAt, inner: Frame, own: Focus, known: Values
) -> tuple[tuple[int, World], ...]:
    """Where the generator stops first with its own session, given what is known of the arguments."""
    start = entry_world(own)._replace(values=known)
    return tuple(solved.ask(("stops", at, start, own), lambda: list(solved.stops(inner, start, own))) or ())


def leave(solved: Solved, held: Suspended, world: World, focus: Focus, raising: bool) -> list[Exit] | None:
    """The ways out of a ``with`` whose generator stopped as `held` says; None: not known."""
    at = function_at(held.function)
    inner = solved.frames.of(at)
    if inner is None:
        return None
    step = inner.graph.steps[held.step]
    target = step.doors.get(Door.RAISED if raising else Door.COMPLETED)
    if target is None:
        return None
    start = held.inside._replace(
        session=owned(world.session, held.inside.session),
        instance=world.instance,
        spent=world.spent,
        flight=world.flight if raising else None,
    )
    through = partial(solved.ends_through, inner, target)
    ends = ask_about(solved, ("leave", at, target), start, focus, through)
    if ends is None:
        return None
    left = world._replace(suspended=tuple(other for other in world.suspended if other is not held))
    return [
        Exit(handed_back(left, world, put_back(end, start)), flight, frozenset()) for end, flight in ends
    ]


def _driven(solved: Solved, at: FunctionAt) -> Frame | None:
    """The generator, if it is one that a ``with`` may drive."""
    function = solved.linker.function(at)
    if function is None or not function.generator or not is_manager(function):
        return None
    return solved.frames.of(at)


def _yields_session(frame: Frame, step: int, world: World) -> bool:
    event = frame.graph.steps[step].event
    return isinstance(event, Yield) and Role.SESSION in world.roles(event.value)


def _lent_world(
    inner: Frame, at: FunctionAt, manager: Place, world: World, step: int, stop: World
) -> tuple[World, Names]:
    if not _yields_session(inner, step, stop) or stop.session is None:
        return world, frozenset()
    held = Suspended(manager, key_of(at), step, _left_behind(stop))
    session = stop.session._replace(life=Life.LENT if is_open(stop.session) else stop.session.life)
    moved = world._replace(
        session=session,
        suspended=(*world.suspended, held),
        names=world.names | {(manager, Hold.SUSPENDED)},
    )
    return moved, frozenset({("", Role.SESSION)})


def _borrowing_world(
    inner: Frame, at: FunctionAt, manager: Place, world: World, step: int, stop: World
) -> tuple[World, Names]:
    event = inner.graph.steps[step].event
    assert isinstance(event, Yield)
    roles = stop.roles(event.value)
    held = Suspended(manager, key_of(at), step, _left_behind(stop))
    moved = world._replace(
        session=stop.session,
        instance=stop.instance,
        spent=stop.spent,
        suspended=(*world.suspended, held),
        names=world.names | ({(manager, Hold.SUSPENDED)} if _holds_session(stop) else set()),
    )
    return moved, frozenset(("", role) for role in roles)


def _left_behind(stop: World) -> World:
    """What the generator goes on from; what becomes of the instance in the meantime its caller knows."""
    return stop._replace(instance=None, spent=False)


def _holds_session(world: World) -> bool:
    return any(holding is Role.SESSION for _, holding in world.names)
