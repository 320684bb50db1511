"""From a plan to a fix: the edits, what they do in words, and whether they are safe."""

from __future__ import annotations

from flake8_session.diagnostics import Applicability, Fix
from flake8_session.editing.enclosing import enclose
from flake8_session.editing.ground import Grounds
from flake8_session.editing.plans import Plan
from flake8_session.editing.rendering import edits_of


def fix_of(plan: Plan, grounds: Grounds) -> Fix | None:
    """The fix that `plan` asks for; None where the text does not allow it."""
    ground = grounds.of(plan.opening)
    if ground is None:
        return None
    made = enclose(plan, ground)
    if made is None:
        return None
    edits = edits_of(made.change, ground.part, ground.positions)
    if not edits:
        return None
    doubts = (*plan.doubts, *made.doubts)
    applicability = Applicability.UNSAFE if doubts else Applicability.SAFE
    return Fix(made.message, applicability, edits, "; ".join(doubts))
