"""What runs something at the same time: tasks, threads, processes, queues.

A *starter* is given work and goes on; what it gives back can be waited for. Functions and classes are
asked by full name. Methods are asked by their last part, together with an argument that is known to
carry a session: whose method it is can seldom be told.
"""

from __future__ import annotations

TASK_STARTERS = frozenset(
    {
        "asyncio.create_task",
        "asyncio.ensure_future",
        "asyncio.tasks.create_task",
        "asyncio.tasks.ensure_future",
    }
)
"""Functions that begin a coroutine and give its task."""

TASK_METHODS = frozenset({"create_task", "start_soon", "ensure_future"})
"""Methods of a loop, a task group or a nursery that do."""

GATHERERS = frozenset(
    {
        "asyncio.gather",
        "asyncio.wait",
        "asyncio.as_completed",
        "asyncio.tasks.gather",
        "asyncio.tasks.wait",
        "asyncio.tasks.as_completed",
    }
)
"""Functions that run all that they are given at the same time."""

LOCKS = frozenset({"asyncio.Lock", "asyncio.Condition", "asyncio.locks.Lock", "anyio.Lock"})
SEMAPHORES = frozenset(
    {
        "asyncio.BoundedSemaphore",
        "asyncio.Semaphore",
        "asyncio.locks.BoundedSemaphore",
        "asyncio.locks.Semaphore",
        "anyio.CapacityLimiter",
        "anyio.Semaphore",
    }
)
"""Classes whose objects let one task into their ``with`` at a time; semaphores as many as they are told."""

THREADS = frozenset(
    {
        "threading.Thread",
        "threading.Timer",
    }
)
"""Classes whose objects run elsewhere once they are started."""

PROCESSES = frozenset(
    {
        "multiprocessing.Process",
        "multiprocessing.context.Process",
        "multiprocessing.process.BaseProcess",
    }
)
"""The same in another process. A session cannot be pickled; a fork has the same connection twice."""

THREAD_STARTERS = frozenset(
    {
        "asyncio.to_thread",
        "asyncio.threads.to_thread",
        "anyio.to_thread.run_sync",
        "fastapi.concurrency.run_in_threadpool",
        "starlette.concurrency.run_in_threadpool",
    }
)
"""Functions that call what they are given in a thread, and give something to await."""

EXECUTORS = frozenset(
    {
        "concurrent.futures.Executor",
        "concurrent.futures.ProcessPoolExecutor",
        "concurrent.futures.ThreadPoolExecutor",
        "concurrent.futures.process.ProcessPoolExecutor",
        "concurrent.futures.thread.ThreadPoolExecutor",
        "multiprocessing.Pool",
        "multiprocessing.pool.Pool",
        "multiprocessing.pool.ThreadPool",
    }
)
"""Classes, and a function, whose objects have the `EXECUTOR_METHODS`. Leaving their ``with`` waits."""

EXECUTOR_MAPS = frozenset({"map", "map_async", "starmap", "starmap_async", "imap", "imap_unordered"})
"""Methods that have several workers call one function at the same time."""

EXECUTOR_METHODS = EXECUTOR_MAPS | {"submit", "apply_async"}
LOOP_METHODS = frozenset({"run_in_executor"})

QUEUE_METHODS = frozenset({"delay", "apply_async"})
"""Methods of a task of a queue, which another process runs."""

BACKGROUND = frozenset(
    {
        "fastapi.BackgroundTasks",
        "fastapi.background.BackgroundTasks",
        "starlette.background.BackgroundTasks",
    }
)
STREAMS = frozenset(
    {
        "fastapi.responses.StreamingResponse",
        "starlette.responses.StreamingResponse",
    }
)
"""What FastAPI runs when the response is sent, or while it is."""

KEEPS_RUNNING = frozenset({"start", "add_done_callback", "append", "appendleft", "add", "insert", "extend"})
"""Methods that do not wait for what is running: its own, and those of a container that it is put into."""
