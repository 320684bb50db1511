"""Other names under which the instance that is followed may be known: its session has each row only once.

    user = U(name="new")
    session.add(user)
    users = session.scalars(select(U)).all()   # `user` was written for this query, and is among them
    session.commit()
    [each.name for each in users]              # so `user` is loaded again

Two instances that were asked for one by one, by keys that are not written out, are presumed to be two rows.
A list that was there before a new instance was made does not hold it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any

from flake8_session.flow.events import Await, Bind, Call, Item, Iter, Iterate, Place
from flake8_session.linking.meanings import Holds, Selected
from flake8_session.typestate.focus import Context
from flake8_session.typestate.worlds import Tie, World


def may_be_double(context: Context, world: World, place: Place) -> bool:
    """Whether what is in `place`, which does not hold the followed instance by name, may be that instance."""
    selected = context.focus.selected
    if world.instance is None or world.instance.tie is not Tie.ATTACHED or selected is None:
        return False
    other = context.frame.meaning(place)
    if not isinstance(other, Selected) or other.holds is not Holds.INSTANCE or other.model is None:
        return False
    if other.model != selected.model or not _came_alone(context):
        return False
    if other.key and selected.key:
        return other.key == selected.key
    return not other.key and _is_one_of_many(context, place) and not _came_before(context, place)


def _came_alone(context: Context) -> bool:
    """Whether the followed instance was made, or asked for, by itself: two of one list are two rows."""
    event = context.frame.graph.steps[context.focus.instance].event
    return context.focus.constructed or (isinstance(event, Call) and event.method in _SINGLE)


_SINGLE = frozenset(
    {"first", "get", "get_one", "merge", "one", "one_or_none", "scalar", "scalar_one", "scalar_one_or_none"}
)


def _is_one_of_many(context: Context, place: Place) -> bool:
    """Whether a loop or an index takes what is in `place` out of something."""
    frame = context.frame
    binders = (*frame.binders.get(place, ()), *frame.origins(place))
    return any(isinstance(frame.graph.steps[binder].event, Iterate | Item) for binder in binders)


def _came_before(context: Context, place: Place) -> bool:
    """Whether it was taken out of lists that are given by no step behind the birth of a new instance."""
    frame = context.frame
    if not context.focus.constructed:
        return False
    later = frame.behind(context.focus.instance)
    pending, seen = [place], {place}
    while pending:
        binders = frame.binders.get(pending.pop())
        for binder in binders or ():
            event = frame.graph.steps[binder].event
            source = _PARTS[type(event)](event) if type(event) in _PARTS else ""
            listed = isinstance(event, Call) and event.method in _LISTING and binder not in later
            if not source and not listed:
                return False
            if source and source not in seen:
                seen.add(source)
                pending.append(source)
        if not binders:
            return False
    return True


_PARTS: Mapping[type, Callable[[Any], Place]] = {
    Await: attrgetter("value"),
    Bind: attrgetter("source"),
    Item: attrgetter("object"),
    Iter: attrgetter("iterable"),
    Iterate: attrgetter("iterator"),
}
"""What a step takes its result out of, or hands on."""
_LISTING = frozenset({"all", "fetchall"})
