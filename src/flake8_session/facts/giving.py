"""Whether an instance is given to anybody: returned, yielded, stored, passed to what does more than look."""

from __future__ import annotations

from collections.abc import Iterable

from flake8_session.facts.solutions import Solved
from flake8_session.facts.transactions import made
from flake8_session.flow.events import Call, Define, Event, Place, SetItem, Write, Yield
from flake8_session.knowledge import callees
from flake8_session.knowledge.words import Role
from flake8_session.linking.meanings import External
from flake8_session.typestate.calls.receivers import split
from flake8_session.typestate.focus import arguments_holding
from flake8_session.typestate.worlds import RETURN, World

_ENTITY = (Role.INSTANCE, Role.INSTANCES)

Node = tuple[int, World]


def is_given_from(solved: Solved, nodes: Iterable[Node], *, to_session: bool) -> bool:
    """Whether the instance is given away on some way from `nodes`; `to_session`: its own session counts."""
    seen = set(nodes)
    pending = list(seen)
    while pending:
        step, world = pending.pop()
        if _gives(solved, step, world, to_session):
            return True
        for _, target, moved in solved.movement.transfer(step, world):
            if (target, moved) not in seen:
                seen.add((target, moved))
                pending.append((target, moved))
    return False


def only_looks(solved: Solved, call: Call) -> bool:
    """Whether what is called is known to do nothing but look at its arguments, or wrap them."""
    callee = solved.frame.callee(call)
    name = callee.name.removeprefix("builtins.") if isinstance(callee, External) else ""
    return name in callees.READERS or name in callees.MANAGERS


def _gives(solved: Solved, step: int, world: World, to_session: bool) -> bool:
    if any((RETURN, role) in world.names for role in _ENTITY):
        return True
    event = made(solved, step)
    if isinstance(event, Call):
        if not arguments_holding(world, event.arguments, *_ENTITY):
            return False
        receiver, _ = split(event, world)
        own = bool(receiver) and Role.SESSION in world.roles(receiver)
        return to_session if own else not only_looks(solved, event)
    return any(role in world.roles(place) for place in _stored(event) for role in _ENTITY)


def _stored(event: Event) -> tuple[Place, ...]:
    match event:
        case Yield(_, value, _) | Write(_, _, value) | SetItem(_, _, value):
            return (value,)
        case Define(_, _, captures, _, _):
            return captures
    return ()
