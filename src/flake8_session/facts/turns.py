"""Coroutines that take turns: what they do, they do inside a lock, so that two never run side by side.

A lock is one by its class. An asynchronous ``with`` over something that is not known may be one, too; a
semaphore is none where the text says that it lets several in.

Not modelled: locks that are acquired by hand, and work in front of the lock or behind it.
"""

from __future__ import annotations

from flake8_session.flow.events import Call, Enter, Place
from flake8_session.knowledge import concurrency
from flake8_session.linking.frames import Frame
from flake8_session.linking.meanings import (
    UNKNOWN,
    Borrowed,
    Called,
    Constant,
    External,
    FunctionAt,
    Made,
    Member,
    Opening,
    Registry,
)

_DEPTH = 3
_LOCK_WORDS = ("Lock", "Mutex", "Semaphore")
"""Words in the names of other libraries' classes that silence: they may be locks."""
_BEGINNING = frozenset({"begin", "begin_nested", "connect"})


def takes_turns(frame: Frame, at: FunctionAt, depth: int = _DEPTH) -> bool:
    """Whether a function, or one that it awaits, enters what may be a lock. `frame` calls it."""
    function = frame.linker.body(at)
    if function is None or function.graph is None:
        return False
    around = next((each for each in _outwards(frame) if _is_around(each, at)), None)
    inner = Frame(at.module, function, frame.linker, around)
    for step in inner.graph.steps:
        match step.event:
            case Enter(_, manager, True) if _may_be_lock(inner, manager):
                return True
            case Call() as call if depth:
                callee = inner.callee(call)
                if isinstance(callee, FunctionAt) and callee != at and takes_turns(inner, callee, depth - 1):
                    return True
    return False


def _outwards(frame: Frame | None) -> list[Frame]:
    found = []
    while frame is not None:
        found.append(frame)
        frame = frame.parent
    return found


def _is_around(frame: Frame, at: FunctionAt) -> bool:
    return frame.module == at.module and at.qualname.startswith(f"{frame.function.qualname}.<locals>.")


def _may_be_lock(frame: Frame, manager: Place) -> bool:
    meaning = frame.meaning(manager)
    match meaning:
        case External(name):
            kind = name.removesuffix("()")
            if kind in concurrency.SEMAPHORES:
                return not _lets_several_in(frame, manager)
            return kind in concurrency.LOCKS or any(word in kind for word in _LOCK_WORDS)
        case Borrowed() | Made() | Opening() | Registry() | Called():
            return False
        case Member(owner, name) if owner != UNKNOWN:
            return name not in _BEGINNING and not isinstance(owner, Borrowed | Made | Registry | External)
    made = frame.made_by.get(manager)
    call = frame.graph.steps[made].event if made is not None else None
    return not isinstance(call, Call) or (call.method not in _BEGINNING and not _is_of_library(frame, call))


def _is_of_library(frame: Frame, call: Call) -> bool:
    """Whether what is entered comes from an object of another library: ``client.get(url)``."""
    return bool(call.receiver) and isinstance(frame.meaning(call.receiver), External)


def _lets_several_in(frame: Frame, manager: Place) -> bool:
    bound = frame.bindings.get(manager, ())
    name = bound[0] if len(bound) == 1 else manager
    for each in _outwards(frame):
        call = each.constructor(name)
        if call is not None:
            given = each.meaning(call.arguments[0].value) if call.arguments else None
            return isinstance(given, Constant) and isinstance(given.value, int) and given.value > 1
    return False
