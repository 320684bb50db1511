"""What is followed: one session, or one instance with the session that may own it.

The solver runs once per focus; other sessions and instances are not in its worlds, so that cost
adds up instead of multiplying.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Protocol

from flake8_session.flow.events import Argument, Call, Door, Place
from flake8_session.linking.frames import Frame
from flake8_session.linking.meanings import ClassAt, FunctionAt, Options, Selected
from flake8_session.typestate.worlds import Flight, Hold, InstanceState, Names, World

OUTSIDE: Place = "@"
"""What the names of all places begin with that come from outside of a function."""
Way = tuple[Door, World]
Ways = Iterator[Way]


@dataclass(frozen=True, slots=True)
class Focus:
    """One session site, and maybe one instance site.

    `birth` is the step that makes the session, -1 for one that is there at the entry (then `places`
    hold it). `owned`: the function owes its close. `registry`: a registry or framework owns it.
    `instance` is the step that makes the instance; `selected` says what it is an instance of;
    `constructed`: it is made by its class, not by a query.
    """

    options: Options
    birth: int = -1
    places: tuple[Place, ...] = ()
    queries: tuple[Place, ...] = ()
    """Places that hold a query of the session from the start: ``User.query`` of a Flask extension."""
    owned: bool = True
    registry: bool = False
    lent: bool = False
    """A context manager of the project opens and closes it, or a generator that a `for` loop drives."""
    gone: bool = False
    """A function of the project made and ended it; what it has given back of it is detached."""
    takes: bool = False
    """The function that made and ended it was given the instance."""
    driven: bool = False
    """A generator of the project lends it, which has no name and is driven by hand."""
    instance: int = -1
    selected: Selected | None = None
    constructed: bool = False
    comes_from: Focus | None = None
    """The focus of another session that has let the instance go; `instance` is the call that gives it on."""
    beside: frozenset[str] = frozenset()
    """Classes of which the session may hold other instances as well, by their names; ``*``: of any."""

    @property
    def session(self) -> Focus:
        """The session of it alone."""
        return replace(
            self, instance=-1, selected=None, constructed=False, comes_from=None, beside=frozenset()
        )


class Arrival(NamedTuple):
    """An instance that comes from another session: its state there, and the places that hold it."""

    state: InstanceState
    names: Names


Arrivals = Mapping[bool, tuple[Arrival | None, ...]]
"""By whether the path has had its failure: what may come, with None for something else."""


class Exit(NamedTuple):
    """How a call of a project function may end: by `flight`, or with what `returns` says it gives back.

    That is what the value holds, or `None`, or a pair of a path from the value and what is held there.
    """

    world: World
    flight: Flight | None
    returns: frozenset[object]


class Effects(Protocol):
    """What calls of project functions do to the focus. Answers are the same in every order of asking."""

    def call(
        self, frame: Frame, at: FunctionAt, call: Call, world: World, focus: Focus
    ) -> Iterable[Exit] | None:
        """The ways out of the call for what `world` holds in the call's arguments; None: not known."""
        ...

    def sees(self, frame: Frame, at: FunctionAt, call: Call) -> Sequence[Place] | None:
        """The places of the caller that the function may know, besides those that the call mentions.

        `OUTSIDE` stands for all that come from outside of both. None: not known.
        """
        ...

    def construct(
        self, frame: Frame, at: ClassAt, call: Call, world: World, focus: Focus
    ) -> Iterable[Exit] | None:
        """The ways out of a call of the class, for what `world` holds in its arguments; None: not known."""
        ...

    def enter(
        self, frame: Frame, at: FunctionAt, call: Call, manager: Place, world: World, focus: Focus, born: bool
    ) -> Iterable[tuple[World, Names]] | None:
        """The worlds inside a ``with`` over the call, with what its target holds; None: not known."""
        ...

    def enter_object(
        self, at: ClassAt, manager: Place, world: World, focus: Focus
    ) -> Iterable[tuple[World, Names]]:
        """The worlds inside a ``with`` over an object of the class, which opens the focus's session."""
        ...

    def leave(self, manager: Place, world: World, focus: Focus, raising: bool) -> Iterable[Exit] | None:
        """The ways out of a ``with`` whose manager was entered; None: not known."""
        ...

    def never_raises(self, at: FunctionAt) -> bool:
        """Whether the function can only construct, close or roll back."""
        ...

    def closes_captured(self, at: FunctionAt, places: frozenset[Place]) -> bool:
        """Whether a nested function closes, hands on or may close one of the captured places."""
        ...


class Raised(NamedTuple):
    """An exception that a step may raise.

    `assumed`: as the one assumed failure of its path. `late`: its path has had that before.
    """

    flight: Flight
    assumed: bool
    late: bool = False

    def fits(self, world: World) -> bool:
        """Whether a path that has come to `world` can meet it."""
        return not world.spent if self.assumed else world.spent or not self.late


@dataclass(frozen=True, slots=True)
class Context:
    """All that a transfer may look at besides the world."""

    frame: Frame
    focus: Focus
    effects: Effects
    raising: Mapping[int, Flight] = field(default_factory=dict)
    """Steps that are known to raise, whatever this focus does there."""
    failing: Mapping[int, frozenset[Raised]] = field(default_factory=dict)
    """What steps may raise because of something that this focus does not hold."""
    arriving: Arrivals = field(default_factory=dict)
    """What comes from another session, where the focus's instance does."""


def arguments_holding(world: World, arguments: Iterable[Argument], *holdings: object) -> list[Argument]:
    """The arguments whose place holds one of these."""
    wanted = {place for place, holding in world.names if holding in holdings}
    if not wanted:
        return []
    return [argument for argument in arguments if argument.value in wanted]


__all__ = [
    "Arrival",
    "Arrivals",
    "Context",
    "Effects",
    "Exit",
    "Focus",
    "Hold",
    "Raised",
    "Way",
    "Ways",
    "arguments_holding",
]
