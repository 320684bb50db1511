"""Functions of which nobody knows what they do: `work()`, `cond()`, `items()`, `awork()`."""

from __future__ import annotations

from collections.abc import Iterator

from tests.truth.instances import is_session
from tests.truth.sessions import Stage
from tests.truth.witnesses import Run


def work(*_: object, **__: object) -> int:
    """Anything; fails as every call may."""
    return 1


def cond(*_: object) -> bool:
    """Yes or no; when asked often at the same line: no, yes, no, yes …"""
    run = Stage.run
    assert run is not None
    times = run.calls_by_line[run.call_line] = run.calls_by_line.get(run.call_line, 0) + 1
    return run.trail.choose(2) == 1 if times <= run.turns else (times - run.turns) % 2 == 0


def items(*_: object) -> Iterator[int]:
    """None, one or more things, whose iteration may fail."""
    run = Stage.run
    assert run is not None
    return _Items(run, run.trail.choose(run.turns + 1), run.call_line)


class _Items:
    def __init__(self, run: Run, length: int, line: int) -> None:
        self._run = run
        self._left = length
        self._line = line

    def __iter__(self) -> _Items:
        return self

    def __next__(self) -> int:
        if not self._run.finished:
            self._run.may_fail(self._run.failures.other, self._line)
        if self._left == 0:
            raise StopIteration
        self._left -= 1
        return self._left + 1


async def awork(*given: object, **_: object) -> int:
    """Anything that is awaited; a session that it is given it may work with."""
    run = Stage.run
    if run is not None and not run.finished:
        for each in filter(is_session, given):
            run.contexts.use(each)
        run.may_fail(run.failures.other, run.await_line)
    return 1
