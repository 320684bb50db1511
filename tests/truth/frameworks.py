"""The frameworks that drive functions, real ones, and how a run is given to them.

- A route is asked for by a request to the FastAPI application that its router makes. FastAPI drives the
  dependencies, sends the response, and runs what is told to run behind it. A case about a release that ends
  the dependencies before the response has all of them end there, as ``scope="function"`` says today.
- A Celery task is given to the broker that lives in the process, which has its arguments serialized.
- A pytest fixture is the function below the decorator; its generator is driven to its end, as pytest does.

They are imported by the cases that name them alone.
"""

from __future__ import annotations

import importlib.util
import re
import types
from functools import partial
from typing import Any

_ENDS_FIRST = re.compile(r"^# settings:.*\bfastapi_version=0\.1(?:0[6-9]|1\d)\b", re.M)
_PATH = re.compile(r"\{(\w+)\}")
FRAMEWORKS = ("fastapi", "celery")


def missing(text: str) -> str:
    """The framework that a program imports and that is not installed; empty if there is none."""
    named = [each for each in FRAMEWORKS if re.search(rf"^from {each}\b", text, re.M)]
    return next((each for each in named if importlib.util.find_spec(each) is None), "")


def modules(text: str) -> dict[str, types.ModuleType]:
    """What a program finds in place of the frameworks that it names."""
    found = {}
    if re.search(r"^from celery\b", text, re.M):
        _celery()
    if _ENDS_FIRST.search(text):
        found["fastapi"] = _that_ends_first()
    return found


def _celery() -> None:
    """A broker in the process takes what tasks are given, serialized as every broker gets it."""
    import celery

    celery.Celery(broker="memory://").set_default()


def _that_ends_first() -> types.ModuleType:
    import fastapi

    module = types.ModuleType("fastapi")
    module.__dict__.update(vars(fastapi))
    module.__dict__["Depends"] = partial(fastapi.Depends, scope="function")
    return module


class Application:
    """The FastAPI application of a program's routers."""

    def __init__(self, space: dict[str, Any]) -> None:
        self._paths: dict[str, tuple[str, str]] = {}
        self._app: Any = None
        routers = [each for each in space.values() if type(each).__name__ == "APIRouter"]
        if routers:
            import fastapi

            self._app = fastapi.FastAPI()
            for router in routers:
                self._app.include_router(router)
                for route in router.routes:
                    self._paths[route.endpoint.__name__] = (min(route.methods), route.path)

    def has(self, name: str) -> bool:
        """Whether the function of this name is a route."""
        return name in self._paths

    async def ask(self, name: str, run: Any) -> int:
        """A request for the route `name`; its status. What is done behind the response, `run` is told."""
        method, path = self._paths[name]
        status = 0

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                run.answered = True
                status = message["status"]

        path = _PATH.sub("1", path)
        scope = {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.4"}, "http_version": "1.1",
            "method": method, "scheme": "http", "path": path, "raw_path": path.encode(), "root_path": "",
            "query_string": b"", "headers": [], "client": ("test", 1), "server": ("test", 80),
        }  # fmt: skip
        await self._app(scope, receive, send)
        return status


def unwrapped(function: Any, decorators: tuple[str, ...]) -> Any:
    """The function below the decorator of a pytest fixture, which nobody else may call."""
    fixture = any("fixture" in each for each in decorators)
    return getattr(function, "__wrapped__", function) if fixture else function


def importer(found: dict[str, types.ModuleType], otherwise: Any) -> Any:
    """``__import__`` of a program that finds these modules besides what `otherwise` gives."""

    def find(name: str, space: Any = None, local: Any = None, wanted: Any = (), level: int = 0) -> Any:
        return found[name] if name in found else otherwise(name, space, local, wanted, level)

    return find

