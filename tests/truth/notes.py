"""What is noted down of sessions and failures.

A *sight* is a fault that a run has shown at a line: an error of SQLAlchemy, or an expired instance
handed out. An *ending* is how one session fared: closed, handed on to whoever called, or unclosed.

The *mishap* of a run is the failure that was put into it, as far as it concerns a session: it is
flying, or being handled, or was swallowed by a handler that ended without raising.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from threading import get_ident
from typing import TYPE_CHECKING, Any

from tests.truth.writes import Outcome

if TYPE_CHECKING:
    from tests.truth.activations import Activation


class Fate(Enum):
    """How a session ended."""

    CLOSED = "closed"
    HANDED_ON = "handed on"
    UNCLOSED = "unclosed"
    REOPENED = "used after its close, and not closed again"


@dataclass(frozen=True, slots=True)
class Ending:
    """One session of one run. `line`: where it was opened; for REOPENED, where it was used again."""

    line: int
    fate: Fate
    injected: bool
    derailed: bool
    """Something raised that nobody put there: an error of SQLAlchemy or of the program itself."""
    thrown: bool
    """It belongs to a generator that was left by what came in at a `yield`."""
    lent: bool
    """It was open at a `yield` of the generator that it belongs to."""
    lost: bool
    named: bool
    opened: int
    """The line where it was opened, whatever the fate."""
    doubtful: bool
    open: bool = False
    """It was open at the end, whoever has it then."""


@dataclass(frozen=True, slots=True)
class Sight:
    """A fault at a line. `doubtful`: what is out of sight may have prevented it."""

    code: str
    line: int
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a change that a session was told to make at `line`. `opened`: where it was opened."""

    opened: int
    line: int
    outcome: Outcome


@dataclass(slots=True, eq=False)
class Unawaited:
    """What a method of an asynchronous session has given.

    `used`: it was awaited, or went somewhere else. `named`: a variable has held it, and what becomes of it
    may hang on the way that a run takes.
    """

    line: int
    used: bool = False
    named: bool = False


@dataclass(slots=True, eq=False)
class Watched:
    """One session that the program opened."""

    session: Any
    line: int
    owner: Activation | None
    named: bool = False
    held: bool = False
    lost: bool = False
    open: bool = True
    used_again: int = 0
    handed_on: bool = False
    excused: bool = False
    given_away: bool = False
    """Something out of sight got it when it was closed, and may have opened it again."""
    over_yield: bool = False
    by_hand: int = 0
    """The line that has called its `close()`, until it is used again."""


class Where(Enum):
    FLYING = "flying"
    HANDLED = "handled"
    SWALLOWED = "swallowed"


@dataclass(slots=True, eq=False)
class Mishap:
    """The failure of a session's work, and how far it has come."""

    errors: list[BaseException]
    thread: int = field(default_factory=get_ident)
    where: Where = Where.FLYING
    handler: int = 0
    activation: Activation | None = None
    in_block: bool = False
    taken_before: bool = False
    """A handler had swallowed it, and then the session refused work because of it."""

    def concerns(self, error: BaseException | None) -> bool:
        """Whether an exception is this failure, or came of it."""
        seen: set[int] = set()
        waiting = [error]
        while waiting:
            each = waiting.pop()
            if each is None or id(each) in seen:
                continue
            if any(each is mine for mine in self.errors):
                return True
            seen.add(id(each))
            waiting += [
                each.__cause__,
                each.__context__,
                getattr(each, "orig", None),
                *getattr(each, "exceptions", ()),
            ]
        return False
