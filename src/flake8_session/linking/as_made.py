"""How a session is configured of which there is only an annotation.

``session: Session`` does not say whether a commit expires, and a query flushes. Both are taken to, unless
the factories at the top level of the same module, or of one around it, are told otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from flake8_session.flow.events import Argument
from flake8_session.flow.outline import Applied, Function
from flake8_session.knowledge.factories import EXPIRING
from flake8_session.linking.meanings import Factory, Options, Registry

if TYPE_CHECKING:
    from flake8_session.linking.linker import Linker


def as_made(linker: Linker, module: str, options: Options) -> Options:
    """How a session is configured that is only annotated, as far as the factories in sight agree.

    Where one expires at a commit and another one does not, it is taken to be of the usual kind.
    """
    nothing: frozenset[_Told] = frozenset()
    asked = ("as made", module)
    told = linker.answers.ask(asked, lambda: frozenset(_told(linker, module)), nothing, nothing)
    same = [each for each in told if each.asynchronous is options.asynchronous]
    expires = {each.expires for each in same}
    return replace(
        options,
        expires=expires.pop() if len(expires) == 1 and options.expires is not None else options.expires,
        autoflush=any(each.autoflush for each in same) or not same,
    )


class _Told(NamedTuple):
    """What a factory is told that changes how its sessions move."""

    asynchronous: bool = False
    expires: bool | None = None
    autoflush: bool = True


def _told(linker: Linker, module: str) -> Iterator[_Told]:
    """What is told to the factories and registries at the top level of the module and of those around it.

    Where none is in sight, a function that tells it to one session says that the others are not known.
    """
    near = linker.modules.configuring(module)
    made = [factory.options for each in near for factory in _factories(linker, each)]
    if not made and any(_keeps(each) for module in near for each in linker.functions(module, EXPIRING)):
        yield _Told()
    for options in made:
        yield _Told(options.asynchronous, options.expires, options.autoflush)


def _factories(linker: Linker, module: str) -> Iterator[Factory | Registry]:
    """Those that the module binds itself, or a function of it that declares their names ``global``."""
    outline = linker.outline(module)
    if outline is None:
        return
    bound = [each for those in outline.assigned.values() for each in those]
    made = [linker.assigned(module, *each) for each in bound if isinstance(each[1], Applied)]
    made += [linker.top_level(module, name) for name in outline.rebound]
    yield from (each for each in made if isinstance(each, Factory | Registry))


def _keeps(function: Function) -> bool:
    steps = function.graph.steps if function.graph is not None else ()
    return any(Argument("=False", EXPIRING) in getattr(step.event, "arguments", ()) for step in steps)
