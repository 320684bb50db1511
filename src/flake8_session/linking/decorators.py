"""Who calls a decorated function, and gives it its session: a framework, a ``with``, pytest, a decorator."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_session.flow.outline import Applied, Expression, Function, Named
from flake8_session.knowledge import frameworks
from flake8_session.linking.linker import Linker
from flake8_session.linking.meanings import External, Lending


def lent_parameter(linker: Linker, module: str, function: Function) -> str:
    """The parameter for which a decorator gives the function a session; `""` where none does."""
    if not any(_lends(linker, module, decorator) for decorator in function.decorators):
        return ""
    names = [each.name for each in function.parameters if each.keyword in ("", "*")]
    if function.parent and not function.parent.endswith("<locals>"):
        names = names[1:]
    return next((name for name in names if frameworks.is_session_name(name)), names[0] if names else "")


def _lends(linker: Linker, module: str, decorator: Expression) -> bool:
    bare = decorator.function if isinstance(decorator, Applied) else decorator
    if not isinstance(bare, Named):
        return False
    return isinstance(linker.expression(module, bare), Lending)


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
