"""What still needs a session, and where: what is derived from it, and where that is read or gets away.

Two kinds of things are carried from place to place. *Bound* ones need the session itself: its other
names, its transactions, queries, unread results, functions that read it. *Held* ones are the
instances, rows and lists of them that came out of it, and every value of which it is not known that
it is plain. The analysis asks more than the typestate does: it follows everything at once, and what
it cannot tell is held. So it errs on one side only, and "nothing held is read here" can be relied on.

It runs on pairs of a step and whether the session is open there, since an instance of a closed
session loses nothing more when the session is closed earlier.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from flake8_session.facts.solutions import Solved
from flake8_session.facts.tracing import KINDS, Carried, Getaway, Places, Tracing, carried_by
from flake8_session.flow.events import Door
from flake8_session.linking.places import operands
from flake8_session.typestate import sessions
from flake8_session.typestate.worlds import RETURN, World


class Use(NamedTuple):
    """`step` reads something of the session while it is open, or (`carried` is BOUND) at any time."""

    step: int
    carried: Carried
    open: bool


class Escape(NamedTuple):
    """At `step` something held leaves, while the session is open."""

    step: int
    how: Getaway


class Carry(NamedTuple):
    """All uses and escapes of what one session has given."""

    uses: tuple[Use, ...]
    escapes: tuple[Escape, ...]


_Node = tuple[int, bool]
NOTHING: Places = frozenset()


def carry(solved: Solved) -> Carry:
    """What the session of `solved`, followed alone, has given, and what becomes of it."""
    before = _solve(solved)
    tracing = Tracing(solved.frame)
    uses: dict[Use, None] = {}
    escapes: dict[Escape, None] = {}
    for (step, opened), places in sorted(before.items(), key=lambda item: item[0]):
        event = solved.graph.steps[step].event
        for kind in KINDS:
            if any((place, kind) in places for place in operands(event)):
                uses[Use(step, kind, opened)] = None
        if opened:
            for how in tracing.escapes(step, event, places):
                escapes[Escape(step, how)] = None
    for use in _uses_out_of_reach(solved, before):
        uses[use] = None
    if carried_by(before.get((solved.graph.returned, True), NOTHING), RETURN):
        escapes[Escape(solved.graph.returned, Getaway.RETURNED)] = None
    return Carry(tuple(uses), tuple(escapes))


def _uses_out_of_reach(solved: Solved, before: Mapping[_Node, Places]) -> Iterator[Use]:
    """What the typestate takes to be behind a sure failure: a fix must not rely on that."""
    carried = NOTHING.union(*before.values())
    reached = {step for step, _ in solved.reached()}
    for index, step in enumerate(solved.graph.steps):
        for kind in KINDS if index not in reached else ():
            if any((place, kind) in carried for place in operands(step.event)):
                yield Use(index, kind, True)


def is_open(world: World) -> bool:
    """Whether somebody still has to close the session."""
    return world.session is not None and sessions.is_open(world.session)


def _solve(solved: Solved) -> Mapping[_Node, Places]:
    edges = _edges(solved)
    tracing = Tracing(solved.frame)
    birth = solved.focus.birth
    before: dict[_Node, Places] = {}
    start: Places = frozenset((place, Carried.BOUND) for place in solved.focus.places)
    waiting: list[_Node] = [(0, True), (0, False)] if birth < 0 else []
    for node in waiting:
        before[node] = start
    for node in [node for node in edges if node[0] == birth]:
        before[node] = NOTHING
        waiting.append(node)
    while waiting:
        node = waiting.pop()
        event = solved.graph.steps[node[0]].event
        for door, target in edges.get(node, ()):
            places = before[node]
            if door in (Door.COMPLETED, Door.TRUE):
                places = tracing.moved(node[0], event, places)
                if node[0] == birth:
                    places = places | {(getattr(event, "result", ""), Carried.BOUND)}
            known = before.get(target)
            if known is None or not places <= known:
                before[target] = places | (known or NOTHING)
                waiting.append(target)
    return before


def _edges(solved: Solved) -> Mapping[_Node, tuple[tuple[int, _Node], ...]]:
    """Where each pair of a step and the session's openness leads, by which door."""
    edges: dict[_Node, dict[tuple[int, _Node], None]] = {}
    for step, world in solved.reached():
        leads = edges.setdefault((step, is_open(world)), {})
        for door, target, moved in solved.movement.transfer(step, world):
            leads[(door, (target, is_open(moved)))] = None
    return {node: tuple(leads) for node, leads in edges.items()}
