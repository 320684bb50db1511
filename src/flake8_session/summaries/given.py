"""What a function is given as its session: by the dependency that a framework calls, by callers in sight.

``session: AsyncSession`` does not say whether a commit expires. ``= Depends(get_session)`` names the
generator that does, and so do the callers in the function's own module, if all of them agree::

    async def main():
        async with AsyncSession(engine) as session:
            await work(session)        # so in `work` a commit expires

A parameter without an annotation is a session where its name speaks of one and every caller in the
module gives one, or where a decorator's own function, which is called instead, gives one; or else where
the function hands it on, as it came, to functions that promise to take a session, or calls of it what only
a session understands. Not modelled: callers in other modules, and functions that are handed around.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from flake8_session.flow.events import Await, Call, Enter, Place
from flake8_session.flow.outline import Applied, Expression, Indexed, Named, Parameter
from flake8_session.knowledge import frameworks
from flake8_session.linking.evidence import taken_by_use
from flake8_session.linking.frames import Frame
from flake8_session.linking.meanings import (
    UNKNOWN,
    Borrowed,
    Called,
    Constant,
    Factory,
    FunctionAt,
    Made,
    Meaning,
    Member,
    Options,
    Registry,
    joined,
)
from flake8_session.linking.places import bound
from flake8_session.summaries.passing import bindings
from flake8_session.summaries.solved import Solved


def borrowed(solved: Solved, frame: Frame, parameter: Parameter) -> Borrowed | None:
    """The session that the parameter holds when the function is called; None where it holds none."""
    promised = frame.parameter_meaning(parameter)
    if isinstance(promised, Borrowed):
        if not promised.options.asynchronous and _is_awaited(frame, parameter.name):
            return replace(promised, options=replace(promised.options, asynchronous=True, expires=None))
        given = _injected(solved, frame, parameter)
        if given is None and promised.options.expires is None:
            given = _passed(solved, frame, parameter)
        return replace(promised, options=_completed(promised.options, given))
    if promised != Member(UNKNOWN, parameter.name) or parameter.annotation is not None:
        return None
    if parameter.keyword in ("*args", "**kwargs") or not frameworks.is_session_name(parameter.name):
        return None
    lent = _lent(solved, frame, parameter)
    if lent is not None:
        return Borrowed(lent, registry=True)
    given = (
        _injected(solved, frame, parameter)
        or _passed(solved, frame, parameter)
        or _handed_on(solved, frame, parameter)
        or taken_by_use(frame, parameter)
    )
    return Borrowed(given) if given is not None else None


def _is_awaited(frame: Frame, place: Place) -> bool:
    """Whether the function awaits a method of what is in `place`: its annotation is not to be believed."""
    graph = frame.function.graph  # As it is written: what another thread calls is no coroutine.
    steps = graph.steps if graph is not None else ()
    calls = [step.event for step in steps if isinstance(step.event, Call)]
    made = {call.result for call in calls if call.receiver == place}
    return any(
        (isinstance(step.event, Await) and step.event.value in made)
        or (isinstance(step.event, Enter) and step.event.asynchronous and step.event.manager in made)
        for step in steps
    )


def factory(solved: Solved, at: FunctionAt, name: str) -> Meaning:
    """The factory that all callers in the module give in the parameter `name`; unknown where they differ."""
    function = solved.linker.function(at)
    found: Meaning | None = None
    for caller, call in solved.calls_of(at) if function is not None else ():
        assert function is not None
        place = dict(bindings(function, caller.on_receiver(call))).get(name, "")
        found = joined(found, caller.meaning(place) if place else UNKNOWN)
    for value in _assigned(solved, at):
        found = joined(found, value.get(name, UNKNOWN))
    return found if isinstance(found, Factory | Registry) else UNKNOWN


def _assigned(solved: Solved, at: FunctionAt) -> Iterator[dict[str, Meaning]]:
    """What the module's own variables are made with, where they are what the function or its class gives."""
    linker, outline = solved.linker, solved.linker.outline(at.module)
    function = linker.function(at)
    class_ = at.qualname.rpartition(".")[0] if at.qualname.endswith(".__init__") else ""
    ordered = [each.name for each in function.parameters if each.keyword in ("", "/")] if function else []
    for each in outline.assigned.values() if outline is not None else ():
        for _, value in each:
            if isinstance(value, Applied) and value.function == Named(class_ or at.qualname):
                names = iter(ordered[1:] if class_ else ordered)
                yield {
                    keyword or next(names, ""): linker.expression(at.module, given)
                    for keyword, given in value.arguments
                }


def _completed(promised: Options, given: Options | None) -> Options:
    """What an annotation promises, with what only the maker of the session knows."""
    if given is None or given.asynchronous is not promised.asynchronous:
        return promised
    return replace(
        promised,
        expires=given.expires,
        autoflush=given.autoflush,
        autocommits=given.autocommits,
        own=promised.own | given.own,
    )


def _injected(solved: Solved, frame: Frame, parameter: Parameter) -> Options | None:
    """The options of what ``= Depends(get_session)``, or an annotation that says so, names."""
    for expression in (parameter.default, parameter.annotation):
        module, unaliased = frame.linker.unaliased(frame.module, expression) if expression else ("", None)
        for each in _marks(unaliased):
            at = frame.linker.expression(module, each)
            if isinstance(at, FunctionAt):
                return solved.lent(at) or solved.fresh(at)
    return None


def _lent(solved: Solved, frame: Frame, parameter: Parameter) -> Options | None:
    """The options of what a decorator's own function gives the function that it stands for."""
    at = FunctionAt(frame.module, frame.function.qualname)
    runs = solved.runs(at)
    wrapper = solved.frames.of(runs) if runs is not None and runs.wraps is not None else None
    if wrapper is None or runs is None:
        return None
    for step in wrapper.graph.steps:
        if isinstance(step.event, Call) and wrapper.callee(step.event) == runs.wraps:
            place = dict(bindings(frame.function, step.event)).get(parameter.name, "")
            options = _options(solved, wrapper, place, wrapper.meaning(place)) if place else None
            if options is not None:
                return options
    return None


def _marks(expression: Expression | None) -> Iterator[Expression]:
    """What is asked for by the marks of a dependency in a default or an annotation."""
    match expression:
        case Applied(Named(name), ((("" | "dependency"), given), *_)) if _is_mark(name):
            yield given
        case Indexed(_, items):
            for item in items:
                yield from _marks(item)


def _is_mark(name: str) -> bool:
    last = name.rpartition(".")[2]
    return any(mark.rpartition(".")[2] == last for mark in frameworks.DEPENDENCIES)


def _passed(solved: Solved, frame: Frame, parameter: Parameter) -> Options | None:
    """The options that the sessions of all callers in the function's module agree on."""
    at = FunctionAt(frame.module, frame.function.qualname)
    found = solved.ask(("passed", at, parameter.name), lambda: _agreed(solved, at, frame, parameter))
    return found[0] if found else None


def _agreed(solved: Solved, at: FunctionAt, frame: Frame, parameter: Parameter) -> list[Options]:
    agreed: set[Options] = set()
    for caller, call in solved.calls_of(at):
        place = dict(bindings(frame.function, caller.on_receiver(call))).get(parameter.name, "")
        meaning = caller.meaning(place) if place else UNKNOWN
        if meaning == Constant(None) or (not place and parameter.default is not None):
            continue
        options = _options(solved, caller, place, meaning)
        if options is None:
            return []
        agreed.add(options)
    return [_common(agreed)] if agreed else []


def _handed_on(solved: Solved, frame: Frame, parameter: Parameter) -> Options | None:
    """The options that project functions promise by their annotations to which the parameter is handed on.

    None where they do not agree whether it is asynchronous, where the name is bound anew, and where somebody
    in sight calls the function: then that one knows better.
    """
    at = FunctionAt(frame.module, frame.function.qualname)
    is_rebound = any(parameter.name in bound(step.event) for step in frame.graph.steps)
    if is_rebound or any(True for _ in solved.calls_of(at)):
        return None
    calls = [step.event for step in frame.graph.steps if isinstance(step.event, Call)]
    promised = [meaning for call in calls for meaning in _promises(frame, call, parameter.name)]
    agreed = {meaning.options for meaning in promised if isinstance(meaning, Borrowed)}
    return _common(agreed) if len({options.asynchronous for options in agreed}) == 1 else None


def _promises(frame: Frame, call: Call, place: Place) -> Iterator[Meaning]:
    """What a called project function says by annotation of each parameter that it is given `place` in."""
    callee = frame.callee(call)
    function = frame.linker.function(callee) if isinstance(callee, FunctionAt) else None
    if function is None or not isinstance(callee, FunctionAt):
        return
    taking = {name for name, given in bindings(function, frame.on_receiver(call)) if given == place}
    for each in function.parameters:
        if each.name in taking and each.annotation is not None:
            yield frame.linker.annotation(callee.module, each.annotation)


def _options(solved: Solved, caller: Frame, place: Place, meaning: Meaning) -> Options | None:
    match meaning:
        case Called(function):
            return solved.fresh(function)
        case Made(options):
            return options
        case Borrowed(options) if options.expires is not None:
            return options
    parameter = next((each for each in caller.function.parameters if each.name == place), None)
    found = borrowed(solved, caller, parameter) if parameter is not None else None
    if found is None and isinstance(meaning, Borrowed):
        return meaning.options
    return found.options if found is not None else None


def _common(options: set[Options]) -> Options:
    first, *rest = sorted(options, key=repr)
    expires = first.expires if all(each.expires == first.expires for each in rest) else None
    return replace(first, expires=expires, on_connection=False, app_scoped=False)

