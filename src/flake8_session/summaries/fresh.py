"""New sessions that a call of a project function returns."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from flake8_session.flow.events import Call, Return
from flake8_session.knowledge.words import Role
from flake8_session.linking.frames import Frame
from flake8_session.linking.meanings import FunctionAt, Options
from flake8_session.summaries.crossing import made_available
from flake8_session.summaries.feeding import leaving
from flake8_session.summaries.passing import known_values
from flake8_session.summaries.returning import may_give
from flake8_session.summaries.solved import Solved
from flake8_session.typestate.focus import Exit, Focus
from flake8_session.typestate.worlds import RETURN, Flight, Kind, World


def fresh_options(solved: Solved, at: FunctionAt) -> Options | None:
    """See `sites.Givers.fresh`."""
    function = solved.linker.function(at)
    runs = solved.runs(at)
    if function is None or function.generator or runs is None or not may_give(solved.linker, runs):
        return None
    found = solved.ask(("fresh", runs), lambda: _sites(solved, runs))
    return found[0][0].options if found else None


def _sites(solved: Solved, at: FunctionAt) -> list[tuple[Focus, tuple[World, ...]]]:
    frame = solved.frames.of(at)
    found = []
    for focus in solved.own_foci(frame, leaving(frame, Return)) if frame is not None else ():
        assert frame is not None
        if focus.registry:
            continue
        ends = solved.ends(frame, focus, {0: (World(),)})
        worlds = tuple(end for end, flight in ends or () if flight is None)
        if any((RETURN, Role.SESSION) in world.names for world in worlds):
            found.append((focus, worlds))
    return found


def fresh_exits(
    solved: Solved, frame: Frame, at: FunctionAt, call: Call, world: World, focus: Focus
) -> list[Exit] | None:
    """The ways out of a call that makes the session of the focus."""
    found = solved.ask(("fresh", at), lambda: _sites(solved, at))
    exits: dict[Exit, None] = {}
    for end in _worlds(solved, frame, at, call, world, found or []):
        exits[made_available(world, end)] = None
    if not world.spent and not solved.never_raises(at):
        exits[Exit(world._replace(spent=True), Flight(Kind.OTHER), frozenset())] = None
    return list(exits)


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
