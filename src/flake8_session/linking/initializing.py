"""What runs when a class of the project is called, where all of it is in sight.

Not modelled: metaclasses, and decorators that write an ``__init__``.
"""

from __future__ import annotations

from flake8_session.linking.linker import Linker
from flake8_session.linking.meanings import ClassAt, External, FunctionAt

_BARE = frozenset(
    {
        "abc.ABC",
        "builtins.object",
        "contextlib.AbstractAsyncContextManager",
        "contextlib.AbstractContextManager",
        "typing.Generic",
        "typing.Protocol",
    }
)
"""Classes of Python's that are made without any work."""


def initializers(linker: Linker, at: ClassAt) -> tuple[FunctionAt, ...] | None:
    """The function that constructing an object of the class runs, or none; None where that is not known."""
    for base in linker.ancestry(at):
        if isinstance(base, External):
            if base.name not in _BARE:
                return None
            continue
        class_ = linker.class_(base)
        if class_ is None or class_.decorators or class_.keywords or "__new__" in class_.methods:
            return None
        if "__init__" in class_.methods:
            return (FunctionAt(base.module, f"{base.qualname}.__init__"),)
        bases = [linker.expression(base.module, each) for each in class_.bases]
        if not all(isinstance(each, ClassAt | External) for each in bases):
            return None
    return ()
