"""The frames of the project's functions, each made once, with the frames of the functions around them."""

from __future__ import annotations

from flake8_session.linking.frames import Frame
from flake8_session.linking.linker import Linker
from flake8_session.linking.meanings import FunctionAt


class Frames:
    """Frames by function."""

    def __init__(self, linker: Linker) -> None:
        self.linker = linker
        self._made: dict[FunctionAt, Frame | None] = {}

    def of(self, at: FunctionAt) -> Frame | None:
        """The frame of a function; None where its graph was given up or it is not there."""
        if at not in self._made:
            self._made[at] = self._make(at)
        return self._made[at]

    def forget(self, module: str) -> None:
        """Makes the frames of a module anew: its steps have other origins from now on."""
        for at in [at for at in self._made if at.module == module]:
            del self._made[at]

    def _make(self, at: FunctionAt) -> Frame | None:
        function = self.linker.body(at)
        if function is None or function.graph is None:
            return None
        return Frame(at.module, function, self.linker, self._around(at), wraps=at.wraps)

    def _around(self, at: FunctionAt) -> Frame | None:
        """The frame of the function around `at`: of a wrapper, its decorator, given what it decorates."""
        if ".<locals>" not in at.qualname:
            return None
        outer = FunctionAt(at.module, at.qualname.rpartition(".<locals>")[0])
        function = self.linker.body(outer) if at.wraps is not None else None
        if function is None or function.graph is None or at.wraps is None:
            return self.of(outer)
        return Frame(
            at.module, function, self.linker, self._around(outer), wraps=at.wraps, decorates=at.wraps
        )
