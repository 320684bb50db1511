"""Classes of the project that hold a session: what their attributes are, and what ``with`` over them does.

``self.session`` means what the class's own methods store there. A class with ``__enter__`` and
``__exit__`` lends the session that ``__init__`` or ``__enter__`` opens and stores; its exit is run
on the state in which the ``with`` is left.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from flake8_session.flow.events import Call, Place, Return, Write
from flake8_session.knowledge.factories import EXPIRING
from flake8_session.knowledge.words import Role
from flake8_session.linking.frames import Frame
from flake8_session.linking.linker import Linker
from flake8_session.linking.making import is_connection
from flake8_session.linking.meanings import (
    UNKNOWN,
    Borrowed,
    ClassAt,
    Constant,
    External,
    Factory,
    FunctionAt,
    Made,
    Meaning,
    Object,
    Registry,
    joined,
)
from flake8_session.linking.spelling import last_name
from flake8_session.summaries.frames import Frames
from flake8_session.typestate.worlds import RETURN, Names, World

_DATA_CLASSES = frozenset({"dataclass", "define", "frozen", "mutable", "attrs"})


class Held(NamedTuple):
    """The session of an entered object: its world with ``self.…`` names, and what the target holds."""

    world: World
    target: Names


def attribute(frames: Frames, at: ClassAt, name: str, *, on_class: bool) -> Meaning:
    """What ``self.name`` holds, by every assignment in the methods of the class and its bases.

    `on_class`: what the class itself holds, by the assignments to ``cls.name`` in its class methods.
    """
    for ancestor in frames.linker.ancestry(at):
        if not isinstance(ancestor, ClassAt):
            continue
        found: Meaning | None = None
        for source in _stored(frames, ancestor, name, on_class):
            found = joined(found, source)
        if found not in (None, UNKNOWN, Constant(None)):
            assert found is not None
            return Borrowed(found.options, registry=True) if isinstance(found, Made | Borrowed) else found
    return UNKNOWN


def _stored(frames: Frames, at: ClassAt, name: str, on_class: bool) -> Iterator[Meaning]:
    for method in frames.linker.storing(at, name):
        frame = frames.of(FunctionAt(at.module, f"{at.qualname}.{method}"))
        if frame is None or not frame.function.parameters:
            continue
        if on_class and not isinstance(frame.owner, ClassAt):
            continue
        own = frame.function.parameters[0].name
        for step in frame.graph.steps:
            event = step.event
            if isinstance(event, Write) and event.object == own and event.attribute == name:
                meaning = frame.meaning(event.source)
                if isinstance(meaning, Registry) and event.source in frame.made_by:
                    meaning = Registry(meaning.options, inner=True)
                if isinstance(meaning, Made | Borrowed) and _keeps_values(frame):
                    meaning = replace(meaning, options=replace(meaning.options, expires=False))
                if isinstance(meaning, Factory | Registry | Borrowed | Made | Object | ClassAt | Constant):
                    yield meaning
                elif is_connection(meaning):
                    yield External("sqlalchemy.Connection")
                else:
                    yield UNKNOWN


def _keeps_values(frame: Frame) -> bool:
    """Whether the method that stores a session sets its ``expire_on_commit`` as well."""
    writes = [step.event for step in frame.graph.steps if isinstance(step.event, Write)]
    return any(event.attribute == EXPIRING and event.source != "=True" for event in writes)


def fields(linker: Linker, at: ClassAt) -> tuple[str, ...] | None:
    """The fields of a data class in the order of its constructor; None where it may have another one."""
    found: dict[str, None] = {}
    for ancestor in reversed(linker.ancestry(at)):
        class_ = linker.class_(ancestor) if isinstance(ancestor, ClassAt) else None
        if class_ is None or not {last_name(each) for each in class_.decorators} & _DATA_CLASSES:
            return None
        found.update(dict.fromkeys(name for name, (annotation, _) in class_.assigned.items() if annotation))
    return tuple(found)


def returns_self(frame: Frame) -> bool:
    """Whether the method gives back its own object."""
    values = [step.event.value for step in frame.graph.steps if isinstance(step.event, Return)]
    return bool(values) and all(_is_own(frame, value) for value in values)


def _is_own(frame: Frame, value: Place) -> bool:
    """Whether the value is the method's own object, or what ``super()`` gives by the same method."""
    own = frame.function.parameters[0].name if frame.function.parameters else ""
    made = frame.made_by.get(value)
    call = frame.called(made) if made is not None else None
    if not isinstance(call, Call):
        return value == own
    return frame.on_receiver(call).receiver == own and call.method == frame.function.name


def own_names(frame: Frame, world: World) -> Names:
    """The names of `world` that are attributes of the method's own object, as ``.session``."""
    own: Place = frame.function.parameters[0].name if frame.function.parameters else ""
    prefix = f"{own}."
    return frozenset(
        (place[len(own) :], holding) for place, holding in world.names if place.startswith(prefix)
    )


def target_names(frame: Frame, world: World) -> Names:
    """What ``with object as target`` gives the target, after ``__enter__`` ended in `world`."""
    given = {("", role) for place, role in world.names if place == RETURN and role is Role.SESSION}
    return frozenset(given) | (own_names(frame, world) if returns_self(frame) else frozenset())
