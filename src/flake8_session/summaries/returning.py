"""What calling a function gives, by the meanings of what it returns, and what it binds outside of itself."""

from __future__ import annotations

import re
from dataclasses import replace

from flake8_session.flow.events import Bind, Build, Return, Shape
from flake8_session.flow.outline import Function, Indexed, Literal, Named
from flake8_session.linking.frames import Frame
from flake8_session.linking.linker import Linker
from flake8_session.linking.meanings import (
    UNKNOWN,
    Borrowed,
    Called,
    External,
    Factory,
    FunctionAt,
    Holds,
    Meaning,
    Object,
    OneOf,
    Opening,
    Registry,
    Selected,
    joined,
)
from flake8_session.summaries.decorated import is_bare, is_manager
from flake8_session.summaries.frames import Frames

_PLAIN = frozenset({"None", "bool", "bytes", "dict", "float", "int", "str"})
_GIVING = re.compile(
    r"\breturn\b(?![ \t]*(?:(?:None|True|False|\d+|''|\"\"|\[\]|\{\}|\(\))[ \t]*)?(?:#.*)?$)", re.MULTILINE
)
"""A ``return`` that is followed by anything but a plain constant; nothing else can give what matters."""

_PARTS = re.compile(r"\breturn\b[^\n#]*[,(]")


def may_give(linker: Linker, at: FunctionAt) -> bool:
    """Whether the function may return anything but plain values, by its text and the promise in its head."""
    function = linker.function(at)
    if function is None or _is_plain(function):
        return False
    text = linker.modules.text(at.module, at.qualname)
    return text is None or _GIVING.search(text) is not None


def returned_meaning(frames: Frames, at: FunctionAt) -> Meaning:
    """The meaning that all values returned agree on; unknown for generators and for new sessions.

    A session that the function did not make, but returns, is borrowed by the caller.
    """
    function = frames.linker.function(at)
    if function is None or function.generator:
        return UNKNOWN
    frame = frames.of(at) if may_give(frames.linker, at) else None
    found: Meaning | None = None
    for step in frame.graph.steps if frame is not None else ():
        if frame is not None and isinstance(step.event, Return):
            found = joined(found, frame.meaning(step.event.value))
    match found:
        case Selected(holds) if holds in (Holds.INSTANCE, Holds.ROWS):
            return found
        case Factory() | Registry() | Opening() | Object():
            return found
        case Called(called) if _is_manager(frames, called):
            return found
        case OneOf(options) if all(isinstance(each, Opening) or _manages(frames, each) for each in options):
            return found
        case Borrowed(options, _, inner):
            return Borrowed(options, registry=True, inner=inner)
        case External(name) if name.endswith("()") or name == "sqlalchemy.Connection":
            return found
    return _promised(frames.linker, at, function)


def _is_plain(function: Function) -> bool:
    match function.returns:
        case Named(name) | Indexed(Named(name), _):
            return name in _PLAIN
        case Literal(None):
            return True
    return False


def _manages(frames: Frames, option: Meaning) -> bool:
    return isinstance(option, Called) and _is_manager(frames, option.function)


def _is_manager(frames: Frames, at: FunctionAt) -> bool:
    function = frames.linker.function(at)
    return function is not None and function.generator and not is_bare(function) and is_manager(function)


def _promised(linker: Linker, at: FunctionAt, function: Function) -> Meaning:
    """What the annotation of a result says where the body does not: only a factory is surely one."""
    if function.returns is None or function.asynchronous:
        return UNKNOWN
    promised = linker.annotation(at.module, function.returns)
    if isinstance(promised, Factory | Registry):
        return replace(promised, options=replace(promised.options, expires=None))
    return UNKNOWN


def returned_element(frames: Frames, at: FunctionAt, index: int) -> Meaning:
    """The meaning of element `index` of the tuples that the function returns, where they agree."""
    frame = frames.of(at) if may_give(frames.linker, at) else None
    found: Meaning | None = None
    for step in frame.graph.steps if frame is not None and not frame.function.generator else ():
        if frame is None or not isinstance(step.event, Return):
            continue
        made = frame.made_by.get(step.event.value)
        event = frame.graph.steps[made].event if made is not None else None
        if not isinstance(event, Build) or index >= len(event.parts):
            return UNKNOWN
        found = joined(found, frame.meaning(event.parts[index]))
    return found if isinstance(found, Factory | Registry | Object) else UNKNOWN


def may_give_parts(linker: Linker, at: FunctionAt) -> bool:
    """Whether the function may return a tuple, by its text."""
    text = linker.modules.text(at.module, at.qualname)
    return text is None or _PARTS.search(text) is not None


def parts_returned(frame: Frame) -> int:
    """How many parts the tuples have that the function returns; 0 where they differ, or it returns others.

    Literals are no parts.
    """
    sizes = set()
    for step in frame.graph.steps:
        if isinstance(step.event, Return):
            made = frame.made_by.get(step.event.value)
            event = frame.graph.steps[made].event if made is not None else None
            tuple_ = isinstance(event, Build) and event.shape is Shape.CONTAINER
            sizes.add(len(event.parts) if isinstance(event, Build) and tuple_ else 0)
    return sizes.pop() if len(sizes) == 1 else 0


def rebound_meaning(frames: Frames, at: FunctionAt, name: str) -> Meaning | None:
    """What the function binds the name of its module to that it declares ``global``."""
    frame = frames.of(at)
    found: Meaning | None = None
    for step in frame.graph.steps if frame is not None else ():
        if frame is not None and isinstance(step.event, Bind) and step.event.target == f"@{name}":
            found = joined(found, frame.meaning(step.event.source))
    return found
