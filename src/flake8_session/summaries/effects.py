"""Calls of project functions, answered by solving the callee with what it is given as its focus.

A call is asked with the world of the caller: the places that hold the session or the instance are
renamed to the callee's parameters, the callee is solved from there, and the worlds at its two exits
are what the call may leave behind. A generator that a ``with`` drives stops at its ``yield``: the
world in which it stops is kept (`Suspended`), and leaving the ``with`` goes on from there.

Answers are remembered by function and entry world. The ends of a function that calls itself, directly
or not, grow from none until they are complete, so that they do not depend on the order of asking.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import TypeVar, cast

from flake8_session.dataflow import Solution, TooManyWorlds, solve
from flake8_session.flow.events import Argument, Call, Door, Place, Return, Yield
from flake8_session.flow.outline import Function, Literal
from flake8_session.knowledge import frameworks
from flake8_session.knowledge.words import Role
from flake8_session.linking.frames import Frame
from flake8_session.linking.linker import Linker
from flake8_session.linking.meanings import ClassAt, FunctionAt, Meaning, Object, Options
from flake8_session.summaries import classes
from flake8_session.summaries.captures import may_end
from flake8_session.summaries.feeding import feeding, leaving, own_place
from flake8_session.summaries.frames import Frames
from flake8_session.summaries.raising import can_return, never_raises
from flake8_session.summaries.returning import rebound_meaning, returned_element, returned_meaning
from flake8_session.summaries.sites import instance_foci, made_foci
from flake8_session.typestate import values
from flake8_session.typestate.focus import Exit, Focus
from flake8_session.typestate.movement import SessionMovement
from flake8_session.typestate.sessions import is_open
from flake8_session.typestate.worlds import (
    RETURN,
    Flight,
    Hold,
    InstanceState,
    Kind,
    Life,
    Names,
    SessionState,
    Suspended,
    World,
)

_PLAIN = frozenset(
    {
        "staticmethod",
        "classmethod",
        "lru_cache",
        "cache",
        "wraps",
        "override",
        "overload",
        "final",
        "property",
        "cached_property",
        "hybrid_property",
        "hybrid_method",
        "memoized_property",
    }
)
_ENTITY = (Role.INSTANCE, Role.INSTANCES, Role.ROW, Role.ROWS)
_START: Mapping[object, bool] = {"returns": True, "raises": False}
"""What a question about a function that comes back to itself starts from; every other one from no ends."""
T = TypeVar("T")
Key = tuple[object, ...]


class ProjectEffects:
    """The `Effects` of the project's own functions. One per run; nothing in it depends on time."""

    def __init__(self, linker: Linker) -> None:
        self.linker = linker
        self.frames = Frames(linker)
        linker.bodies = self

    # What bodies say about names.

    def attribute(self, at: ClassAt, name: str) -> Meaning:
        """See `Bodies.attribute`."""
        return classes.attribute(self.frames, at, name)

    def returned(self, at: FunctionAt) -> Meaning:
        """See `Bodies.returned`."""
        return returned_meaning(self.frames, at)

    def element(self, at: FunctionAt, index: int) -> Meaning:
        """See `Bodies.element`."""
        return returned_element(self.frames, at, index)

    def rebound(self, at: FunctionAt, name: str) -> Meaning | None:
        """See `Bodies.rebound`."""
        return rebound_meaning(self.frames, at, name)

    # What a call does.

    def call(self, frame: Frame, at: FunctionAt, call: Call, world: World, focus: Focus) -> list[Exit] | None:
        """See `Effects.call`."""
        if frame.made_by.get(call.result) == focus.birth and focus.birth >= 0:
            return self._fresh_exits(frame, at, call, world, focus)
        function = self.linker.function(at)
        if function is not None and function.generator and _is_manager(function):
            return [Exit(world, None, frozenset())]
        inner = self._plain(frame, at, call)
        if inner is None:
            return None
        given = _given(frame, inner, call, world)
        if not given:
            return self._untouched(at, world)
        start = World(
            session=world.session,
            instance=world.instance,
            names=given,
            spent=world.spent,
            values=_values(inner, call, given, world, frame),
        )
        inside = replace(focus, birth=-1, instance=-1, places=(), owned=False)
        if focus.instance >= 0 and frame.made_by.get(call.result) == focus.instance and not focus.constructed:
            ends = self._ask(("born", at, start, inside), lambda: self._instance_ends(inner, inside, start))
        else:
            ends = self._ask(("call", at, start, inside), lambda: self._ends(inner, inside, {0: (start,)}))
        if ends is None:
            return None
        return [_back(frame, inner, call, world, end, flight) for end, flight in ends]

    def _instance_ends(
        self, inner: Frame, focus: Focus, start: World
    ) -> list[tuple[World, Flight | None]] | None:
        """The ways out of a function that gives back an instance of the session, by each site of it."""
        start = start._replace(instance=None)
        found: dict[tuple[World, Flight | None], None] = {}
        for born in instance_foci(inner, focus):
            for end, flight in self._ends(inner, born, {0: (start,)}) or ():
                given = any((RETURN, role) in end.names for role in _ENTITY)
                if flight is not None or given:
                    found[end if given else end._replace(instance=None), flight] = None
        plain = self._ends(inner, focus, {0: (start,)}) if not found else ()
        return list(found) + list(plain or ())

    def _plain(self, frame: Frame, at: FunctionAt, call: Call) -> Frame | None:
        """The callee, where calling it runs its body and nothing else."""
        function = self.linker.function(at)
        if function is None or function.generator or not _is_plain(function):
            return None
        if function.asynchronous and frame.made_by.get(call.result) not in frame.awaited:
            return None
        return self.frames.of(at)

    def _untouched(self, at: FunctionAt, world: World) -> list[Exit]:
        exits = []
        if self._ask(("returns", at), lambda: can_return(self.frames, at)) is not False:
            exits.append(Exit(world, None, frozenset()))
        if not world.spent and not self.never_raises(at):
            exits.append(Exit(world._replace(spent=True), Flight(Kind.OTHER), frozenset()))
        return exits

    def never_raises(self, at: FunctionAt) -> bool:
        """See `Effects.never_raises`."""
        return bool(self._ask(("raises", at), lambda: never_raises(self.frames, at)))

    def never_returns(self, at: FunctionAt) -> bool:
        """Whether the function always raises, or ends the process."""
        return self._ask(("returns", at), lambda: can_return(self.frames, at)) is False

    def closes_captured(self, at: FunctionAt, places: frozenset[Place]) -> bool:
        """See `Effects.closes_captured`."""
        return may_end(self.frames, at, places)

    def ends(self, at: FunctionAt, start: World, focus: Focus) -> list[tuple[World, Flight | None]] | None:
        """The worlds at the ends of a function that is entered in `start`; None: not known."""
        frame = self.frames.of(at)
        return self._ends(frame, focus, {0: (start,)}) if frame is not None else None

    # New sessions that a call returns.

    def fresh(self, at: FunctionAt) -> Options | None:
        """See `sites.Givers.fresh`."""
        function = self.linker.function(at)
        if function is None or function.generator or not _is_plain(function):
            return None
        found = self._ask(("fresh", at), lambda: self._fresh(at))
        return found[0][0].options if found else None

    def _fresh(self, at: FunctionAt) -> list[tuple[Focus, tuple[World, ...]]]:
        frame = self.frames.of(at)
        found = []
        for focus in self._own_foci(frame, leaving(frame, Return)) if frame is not None else ():
            assert frame is not None
            ends = self._ends(frame, focus, {0: (World(),)})
            worlds = tuple(end for end, flight in ends or () if flight is None)
            if any((RETURN, Role.SESSION) in world.names for world in worlds):
                found.append((focus, worlds))
        return found

    def _fresh_exits(
        self, frame: Frame, at: FunctionAt, call: Call, world: World, focus: Focus
    ) -> list[Exit] | None:
        found = self._ask(("fresh", at), lambda: self._fresh(at))
        exits: dict[Exit, None] = {}
        for end in self._fresh_worlds(frame, at, call, world, found or []):
            exits[_made_available(world, end)] = None
        if not world.spent and not self.never_raises(at):
            exits[Exit(world._replace(spent=True), Flight(Kind.OTHER), frozenset())] = None
        return list(exits)

    def _fresh_worlds(
        self,
        frame: Frame,
        at: FunctionAt,
        call: Call,
        world: World,
        found: list[tuple[Focus, tuple[World, ...]]],
    ) -> Iterator[World]:
        """The callee's worlds at its return, given what is known of the arguments."""
        inner = self.frames.of(at)
        known = _values(inner, call, frozenset(), world, frame) if inner is not None else frozenset()
        for focus, worlds in found:
            if known and inner is not None:
                ends = self._ask(
                    ("fresh", at, focus, known),
                    partial(self._ends, inner, focus, {0: (World(values=known),)}),
                )
                worlds = tuple(end for end, flight in ends or () if flight is None)
            yield from worlds

    # Context managers.

    def lent(self, at: FunctionAt) -> Options | None:
        """See `sites.Givers.lent`."""
        found = self._ask(("lent", at), lambda: self._lent(at))
        return found[0][0].options if found else None

    def _lent(self, at: FunctionAt) -> list[tuple[Focus, tuple[tuple[int, World], ...]]]:
        function, frame = self.linker.function(at), self.frames.of(at)
        if function is None or frame is None or not function.generator or not _is_manager(function):
            return []
        found = []
        for focus in self._own_foci(frame, leaving(frame, Yield)):
            stops = tuple(self._stops(frame, focus, World()))
            if any(_yields_session(frame, step, world) for step, world in stops):
                found.append((focus, stops))
        return found

    def _own_foci(self, frame: Frame, leaving: Iterable[Place]) -> list[Focus]:
        """The sessions that the function makes or gets from a callee, and that may be among `leaving`."""
        return [focus for focus in made_foci(frame, self, feeding(frame, leaving)) if not focus.driven]

    def _stops(self, frame: Frame, focus: Focus, start: World) -> Iterator[tuple[int, World]]:
        """The worlds in front of every ``yield`` that is reached first, and at the exit by raising."""
        try:
            solution = solve(SessionMovement(frame, focus, self, stops=True), {0: (start,)})
        except TooManyWorlds:
            return
        for step in solution.steps():
            if isinstance(frame.graph.steps[step].event, Yield) or step == frame.graph.raised:
                for world in solution.before(step):
                    yield step, world

    def enter(
        self, frame: Frame, at: FunctionAt, call: Call, manager: Place, world: World, focus: Focus, born: bool
    ) -> list[tuple[World, Names]] | None:
        """See `Effects.enter`."""
        function, inner = self.linker.function(at), self.frames.of(at)
        if function is None or inner is None or not function.generator or not _is_manager(function):
            return None
        entered: dict[tuple[World, Names], None] = {}
        if born:
            known = _values(inner, call, frozenset(), world, frame)
            for own, stops in self._ask(("lent", at), lambda: self._lent(at)) or []:
                if known:
                    stops = tuple(self._stops(inner, own, World(values=known)))
                for step, stop in stops:
                    if step != inner.graph.raised:
                        entered[_lent_world(inner, at, manager, world, step, stop)] = None
            return list(entered)
        given = _given(frame, inner, call, world)
        start = World(
            world.session,
            world.instance,
            given,
            spent=world.spent,
            values=_values(inner, call, given, world, frame),
        )
        inside = replace(focus, birth=-1, instance=-1, places=(), owned=False)
        found = self._ask(("enter", at, start, inside), lambda: list(self._stops(inner, inside, start)))
        for step, stop in found or ():
            if step == inner.graph.raised:
                raised = world._replace(
                    session=stop.session, instance=stop.instance, spent=stop.spent, flight=stop.flight
                )
                entered[raised, frozenset()] = None
            else:
                entered[_borrowing_world(inner, at, manager, world, step, stop)] = None
        return list(entered) if entered else None

    def leave(self, manager: Place, world: World, focus: Focus, raising: bool) -> list[Exit] | None:
        """See `Effects.leave`."""
        held = next((held for held in world.suspended if held.manager == manager), None)
        if held is None:
            return None
        if held.step < 0:
            return self._leave_object(held, world, focus, raising)
        at = _at(held.function)
        inner = self.frames.of(at)
        if inner is None:
            return None
        step = inner.graph.steps[held.step]
        target = step.doors.get(Door.RAISED if raising else Door.COMPLETED)
        if target is None:
            return None
        start = held.inside._replace(
            session=_owned(world.session, held.inside.session),
            instance=world.instance,
            spent=world.spent,
            flight=world.flight if raising else None,
        )
        inside = replace(focus, instance=-1, birth=-1, places=(), owned=False)
        ends = self._ask(
            ("leave", at, target, start, inside), lambda: self._ends(inner, inside, {target: (start,)})
        )
        if ends is None:
            return None
        left = world._replace(suspended=tuple(other for other in world.suspended if other is not held))
        return [
            Exit(
                left._replace(
                    session=_lent_again(end.session, world.session),
                    instance=_detached_elsewhere(end.instance),
                    spent=end.spent,
                ),
                flight,
                frozenset(),
            )
            for end, flight in ends
        ]

    # Objects that are context managers.

    def lent_by(self, at: ClassAt) -> Options | None:
        """See `sites.Givers.lent_by`."""
        found = self._ask(("lent by", at), lambda: self._lent_by(at))
        return found[0][0].options if found else None

    def _lent_by(self, at: ClassAt) -> list[tuple[Focus, classes.Held]]:
        enter, init = self._method(at, "__enter__", "__aenter__"), self._method(at, "__init__")
        if enter is None:
            return []
        found = []
        for focus in self._own_foci(enter, (*leaving(enter, Return), *own_place(enter))):
            for end, flight in self._ends(enter, focus, {0: (World(),)}) or ():
                if flight is None:
                    found.append((focus, _held(enter, end)))
        for focus in self._own_foci(init, own_place(init)) if init is not None else ():
            assert init is not None
            for end, flight in self._ends(init, focus, {0: (World(),)}) or ():
                found.extend(self._held_since_init(enter, init, focus, end) if flight is None else ())
        return [(focus, held) for focus, held in found if held.world.session is not None and held.world.names]

    def _held_since_init(
        self, enter: Frame, init: Frame, focus: Focus, end: World
    ) -> Iterator[tuple[Focus, classes.Held]]:
        own = enter.function.parameters[0].name if enter.function.parameters else ""
        names = frozenset((own + place, holding) for place, holding in classes.own_names(init, end))
        inside = replace(focus, birth=-1, owned=False)
        start = World(session=end.session, names=names)
        for entered, flight in self._ends(enter, inside, {0: (start,)}) or ():
            if flight is None:
                yield focus, _held(enter, entered)

    def enter_object(
        self, at: ClassAt, manager: Place, world: World, focus: Focus
    ) -> list[tuple[World, Names]]:
        """See `Effects.enter_object`."""
        entered: dict[tuple[World, Names], None] = {}
        for _, held in self._ask(("lent by", at), lambda: self._lent_by(at)) or ():
            state = held.world.session
            if state is None:
                continue
            life = Life.LENT if state.life is not Life.CLOSED else state.life
            moved = world._replace(
                session=state._replace(life=life),
                suspended=(*world.suspended, Suspended(manager, _key(at), -1, held.world)),
                names=world.names | {(manager, Hold.SUSPENDED)},
            )
            entered[moved, held.target] = None
        return list(entered)

    def _leave_object(self, held: Suspended, world: World, focus: Focus, raising: bool) -> list[Exit] | None:
        module, _, qualname = held.function.partition("\n")
        inner = self._method(ClassAt(module, qualname), "__exit__", "__aexit__")
        left = world._replace(suspended=tuple(other for other in world.suspended if other is not held))
        if inner is None or not inner.function.parameters:
            return None
        own, *rest = [parameter.name for parameter in inner.function.parameters]
        names = frozenset((own + place, holding) for place, holding in held.inside.names)
        mask = values.TRUTHY if raising else values.NONE
        known = frozenset((name, mask) for name in rest if name in inner.liveness.asked(0))
        start = World(
            _owned(world.session, held.inside.session), world.instance, names, spent=world.spent, values=known
        )
        inside = replace(focus, instance=-1, birth=-1, places=(), owned=False)
        ends = self._ask(
            ("exit", held.function, start, inside), lambda: self._ends(inner, inside, {0: (start,)})
        )
        if ends is None:
            return None
        exits: dict[Exit, None] = {}
        for end, flight in ends:
            after = left._replace(
                session=_lent_again(end.session, world.session),
                instance=_detached_elsewhere(end.instance),
                spent=end.spent,
            )
            answer = values.known(end.values, RETURN)
            if flight is not None or not raising:
                exits[Exit(after, flight, frozenset())] = None
                continue
            if answer != values.TRUTHY:
                exits[Exit(after, world.flight, frozenset())] = None
            if answer == values.TRUTHY:
                exits[Exit(after, None, frozenset())] = None
        return list(exits)

    def _method(self, at: ClassAt, *names: str) -> Frame | None:
        for name in names:
            found = self.linker.member(Object(at), name)
            if isinstance(found, FunctionAt):
                return self.frames.of(found)
        return None

    # Solving and remembering.

    def _ends(
        self, frame: Frame, focus: Focus, starts: dict[int, tuple[World, ...]]
    ) -> list[tuple[World, Flight | None]] | None:
        try:
            solution = solve(SessionMovement(frame, focus, self), starts)
        except TooManyWorlds:
            return None
        return list(dict.fromkeys(_exits(frame, solution)))

    def _ask(self, key: Key, answer: Callable[[], T]) -> T | None:
        """The remembered answer; a function that calls itself is asked again until its ends are complete."""
        start = cast(T, _START.get(key[0]) if key[0] in _START else [])
        return self.linker.answers.ask(key, answer, start, beyond=None)


def _exits(frame: Frame, solution: Solution[World]) -> Iterator[tuple[World, Flight | None]]:
    for world in solution.before(frame.graph.returned):
        yield world, None
    for world in solution.before(frame.graph.raised):
        yield world, world.flight or Flight(Kind.OTHER)


def _given(frame: Frame, inner: Frame, call: Call, world: World) -> Names:
    """What the caller's world knows, under the callee's names: parameters, attributes of self, captures."""
    pairs = list(bindings(inner.function, call))
    captured = {place: place for place in inner.graph.captured} if _is_inside(inner, frame) else {}
    outside = (
        {place: place for place, _ in world.names if place.startswith("@")}
        if inner.module == frame.module
        else {}
    )
    found = set()
    for place, holding in world.names:
        for parameter, source in (*pairs, *captured.items(), *outside.items()):
            if place == source or place.startswith(f"{source}."):
                found.add((parameter + place[len(source) :], holding))
    return frozenset(found)


def bindings(function: Function, call: Call) -> Iterator[tuple[Place, Place]]:
    """Pairs of parameter and argument place. Spread arguments are not followed."""
    ordered = [p for p in function.parameters if p.keyword in ("", "/")]
    if ordered and _takes_self(function):
        if call.receiver and call.method == function.name:
            yield ordered[0].name, call.receiver
        if call.receiver or function.name == "__call__":
            ordered = ordered[1:]
    named = {p.name: p for p in function.parameters}
    positions = iter(ordered)
    for argument in call.arguments:
        if argument.keyword in ("*", "**"):
            return
        if argument.keyword:
            if argument.keyword in named:
                yield argument.keyword, argument.value
            continue
        parameter = next(positions, None)
        if parameter is not None:
            yield parameter.name, argument.value


def _takes_self(function: Function) -> bool:
    decorators = {getattr(decorator, "name", "") for decorator in function.decorators}
    return (
        bool(function.parent)
        and not function.parent.endswith("<locals>")
        and "staticmethod" not in decorators
    )


def _values(inner: Frame, call: Call, given: Names, world: World, frame: Frame) -> values.Values:
    """What is known of the callee's parameters: literals, defaults, what the caller knows."""
    asked = inner.liveness.asked(0)
    held = {place for place, _ in given}
    passed = dict(bindings(inner.function, call))
    spread = any(argument.keyword in ("*", "**") for argument in call.arguments)
    known = values.without(frozenset(), "")
    for parameter in inner.function.parameters:
        name = parameter.name
        if name not in asked or name in held:
            continue
        if name in passed:
            mask = values.known(world.values, passed[name])
            if world.roles(passed[name]) or passed[name] in frame.certain_sessions:
                mask = values.TRUTHY
            elif mask == values.ANYTHING and frame.is_never_none(passed[name]):
                mask = values.ANYTHING & ~values.NONE
            known = values.with_value(known, name, mask)
        elif isinstance(parameter.default, Literal) and not spread:
            known = values.with_value(known, name, values.of_literal(f"={parameter.default.value!r}"))
    return known


def _back(frame: Frame, inner: Frame, call: Call, world: World, end: World, flight: Flight | None) -> Exit:
    """The caller's world after the callee ended in `end`."""
    kept = set(world.names)
    for parameter, source in bindings(inner.function, call):
        prefix = f"{parameter}."
        kept |= {
            (source + place[len(parameter) :], holding)
            for place, holding in end.names
            if place.startswith(prefix)
        }
    moved = world._replace(
        session=end.session,
        instance=_detached_elsewhere(end.instance),
        spent=end.spent,
        names=frozenset(kept),
    )
    return Exit(moved, flight, _returned(end))


def _detached_elsewhere(state: InstanceState | None) -> InstanceState | None:
    """What a callee detaches is not detached by a `close()` of the function that is looked at."""
    return state._replace(explicit=False) if state is not None else None


def _returned(end: World) -> frozenset[object]:
    found: set[object] = {holding for place, holding in end.names if place == RETURN}
    if values.known(end.values, RETURN) == values.NONE:
        found.add(None)
    return frozenset(found)


def _made_available(world: World, end: World) -> Exit:
    """A new session that the callee returned is open, and the caller's; or it returned none."""
    returned = _returned(end)
    if Role.SESSION not in returned or end.session is None:
        return Exit(world, None, frozenset({None} & returned))
    life = end.session.life if end.session.life is Life.CLOSED else Life.OPEN
    session = end.session._replace(life=life)
    return Exit(
        world._replace(session=session, spent=world.spent or end.spent), None, frozenset({Role.SESSION})
    )


def _yields_session(frame: Frame, step: int, world: World) -> bool:
    event = frame.graph.steps[step].event
    return isinstance(event, Yield) and Role.SESSION in world.roles(event.value)


def _lent_world(
    inner: Frame, at: FunctionAt, manager: Place, world: World, step: int, stop: World
) -> tuple[World, Names]:
    if not _yields_session(inner, step, stop) or stop.session is None:
        return world, frozenset()
    held = Suspended(manager, _key(at), step, stop._replace(session=stop.session))
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
    held = Suspended(manager, _key(at), step, stop)
    moved = world._replace(
        session=stop.session,
        instance=stop.instance,
        spent=stop.spent,
        suspended=(*world.suspended, held),
        names=world.names | ({(manager, Hold.SUSPENDED)} if _holds_session(stop) else set()),
    )
    return moved, frozenset(("", role) for role in roles)


def _holds_session(world: World) -> bool:
    return any(holding is Role.SESSION for _, holding in world.names)


def _owned(state: SessionState | None, inside: SessionState | None) -> SessionState | None:
    """What the generator finds when it goes on: its own session is its own again."""
    if state is None or state.life is not Life.LENT or inside is None:
        return state
    return state._replace(life=inside.life)


def _lent_again(state: SessionState | None, before: SessionState | None) -> SessionState | None:
    if state is None or before is None or before.life is not Life.LENT or not is_open(state):
        return state
    return state._replace(life=Life.LENT)


def _is_plain(function: Function) -> bool:
    """Whether nothing but the function's own body runs when it is called."""
    names = {_decorator(decorator) for decorator in function.decorators}
    return names <= _PLAIN


def _is_manager(function: Function) -> bool:
    known = {frameworks.Driver.CONTEXT_MANAGER, frameworks.Driver.ASYNC_CONTEXT_MANAGER}
    names = [_decorator(decorator) for decorator in function.decorators]
    if not names:
        return True
    return any(name in ("contextmanager", "asynccontextmanager") for name in names) or not known


def _decorator(expression: object) -> str:
    name = getattr(expression, "name", None)
    if isinstance(name, str):
        return name.rpartition(".")[2]
    function = getattr(expression, "function", None)
    return _decorator(function) if function is not None else "?"


def _is_inside(inner: Frame, frame: Frame) -> bool:
    outer: Frame | None = inner.parent
    while outer is not None:
        if outer.function is frame.function:
            return True
        outer = outer.parent
    return False


def _held(enter: Frame, end: World) -> classes.Held:
    """What an entered object holds, with the names that its exit will see."""
    inside = World(session=end.session, names=classes.own_names(enter, end))
    return classes.Held(inside, classes.target_names(enter, end))


def _key(at: FunctionAt | ClassAt) -> str:
    return f"{at.module}\n{at.qualname}"


def _at(key: str) -> FunctionAt:
    module, _, qualname = key.partition("\n")
    return FunctionAt(module, qualname)


__all__ = ["Argument", "Iterable", "ProjectEffects", "bindings"]
