"""What the solver found of one focus: its worlds, the paths to them, and what the function calls it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from weakref import ReferenceType, ref

from flake8_session.dataflow import Passage, Solution, replays
from flake8_session.facts.agreement import Company, Goal, Question, Step
from flake8_session.facts.consequences import joined, leads_to
from flake8_session.flow.events import Call, Door
from flake8_session.flow.graph import Graph
from flake8_session.knowledge.words import Role
from flake8_session.linking.frames import Frame
from flake8_session.typestate import names
from flake8_session.typestate.births import arrived, entry_world
from flake8_session.typestate.calls.receivers import split
from flake8_session.typestate.focus import Arrival, Focus, arguments_holding
from flake8_session.typestate.movement import SessionMovement, concerns
from flake8_session.typestate.worlds import Tie, World

_ENTITY = (Role.INSTANCE, Role.INSTANCES, Role.ROW, Role.ROWS)


class Solved:
    """All worlds of one focus in front of every step of the function."""

    def __init__(
        self, frame: Frame, focus: Focus, movement: SessionMovement, solution: Solution[World]
    ) -> None:
        self.frame = frame
        self.graph: Graph = frame.graph
        self.focus = focus
        self.movement = movement
        self.solution = solution
        self._company: ReferenceType[Company] | None = None
        self._ways: dict[tuple[int, World], list[Step]] = {}
        self._reached: dict[tuple[type, ...], Sequence[tuple[int, World]]] = {}
        self._following: dict[tuple[object, ...], list[World]] = {}

    @property
    def company(self) -> Company:
        """All foci of the function, once they have been told of one another."""
        company = self._company() if self._company is not None else None
        return company or Company(())

    @company.setter
    def company(self, company: Company) -> None:
        # The company holds what is solved, and the function's facts hold the company: two that held
        # one another would wait for the collector, with all their worlds.
        self._company = ref(company)

    def exits(self) -> Iterator[tuple[int, World]]:
        """Every world at the two exits, with the exit: first where the function returns."""
        for step in (self.graph.returned, self.graph.raised):
            for world in self.solution.before(step):
                yield step, world

    def reached(self, *kinds: type) -> Sequence[tuple[int, World]]:
        """Every step that is reached, with every world in front of it; maybe of events of `kinds` alone."""
        known = self._reached.get(kinds)
        if known is None:
            steps = self.graph.steps
            known = self._reached[kinds] = [
                (step, world)
                for step in self.solution.steps()
                if not kinds or isinstance(steps[step].event, kinds)
                for world in self.solution.before(step)
            ]
        return known

    @property
    def first(self) -> World:
        """The world at the entry of the function."""
        return entry_world(self.focus)

    def ways(self, step: int, world: World) -> list[Step]:
        """Door, next step and world there, for every way out of `step`; remembered."""
        known = self._ways.get((step, world))
        if known is None:
            known = self._ways[step, world] = list(self.movement.transfer(step, world))
        return known

    @cached_property
    def lacking(self) -> frozenset[tuple[int, int]]:
        """The steps and doors by which some world of this focus cannot follow another one."""
        found: set[tuple[int, int]] = set()
        for step, world in self.reached():
            doors = [door for door in self.graph.steps[step].doors if (step, door) not in found]
            taken = {way[0] for way in self.ways(step, world)} if doors else ()
            for door in doors:
                if door is Door.RAISED:
                    lacks = concerns(self.frame.called(step), world)
                else:
                    lacks = door not in taken
                if lacks:
                    found.add((step, door))
        return frozenset(found)

    def following(self, step: int, world: World, way: Step) -> list[World]:
        """The worlds behind `way`, which another focus takes out of `step`; empty where this rules it out.

        A step that asks for nothing of this focus may raise whatever the other says.
        """
        key = (step, world, way[0], way[1], way[2].spent, way[2].flight)
        known = self._following.get(key)
        if known is None:
            known = self._following[key] = self._moved_with(step, world, way)
        return known

    def _moved_with(self, step: int, world: World, way: Step) -> list[World]:
        door, target, taken = way
        found = [
            moved
            for its_door, its_target, moved in self.ways(step, world)
            if (its_door, its_target, moved.spent) == (door, target, taken.spent)
            and (moved.flight is None) == (taken.flight is None)
        ]
        if door != Door.RAISED or (world.spent and not taken.spent) or not self.ways(step, world):
            return found
        if concerns(self.frame.called(step), world) or step in self.movement.context.raising:
            return found
        moved = (found[0] if found else world)._replace(flight=taken.flight, spent=taken.spent)
        return [moved, *(each for each in found if each != moved)]

    def given_on(self, step: int, world: World) -> Iterator[Arrival | None]:
        """What a call at `step` gives to another session if it completes; None for anything else."""
        event = self.frame.called(step)
        if not isinstance(event, Call) or Role.SESSION in world.roles(split(event, world)[0]):
            return
        if all(way[0] != Door.COMPLETED for way in self.ways(step, world)):
            return
        state = world.instance
        given = arguments_holding(world, event.arguments, Role.INSTANCE, Role.INSTANCES)
        if state is None or state.tie is not Tie.DETACHED or not given:
            yield None
        else:
            yield Arrival(state, frozenset(each for each in world.names if each[1] in _ENTITY))

    def agrees(self, taker: Focus, step: int, world: World, way: Step) -> bool:
        """Whether `taker`, if it takes the instance over by this way, has it as it is in `world`."""
        call = self.graph.steps[taker.instance].event if taker.comes_from == self.focus else None
        if not isinstance(call, Call) or self.frame.called(step) is not call or way[0] != Door.COMPLETED:
            return True
        return any(
            way[2].instance == (arrived(call, arrival) if arrival is not None else None)
            for arrival in self.given_on(step, world)
        )

    def path(self, step: int, world: World) -> list[Passage[World]] | None:
        """How `world` gets in front of `step`; None where no single world can walk that way.

        All sessions and instances of the function can walk it together.
        """
        passages = self.solution.path(step, world)
        if self.solution.merged and not replays(self.movement, passages):
            return None
        return self._agreed(passages, Goal(step, world))

    def path_through(
        self, step: int, world: World, onward: Step, reached: Question, goes_on: Question
    ) -> list[Passage[World]] | None:
        """How `world` gets in front of `step`, and goes `onward` from there until `reached` holds.

        Behind `onward` it stays where `goes_on` holds. None as for `path`, or where nothing is reached.
        """
        behind = leads_to(self.ways, onward[1], onward[2], reached, goes_on)
        if behind is None:
            return None
        passages = self.solution.path(step, world)
        if self.solution.merged and not replays(self.movement, passages):
            return None
        whole = joined(passages, onward[0], behind)
        return self._agreed(whole, Goal(step, world, onward, reached, goes_on))

    def _agreed(self, path: list[Passage[World]], goal: Goal) -> list[Passage[World]] | None:
        refusing = self.company.refusing(self, path)
        return path if refusing is None else self.company.detour(self, goal, refusing)

    @cached_property
    def place(self) -> str:
        """What the function calls the session; `""` where it has no name."""
        for _, world in self.reached():
            for place in names.session_places(world):
                if not place.startswith("%"):
                    return names.spelled(place)
        return ""

    def instance_place(self, world: World) -> str:
        """What the function calls the instance in `world`."""
        places = sorted(p for p, holding in world.names if holding is Role.INSTANCE and p[0] not in "%<")
        return places[0].partition("'")[0] if places else ""
