"""What runs at the same time is known by its name: each name of the standard library must be there."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import threading
from concurrent.futures import Executor, ThreadPoolExecutor
from multiprocessing.pool import Pool

import pytest

from flake8_session.knowledge import concurrency

NAMES = sorted(
    name
    for names in (
        concurrency.TASK_STARTERS,
        concurrency.GATHERERS,
        concurrency.THREADS,
        concurrency.THREAD_STARTERS,
        concurrency.EXECUTORS,
    )
    for name in names
    if name.partition(".")[0] in ("asyncio", "concurrent", "multiprocessing", "threading")
)


@pytest.mark.parametrize("name", NAMES)
def test_the_name_is_there_and_can_be_called(name: str) -> None:
    module, _, last = name.rpartition(".")
    assert callable(getattr(importlib.import_module(module), last))


def test_the_methods_belong_to_what_they_are_said_of() -> None:
    loop = asyncio.AbstractEventLoop
    assert all(hasattr(loop, method) for method in concurrency.LOOP_METHODS)
    assert {"submit", "map"} <= concurrency.EXECUTOR_METHODS & set(dir(Executor))
    assert set(dir(Pool)) >= concurrency.EXECUTOR_MAPS
    assert hasattr(loop, "create_task")
    assert "create_task" in concurrency.TASK_METHODS


def test_the_classes_run_what_they_are_given_once_they_are_started() -> None:
    ran = threading.Event()
    thread = threading.Thread(target=ran.set)
    assert not ran.is_set()
    thread.start()
    thread.join()
    assert ran.is_set()


def test_leaving_an_executor_waits() -> None:
    ran = threading.Event()
    with ThreadPoolExecutor() as executor:
        executor.submit(ran.set)
    assert ran.is_set()


def test_gathering_wants_awaitables_and_gives_one() -> None:
    assert not inspect.iscoroutinefunction(asyncio.gather)
    assert inspect.iscoroutinefunction(asyncio.wait)
    assert inspect.iscoroutinefunction(asyncio.to_thread)
