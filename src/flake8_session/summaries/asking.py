"""Asking what a function of the project does to a session and an instance, as few times as will do.

Most functions are given a session and not the instance. What such a function does to the instance is
mostly the same whatever the instance is, and whatever is loaded of it: it is committed, rolled back, let
go. So it is asked about an instance of a class that nobody has, of which nothing is said but how it
stands to its session. That answer serves for all instances, unless some function that was entered on the
way loads rows of the instance's own class. Where one may load rows of any class, or ends savepoints, which
expire what had expired before, it still serves for all classes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from enum import Enum
from typing import TypeVar

from flake8_session.flow.events import Call
from flake8_session.knowledge.words import Role
from flake8_session.linking.frames import Frame
from flake8_session.linking.meanings import ClassAt, FunctionAt, Holds, Selected
from flake8_session.linking.places import bound, operands
from flake8_session.linking.prices import Answer
from flake8_session.summaries.crossing import set_aside, wholly_set_aside
from flake8_session.summaries.solved import Key, Solved
from flake8_session.typestate.focus import Focus
from flake8_session.typestate.worlds import World

T = TypeVar("T")
_ANY = None
"""Among the classes of which rows are loaded: of one that is not known."""
_NOTHING: frozenset[object] = frozenset()
_NOBODYS = Selected(Holds.INSTANCE, ClassAt("", ""))


class _Meets(Enum):
    """Whether a function may meet an instance that it is not given."""

    NEVER = 0
    UNKNOWN = 1
    ITS_CLASS = 2


def ask_about(
    solved: Solved,
    what: tuple[str, FunctionAt] | tuple[str, FunctionAt, int],
    start: World,
    focus: Focus,
    ask: Callable[[Key, World, Focus], Sequence[T] | None],
) -> Sequence[T] | None:
    """What `ask` gives of a function that is entered in `start`; None: too many worlds to follow.

    `what` says what is asked, and of which function. Of the worlds that are found `crossing.put_back` makes
    the caller's.
    """
    inside = _inside(focus, start)
    if start.instance is not None and is_unheld(start):
        start = set_aside(start, focus)
        meets = _meets(solved, what[1], inside)
        for asked, anybody, most in _wider(start, inside):
            if meets.value <= most.value:
                found = ask((*what, anybody), asked, anybody)
                meets = _met(solved, (*what, anybody), asked, inside)
                is_itself = (asked, anybody) == (start, inside)
                if is_itself or meets.value <= most.value:
                    return found
    return ask((*what, inside), start, inside)


def _wider(start: World, inside: Focus) -> Iterator[tuple[World, Focus, _Meets]]:
    """Questions that are wider than that about the instance itself, and whom it may meet for them to do."""
    anybody = replace(inside, selected=_NOBODYS)
    anything = wholly_set_aside(start)
    if anything is not start:
        yield anything, replace(anybody, constructed=False), _Meets.NEVER
    if inside.selected is not None and not inside.selected.key:
        yield start, anybody, _Meets.UNKNOWN


def is_unheld(start: World) -> bool:
    """Whether the function is given nothing but the session."""
    return not start.suspended and all(holding is Role.SESSION for _, holding in start.names)


def _inside(focus: Focus, start: World) -> Focus:
    """The focus as the callee has it: where the session comes from makes no difference to it.

    Nor does what a query loads of an instance that the callee is not given, as long as it cannot be asked
    for by its key.
    """
    inside = Focus(focus.options, owned=False, registry=focus.registry)
    if start.instance is None:
        return inside
    selected = focus.selected
    if not is_unheld(start):
        return replace(inside, selected=selected, constructed=focus.constructed, beside=focus.beside)
    if selected is not None and not selected.key:
        selected = Selected(Holds.INSTANCE, selected.model)
    return replace(inside, selected=selected, constructed=focus.constructed)


def _met(solved: Solved, question: Key, start: World, focus: Focus) -> _Meets:
    """What may meet the instance of `focus` among the functions that were entered for the answer."""
    asked = {(*question, start), (*question, start._replace(spent=False))}
    answers = [each for each in map(solved.linker.answers.found, asked) if each is not None]
    if not answers:
        return _Meets.ITS_CLASS
    return max((_meets(solved, at, focus) for at in _entered(answers)), key=lambda each: each.value)


def _entered(answers: Iterable[Answer]) -> Iterator[FunctionAt]:
    """The functions that were followed for some answers."""
    seen = set(answers)
    waiting = list(seen)
    while waiting:
        each = waiting.pop()
        if isinstance(each.question, tuple) and isinstance(each.question[1], FunctionAt):
            yield each.question[1]
        waiting.extend(each.needs.keys() - seen)
        seen.update(each.needs)


def _meets(solved: Solved, at: FunctionAt, focus: Focus) -> _Meets:
    """Whether the function itself loads rows of the instance's class, or of one that is not known."""
    loaded = solved.linker.answers.ask(("loads", at), lambda: _loaded(solved.frames.of(at)), _NOTHING, None)
    if loaded is None:
        return _Meets.ITS_CLASS
    model = focus.selected.model if focus.selected is not None else _ANY
    if model in loaded - {_ANY} or (model is _ANY and loaded):
        return _Meets.ITS_CLASS
    return _Meets.UNKNOWN if _ANY in loaded else _Meets.NEVER


def _loaded(frame: Frame | None) -> frozenset[object]:
    """The classes of which the function may load rows; of any where it ends savepoints."""
    return frozenset(_loads(frame)) if frame is not None else _NOTHING


def _loads(frame: Frame) -> Iterator[object]:
    for step in frame.graph.steps:
        event = step.event
        if isinstance(event, Call) and _begins_savepoint(event):
            yield _ANY
        for place in (*operands(event), *bound(event)):
            meaning = frame.meaning(place)
            if isinstance(meaning, Selected) and meaning.holds is not Holds.COLUMNS:
                yield meaning.model


def _begins_savepoint(call: Call) -> bool:
    return call.method == "begin_nested" or any(each.keyword == "nested" for each in call.arguments)
