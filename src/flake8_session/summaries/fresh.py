"""New sessions that a call of a project function returns."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from flake8_session.flow.events import Call, Place, Return
from flake8_session.knowledge.words import Role
from flake8_session.linking.frames import Frame
from flake8_session.linking.meanings import FunctionAt, Options
from flake8_session.summaries.crossing import made_available
from flake8_session.summaries.decorated import is_remembered
from flake8_session.summaries.feeding import leaving
from flake8_session.summaries.passing import known_values
from flake8_session.summaries.returning import may_give, may_give_parts, parts_returned
from flake8_session.summaries.sites import Part
from flake8_session.summaries.solved import Solved
from flake8_session.typestate.focus import Exit, Focus
from flake8_session.typestate.worlds import RETURN, Flight, Kind, World


def fresh_options(solved: Solved, at: FunctionAt) -> Options | None:
    """See `sites.Givers.fresh`."""
    function = solved.linker.function(at)
    runs = solved.runs(at)
    if function is None or function.generator or is_remembered(function):
        return None
    if runs is None or not may_give(solved.linker, runs):
        return None
    found = solved.ask(("fresh", runs, RETURN), lambda: fresh_sites(solved, runs))
    return found[0][0].options if found else None


def fresh_sites(
    solved: Solved, at: FunctionAt, place: Place = RETURN
) -> list[tuple[Focus, tuple[World, ...]]]:
    """The sessions that the function makes and that `place` holds at its return, with the worlds there."""
    frame = solved.frames.of(at)
    found = []
    for focus in solved.own_foci(frame, leaving(frame, Return)) if frame is not None else ():
        assert frame is not None
        if focus.registry:
            continue
        ends = solved.ends(frame, focus, {0: (World(),)})
        worlds = tuple(end for end, flight in ends or () if flight is None)
        if any((place, Role.SESSION) in world.names for world in worlds):
            found.append((focus, worlds))
    return found


def fresh_exits(
    solved: Solved, frame: Frame, at: FunctionAt, call: Call, world: World, focus: Focus
) -> list[Exit] | None:
    """The ways out of a call that makes the session of the focus."""
    place = _given_place(solved, at)
    found = solved.ask(("fresh", at, place), lambda: fresh_sites(solved, at, place))
    exits: dict[Exit, None] = {}
    for end in _worlds(solved, frame, at, call, world, found or []):
        exits[made_available(world, end)] = None
    if not world.spent and not solved.never_raises(at):
        exits[Exit(world._replace(spent=True), Flight(Kind.OTHER), frozenset())] = None
    return list(exits)


def fresh_part(solved: Solved, at: FunctionAt) -> Part | None:
    """See `sites.Givers.fresh_part`."""
    function, runs = solved.linker.function(at), solved.runs(at)
    if function is None or function.generator or function.asynchronous or is_remembered(function):
        return None
    if runs is None or not may_give_parts(solved.linker, runs):
        return None
    parts = solved.ask(("fresh part", runs), lambda: _parts(solved, runs))
    return parts[0] if parts else None


def _parts(solved: Solved, at: FunctionAt) -> list[Part]:
    """The one session among the parts of the tuples that the function returns; all have as many."""
    frame = solved.frames.of(at)
    size = parts_returned(frame) if frame is not None else 0
    found = []
    for number in range(size):
        sites = fresh_sites(solved, at, f"{RETURN}.{number}")
        if sites:
            found.append(Part(number, size, sites[0][0].options))
    return found if len(found) == 1 else []


def _given_place(solved: Solved, at: FunctionAt) -> Place:
    """Where the caller finds the new session: in what the function returns, or in a part of that."""
    if fresh_options(solved, at) is not None:
        return RETURN
    part = fresh_part(solved, at)
    return f"{RETURN}.{part.number}" if part is not None else RETURN


def _worlds(
    solved: Solved,
    frame: Frame,
    at: FunctionAt,
    call: Call,
    world: World,
    found: list[tuple[Focus, tuple[World, ...]]],
) -> Iterator[World]:
    """The callee's worlds at its return, given what is known of the arguments."""
    inner = solved.frames.of(at)
    known = known_values(inner, call, frozenset(), world, frame) if inner is not None else frozenset()
    for focus, worlds in found:
        if known and inner is not None:
            ends = solved.ask(
                ("fresh", at, focus, known),
                partial(solved.ends, inner, focus, {0: (World(values=known),)}),
            )
            worlds = tuple(end for end, flight in ends or () if flight is None)
        yield from worlds
