"""A ``with`` around the live range of a session, or a ``close()`` in the ``finally`` of a ``try``.

The *live range* is the stretch of one block from the statement that opens the session to the last
one that reads it, or that reads an instance of it while it is open. Where a handler or ``finally``
around that block reads the session as well, its opening moves in front of the outermost such
``try``, and the ``finally`` of that closes it.
"""

from __future__ import annotations

from flake8_session.editing.blocks import Unit
from flake8_session.editing.ground import Ground
from flake8_session.editing.hoisting import around_try
from flake8_session.editing.made import Made
from flake8_session.editing.openings import Opening, opening_of
from flake8_session.editing.plans import Enclose
from flake8_session.editing.removing import without_closes
from flake8_session.editing.rendering import Change
from flake8_session.editing.wrapping import (
    is_followed_closely,
    last_of,
    merged,
    with_gap_behind,
    with_statement,
)

EARLIER = "what opens the session runs earlier then"


def enclose(plan: Enclose, ground: Ground) -> Made | None:
    """Makes the change that `plan` asks for; None where no stretch of statements holds the live range."""
    opening = opening_of(plan, ground)
    if opening is None or opening.position.block.node is ground.layout.module:
        return None
    bound = [ground.position(touch.origin) for touch in plan.touches if touch.bound]
    held = [ground.position(touch.origin) for touch in plan.touches if not touch.bound and touch.open]
    last = last_of(bound, opening.position)
    if last is None:
        return around_try(plan, ground, opening, bound)
    last_held = last_of(held, opening.position)
    if last_held is not None:
        return _with(plan, ground, opening, max(last, last_held))
    return around_try(plan, ground, opening, [*bound, *held])


def _with(plan: Enclose, ground: Ground, opening: Opening, last: int) -> Made | None:
    block, index = opening.position.block, opening.position.index
    inner = list(block.units[index + 1 : last + 1])
    if opening.remains is not None:
        inner.insert(0, opening.remains)
    body = without_closes(inner, block, plan, ground)
    if not body:
        return None
    statement = with_statement(plan, ground, opening, body, block)
    if len(body) < len(inner) and is_followed_closely(block, last):
        statement = with_gap_behind(statement)
    if opening.remains is not None:
        statement = merged(statement)
    change = Change(block, index, last + 1, (Unit(statement),))
    imports = (("contextlib", plan.driver),) if plan.driver else ()
    kind = "an `async with`" if plan.asynchronous else "a `with`"
    doubts = (EARLIER,) if plan.foreign and opening.overtakes else ()
    return Made(change, f"open the session in {kind}", doubts, imports)
