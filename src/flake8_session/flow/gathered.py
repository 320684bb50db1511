"""The outline of a file while it is put together, slice by slice."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flake8_session.flow.outline import Class, Expression, Function, Imported, Literal, Outline, Sequence

if TYPE_CHECKING:
    from flake8_session.flow.reaching import Reaching


@dataclass
class Gathered:
    """What the slices so far have given, in the order of the text."""

    functions: dict[str, Function] = field(default_factory=dict)
    classes: dict[str, Class] = field(default_factory=dict)
    imports: list[Imported] = field(default_factory=list)
    assigned: dict[str, list[tuple[Expression | None, Expression | None]]] = field(default_factory=dict)

    def assign(self, name: str, annotation: Expression | None, value: Expression | None) -> None:
        self.assigned.setdefault(name, []).append((annotation, value))

    def outline(self, reached: Reaching) -> Outline:
        return Outline(
            functions=self.functions,
            classes=self.classes,
            imports=tuple(self.imports),
            assigned={name: tuple(values) for name, values in self.assigned.items()},
            exports=self._exports(),
            rebound=reached.rebound,
            configured=reached.configured,
            stored=reached.stored,
        )

    def _exports(self) -> tuple[str, ...] | None:
        values = self.assigned.get("__all__", [])
        if len(values) != 1 or not isinstance(values[0][1], Sequence):
            return None
        items = values[0][1].items
        names = [item.value for item in items if isinstance(item, Literal) and isinstance(item.value, str)]
        return tuple(names) if len(names) == len(items) else None
