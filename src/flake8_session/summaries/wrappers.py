"""What a call of a decorated function runs: the function that the decorator puts in its place.

::

    def with_session(function):
        def wrapper(*args, **kwargs):
            with Maker() as session:
                return function(session, *args, **kwargs)
        return wrapper

A call of what is decorated so is solved as a call of ``wrapper``, in which ``function`` is the decorated
function itself. Followed is one decorator of the project, with arguments or without, that gives a
function of its own; those that change nothing count for nothing. Not modelled: classes that decorate.
"""

from __future__ import annotations

from dataclasses import replace

from flake8_session.flow.events import Bind, Define, Place, Return
from flake8_session.flow.outline import Applied, Expression, Named
from flake8_session.linking.frames import Frame
from flake8_session.linking.linker import Linker
from flake8_session.linking.meanings import FunctionAt
from flake8_session.summaries.decorated import changing, is_plain
from flake8_session.summaries.frames import Frames


def run_by(linker: Linker, frames: Frames, at: FunctionAt) -> FunctionAt | None:
    """The function whose body a call of `at` runs; None where a decorator is not followed."""
    function = linker.function(at)
    if function is None:
        return None
    if at.bare or is_plain(function):
        return at
    found = changing(function)
    if len(found) != 1 or function.generator:
        return None
    return _wrapper(linker, frames, at, found[0])


def _wrapper(linker: Linker, frames: Frames, at: FunctionAt, decorator: Expression) -> FunctionAt | None:
    applied = isinstance(decorator, Applied)
    bare = decorator.function if isinstance(decorator, Applied) else decorator
    meaning = linker.expression(at.module, bare) if isinstance(bare, Named) else None
    if not isinstance(meaning, FunctionAt) or meaning.qualname == at.qualname:
        return None
    decorating = _returned(frames, meaning) if applied else meaning
    wrapper = _returned(frames, decorating) if decorating is not None else None
    if wrapper is None:
        return None
    inner = linker.body(wrapper)
    if inner is None or inner.generator or not is_plain(inner):
        return None
    return replace(wrapper, wraps=replace(at, bare=True))


def _returned(frames: Frames, at: FunctionAt) -> FunctionAt | None:
    """The one function of its own that a function gives back, wherever it gives one back."""
    frame = frames.of(at)
    if frame is None or frame.function.generator or frame.function.asynchronous:
        return None
    defined = dict(_defined(frame))
    steps = frame.graph.steps
    found = {defined.get(step.event.value) for step in steps if isinstance(step.event, Return)} - {None}
    return FunctionAt(at.module, str(found.pop())) if len(found) == 1 else None


def _defined(frame: Frame) -> list[tuple[Place, str]]:
    """The functions that the frame defines, by their places."""
    steps = frame.graph.steps
    made = {step.event.target: step.event.function for step in steps if isinstance(step.event, Define)}
    bound = [step.event for step in steps if isinstance(step.event, Bind) and step.event.source in made]
    return [*made.items(), *((event.target, made[event.source]) for event in bound)]
