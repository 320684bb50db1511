"""Attributes of a model that the program does not show: nobody can tell whether reading one runs SQL.

``u.addresses`` of an imported class may be a column, a relationship that its class loads eagerly, or one
that is loaded when it is read. So a run asks: once it is at hand, and once it is loaded as ever; what only
the load shows need not be reported.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import InstanceState
from sqlalchemy.orm.base import PassiveFlag

from tests.truth.instances import is_expired, within, within_files
from tests.truth.sessions import Stage
from tests.truth.tables import A, U
from tests.truth.witnesses import Run


def watch_attributes() -> None:
    """Lets the runs of programs without models in sight decide what reading these attributes does."""
    for attribute, at_hand in ((U.addresses, list), (U.bio, str), (A.user, _nobody)):
        attribute.impl.callable_ = _Perhaps(attribute.impl.callable_, at_hand)
    event.listen(U.addresses, "append", _grows)


def _grows(*_: object, **__: object) -> None:
    """Only what grows in a relationship is written by the next flush."""
    run = Stage.run
    if run is not None and not run.in_sight and not run.quiet and not run.finished:
        run.guesses()


def _nobody() -> None:
    """What a relationship to one other row holds where there is none."""


class _Perhaps:
    """The loader of an attribute, which may turn out not to be needed."""

    def __init__(self, loader: Any, at_hand: Any) -> None:
        self.loader = loader
        self.at_hand = at_hand

    def __call__(self, state: InstanceState[Any], passive: PassiveFlag) -> Any:
        run = Stage.run
        if run is None or run.in_sight or run.quiet or run.finished or not _is_read(state, passive, run):
            return self.loader(state, passive)
        if run.trail.choose(2):
            run.guesses()
            return self.loader(state, passive)
        if is_expired(state) and not within("__set__", "attributes.py", run.filename):
            state._load_expired(state, passive)
        return self.at_hand()


def _is_read(state: InstanceState[Any], passive: PassiveFlag, run: Run) -> bool:
    """Whether the program itself reads or sets an attribute of what has a row; not a flush, or a cascade."""
    if not state.key or not passive & PassiveFlag.SQL_OK:
        return False
    return not within_files(("session.py", "unitofwork.py"), run.filename)
