"""What sessions were told to write, and what became of it.

A *change* is noted at the line that makes it: an instance is added, merged, deleted or changed, or a
statement writes. The COMMIT of its session keeps it, ``rollback()`` takes it back, and where it is neither
kept nor taken back until its session is closed, or the run is over, the row is *not there*.

Not meant to be taken back is what a ``rollback()`` in the middle of a ``begin()`` block drops: the block was
to commit it. What somebody out of sight is given, he may commit. What was lost and is added once more waits
again, for whoever it was added to.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

import sqlalchemy as sa
import sqlalchemy.orm as sa_orm

from tests.truth.tables import CLASSES


class Outcome(Enum):
    """What became of a change."""

    WAITING = "neither kept nor taken back"
    LOST = "not there"
    KEPT = "committed"
    TAKEN_BACK = "rolled back, or let go"
    LEFT = "dropped by an exception that left its block"
    OUT_OF_SIGHT = "somebody else's business"


@dataclass(slots=True, eq=False)
class Change:
    """One change of one run. `about`: the instance that was set, where it is no more than that.

    `added`: the instance that was added. `holder`: the session that settles it, by now.
    """

    session: Any
    line: int
    about: Any = None
    added: Any = None
    outcome: Outcome = Outcome.WAITING
    holder: Any = None


class Changes:
    """All changes of one run, in order."""

    def __init__(self) -> None:
        self._all: list[Change] = []

    def __iter__(self) -> Iterator[Change]:
        return iter(self._all)

    def note(self, session: Any, line: int, about: Any = None, added: Any = None) -> None:
        """A session is told to write something."""
        for change in self._all:
            if added is not None and change.added is added and change.outcome is Outcome.LOST:
                change.holder, change.outcome = session, Outcome.WAITING
        autocommits = session.get_bind().get_execution_options().get("isolation_level") == "AUTOCOMMIT"
        outcome = Outcome.KEPT if autocommits else Outcome.WAITING
        self._all.append(Change(session, line, about, added, outcome, session))

    def settle(self, session: Any, outcome: Outcome) -> None:
        """Whatever waits in `session` has come to this."""
        for change in self._all:
            if change.holder is session and change.outcome is Outcome.WAITING:
                change.outcome = outcome

    def shown(self, instance: Any) -> None:
        """An instance is given to somebody: its values may have been set for him alone."""
        for change in self._all:
            if change.about is instance and change.outcome is Outcome.WAITING:
                change.outcome = Outcome.OUT_OF_SIGHT


def listen(current: Callable[[], Changes | None], changed: Callable[[Any], None]) -> None:
    """Follows the transactions of all sessions for the `current` run's changes, None where there is none.

    `changed` is called with each instance of which a column gets another value, now and in later models.
    """

    def committed(session: Any) -> None:
        changes = current()
        if changes is not None and not session.in_nested_transaction():
            changes.settle(session, Outcome.KEPT)

    def rolled_back(session: Any) -> None:
        changes = current()
        if changes is not None and _leaves_block():
            changes.settle(session, Outcome.LEFT)

    def set_(target: Any, value: Any, before: Any, _: Any) -> None:
        if value != before:
            changed(target)

    def watch(mapper: Any, class_: Any) -> None:
        for attribute in mapper.column_attrs:
            sa.event.listen(getattr(class_, attribute.key), "set", set_)

    sa.event.listen(sa_orm.Session, "after_commit", committed)
    sa.event.listen(sa_orm.Session, "after_rollback", rolled_back)
    sa.event.listen(sa_orm.Mapper, "mapper_configured", watch)
    for class_ in CLASSES.values():
        if hasattr(class_, "__mapper__"):
            watch(class_.__mapper__, class_)


def _leaves_block() -> bool:
    """Whether an exception is leaving the ``with`` over a transaction."""
    frame = sys._getframe(1) if sys.exc_info()[0] is not None else None
    while frame is not None and frame.f_code.co_name not in ("__exit__", "__aexit__"):
        frame = frame.f_back
    return frame is not None
