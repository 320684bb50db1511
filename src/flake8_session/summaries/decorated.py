"""What the decorators of a function make of a call of it."""

from __future__ import annotations

from flake8_session.flow.outline import Expression, Function

_PLAIN = frozenset(
    {
        "staticmethod",
        "classmethod",
        "lru_cache",
        "cache",
        "wraps",
        "override",
        "overload",
        "final",
        "property",
        "cached_property",
        "hybrid_property",
        "hybrid_method",
        "memoized_property",
    }
)
_BINDING = frozenset({"classmethod", "staticmethod"})
_MANAGING = frozenset({"contextmanager", "asynccontextmanager"})
_REMEMBERING = frozenset({"lru_cache", "cache", "cached_property", "memoized_property"})


def is_plain(function: Function) -> bool:
    """Whether nothing but the function's own body runs when it is called."""
    return {_name(decorator) for decorator in function.decorators} <= _PLAIN


def is_remembered(function: Function) -> bool:
    """Whether a call may give what an earlier call has given: whoever asks does not own it."""
    return any(_name(decorator) in _REMEMBERING for decorator in function.decorators)


def changing(function: Function) -> list[Expression]:
    """The decorators that may have something else run when the function is called."""
    return [decorator for decorator in function.decorators if _name(decorator) not in _PLAIN]


def is_bare(function: Function) -> bool:
    """Whether nothing decorates the function, but for what says how a method is bound."""
    return {_name(decorator) for decorator in function.decorators} <= _BINDING


def is_manager(function: Function) -> bool:
    """Whether a ``with`` may drive the generator: by its decorator, or because nothing decorates it."""
    names = {_name(decorator) for decorator in function.decorators}
    return names <= _BINDING or not names.isdisjoint(_MANAGING)


def _name(expression: object) -> str:
    name = getattr(expression, "name", None)
    if isinstance(name, str):
        return name.rpartition(".")[2]
    function = getattr(expression, "function", None)
    return _name(function) if function is not None else "?"
