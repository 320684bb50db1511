"""The ways out of a function's steps that were found already, for one focus after the other.

Where neither the session nor the instance of a focus comes from, a step does the same to equal worlds,
whichever site they came from: so what was found for one focus holds for those that have the same
options. Most foci of a long function differ in their sites alone, and most of its steps lie outside of
what a focus is about.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import replace
from typing import NamedTuple

from flake8_session.flow.events import Place
from flake8_session.flow.graph import Graph
from flake8_session.linking.places import bound, operands
from flake8_session.linking.prices import Answer
from flake8_session.typestate.aside import Asides
from flake8_session.typestate.focus import Context, Focus, Raised, Way
from flake8_session.typestate.worlds import World

Move = tuple[int, int, World]
"""A door, the step it leads to, and the world there."""


class Found(NamedTuple):
    """The ways out of a step by what the focus holds, and where they lead with what is not needed forgotten.

    `raised`: what they raise because of what the focus holds. `without_value`: a name holds nothing that
    the step could ask for anything, so that the moves lead nowhere but to an exception. `asked`: the dear
    answers that all of this needs.
    """

    ways: tuple[Way, ...]
    moves: tuple[Move, ...]
    raised: tuple[Raised, ...] = ()
    without_value: bool = False
    asked: tuple[Answer, ...] = ()


Steps = dict[int, dict[World, Found]]


class KnownWays:
    """What was found in one function; it grows as its foci are solved."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._by_profile: dict[Hashable, Steps] = {}
        self._naming: dict[Place, list[int]] | None = None
        self._asides = Asides()

    def of(self, focus: Focus) -> WaysOfFocus:
        """What is known of one focus."""
        whole = replace(focus, birth=min(focus.birth, 0), instance=-1, places=(), queries=(), comes_from=None)
        session = (focus.options, focus.owned, focus.registry, focus.birth >= 0)
        return WaysOfFocus(
            frozenset(self._giving(focus)),
            self._by_profile.setdefault((whole, self._method_giving(focus)), {}),
            self._by_profile.setdefault(session, {}),
            self._asides,
        )

    def _method_giving(self, focus: Focus) -> str:
        """How the instance was asked for: whether alone or among others makes a difference everywhere."""
        return getattr(self._graph.steps[focus.instance].event, "method", "") if focus.instance >= 0 else ""

    def _giving(self, focus: Focus) -> Iterable[int]:
        """The steps from which the focus has its session or its instance, and those that await them."""
        for site in (focus.birth, focus.instance):
            if site >= 0:
                yield site
                result = getattr(self._graph.steps[site].event, "result", "")
                if result.startswith("%"):
                    yield from self._steps_naming(result)

    def _steps_naming(self, temporary: Place) -> Iterable[int]:
        if self._naming is None:
            self._naming = {}
            for index, step in enumerate(self._graph.steps):
                for place in (*operands(step.event), *bound(step.event)):
                    if place.startswith("%"):
                        self._naming.setdefault(place, []).append(index)
        return self._naming.get(temporary, ())


class WaysOfFocus:
    """What is known for one focus: of the steps it comes from alone, of all others with its like."""

    def __init__(self, giving: frozenset[int], with_instance: Steps, alone: Steps, asides: Asides) -> None:
        self._giving = giving
        self._own: Steps = {}
        self._with_instance = with_instance
        self._alone = alone
        self._asides = asides

    def at(self, step: int, world: World) -> dict[World, Found]:
        """Where the ways out of `step` from worlds like `world` are kept."""
        if step in self._giving:
            steps = self._own
        elif world.instance is None and not world.suspended:
            steps = self._alone
        else:
            steps = self._with_instance
        known = steps.get(step)
        if known is None:
            known = steps[step] = {}
        return known

    def bare(self, context: Context, step: int, world: World) -> World | None:
        """See `Asides.bare`; None as well where the session or the instance comes from."""
        return None if step in self._giving else self._asides.bare(context, step, world)
