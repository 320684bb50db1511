"""Sessions that outlive every function: on an object, in a registry, in a module.

Whether anybody ends them is asked of all functions of the module, and of the methods that a class
inherits, by names alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from flake8_session.facts.circumstances import is_process_wide
from flake8_session.facts.solving import FunctionFacts, SessionFacts
from flake8_session.flow.events import Bind, Build, Call, Enter, Event, Leave, Place, Read, Shape, Write
from flake8_session.flow.outline import Kind
from flake8_session.knowledge import factories
from flake8_session.knowledge.words import Role
from flake8_session.linking.frames import Frame
from flake8_session.linking.meanings import ClassAt, External, FunctionAt, Registry
from flake8_session.linking.places import operands
from flake8_session.typestate.sessions import is_open
from flake8_session.typestate.worlds import World

_ENDING = frozenset({"close", "aclose", "remove", "reset", "invalidate", "__exit__", "__aexit__"})
_KEEPER = "registry"
"""What a registry keeps its sessions in: calling that gives one, and ``has()`` looks for one."""
_PREPARING = frozenset({"configure", "query_property", f"{_KEEPER}.has"})
"""What is asked of a registry before anybody works with its session."""
_EMPTYING = frozenset({"remove", _KEEPER, ""})
"""What empties it, or may: its own method, what it keeps sessions in, and whoever it is given to."""
_ENDING_PARTS = ("clos", "remov", "clean", "final", "exit", "enter", "dispose", "teardown", "shutdown")


class Kept(NamedTuple):
    """A session opened at `step` is stored in `attribute` of the method's own object.

    Of a generator's session that is written out: ``self.db``, or a name of the module.
    """

    step: int
    attribute: str


def kept_in_attributes(facts: FunctionFacts) -> Iterator[Kept]:
    """The sessions that a method opens and stores on its object, and that nothing in sight closes."""
    parameters = facts.frame.function.parameters
    own = parameters[0].name if parameters and _class_of(facts.frame) is not None else ""
    for session in facts.sessions if own else ():
        attribute = _attribute(session, own)
        if attribute and not any(_ends(frame, _owner(facts, frame), attribute) for frame in _around(facts)):
            yield Kept(session.focus.birth, attribute)


def kept_from_generators(facts: FunctionFacts) -> Iterator[Kept]:
    """The sessions of generators without a name that a method stores on its object, or a module in a name.

    Their generator has closed them before they are stored. What uses them opens them again, and nothing in
    sight closes them.
    """
    if facts.frame.function.kind is Kind.MODULE:
        yield from _kept_by_module(facts)
    parameters = facts.frame.function.parameters
    own = parameters[0].name if parameters and _class_of(facts.frame) is not None else ""
    for session in facts.sessions if own else ():
        if not session.focus.driven:
            continue
        attribute = _stored(session, own)
        frames = list(_around(facts)) if attribute else []
        used = any(_reads(frame, _owner(facts, frame), attribute) for frame in frames)
        if used and not any(_ends(frame, _owner(facts, frame), attribute) for frame in frames):
            yield Kept(session.focus.birth, f"self.{attribute}")


def _kept_by_module(facts: FunctionFacts) -> Iterator[Kept]:
    """The same of names of the module, where its functions work with them."""
    for session in facts.sessions:
        event = facts.frame.graph.steps[session.focus.birth].event if session.focus.driven else None
        for each in facts.frame.graph.steps if isinstance(event, Call) else ():
            bound = each.event
            if isinstance(bound, Bind) and isinstance(event, Call) and bound.source == event.result:
                uses = {use for frame in _module(facts) for use in _uses(frame, bound.target)}
                if _is_used_by(facts, bound.target) and not uses & (_ENDING | {""}):
                    yield Kept(session.focus.birth, bound.target)


def never_removed(facts: FunctionFacts) -> Iterator[int]:
    """The calls in a module's body that make a registry which the module uses and never empties."""
    if facts.frame.function.kind is not Kind.MODULE:
        return
    for each in facts.frame.graph.steps:
        event = each.event
        if not isinstance(event, Bind) or not isinstance(facts.frame.meaning(event.source), Registry):
            continue
        made = facts.frame.made_by.get(event.source)
        if made is None or not _constructs(facts.frame, facts.frame.graph.steps[made].event):
            continue
        uses = {use for frame in _module(facts) for use in _uses(frame, event.target)}
        if uses - _PREPARING and not uses & _EMPTYING:
            yield made


def opened_at_import(facts: FunctionFacts) -> Iterator[tuple[int, str]]:
    """The sessions that the body of a module, or of a class of it, opens and leaves open: step and name.

    A session that a registry gives there is that of one thread, whoever uses it later.
    """
    if not _runs_at_import(facts.frame):
        return
    for session in facts.sessions:
        if is_process_wide(facts, session):
            yield session.focus.birth, session.alone.place if session.alone is not None else ""
    yield from _taken_from_registries(facts)


def _runs_at_import(frame: Frame) -> bool:
    if frame.function.kind is Kind.CLASS:
        return frame.parent is None or _runs_at_import(frame.parent)
    return frame.function.kind is Kind.MODULE


def _taken_from_registries(facts: FunctionFacts) -> Iterator[tuple[int, str]]:
    """The calls in a module's body that ask a registry for its session, which functions work with then."""
    if facts.frame.function.kind is not Kind.MODULE:
        return
    for each in facts.frame.graph.steps:
        event = each.event
        made = facts.frame.made_by.get(event.source) if isinstance(event, Bind) else None
        call = facts.frame.graph.steps[made].event if made is not None else None
        if made is None or not isinstance(event, Bind) or not isinstance(call, Call) or not call.function:
            continue
        if isinstance(facts.frame.meaning(call.function), Registry) and _is_used_by(facts, event.target):
            yield made, event.target


def _is_used_by(facts: FunctionFacts, name: Place) -> bool:
    """Whether a function works with what a name of the module holds."""
    functions = (frame for frame in _module(facts) if frame.function.kind is not Kind.MODULE)
    return any(use for frame in functions for use in _uses(frame, name))


def _constructs(frame: Frame, event: Event) -> bool:
    """Whether the call makes a registry itself, and does not ask another module for its own."""
    callee = frame.callee(event) if isinstance(event, Call) else None
    maker = factories.MAKERS.get(callee.name) if isinstance(callee, External) else None
    return maker is not None and maker.makes is factories.Makes.REGISTRY


def _class_of(frame: Frame) -> ClassAt | None:
    at = ClassAt(frame.module, frame.function.parent)
    is_method = frame.function.kind is Kind.FUNCTION and frame.linker.class_(at) is not None
    return at if is_method else None


def _attribute(session: SessionFacts, own: Place) -> str:
    """The attribute of the method's object that keeps a session of its own; `""` for none."""
    if not session.focus.owned or session.focus.birth < 0 or session.alone is None:
        return ""
    if any(_is_left(world, session.frame.graph.steps[step].event) for step, world in session.alone.reached()):
        return ""
    return _stored(session, own, still_open=True)


def _stored(session: SessionFacts, own: Place, *, still_open: bool = False) -> str:
    """The attribute of the method's object that gets the session; `""` for none."""
    for step, world in session.alone.reached() if session.alone is not None else ():
        event = session.frame.graph.steps[step].event
        if isinstance(event, Write) and event.object == own and world.session is not None:
            if Role.SESSION in world.roles(event.source) and (is_open(world.session) or not still_open):
                return event.attribute
    return ""


def _is_left(world: World, event: Event) -> bool:
    """Whether a ``with`` of the method itself closes the session."""
    return isinstance(event, Leave) and Role.SESSION in world.roles(event.manager)


def _around(facts: FunctionFacts) -> Iterator[Frame]:
    """The functions of the module, and the methods of the bases of the class that stand elsewhere."""
    yield from _module(facts)
    class_ = _class_of(facts.frame)
    for base in facts.frame.linker.ancestry(class_) if class_ is not None else ():
        found = facts.frame.linker.class_(base) if isinstance(base, ClassAt) else None
        if found is None or not isinstance(base, ClassAt) or base.module == facts.frame.module:
            continue
        for method in found.methods:
            frame = facts.effects.frames.of(FunctionAt(base.module, f"{base.qualname}.{method}"))
            if frame is not None:
                yield frame


def _module(facts: FunctionFacts) -> Iterator[Frame]:
    outline = facts.frame.linker.outline(facts.frame.module)
    for qualname in outline.functions if outline is not None else ():
        frame = facts.effects.frames.of(FunctionAt(facts.frame.module, qualname))
        if frame is not None:
            yield frame


def _owner(facts: FunctionFacts, frame: Frame) -> Place:
    """What a method of another class calls its own object, which is not the one that is asked about."""
    own, other = _class_of(facts.frame), _class_of(frame)
    if own is None or other is None or not frame.function.parameters:
        return ""
    related = other in facts.frame.linker.ancestry(own) or own in facts.frame.linker.ancestry(other)
    return "" if related else frame.function.parameters[0].name


def _reads(frame: Frame, other: Place, attribute: str) -> bool:
    """Whether a function asks any object but `other` for what its `attribute` holds."""
    events = (step.event for step in frame.graph.steps)
    return any(isinstance(e, Read) and e.attribute == attribute and e.object != other for e in events)


def _ends(frame: Frame, other: Place, attribute: str) -> bool:
    """Whether a function ends what the `attribute` of any object but `other` holds, or hands its end on."""
    places: set[Place] = set()
    for step in frame.graph.steps:
        match step.event:
            case Read(result, object_, read) if read == attribute and object_ != other:
                places.update((result, *frame.aliases.get(result, ())))
    return any(_is_end(step.event, places) for step in frame.graph.steps)


def _is_end(event: Event, places: set[Place]) -> bool:
    match event:
        case Read(_, object_, attribute):
            return object_ in places and attribute in _ENDING
        case Enter(_, manager, _):
            return manager in places
        case Build(_, parts, Shape.CONTAINER):
            return not places.isdisjoint(parts)
        case Call():
            if event.receiver in places:
                return event.method in _ENDING
            name = (event.method or event.function.rpartition(".")[2]).lower()
            passed = any(argument.value in places for argument in event.arguments)
            return passed and any(part in name for part in _ENDING_PARTS)
    return False


def _uses(frame: Frame, name: Place) -> Iterator[str]:
    """What is asked of a module's name: the attribute, ``call``, or `""` where it is given away.

    Two questions of what a registry keeps its sessions in leave all as it is: ``registry.has``, ``call``.
    """
    own = name if frame.function.kind is Kind.MODULE else f"@{name}"
    for step in frame.graph.steps:
        event = step.event
        if isinstance(event, Call) and event.receiver == own:
            yield event.method
        elif isinstance(event, Read) and event.object == own:
            yield from _asked_of(frame, event) if event.attribute == _KEEPER else (event.attribute,)
        for place in operands(event):
            given = isinstance(event, Call) and any(each.value == place for each in event.arguments)
            if place == own and given:
                yield ""
            elif place == f"@{name}":
                yield "call" if isinstance(event, Call) and event.function == place else ""
            elif place.startswith(f"@{name}."):
                asked = place.removeprefix(f"@{name}.")
                called = isinstance(event, Call) and event.function == place
                yield _LEAVING.get(asked, asked.partition(".")[0]) if called else asked.partition(".")[0]


def _asked_of(frame: Frame, read: Read) -> Iterator[str]:
    """The same of what a name of the body's own keeps its sessions in."""
    for step in frame.graph.steps:
        event = step.event
        if read.result in operands(event):
            asked = f"{_KEEPER}.{event.method}" if isinstance(event, Call) and event.receiver else _KEEPER
            called = isinstance(event, Call) and read.result in (event.receiver, event.function)
            yield _LEAVING.get(asked, _KEEPER) if called else _KEEPER


_LEAVING = {_KEEPER: "call", f"{_KEEPER}.has": f"{_KEEPER}.has"}
"""What is called of it and leaves all its sessions in it, as what that is told."""
