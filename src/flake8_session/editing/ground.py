"""What editing stands on: a lowered file, with the layout and positions of those slices that are edited."""

from __future__ import annotations

from dataclasses import dataclass, field

import libcst as cst

from flake8_session.editing.blocks import Layout, Position
from flake8_session.flow.lowering import Lowered, Part
from flake8_session.flow.spans import Positions


@dataclass(frozen=True)
class Ground:
    """One slice of a file: all origins of a plan must lie in it."""

    lowered: Lowered
    part: Part
    layout: Layout
    positions: Positions

    def node(self, origin: int) -> cst.CSTNode:
        """The node of an origin."""
        return self.lowered.node(origin)

    def indent(self, indent: str | None) -> str:
        """The text of a block's indentation, for which None stands where it is the usual one."""
        return self.layout.module.default_indent if indent is None else indent

    def position(self, origin: int) -> Position | None:
        """Where the node of an origin stands; None for one of another slice."""
        return self.layout.position(self.lowered.node(origin)) if origin >= 0 else None


@dataclass
class Grounds:
    """The grounds of a file, each made when it is first asked for."""

    lowered: Lowered
    _made: dict[int, Ground] = field(default_factory=dict)

    def of(self, origin: int) -> Ground | None:
        """The ground on which the node of `origin` stands."""
        part = self.lowered.part(origin)
        if part.module is None:
            return None
        ground = self._made.get(id(part))
        if ground is None:
            positions = Positions(part.module, part.slice)
            ground = self._made[id(part)] = Ground(self.lowered, part, Layout(part.module), positions)
        return ground
