"""Which variables hold a session or nothing: of those, what is false is None.

No session class defines ``__bool__`` or ``__len__``, so ``x or Session()`` and ``x is None`` ask the same
thing of an `x` that is only ever a session or None.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from flake8_session.flow.events import Place
from flake8_session.linking.meanings import Borrowed, Made, Meaning


def session_or_none(
    parameters: Iterable[Place],
    bindings: Mapping[Place, tuple[Place, ...]],
    meaning: Callable[[Place], Meaning],
) -> frozenset[Place]:
    """The places that stand for a session where they stand for anything.

    A place does if it means a session, and so does what is bound to the same variable as a session:
    `session` in ``s = session or Session()``. `bindings`: what each place is bound to.
    """
    fellows: dict[Place, set[Place]] = {place: set() for place in parameters}
    for target, sources in bindings.items():
        for place in sources:
            if _is_variable(target) and _is_variable(place):
                fellows.setdefault(target, set()).add(place)
                fellows.setdefault(place, set()).add(target)
    found = {place for place in fellows if isinstance(meaning(place), Made | Borrowed)}
    pending = list(found)
    while pending:
        fresh = fellows[pending.pop()] - found
        found |= fresh
        pending.extend(fresh)
    return frozenset(found)


def _is_variable(place: Place) -> bool:
    return place[0] not in "=@"
