"""A factory that cannot be resolved, but whose result is used as nothing but a SQLAlchemy session is.

``self.Session()`` may stand in a class that gets its factory from a caller that no import leads to.
A name alone decides nothing: requests, boto and others have sessions as well. All of this must hold:

- the module imports from SQLAlchemy,
- what is called cannot be resolved, and its last name speaks of a session,
- in the same function the result gets a call that only a SQLAlchemy session understands:
  ``query`` of a class, ``scalar(s)``, ``flush``, ``add_all``, ``expunge``, or both writing and
  ``commit``; or it is called a maker or factory, and a class keeps in an attribute what it gives, and
  closes that.

Who owns such a session is a further question: it may come from a registry. It is the function's own
only where a ``with`` closes it, where what is called is named as a factory or maker of sessions, which makes
one at each call, or where the very same call gives a session that some function of the module closes.

A parameter without an annotation is told in the same way, by its name and by the calls that it gets, and is
the caller's. Not where a decorator may give it, or a test's fixture, or where it has a default.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from flake8_session.flow.events import Await, Bind, Call, Enter, Place, Read, Write
from flake8_session.flow.graph import Graph
from flake8_session.flow.outline import Kind, Outline, Parameter
from flake8_session.linking.making import is_connection
from flake8_session.linking.meanings import UNKNOWN, Borrowed, Made, Meaning, Options
from flake8_session.linking.selecting import is_class_name
from flake8_session.linking.spelling import last_name

if TYPE_CHECKING:
    from flake8_session.linking.frames import Frame

_SPEAKS_OF_SESSIONS = re.compile(
    r"_*(\w+_)?(db|async)?_?session(_?(maker|factory|local|class))?$", re.IGNORECASE
)
_SPEAKS_OF_MAKERS = re.compile(r"_*(\w+_)?(db|async)?_?session_?(maker|factory|local)$", re.IGNORECASE)
_SPEAKS_OF_MAKING = re.compile(r"_*(\w+_)?(db|async)?_?session_?(maker|factory)$", re.IGNORECASE)
_CALLEES = re.compile(r"\b(\w*session\w*)\s*\(", re.IGNORECASE)
_ONLY_SESSIONS = frozenset(
    {
        "scalar",
        "scalars",
        "flush",
        "add_all",
        "expunge",
        "expunge_all",
        "bulk_save_objects",
        "refresh",
    }
)
_WRITES = frozenset({"add", "merge", "execute", "query"})
_CLOSES = frozenset({"close", "aclose"})
_ON_CLASSES = ("staticmethod", "classmethod")
_LIBRARIES = ("sqlalchemy", "sqlmodel")


def session_by_use(frame: Frame, call: Call, given: list[tuple[str, Meaning]]) -> Meaning:
    """The session that `call`, whose callee cannot be resolved, gives the frame, by its use; or unknown."""
    outline = frame.linker.outline(frame.module)
    if outline is None or not _speaks_of_sessions(call) or not imports_sqlalchemy(outline):
        return UNKNOWN
    makes = _SPEAKS_OF_MAKERS.match(_last_name(call)) is not None
    kept = makes and _is_kept_and_closed(frame, call)
    if not kept and not _is_used_as_session(frame.graph, call):
        return UNKNOWN
    entered = _is_entered(frame.graph, call)
    borrowed = any(keyword in ("", "bind") and is_connection(value) for keyword, value in given)
    options = Options(
        asynchronous=_is_awaited(frame.graph, holders(frame.graph, call.result)),
        expires=None,
        exits_unknown=entered,
        on_connection=borrowed,
    )
    owned = kept or entered or _is_made(call) or _is_closed_somewhere(frame, call)
    return Made(options) if owned else Borrowed(options, registry=True)


def taken_by_use(frame: Frame, parameter: Parameter) -> Options | None:
    """How the session is configured that a parameter without an annotation is, by its use; else None."""
    outline, function = frame.linker.outline(frame.module), frame.function
    if parameter.default is not None or parameter.keyword not in ("", "/"):
        return None
    if outline is None or not imports_sqlalchemy(outline) or not _SPEAKS_OF_SESSIONS.match(parameter.name):
        return None
    if function.kind is not Kind.FUNCTION or function.generator or function.name.startswith("test"):
        return None
    if any(last_name(each) not in _ON_CLASSES for each in function.decorators):
        return None
    held = holders(frame.graph, parameter.name)
    called = list(_calls_on(frame.graph, held))
    if parameter.name in frame.binders or not _are_of_session(called):
        return None
    # Nothing tells which database it talks to: a failed statement alone is not held against its handler.
    return Options(asynchronous=_is_awaited(frame.graph, held), expires=None, autocommits=True)


def may_be_session_by_use(outline: Outline, text: str) -> bool:
    """Whether a call in `text` may be taken for a session by its use."""
    callees = _CALLEES.findall(text) if imports_sqlalchemy(outline) else ()
    return any(_SPEAKS_OF_SESSIONS.match(name) for name in callees)


def imports_sqlalchemy(outline: Outline) -> bool:
    """Whether the module itself imports from SQLAlchemy or SQLModel."""
    return any(entry.module.partition(".")[0] in _LIBRARIES for entry in outline.imports)


def holders(graph: Graph, result: Place) -> frozenset[Place]:
    """The places that hold the result: itself, what awaits it or enters it, and the names bound to these."""
    held = {result}
    for _ in range(3):
        for step in graph.steps:
            match step.event:
                case Bind(target, source) if source in held:
                    held.add(target)
                case Await(target, value) if value in held:
                    held.add(target)
                case Enter(target, manager, _) if manager in held:
                    held.add(target)
    return frozenset(held)


def _speaks_of_sessions(call: Call) -> bool:
    """Whether the last name of what is called speaks of a session."""
    return _SPEAKS_OF_SESSIONS.match(_last_name(call)) is not None


def _is_used_as_session(graph: Graph, call: Call) -> bool:
    """Whether the result of `call` gets calls that only a session of SQLAlchemy understands."""
    return _are_of_session(list(_calls_on(graph, holders(graph, call.result))))


def _are_of_session(called: list[Call]) -> bool:
    if any(each.method in _ONLY_SESSIONS or _queries_class(each) for each in called):
        return True
    methods = {each.method for each in called}
    return "commit" in methods and bool(methods & _WRITES)


def _is_entered(graph: Graph, call: Call) -> bool:
    """Whether a ``with`` over the result closes it."""
    held = holders(graph, call.result)
    return any(isinstance(step.event, Enter) and step.event.manager in held for step in graph.steps)


def _is_awaited(graph: Graph, held: frozenset[Place]) -> bool:
    """Whether what is held is entered by ``async with``, or what its methods give is awaited."""
    called = {each.result for each in _calls_on(graph, held)}
    for step in graph.steps:
        match step.event:
            case Enter(_, manager, True) if manager in held:
                return True
            case Await(_, value) if value in called:
                return True
    return False


def _is_kept_and_closed(frame: Frame, call: Call) -> bool:
    """Whether the result goes to an attribute of the method's own object, which a method closes."""
    held = holders(frame.graph, call.result)
    own = frame.function.parameters[0].name if frame.owner is not None else ""
    kept = {
        step.event.attribute
        for step in frame.graph.steps
        if isinstance(step.event, Write) and step.event.object == own and step.event.source in held
    }
    return bool(kept) and any(
        isinstance(step.event, Read)
        and step.event.attribute in kept
        and any(
            each.method in _CLOSES for each in _calls_on(graph, holders(graph, step.event.result))
        )
        for graph in _closing(frame)
        for step in graph.steps
    )


def _is_closed_somewhere(frame: Frame, call: Call) -> bool:
    """Whether one of the module's functions closes what the same call gives it."""
    for graph in _closing(frame):
        for step in graph.steps:
            event = step.event
            if isinstance(event, Call) and _is_same(event, call):
                places = holders(graph, event.result)
                if any(each.method in _CLOSES for each in _calls_on(graph, places)):
                    return True
    return False


def _closing(frame: Frame) -> Iterator[Graph]:
    """The graphs of the module's functions that may close something."""
    for function in frame.linker.functions(frame.module, naming="close"):
        if function.graph is not None:
            yield function.graph


def _is_made(call: Call) -> bool:
    """Whether what is called is named for making sessions; ``SessionLocal`` may well be a thread's own."""
    return _SPEAKS_OF_MAKING.match(_last_name(call)) is not None


def _is_same(left: Call, right: Call) -> bool:
    return (left.function, left.receiver, left.method) == (right.function, right.receiver, right.method)


def _last_name(call: Call) -> str:
    return call.method or call.function.rpartition(".")[2].removeprefix("@")


def _queries_class(call: Call) -> bool:
    if call.method != "query" or not call.arguments:
        return False
    parts = call.arguments[0].value.removeprefix("@").split(".")
    return call.arguments[0].value.startswith("@") and any(map(is_class_name, parts[-2:]))


def _calls_on(graph: Graph, places: frozenset[Place]) -> Iterator[Call]:
    for step in graph.steps:
        if isinstance(step.event, Call) and step.event.receiver in places:
            yield step.event
