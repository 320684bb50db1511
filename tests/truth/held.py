"""Threads and executors that begin only when somebody waits for them, and a loop that does so as well.

So it does not hang on luck what a run shows: whatever the program does between the start of a thread and
the wait for it is done while the thread is alive and has done nothing yet.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import pickle
import threading
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Literal

from tests.truth.contexts import Context, Contexts
from tests.truth.instances import is_session
from tests.truth.sessions import Stage

Pool = concurrent.futures.ThreadPoolExecutor
THREADS, TASKS = "SES406", "SES405"


class HeldThread(threading.Thread):
    """A thread that runs once it is joined, or the run is over."""

    _context: Context | None = None
    _contexts: Contexts | None = None

    def start(self) -> None:
        run = Stage.run
        if run is None or run.finished:
            return
        self._contexts = run.contexts
        self._context = run.contexts.start(THREADS)
        run.held.append(self.join)

    def join(self, timeout: float | None = None) -> None:
        context, contexts = self._context, self._contexts
        if context is None or contexts is None:
            return
        self._context = None
        in_thread(contexts, context, self.run, getattr(self, "_target", None))


class HeldTimer(HeldThread):
    """A `threading.Timer`: its time comes when nobody waits any more."""

    def __init__(self, interval: float, function: Any, args: Any = None, kwargs: Any = None) -> None:
        super().__init__(target=function, args=args or (), kwargs=kwargs or {})


class Pickler:
    """A `multiprocessing.Process`, as far as it writes down what it is given; a session cannot be."""

    def __init__(self, target: Any = None, args: Any = (), kwargs: Any = None, **_: object) -> None:
        self._given = (*args, *(kwargs or {}).values())

    def start(self) -> None:
        for each in self._given:
            try:
                # Of a watched session its class cannot be written down, which says nothing of a session.
                pickle.dumps(vars(each) if is_session(each) else each)
            except TypeError:
                if Stage.run is not None:
                    Stage.run.see("SES406")
                raise

    def join(self, timeout: float | None = None) -> None:
        """What is written down nobody reads."""


class HeldFuture(concurrent.futures.Future):  # type: ignore[type-arg]
    """What an executor gives: its work is done once somebody asks for the result."""

    def __init__(self, function: partial[Any], worker: object = None, pool: Pool | None = None) -> None:
        super().__init__()
        self._pool = pool
        run = Stage.run
        assert run is not None
        self._function: partial[Any] | None = function
        self._contexts = run.contexts
        self._context = run.contexts.start(THREADS, worker)
        run.held.append(self.work)

    def work(self) -> None:
        """Does it, in a thread of its own."""
        function, self._function = self._function, None
        if function is None:
            return

        def body() -> None:
            try:
                self.set_result(function())
            except BaseException as error:
                self.set_exception(error)

        in_thread(self._contexts, self._context, body, function.func, self._pool)

    def result(self, timeout: float | None = None) -> Any:
        self.work()
        return super().result(timeout)


class HeldExecutor:
    """A `ThreadPoolExecutor` with a thread for each piece of work."""

    def __init__(self, max_workers: int | None = None, **_: object) -> None:
        self._worker = self if max_workers == 1 else None
        self._futures: list[HeldFuture] = []

    def submit(self, function: Any, /, *arguments: Any, **keywords: Any) -> HeldFuture:
        future = HeldFuture(partial(function, *arguments, **keywords), self._worker)
        self._futures.append(future)
        return future

    def map(self, function: Any, *iterables: Iterable[Any]) -> Any:
        futures = [self.submit(function, *each) for each in zip(*iterables, strict=False)]
        return (future.result() for future in futures)

    def shutdown(self, *_: object, **__: object) -> None:
        for future in self._futures:
            future.work()

    def __enter__(self) -> HeldExecutor:
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()


class NotedLock(asyncio.Lock):
    """A lock that notes down which task is inside of it."""

    async def acquire(self) -> Literal[True]:
        await super().acquire()
        _enter(self)
        return True

    def release(self) -> None:
        _enter(None)
        super().release()


class NotedSemaphore(asyncio.Semaphore):
    """A semaphore that does so where it lets in one at a time."""

    def __init__(self, value: int = 1) -> None:
        super().__init__(value)
        self._lock = self if value == 1 else None

    async def acquire(self) -> Literal[True]:
        await super().acquire()
        _enter(self._lock)
        return True

    def release(self) -> None:
        _enter(None)
        super().release()


def _enter(lock: object) -> None:
    run = Stage.run
    context = run.contexts.current() if run is not None else None
    if context is not None:
        context.lock = lock


class HeldLoop(asyncio.SelectorEventLoop):
    """A loop that notes down its tasks; what it gives to a thread is done when the loop goes on."""

    def __init__(self) -> None:
        super().__init__()
        self._pool = Pool(max_workers=1)
        self.set_task_factory(_task)

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:
        run = Stage.run
        if run is None or run.finished:
            return super().run_in_executor(executor, func, *args)
        work = HeldFuture(partial(func, *args), pool=self._pool)
        self.call_soon(work.work)
        return asyncio.wrap_future(work, loop=self)

    def close(self) -> None:
        self._pool.shutdown()
        super().close()


def in_thread(
    contexts: Contexts, context: Context, function: Callable[[], Any], target: Any, pool: Pool | None = None
) -> None:
    """Calls a function in a thread, as that context, and waits for it.

    `target` is what the program gave. The thread is one of its own, or the one that `pool` keeps.
    """

    def body() -> None:
        contexts.by_thread[threading.get_ident()] = context
        owner = getattr(target, "__self__", None)
        if is_session(owner):
            contexts.use(owner)
        try:
            function()
        finally:
            del contexts.by_thread[threading.get_ident()]

    if pool is not None:
        pool.submit(body).result()
    else:
        thread = threading.Thread(target=body)
        thread.start()
        thread.join()
    contexts.end(context)


def _task(loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any) -> Any:
    """A task of the loop; what is there first is the function itself."""
    task = asyncio.Task(coroutine, loop=loop, **options)
    run = Stage.run
    if run is not None and not run.finished and asyncio.current_task(loop) is not None:
        contexts, context = run.contexts, run.contexts.start(TASKS)
        contexts.by_task[task] = context
        task.add_done_callback(lambda _: contexts.end(context))
    return task
