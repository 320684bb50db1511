"""Who runs when, and who works with which session meanwhile: tasks, threads, and what starts them.

A *context* is a task or thread that the program has started. It is alive from its start until it has
ended. Two contexts share a session where one of them works with it, and somebody else does while that one
is alive: then nothing but luck keeps them apart. What a context has started itself works for it.
Two that work inside the same lock wait for one another.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import get_ident
from typing import Any


@dataclass(slots=True, eq=False)
class Context:
    """A task or a thread. `began` and `ended` are times of the clock of its `Contexts`."""

    code: str
    parent: Context | None
    began: int
    ended: int | None = None
    worker: object = None
    """Who does it, where that does one thing after the other."""
    lock: object = None
    """The lock that it is inside of."""

    def within(self, other: Context) -> bool:
        """Whether this is `other`, or was started by it."""
        context: Context | None = self
        while context is not None and context is not other:
            context = context.parent
        return context is other


@dataclass(slots=True, eq=False)
class Contexts:
    """All contexts of one run, and the uses of sessions in them."""

    clock: int = 0
    started: list[Context] = field(default_factory=list)
    uses: list[tuple[int, Context | None, int, object]] = field(default_factory=list)
    """When, by whom (None: the function that was called), which session, and inside of which lock."""
    by_task: dict[Any, Context] = field(default_factory=dict)
    by_thread: dict[int, Context] = field(default_factory=dict)

    def start(self, code: str, worker: object = None) -> Context:
        """A task or thread begins to be alive; `code`: the rule that is about its kind."""
        self.clock += 1
        context = Context(code, self.current(), self.clock, worker=worker)
        self.started.append(context)
        return context

    def end(self, context: Context) -> None:
        self.clock += 1
        context.ended = self.clock

    def use(self, session: Any) -> None:
        """Somebody works with a session."""
        self.clock += 1
        context = self.current()
        lock = context.lock if context is not None else None
        self.uses.append((self.clock, context, id(getattr(session, "sync_session", session)), lock))

    def current(self) -> Context | None:
        """Who is being executed."""
        thread = self.by_thread.get(get_ident())
        if thread is not None:
            return thread
        try:
            return self.by_task.get(asyncio.current_task())
        except RuntimeError:
            return None

    def shared(self) -> Iterator[str]:
        """The rule that is about it, for each context that shares a session with somebody."""
        for context in self.started:
            mine = [use for use in self.uses if use[1] is not None and use[1].within(context)]
            others = [
                use
                for use in self.uses
                if use not in mine and _is_alive(context, use[0]) and not _takes_turns(context, use[1])
            ]
            for _, user, session, lock in mine:
                if user is not None and any(
                    other[2] == session and (lock is None or other[3] is not lock) for other in others
                ):
                    yield user.code



def _is_alive(context: Context, time: int) -> bool:
    return context.began < time and (context.ended is None or time < context.ended)


def _takes_turns(context: Context, other: Context | None) -> bool:
    return other is not None and context.worker is not None and context.worker is other.worker
