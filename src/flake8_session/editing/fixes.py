"""From plans to a fix: the edits, what they do in words, and whether they are safe."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flake8_session.diagnostics import Applicability, Edit, Fix
from flake8_session.editing import plans
from flake8_session.editing.calls import (
    await_call,
    enter_asynchronously,
    give_argument,
    load_eagerly,
    read_all,
)
from flake8_session.editing.driving import enter_loop
from flake8_session.editing.enclosing import enclose
from flake8_session.editing.ending import end_later
from flake8_session.editing.ground import Ground, Grounds
from flake8_session.editing.handlers import roll_back, roll_back_earlier
from flake8_session.editing.imports import import_edits
from flake8_session.editing.inserting import commit_first, drop, refresh, refresh_first
from flake8_session.editing.made import Made
from flake8_session.editing.rendering import edits_of


def fix_of(alternatives: Sequence[plans.Plan], grounds: Grounds) -> Fix | None:
    """The first safe fix that one of the plans gives, else the first at all; None where there is none."""
    found: Fix | None = None
    for plan in alternatives:
        fix = _fix(plan, grounds)
        if fix is not None and fix.applicability is Applicability.SAFE:
            return fix
        found = found or fix
    return found


def _fix(plan: plans.Plan, grounds: Grounds) -> Fix | None:
    ground = grounds.of(plan.site)
    made = _MAKERS[type(plan)](plan, ground) if ground is not None else None
    if ground is None or made is None:
        return None
    edits = edits_of(made.change, ground.part, ground.positions)
    if not edits:
        return None
    imported: list[Edit] = []
    for module, name in made.imports:
        more = import_edits(module, name, grounds.lowered)
        if more is None:
            return None
        imported += more
    doubts = (*plan.doubts, *made.doubts)
    applicability = Applicability.UNSAFE if doubts else Applicability.SAFE
    reason = "; ".join(dict.fromkeys(doubts))
    return Fix(made.message, applicability, (*imported, *edits), reason, imports=bool(imported))


_MAKERS: Mapping[type, Callable[[Any, Ground], Made | None]] = {
    plans.AwaitCall: await_call,
    plans.CommitFirst: commit_first,
    plans.Drop: drop,
    plans.Enclose: enclose,
    plans.EndLater: end_later,
    plans.EnterAsynchronously: enter_asynchronously,
    plans.EnterLoop: enter_loop,
    plans.GiveArgument: give_argument,
    plans.LoadEagerly: load_eagerly,
    plans.ReadAll: read_all,
    plans.Refresh: refresh,
    plans.RefreshFirst: refresh_first,
    plans.RollBack: roll_back,
    plans.RollBackEarlier: roll_back_earlier,
}
"""What carries out each kind of plan."""
