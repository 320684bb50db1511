"""Objects of the project's classes that a ``with`` enters and leaves: ``__enter__`` and ``__exit__``, run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from flake8_session.flow.events import Place, Return
from flake8_session.linking.frames import Frame
from flake8_session.linking.meanings import ClassAt, FunctionAt, Object, Options
from flake8_session.summaries import classes
from flake8_session.summaries.asking import ask_about
from flake8_session.summaries.crossing import (
    handed_back,
    key_of,
    owned,
    put_back,
)
from flake8_session.summaries.feeding import leaving, own_place
from flake8_session.summaries.solved import Solved
from flake8_session.typestate import values
from flake8_session.typestate.focus import Exit, Focus
from flake8_session.typestate.worlds import RETURN, Hold, Life, Names, Suspended, World


def lent_options(solved: Solved, at: ClassAt) -> Options | None:
    """See `sites.Givers.lent_by`."""
    found = solved.ask(("lent by", at), lambda: _sites(solved, at))
    return found[0][0].options if found else None


def _sites(solved: Solved, at: ClassAt) -> list[tuple[Focus, classes.Held]]:
    enter = _method(solved, at, "__enter__", "__aenter__")
    if enter is None:
        return []
    init = _method(solved, at, "__init__")
    found = []
    for focus in solved.own_foci(enter, (*leaving(enter, Return), *own_place(enter))):
        for end, flight in solved.ends(enter, focus, {0: (World(),)}) or ():
            if flight is None:
                found.append((focus, _held(enter, end)))
    for focus in solved.own_foci(init, own_place(init)) if init is not None else ():
        assert init is not None
        for end, flight in solved.ends(init, focus, {0: (World(),)}) or ():
            found.extend(_held_since_init(solved, enter, init, focus, end) if flight is None else ())
    return [(focus, held) for focus, held in found if held.world.session is not None and held.world.names]


def _held_since_init(
    solved: Solved, enter: Frame, init: Frame, focus: Focus, end: World
) -> Iterator[tuple[Focus, classes.Held]]:
    own = enter.function.parameters[0].name if enter.function.parameters else ""
    names = frozenset((own + place, holding) for place, holding in classes.own_names(init, end))
    inside = replace(focus, birth=-1, owned=False)
    start = World(session=end.session, names=names)
    for entered, flight in solved.ends(enter, inside, {0: (start,)}) or ():
        if flight is None:
            yield focus, _held(enter, entered)


def enter(
    solved: Solved, at: ClassAt, manager: Place, world: World, focus: Focus
) -> list[tuple[World, Names]]:
    """See `Effects.enter_object`."""
    entered: dict[tuple[World, Names], None] = {}
    for _, held in solved.ask(("lent by", at), lambda: _sites(solved, at)) or ():
        state = held.world.session
        if state is None:
            continue
        life = Life.LENT if state.life is not Life.CLOSED else state.life
        moved = world._replace(
            session=state._replace(life=life),
            suspended=(*world.suspended, Suspended(manager, key_of(at), -1, held.world)),
            names=world.names | {(manager, Hold.SUSPENDED)},
        )
        entered[moved, held.target] = None
    return list(entered)


def leave(solved: Solved, held: Suspended, world: World, focus: Focus, raising: bool) -> list[Exit] | None:
    """The ways out of a ``with`` over the object that `held` tells of; None: not known."""
    module, _, qualname = held.function.partition("\n")
    inner = _method(solved, ClassAt(module, qualname), "__exit__", "__aexit__")
    left = world._replace(suspended=tuple(other for other in world.suspended if other is not held))
    if inner is None or not inner.function.parameters:
        return None
    own, *rest = [parameter.name for parameter in inner.function.parameters]
    names = frozenset((own + place, holding) for place, holding in held.inside.names)
    mask = values.TRUTHY if raising else values.NONE
    known = frozenset((name, mask) for name in rest if name in inner.liveness.asked(0))
    start = World(
        owned(world.session, held.inside.session), world.instance, names, spent=world.spent, values=known
    )
    at = FunctionAt(inner.module, inner.function.qualname)
    ends = ask_about(solved, ("exit", at), start, focus, partial(solved.ends_through, inner, 0))
    if ends is None:
        return None
    exits: dict[Exit, None] = {}
    for end, flight in ends:
        after = handed_back(left, world, put_back(end, start))
        answer = values.known(end.values, RETURN)
        if flight is not None or not raising:
            exits[Exit(after, flight, frozenset())] = None
            continue
        if answer != values.TRUTHY:
            exits[Exit(after, world.flight, frozenset())] = None
        if answer == values.TRUTHY:
            exits[Exit(after, None, frozenset())] = None
    return list(exits)


def _method(solved: Solved, at: ClassAt, *names: str) -> Frame | None:
    for name in names:
        found = solved.linker.member(Object(at), name)
        if isinstance(found, FunctionAt):
            return solved.frames.of(found)
    return None


def _held(enter: Frame, end: World) -> classes.Held:
    """What an entered object holds, with the names that its exit will see."""
    inside = World(session=end.session, names=classes.own_names(enter, end))
    return classes.Held(inside, classes.target_names(enter, end))
