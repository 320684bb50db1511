"""What the linker asks of others: the project's modules, and what the bodies of functions tell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from flake8_session.flow.outline import Function, Outline
from flake8_session.linking.meanings import ClassAt, FunctionAt, Meaning


class Modules(Protocol):
    """The project's modules; what their names look like is for whoever gives them. Answers never change."""

    def outline(self, module: str) -> Outline | None:
        """The outline of a module of the project, None for anything else."""
        ...

    def target(self, module: str, imported: str, level: int) -> str | None:
        """The project module that `module` means by ``imported``, with `level` leading dots; else None."""
        ...

    def inner(self, module: str, name: str) -> str | None:
        """The module `name` inside of the package `module`, None where there is none."""
        ...

    def configuring(self, module: str) -> Sequence[str]:
        """The module and those around it whose text says that a commit does not expire, or a query not flush.

        Around it are those that it imports, and those that these import; some may come that say nothing.
        """
        ...

    def body(self, module: str, qualname: str) -> Function | None:
        """The function as in the outline, and with its graph."""
        ...

    def text(self, module: str, qualname: str) -> str | None:
        """The text in which the function stands, maybe with more; None where that is not at hand."""
        ...


class Bodies(Protocol):
    """What the bodies of functions and methods say about names."""

    def attribute(self, at: ClassAt, name: str, *, on_class: bool) -> Meaning:
        """What the methods of a class store in ``self.name``; `on_class`: class methods, in ``cls.name``."""
        ...

    def returned(self, at: FunctionAt) -> Meaning:
        """What a call of the function gives, where it is no session of its own; else unknown."""
        ...

    def element(self, at: FunctionAt, index: int) -> Meaning:
        """What element `index` of the tuples is that a function returns."""
        ...

    def parameter(self, at: FunctionAt, name: str) -> Meaning:
        """The factory that all callers in the function's module give in a parameter; else unknown."""
        ...

    def rebound(self, at: FunctionAt, name: str) -> Meaning | None:
        """What the function binds the module's `name` to; None where it does not."""
        ...
