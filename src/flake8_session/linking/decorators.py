"""Who calls a decorated function, and gives it its session: a framework, a ``with``, pytest, a decorator."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_session.flow.outline import Applied, Expression, Function, Named
from flake8_session.knowledge import frameworks
from flake8_session.linking.linker import Linker
from flake8_session.linking.meanings import External, Lending
from flake8_session.linking.spelling import last_name


def lent_parameter(linker: Linker, module: str, function: Function) -> str:
    """The parameter for which a decorator gives the function a session; `""` where none does.

    A decorator that the user tells of gives it to the first parameter where none is called like one;
    one that only its own name speaks for, to a parameter that is called like one.
    """
    bare = [each.function if isinstance(each, Applied) else each for each in function.decorators]
    is_told = any(_is_told(linker, module, decorator) for decorator in bare)
    if not is_told and not any(last_name(decorator) in frameworks.LENDING for decorator in bare):
        return ""
    names = [each.name for each in function.parameters if each.keyword in ("", "*")]
    if function.parent and not function.parent.endswith("<locals>"):
        names = names[1:]
    first = names[0] if names and is_told else ""
    return next((name for name in names if frameworks.is_session_name(name)), first)


def _is_told(linker: Linker, module: str, decorator: Expression) -> bool:
    return isinstance(decorator, Named) and isinstance(linker.expression(module, decorator), Lending)


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
