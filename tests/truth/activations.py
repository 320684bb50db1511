"""The running functions of a program, and what they hold.

A session belongs to the *activation* (the running function) that opened it, until it is returned:
then it belongs to the activation of the caller, and counts as opened at the call; or, where the caller
is not in the program, it has been handed on.
"""

from __future__ import annotations

import sys
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any

from tests.truth.instances import held

if TYPE_CHECKING:
    from tests.truth.notes import Watched
    from tests.truth.witnesses import Run


class Activation:
    """One running function of the program."""

    __slots__ = ("dropped", "generator", "given", "name", "owned", "run", "suspended", "thrown", "value")

    def __init__(self, run: Run | None, name: str, generator: bool) -> None:
        self.run = run
        self.name = name
        self.generator = generator
        self.owned: list[Watched] = []
        self.given: set[int] | None = None
        self.suspended = False
        self.thrown = False
        self.dropped = False
        self.value: tuple[int, Any] | None = None

    def __enter__(self) -> Activation:
        return self

    def __exit__(self, kind: Any, error: BaseException | None, traceback: TracebackType | None) -> None:
        run = self.run
        if run is None or run.finished:
            return
        self.awake()
        if kind is not None:
            run.leaves_by(error)
        elif self.value is not None:
            self._gives(*self.value)

    def names(self, variables: dict[str, Any]) -> None:
        """The variables of the function have changed; the first time they are its parameters."""
        if self.given is None:
            self.given = {id(each) for each in variables.values()}
        if self.run is not None and self.run.calls:
            self.run.names(variables.values())
        if self.owned:
            present = {id(each) for each in variables.values()}
            for watched in self.owned:
                self._look_for(watched, id(watched.session) in present)

    def returning(self, line: int, value: Any) -> Any:
        self.value = (line, value)
        if self.run is not None:
            self.run.passes_on(value)
        return value

    def yielding(self, line: int, value: Any) -> Any:
        run = self.run
        if run is not None and not run.finished:
            run.hands_out(value, line)
            run.passes_on(value)
            for watched in run.sessions_in(value):
                watched.named = True
            for watched in self.owned:
                watched.over_yield = watched.over_yield or self.generator
            self.suspended = True
        return value

    def resumed(self, value: Any) -> Any:
        self.suspended = False
        return value

    def awake(self) -> None:
        """The function runs again; if it was suspended it was woken by an exception."""
        if self.suspended:
            self.suspended = False
            self.thrown = True
            self.dropped = sys.exc_info()[0] is GeneratorExit

    def handler(self, line: int) -> Handler:
        return Handler(self, line)

    def cleanup(self, line: int) -> Cleanup:
        return Cleanup(self)

    def _look_for(self, watched: Watched, present: bool) -> None:
        if present:
            watched.named = watched.held = True
            watched.lost = False
        elif watched.held:
            watched.held = False
            watched.lost = (watched.open or watched.used_again > 0) and not watched.handed_on

    def _gives(self, line: int, value: Any) -> None:
        run = self.run
        assert run is not None
        if value is None:
            return
        run.hands_out(value, line)
        for watched in list(run.sessions_in(list(held(value)))):
            if watched.owner is self:
                self._passes_up(watched)

    def _passes_up(self, watched: Watched) -> None:
        assert self.run is not None
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            if frame.f_code.co_filename == self.run.filename:
                caller = frame.f_locals.get("__act__")
                if caller is not None and caller is not self:
                    self.owned.remove(watched)
                    watched.owner, watched.line = caller, frame.f_lineno
                    watched.named = watched.held = watched.lost = False
                    caller.owned.append(watched)
                    return
            frame = frame.f_back
        watched.handed_on = True


class Handler:
    """The body of an ``except``."""

    __slots__ = ("activation", "line", "mine")

    def __init__(self, activation: Activation, line: int) -> None:
        self.activation = activation
        self.line = line
        self.mine = False

    def __enter__(self) -> None:
        run = self.activation.run
        self.activation.awake()
        self.activation.value = None
        if run is not None and not run.finished:
            run.going_on.append(sys.exc_info()[1])
            self.mine = run.handling(sys.exc_info()[1], self.activation)

    def __exit__(self, kind: Any, error: BaseException | None, traceback: TracebackType | None) -> None:
        run = self.activation.run
        if run is not None and run.going_on:
            run.going_on.pop()
        if self.mine and run is not None and not run.finished:
            run.handled(self.line, raising=kind is not None)


class Cleanup:
    """The body of a ``finally``."""

    __slots__ = ("activation",)

    def __init__(self, activation: Activation) -> None:
        self.activation = activation

    def __enter__(self) -> None:
        run = self.activation.run
        self.activation.awake()
        if run is not None and not run.finished:
            run.going_on.append(sys.exc_info()[1])
            run.cleaning(self.activation)

    def __exit__(self, *_: object) -> None:
        run = self.activation.run
        if run is not None and run.going_on:
            run.going_on.pop()
