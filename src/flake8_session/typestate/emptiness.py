"""What a display has made empty stays so until somebody fills it: a loop over it takes no turn till then.

Anything but the looks below may fill it, or give it another name by which it is filled.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flake8_session.flow.events import Build, Call, Event, Iter, Iterate, Shape, Test, TestSame
from flake8_session.linking.emptiness import looks
from flake8_session.linking.frames import Frame
from flake8_session.linking.places import operands
from flake8_session.linking.quiet import is_quiet
from flake8_session.typestate import values
from flake8_session.typestate.focus import Way


def without_filled(frame: Frame, event: Event, ways: Iterable[Way]) -> Iterator[Way]:
    """The ways out of a step, which know no longer that what it mentions is empty, unless it only looks."""
    mentioned = () if _looks(frame, event) else tuple(operands(event))
    for door, moved in ways:
        left = values.shown(moved.values, mentioned) if moved.values else moved.values
        yield door, moved if left is moved.values else moved._replace(values=left)


def _looks(frame: Frame, event: Event) -> bool:
    if isinstance(event, Call):
        return looks(frame, event) or is_quiet(frame, event)
    texts = isinstance(event, Build) and event.shape is Shape.TEXT
    return texts or isinstance(event, Iter | Iterate | Test | TestSame)
