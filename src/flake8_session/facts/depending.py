"""When FastAPI ends a session that a dependency lends to a route: after what it runs later, or before.

``Depends(get_db, scope="function")`` ends it when the route returns. Without a scope the version of FastAPI
decides, and only where the dependency is a generator in sight; where it is not known, nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flake8_session.flow.events import Place
from flake8_session.flow.outline import Applied, Expression, Indexed, Literal
from flake8_session.knowledge import frameworks
from flake8_session.linking.frames import Frame
from flake8_session.linking.meanings import External, FunctionAt

_SCOPE = "scope"


def ends_with_route(frame: Frame, places: Iterable[Place], fastapi: str) -> bool:
    """Whether the session in one of the parameters `places` is ended as soon as the function returns."""
    return any(
        _ends_early(frame, module, depends, fastapi)
        for parameter in frame.function.parameters
        if parameter.name in places
        for expression in (parameter.default, parameter.annotation)
        if expression is not None
        for module, depends in dependencies(frame, frame.module, expression)
    )


def dependencies(frame: Frame, module: str, expression: Expression) -> Iterator[tuple[str, Applied]]:
    """Every ``Depends(...)`` in a default or annotation, with the module that it is written in.

    ``module`` is the one that `expression` stands in; an alias leads to the one that it is made in.
    """
    module, expression = frame.linker.unaliased(module, expression)
    match expression:
        case Applied(function, _):
            meaning = frame.linker.expression(module, function)
            if isinstance(meaning, External) and meaning.name in frameworks.DEPENDENCIES:
                yield module, expression
        case Indexed(_, items):
            for item in items:
                yield from dependencies(frame, module, item)


def _ends_early(frame: Frame, module: str, depends: Applied, fastapi: str) -> bool:
    scopes = [value for keyword, value in depends.arguments if keyword == _SCOPE]
    if scopes:
        return scopes == [Literal("function")]
    first, behind = frameworks.CLOSING_FIRST
    if not first <= _numbers(fastapi) < behind:
        return False
    given = [value for keyword, value in depends.arguments if keyword in ("", "dependency")]
    dependency = frame.linker.expression(module, given[0]) if given else None
    function = frame.linker.function(dependency) if isinstance(dependency, FunctionAt) else None
    return function is not None and function.generator


def _numbers(version: str) -> tuple[int, ...]:
    parts = version.split(".")
    return tuple(int(part) for part in parts) if all(part.isdigit() for part in parts) else ()
