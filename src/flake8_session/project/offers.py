"""What the linter thinks a module offers, in words: for users who wonder why it is silent, or why it is not.

What a function does to a session that it is given is found as for any caller: it is solved from a
world in which the parameter holds an open session with an instance that was flushed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flake8_session.flow.events import Call, Place, Yield
from flake8_session.flow.outline import Function, Kind, Outline, Parameter
from flake8_session.knowledge import frameworks
from flake8_session.knowledge.words import Role
from flake8_session.linking import models
from flake8_session.linking.frames import Frame
from flake8_session.linking.meanings import (
    Borrowed,
    Called,
    ClassAt,
    Closing,
    External,
    Factory,
    FunctionAt,
    Holds,
    Lending,
    Made,
    Meaning,
    ModuleAt,
    Object,
    Opening,
    Options,
    Registry,
    Selected,
)
from flake8_session.linking.models import Attribute
from flake8_session.summaries.effects import ProjectEffects
from flake8_session.typestate.focus import Focus
from flake8_session.typestate.worlds import (
    Columns,
    Flight,
    InstanceState,
    Life,
    SessionState,
    Tie,
    Transaction,
    World,
)

Offer = tuple[str, str]
"""A name, and what it is."""


def offers(effects: ProjectEffects, module: str) -> list[Offer]:
    """What the project's `module` offers, in the order of its text; nothing where it cannot be read."""
    outline = effects.linker.outline(module)
    if outline is None:
        return []
    return [
        *((name, _meaning(effects.linker.top_level(module, name))) for name in _values(outline)),
        *((_signature(each), _function(effects, module, each)) for each in _functions(outline, "")),
        *(offer for name in outline.classes if "." not in name for offer in _class(effects, module, name)),
    ]


def _values(outline: Outline) -> Iterator[str]:
    yield from dict.fromkeys((*outline.assigned, *outline.rebound))
    yield from dict.fromkeys(entry.name for entry in outline.imports if entry.name != "*")


def _functions(outline: Outline, class_: str) -> Iterator[Function]:
    for function in outline.functions.values():
        if function.kind is Kind.FUNCTION and function.parent == class_ and "#" not in function.qualname:
            yield function


def _signature(function: Function) -> str:
    return f"{function.qualname}({', '.join(each.name for each in function.parameters)})"


def _options(options: Options) -> str:
    expiry = {True: "expires on commit", False: "does not expire on commit", None: "may expire on commit"}
    asynchronous = "asynchronous, " if options.asynchronous else ""
    connection = ", on a connection of somebody else" if options.on_connection else ""
    return f"{asynchronous}{expiry[options.expires]}{connection}"


def _meaning(meaning: Meaning) -> str:
    match meaning:
        case Factory(options):
            return f"makes sessions ({_options(options)})"
        case Registry(options):
            return f"a registry of sessions ({_options(options)})"
        case Borrowed(options) | Made(options):
            return f"a session ({_options(options)})"
        case Opening(options):
            return f"opens, commits and closes a session in a with ({_options(options)})"
        case Object(at):
            return f"a {at.qualname}"
        case FunctionAt(_, qualname):
            return f"the function {qualname} of the project"
        case ClassAt(_, qualname):
            return f"the class {qualname} of the project"
        case Selected(Holds.INSTANCE, model):
            return f"an instance of {_name(model)}"
        case ModuleAt():
            return "a module of the project"
        case External(name):
            return name.removesuffix("()") + (" (what it gives)" if name.endswith("()") else "")
        case Lending():
            return "a decorator that gives a session"
        case Closing():
            return "closes its argument"
    return "unknown"


def _name(meaning: object) -> str:
    match meaning:
        case ClassAt(_, qualname):
            return qualname
        case External(name):
            return name
    return "something unknown"


def _function(effects: ProjectEffects, module: str, function: Function) -> str:
    at = FunctionAt(module, function.qualname)
    frame = effects.frames.of(at)
    if frame is None:
        return "too large or too deep to be understood"
    told = [*_given_back(effects, at), *_lent(effects, at, frame), *_done_to_parameters(effects, at, frame)]
    if effects.never_returns(at):
        told.append("never returns")
    if told and effects.never_raises(at):
        told.append("cannot fail")
    return "; ".join(told) or _NOTHING


def _given_back(effects: ProjectEffects, at: FunctionAt) -> Iterator[str]:
    fresh = effects.fresh(at)
    if fresh is not None:
        yield f"returns a new session, which its caller must close ({_options(fresh)})"
        return
    returned = effects.linker.call(at, ())
    if isinstance(returned, Borrowed):
        yield f"returns a session that its caller need not close ({_options(returned.options)})"
    elif not isinstance(returned, Called):
        ended = ", whose session it has ended" if effects.gives_detached(at) else ""
        yield f"returns {_meaning(returned)}{ended}"


def _lent(effects: ProjectEffects, at: FunctionAt, frame: Frame) -> Iterator[str]:
    options = effects.lent(at)
    if options is None:
        return
    calls = [step.event for step in frame.graph.steps if isinstance(step.event, Call)]
    yield f"lends a session to a with or a framework ({_options(options)})"
    if any(call.method == "commit" for call in calls):
        yield "may commit"


def _done_to_parameters(effects: ProjectEffects, at: FunctionAt, frame: Frame) -> Iterator[str]:
    for parameter in frame.function.parameters:
        if parameter.keyword in ("*args", "**kwargs") or not _may_be_session(frame, parameter):
            continue
        ends = effects.ends(at, _open(parameter.name), Focus(Options(), owned=False))
        if ends is None:
            yield f"`{parameter.name}` unknown"
        elif not any(isinstance(step.event, Yield) for step in frame.graph.steps):
            yield from (f"{done} `{parameter.name}`" for done in _done(ends))


def _may_be_session(frame: Frame, parameter: Parameter) -> bool:
    """Whether a session may be meant: by the annotation, or by the name where there is none."""
    if parameter.annotation is None:
        return frameworks.is_session_name(parameter.name)
    return isinstance(frame.parameter_meaning(parameter), Borrowed)


def _open(place: Place) -> World:
    return World(
        session=SessionState(Life.OPEN, Transaction.CONNECTED),
        instance=InstanceState(Tie.ATTACHED, fresh=True),
        names=frozenset({(place, Role.SESSION)}),
    )


def _done(ends: Sequence[tuple[World, Flight | None]]) -> Iterator[str]:
    """What a function did to the session by all its ways to return, and by some."""
    worlds = [world for world, flight in ends if flight is None]
    if not worlds:
        return
    for word, is_done in _DEEDS.items():
        done = [is_done(world) for world in worlds]
        if any(done):
            yield word if all(done) else f"may have {_PAST[word]}"


def _is_closed(world: World) -> bool:
    return world.session is not None and world.session.life is Life.CLOSED


def _is_kept(world: World) -> bool:
    return world.session is not None and world.session.life is Life.HANDED


def _is_committed(world: World) -> bool:
    instance = world.instance
    if instance is None or instance.columns is not Columns.EXPIRED:
        return False
    return instance.tie in (Tie.ATTACHED, Tie.DETACHED)


def _is_rolled_back(world: World) -> bool:
    instance = world.instance
    return instance is not None and instance.tie is Tie.TRANSIENT and not _is_closed(world)


_DEEDS = {"closes": _is_closed, "keeps": _is_kept, "commits": _is_committed, "rolls back": _is_rolled_back}
_PAST = {"closes": "closed", "keeps": "kept", "commits": "committed", "rolls back": "rolled back"}


def _class(effects: ProjectEffects, module: str, name: str) -> Iterator[Offer]:
    linker, at = effects.linker, ClassAt(module, name)
    meaning = linker.class_meaning(at)
    outline, class_ = linker.outline(module), linker.class_(at)
    assert outline is not None
    assert class_ is not None
    yield f"class {name}", _meaning(meaning) if isinstance(meaning, Factory) else _lent_by(effects, at)
    for attribute in class_.assigned:
        kind = models.attribute(linker, at, attribute)
        if kind in _SHOWN:
            yield f"{name}.{attribute}", _SHOWN[kind]
    for attribute in outline.stored.get(name, {}):
        held = linker.member(Object(at), attribute)
        if isinstance(held, Factory | Registry | Borrowed | Object):
            yield f"{name}.{attribute}", _meaning(held)
    for method in _functions(outline, name):
        told = _function(effects, module, method)
        if told != _NOTHING:
            yield _signature(method), told


def _lent_by(effects: ProjectEffects, at: ClassAt) -> str:
    options = effects.lent_by(at)
    return f"lends a session to a with ({_options(options)})" if options else "a class"


_SHOWN = {
    Attribute.COLUMN: "a column",
    Attribute.EXPRESSION: "an expression that is loaded with the columns",
    Attribute.EAGER: "loaded with the instance",
    Attribute.LAZY: "loaded when it is read",
}
_NOTHING = "nothing about sessions"
