"""Constants that a call passes, and the comparisons in the callee that they answer.

``end(session, Mode.FLUSH)`` never takes the branch behind ``if mode == Mode.COMMIT``. A constant is a
literal, or a member of a class of the project: of an enumeration, or of any other where both are literals.
It comes from an argument, from a default, or from an argument of the decorator whose function runs instead.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from flake8_session.flow.events import Place
from flake8_session.flow.outline import Applied, Arguments, Expression, Function, Literal, Named
from flake8_session.linking.frames import Frame
from flake8_session.linking.linker import Linker
from flake8_session.linking.meanings import ClassAt, External
from flake8_session.summaries.decorated import changing


class Constant(NamedTuple):
    """An expression, in the module in which it is to be read."""

    module: str
    expression: Expression


def of_place(frame: Frame, place: Place) -> Constant | None:
    """The constant that an argument is; None for anything else."""
    expression = _spelled(place.removeprefix("=")) if place[:1] in ("=", "@") else None
    return Constant(frame.module, expression) if expression is not None else None


def of_decorator(inner: Frame) -> Iterator[tuple[Place, Constant]]:
    """What the decorator whose function this is was given: ``@ending(Mode.FLUSH)``."""
    decorating = inner.parent
    made_by = decorating.parent if decorating is not None else None
    function = inner.linker.body(inner.wraps) if inner.wraps is not None else None
    if made_by is None or function is None or inner.wraps is None:
        return
    for decorator in changing(function):
        if isinstance(decorator, Applied):
            for name, expression in _given(made_by.function, decorator.arguments):
                yield name, Constant(inner.wraps.module, expression)


def defaults(module: str, function: Function) -> Iterator[tuple[Place, Constant]]:
    """The defaults of the parameters."""
    for parameter in function.parameters:
        if isinstance(parameter.default, Literal | Named):
            yield parameter.name, Constant(module, parameter.default)


def answers(inner: Frame, passed: dict[Place, Constant]) -> Iterator[tuple[Place, bool]]:
    """The questions of the callee that what is `passed` answers, with the answer."""
    for question, left, right in inner.comparisons:
        sides = [passed.get(text) or _read(inner, text) for text in (left, right)]
        if (left in passed or right in passed) and sides[0] is not None and sides[1] is not None:
            answer = _same(inner.linker, sides[0], sides[1])
            if answer is not None:
                yield question, answer


def _given(function: Function, arguments: Arguments) -> Iterator[tuple[Place, Expression]]:
    ordered = iter([each.name for each in function.parameters if each.keyword in ("", "/")])
    given = {keyword or next(ordered, ""): value for keyword, value in arguments}
    for parameter in function.parameters:
        expression = given.get(parameter.name, parameter.default)
        if isinstance(expression, Literal | Named):
            yield parameter.name, expression


def _read(inner: Frame, text: str) -> Constant | None:
    expression = _spelled(text)
    return Constant(inner.module, expression) if expression is not None else None


def _spelled(text: str) -> Expression | None:
    """A place or literal as it stands in a question; None for a variable."""
    if text.startswith("@"):
        return Named(text[1:])
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return None
    return Literal(value) if value is None or isinstance(value, str | int | bool) else None


def _same(linker: Linker, left: Constant, right: Constant) -> bool | None:
    """Whether two constants are equal; None where that cannot be told."""
    match left.expression, right.expression:
        case Literal(one), Literal(other):
            return one == other
        case Named(one_name), Named(other_name):
            one_owner, _, one_member = one_name.rpartition(".")
            other_owner, _, other_member = other_name.rpartition(".")
            class_ = linker.dotted(left.module, one_owner) if one_owner and other_owner else None
            if isinstance(class_, ClassAt) and class_ == linker.dotted(right.module, other_owner):
                return one_member == other_member or _equal(linker, class_, one_member, other_member)
    return None


def _equal(linker: Linker, class_: ClassAt, *members: str) -> bool | None:
    """Whether two members of a class with different names are equal; None where that cannot be told."""
    found = linker.class_(class_)
    values = [found.assigned[name][1] for name in members if name in found.assigned] if found else []
    if len(values) < len(members):
        return None
    if all(isinstance(value, Literal) for value in values):
        return values[0] == values[1]
    counted = any(isinstance(at, External) and at.name.startswith("enum.") for at in linker.ancestry(class_))
    return False if counted else None
