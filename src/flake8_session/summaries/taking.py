"""Instances that a function is given, and has put into a session of its own that it has ended.

To the caller they come back detached, as the function left them::

    def save(thing):
        with Maker.begin() as session:
            session.add(thing)

    user = User(name="x")
    save(user)
    user.id                # expired by the commit, and nothing can load it any more

Followed are new instances of mapped classes in sight. Not modelled: instances that come in a container,
and those that the caller has of a session of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from flake8_session.flow.events import Call, Place
from flake8_session.knowledge import frameworks
from flake8_session.linking.frames import Frame
from flake8_session.linking.holding import with_holders
from flake8_session.linking.meanings import FunctionAt
from flake8_session.summaries.chosen import as_called
from flake8_session.summaries.crossing import back
from flake8_session.summaries.instances import given_to_sessions
from flake8_session.summaries.passing import bindings, given_names, known_values
from flake8_session.summaries.solved import End, Solved
from flake8_session.typestate.focus import Exit, Focus
from flake8_session.typestate.worlds import Life, SessionState, Tie, World

_ADDING = re.compile(r"\.add(_all)?\(")


def taking_focus(solved: Solved, frame: Frame, call: Call, at: FunctionAt) -> Focus | None:
    """The session, gone by then, into which the call puts a new instance; None where it puts none."""
    return _focus(solved, frame, call, at, frame.new_instances)


def _focus(solved: Solved, frame: Frame, call: Call, at: FunctionAt, among: frozenset[Place]) -> Focus | None:
    """The session into which the call puts what is in one of the places `among`."""
    if among.isdisjoint((call.receiver, *(argument.value for argument in call.arguments))):
        return None
    inner = _callee(solved, frame, call, at)
    if inner is None:
        return None
    taken = _taken(solved, at)
    passed = dict(bindings(inner.function, frame.on_receiver(call)))
    if any(frameworks.is_session_name(name) and value != "=None" for name, value in passed.items()):
        return None
    if not any(name in taken and source in among for name, source in passed.items()):
        return None
    foci = _foci(solved, at)
    if not foci:
        return None
    options = as_called(frame, call, at, foci[0].options)
    if options.expires is not foci[0].options.expires:
        return None
    return Focus(options, owned=False, gone=True, takes=True)


def takes(solved: Solved, at: FunctionAt) -> bool:
    """Whether a call of the function may put what it is given into a session of its own.

    A function whose text has no word of it, but that hands on what it is given, is passed over.
    """
    function = solved.linker.function(at)
    text = solved.linker.modules.text(at.module, at.qualname)
    if function is None or not function.parameters or (text is not None and not _ADDING.search(text)):
        return False
    return bool(_taken(solved, at)) and bool(_foci(solved, at))


def taken_exits(
    solved: Solved, frame: Frame, at: FunctionAt, call: Call, world: World, focus: Focus
) -> list[Exit]:
    """The ways out of a call that puts the instance of the focus into a session of its own."""
    inner = solved.frames.of(at)
    names = given_names(frame, inner, call, world) if inner is not None else frozenset()
    if inner is None or not names or world.instance is None:
        return [Exit(world, None, frozenset())]
    values = known_values(inner, call, names, world, frame)
    start = World(instance=world.instance, names=names, spent=world.spent, values=values)
    exits: dict[Exit, None] = {}
    for own in _foci(solved, at):
        inside = replace(own, selected=focus.selected, constructed=True)
        ends = solved.ask(("taken", at, start, inside), partial(_ends, solved, inner, inside, start))
        for end, flight in ends or ():
            exits[back(inner, call, world, _ended(end), flight)] = None
    return list(exits)


def _ends(solved: Solved, inner: Frame, focus: Focus, start: World) -> list[End]:
    """None of the ends is left out: where they are too many, what comes of the instance is unknown."""
    ends = solved.ends(inner, focus, {0: (start,)})
    if ends is None:
        assert start.instance is not None
        return [(start._replace(instance=start.instance._replace(tie=Tie.UNKNOWN)), None)]
    return ends


def _ended(end: World) -> World:
    """The caller's view of what the function leaves: its session is out of sight."""
    state = end.instance
    if state is not None and state.tie not in (Tie.DETACHED, Tie.TRANSIENT):
        state = state._replace(tie=Tie.UNKNOWN)
    return end._replace(session=SessionState(Life.CLOSED), instance=state)


def _callee(solved: Solved, frame: Frame, call: Call, at: FunctionAt) -> Frame | None:
    """The callee, where calling it runs its body and nothing else."""
    function = solved.linker.function(at)
    if function is None or function.generator or solved.runs(at) != at:
        return None
    if function.asynchronous and frame.made_by.get(call.result) not in frame.awaited:
        return None
    return solved.frames.of(at)


def _taken(solved: Solved, at: FunctionAt) -> frozenset[str]:
    """The parameters that may come into a session."""
    return frozenset(solved.ask(("taken parameters", at), lambda: list(_parameters(solved, at))) or ())


def _parameters(solved: Solved, at: FunctionAt) -> Iterator[str]:
    frame = solved.frames.of(at)
    given = given_to_sessions(frame) if frame is not None else frozenset()
    for parameter in frame.function.parameters if frame is not None else ():
        if parameter.name in given:
            yield parameter.name


def _foci(solved: Solved, at: FunctionAt) -> list[Focus]:
    return solved.ask(("taking", at), lambda: _sites(solved, at)) or []


def _sites(solved: Solved, at: FunctionAt) -> list[Focus]:
    """The sessions that the function makes, and those of what it hands its parameters on to."""
    frame = solved.frames.of(at)
    if frame is None:
        return []
    given = with_holders(frame.graph, (parameter.name for parameter in frame.function.parameters))
    found = solved.all_foci(frame)
    for index, step in enumerate(frame.graph.steps):
        callee = frame.callee(step.event) if isinstance(step.event, Call) else None
        if isinstance(step.event, Call) and isinstance(callee, FunctionAt):
            focus = _focus(solved, frame, step.event, callee, given)
            if focus is not None:
                found.append(replace(focus, birth=index))
    return found
