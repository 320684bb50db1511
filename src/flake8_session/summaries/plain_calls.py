"""Plain calls of project functions, answered by solving the callee with what it is given as its focus.

A call is asked with the world of the caller: the places that hold the session or the instance are
renamed to the callee's parameters, the callee is solved from there, and the worlds at its two exits
are what the call may leave behind.
"""

from __future__ import annotations

from functools import partial

from flake8_session.flow.events import Argument, Call, Place
from flake8_session.knowledge.words import Role
from flake8_session.linking.frames import Frame
from flake8_session.linking.meanings import ClassAt, FunctionAt, Object
from flake8_session.summaries import classes
from flake8_session.summaries.asking import ask_about
from flake8_session.summaries.crossing import back, put_back
from flake8_session.summaries.decorated import is_manager
from flake8_session.summaries.detached import detached_exits
from flake8_session.summaries.fresh import fresh_exits
from flake8_session.summaries.instances import instance_foci
from flake8_session.summaries.passing import given_names, known_values
from flake8_session.summaries.solved import End, Ends, Solved
from flake8_session.summaries.taking import taken_exits
from flake8_session.summaries.touching import may_touch
from flake8_session.typestate import names
from flake8_session.typestate.escapes import unsettled
from flake8_session.typestate.focus import OUTSIDE, Exit, Focus
from flake8_session.typestate.worlds import RETURN, Flight, Kind, World

_ENTITY = (Role.INSTANCE, Role.INSTANCES, Role.ROW, Role.ROWS)


def call_exits(
    solved: Solved, frame: Frame, at: FunctionAt, call: Call, world: World, focus: Focus
) -> list[Exit] | None:
    """See `Effects.call`."""
    call = frame.on_receiver(call)
    at, call = _wrapped(solved, at, call)
    if frame.made_by.get(call.result) == focus.birth and focus.birth >= 0:
        if focus.takes:
            return taken_exits(solved, frame, at, call, world, focus)
        if focus.gone:
            return detached_exits(solved, at, world, focus)
        return fresh_exits(solved, frame, at, call, world, focus)
    function = solved.linker.function(at)
    if function is not None and function.generator and is_manager(function):
        return [Exit(world, None, frozenset())]
    inner = _callee(solved, frame, at, call)
    if inner is None:
        return None
    given = given_names(frame, inner, call, world)
    if not given:
        reached = focus.registry and may_touch(solved, at)
        return _untouched_exits(solved, at, unsettled(world) if reached else world)
    start = World(
        session=world.session,
        instance=world.instance,
        names=given,
        spent=world.spent,
        values=known_values(inner, call, given, world, frame),
    )
    if focus.instance >= 0 and frame.made_by.get(call.result) == focus.instance and not focus.constructed:
        born = start._replace(instance=None)
        nobody = Focus(focus.options, owned=False, registry=focus.registry)
        ends = solved.ends_of_call(
            ("born", at, nobody), born, lambda entered: _instance_ends(solved, inner, nobody, entered)
        )
    else:
        ends = ask_about(solved, ("call", at), start, focus, partial(solved.ends_through, inner, 0))
    if ends is None:
        return None
    return [back(inner, call, world, put_back(end, start), flight) for end, flight in ends]


def seen_besides(solved: Solved, frame: Frame, at: FunctionAt, call: Call) -> tuple[Place, ...] | None:
    """See `Effects.sees`: what `given_names` finds by other names than those of the arguments."""
    at, _ = _wrapped(solved, at, call)
    if frame.on_receiver(call) is not call or ".<locals>" in at.qualname:
        return None
    return (OUTSIDE,)


def _wrapped(solved: Solved, at: FunctionAt, call: Call) -> tuple[FunctionAt, Call]:
    """What the call runs if a decorator is followed, and the call of that; a method's object comes first."""
    runs = solved.runs(at)
    if runs is None or runs == at:
        return at, call
    arguments = (Argument(call.receiver), *call.arguments) if call.receiver else call.arguments
    return runs, Call(call.result, function=f"@{runs.qualname}", arguments=arguments)


def construct_exits(
    solved: Solved, frame: Frame, at: ClassAt, call: Call, world: World, focus: Focus
) -> list[Exit] | None:
    """See `Effects.construct`."""
    init = solved.linker.member(Object(at), "__init__")
    if not isinstance(init, FunctionAt):
        fields = classes.fields(solved.linker, at)
        return [_with_fields(fields, call, world)] if fields is not None else None
    made = Call(call.result, receiver=call.result, method="__init__", arguments=call.arguments)
    return call_exits(solved, frame, init, made, world, focus)


def _with_fields(fields: tuple[str, ...], call: Call, world: World) -> Exit:
    """The new object of a data class, whose fields are what the call gives it in their order."""
    moved = world
    rest = iter(fields)
    for argument in call.arguments:
        name = argument.keyword or next(rest, "")
        if name in fields:
            moved = names.bound(moved, f"{call.result}.{name}", argument.value, owned=False)
    return Exit(moved, None, frozenset())


def _instance_ends(solved: Solved, inner: Frame, focus: Focus, start: World) -> Ends:
    """The ways out of a function that gives back an instance of the session, by each site of it."""
    found: dict[End, None] = {}
    merged = False
    for born in instance_foci(inner, focus):
        ends = solved.all_ends(inner, born, {0: (start,)})
        merged = merged or ends is None or ends.merged
        for end, flight in ends.found if ends is not None else ():
            given = any((RETURN, role) in end.names for role in _ENTITY)
            if flight is not None or given:
                found[end if given else end._replace(instance=None), flight] = None
    if not found:
        return solved.all_ends(inner, focus, {0: (start,)}) or Ends((), merged=True)
    return Ends(tuple(found), merged)


def _callee(solved: Solved, frame: Frame, at: FunctionAt, call: Call) -> Frame | None:
    """The callee, where calling it runs its body and nothing else."""
    function = solved.linker.function(at)
    if function is None or function.generator or solved.runs(at) != at:
        return None
    if function.asynchronous and frame.made_by.get(call.result) not in frame.awaited:
        return None
    return solved.frames.of(at)


def _untouched_exits(solved: Solved, at: FunctionAt, world: World) -> list[Exit]:
    exits = []
    if not solved.never_returns(at):
        exits.append(Exit(world, None, frozenset()))
    if not world.spent and not solved.never_raises(at):
        exits.append(Exit(world._replace(spent=True), Flight(Kind.OTHER), frozenset()))
    return exits
