"""Who calls a decorated function: a framework, a ``with``, pytest."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_session.flow.outline import Applied, Function, Named
from flake8_session.knowledge import frameworks
from flake8_session.linking.linker import Linker
from flake8_session.linking.meanings import External


def drivers(linker: Linker, module: str, function: Function) -> Iterator[frameworks.Driver]:
    """Who calls the function, by each of its decorators that is known."""
    for decorator in function.decorators:
        bare = decorator.function if isinstance(decorator, Applied) else decorator
        if not isinstance(bare, Named):
            continue
        meaning = linker.expression(module, bare)
        name = meaning.name if isinstance(meaning, External) else bare.name
        found = frameworks.driver(name.removeprefix("builtins.")) or frameworks.driver(bare.name)
        if found is not None:
            yield found
