"""What a call passes: which argument becomes which parameter, and what is known of both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flake8_session.flow.events import Call, Fact, Place
from flake8_session.flow.outline import Function, Literal
from flake8_session.linking.frames import Frame
from flake8_session.summaries import constants
from flake8_session.typestate import values
from flake8_session.typestate.worlds import Names, World


def given_names(frame: Frame, inner: Frame, call: Call, world: World) -> Names:
    """What the caller's world knows, under the callee's names: parameters, attributes of self, captures."""
    pairs = list(bindings(inner.function, call))
    captured = {place: place for place in inner.graph.captured} if _is_inside(inner, frame) else {}
    outside = {
        place: place
        for place, _ in world.names
        if place.startswith("@") and (inner.module == frame.module or _is_shared(frame, inner, place))
    }
    found = set()
    for place, holding in world.names:
        for parameter, source in (*pairs, *captured.items(), *outside.items()):
            if place == source or place.startswith(f"{source}."):
                found.add((parameter + place[len(source) :], holding))
    return frozenset(found)


def _is_shared(frame: Frame, inner: Frame, place: Place) -> bool:
    """Whether the callee uses a name from outside that stands for the same thing in its own module."""
    root = place[1:].partition(".")[0]
    if place not in inner.reached:
        return False
    linker = frame.linker
    origin = linker.origin(frame.module, root)
    return origin is not None and origin == linker.origin(inner.module, root)


def known_values(inner: Frame, call: Call, given: Names, world: World, frame: Frame) -> values.Values:
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
    if not inner.comparisons and inner.wraps is None:
        return known
    decided = {**dict(constants.of_decorator(inner)), **_constants(inner, frame, passed, spread)}
    return _decided(inner, decided, known)


def _constants(
    inner: Frame, frame: Frame, passed: Mapping[Place, Place], spread: bool
) -> dict[Place, constants.Constant]:
    """The parameters of which the call decides what they are."""
    found = {} if spread else dict(constants.defaults(inner.module, inner.function))
    for name, place in passed.items():
        constant = constants.of_place(frame, place)
        found.pop(name, None)
        if constant is not None:
            found[name] = constant
    return found


def _decided(inner: Frame, passed: dict[Place, constants.Constant], known: values.Values) -> values.Values:
    """What is known besides by constants: captured flags of a decorator, comparisons with other constants."""
    for place, constant in passed.items():
        if place in inner.graph.captured and isinstance(constant.expression, Literal):
            known = values.with_value(known, place, values.of_literal(f"={constant.expression.value!r}"))
    for question, answer in constants.answers(inner, passed):
        known = values.answered(known, question, Fact.TRUTHY, answer) or known
    return known


def bindings(function: Function, call: Call) -> Iterator[tuple[Place, Place]]:
    """Pairs of parameter and argument place.

    What a parameter like ``*args`` or ``**kwargs`` takes up is ``args.0`` and ``kwargs.name``; what such a
    parameter of the caller gives on is taken from there.
    """
    ordered = [p for p in function.parameters if p.keyword in ("", "/")]
    if ordered and _takes_self(function):
        if call.receiver and call.method == function.name:
            yield ordered[0].name, call.receiver
        if call.receiver or function.name == "__call__":
            ordered = ordered[1:]
    rest, more = _rest(function, "*args"), _rest(function, "**kwargs")
    named = {p.name: p for p in function.parameters if not p.keyword.endswith("args")}
    positions = iter(ordered)
    given = []
    beyond = 0
    for argument in call.arguments:
        if argument.keyword in ("*", "**"):
            continue
        if argument.keyword:
            given.append(argument.keyword)
            if argument.keyword in named:
                yield argument.keyword, argument.value
            elif more:
                yield f"{more}.{argument.keyword}", argument.value
            continue
        parameter = next(positions, None)
        if parameter is not None:
            given.append(parameter.name)
            yield parameter.name, argument.value
        elif rest:
            yield f"{rest}.{beyond}", argument.value
            beyond += 1
    ordered_left = [p.name for p in positions if p.name not in given]
    yield from _spread(call, ordered_left, [name for name in named if name not in given], rest, more)


def _spread(
    call: Call, ordered: list[Place], named: list[Place], rest: Place, more: Place
) -> Iterator[tuple[Place, Place]]:
    """What ``*args`` and ``**kwargs`` in the call give to the parameters that nothing else is given to."""
    for argument in call.arguments:
        if argument.keyword == "*":
            for number, name in enumerate(ordered):
                yield name, f"{argument.value}.{number}"
            if rest and not ordered:
                yield rest, argument.value
        elif argument.keyword == "**":
            for name in named:
                yield name, f"{argument.value}.{name}"
            if more:
                yield more, argument.value


def _rest(function: Function, kind: str) -> Place:
    """The parameter that takes up what is left of the arguments; `""` where there is none."""
    return next((p.name for p in function.parameters if p.keyword == kind), "")


def _takes_self(function: Function) -> bool:
    decorators = {getattr(decorator, "name", "") for decorator in function.decorators}
    return (
        bool(function.parent)
        and not function.parent.endswith("<locals>")
        and "staticmethod" not in decorators
    )


def _is_inside(inner: Frame, frame: Frame) -> bool:
    outer: Frame | None = inner.parent
    while outer is not None:
        if outer.function is frame.function:
            return True
        outer = outer.parent
    return False
