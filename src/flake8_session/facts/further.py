"""Reads of what a relationship leads to: ``post.user.team``, ``for user in team.users: user.posts``.

What the relationship holds was loaded with its owner, or when it was read, and is in the same session. What
that leads to in turn is loaded only where something has loaded it as well: an option that goes deeper, or
anything else that may have brought it into the session. So such a *further* read is told only where nothing
in the whole function can have done that. The session does not keep what nobody holds, but who holds what is
not asked.

Not modelled: classes of which one leads back to another, since the identity map may answer then; a third
step; what a function does that is given one of these instances.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from flake8_session.facts.paths import Path
from flake8_session.facts.solutions import Solved
from flake8_session.facts.solving import SessionFacts
from flake8_session.flow.events import Bind, Call, Event, Item, Iter, Iterate, Place, Read, Write
from flake8_session.knowledge.words import Role
from flake8_session.linking import models, relationships
from flake8_session.linking.frames import Frame
from flake8_session.linking.meanings import ClassAt, External, Holds, Object, Selected
from flake8_session.summaries.beside import given
from flake8_session.typestate.calls.receivers import split
from flake8_session.typestate.focus import arguments_holding
from flake8_session.typestate.loading import model, readable
from flake8_session.typestate.worlds import Columns, Tie

_LETTING_GO = frozenset({"expunge", "run_sync", "merge"})
_LOOKING = frozenset({"len", "print", "list", "sorted", "enumerate", "bool", "repr", "str", "isinstance"})


class FurtherRead(NamedTuple):
    """The read at `step` of `attribute`, which nothing has loaded, of what is at `owner`."""

    solved: Solved
    step: int
    owner: Place
    attribute: str
    path: Path


class _Way(NamedTuple):
    """To where the relationship `name` leads, read at `step` of the instance at `owner`."""

    step: int
    owner: Place
    name: str


class _Question(NamedTuple):
    """May `attribute` of an instance of `holder` be loaded? `leads_to`: the class of what it holds."""

    step: int
    way: _Way
    attribute: str
    holder: ClassAt
    leads_to: ClassAt | None


def further_reads(session: SessionFacts, tie: Tie) -> Iterator[FurtherRead]:
    """Every read that has to load and cannot, of instances in this tie to their session; each chain once."""
    for solved in session.with_instances:
        if solved.focus.constructed or solved.focus.gone or solved.focus.takes:
            continue
        told: set[tuple[str, str]] = set()
        for asked in _asked(solved):
            if (asked.way.name, asked.attribute) in told:
                continue
            path = _path(solved, asked, tie)
            if path is not None and not _may_be_loaded(solved, asked):
                told.add((asked.way.name, asked.attribute))
                event = solved.graph.steps[asked.step].event
                yield FurtherRead(solved, asked.step, getattr(event, "object", ""), asked.attribute, path)


def _asked(solved: Solved) -> Iterator[_Question]:
    """The reads of lazy attributes of what a relationship of the instance's class leads to."""
    frame, owner = solved.frame, model(solved.movement.context)
    if not isinstance(owner, ClassAt):
        return
    for step, each in enumerate(frame.graph.steps):
        event = each.event
        way = _way(frame, event.object, step) if isinstance(event, Read) else None
        holder = relationships.target(frame.linker, owner, way.name) if way is not None else None
        if way is None or holder is None or not isinstance(event, Read):
            continue
        if models.attribute(frame.linker, holder, event.attribute) is models.Attribute.LAZY:
            leads_to = relationships.target(frame.linker, holder, event.attribute)
            at_hand = _may_be_at_hand(solved, holder, event.attribute)
            if not at_hand and not _lead_back(frame, owner, holder, leads_to):
                yield _Question(step, way, event.attribute, holder, leads_to)


def _may_be_at_hand(solved: Solved, holder: ClassAt, attribute: str) -> bool:
    """Whether the function may have been given what the relationship leads to: it is found by its key then.

    What it selects itself is looked at more closely.
    """
    if not solved.focus.options.asynchronous:
        return False
    near = frozenset(given(solved.frame, solved.focus))
    led_to = relationships.leads_to(solved.frame.linker, holder, attribute)
    return bool(near and led_to) and ("*" in near | led_to or not near.isdisjoint(led_to))


def _way(frame: Frame, place: Place, step: int, depth: int = 4) -> _Way | None:
    """What was read to give the value at `place`, or that of which it is one, in front of `step`."""
    binders = frame.binders.get(place, ())
    reaching = frame.reaching(place, step) if len(binders) > 1 else binders
    if len(reaching) != 1 or depth == 0 or any(place == each.name for each in frame.function.parameters):
        return None
    (binder,) = reaching
    match frame.graph.steps[binder].event:
        case Read(_, owner, name):
            return _Way(binder, owner, name)
        case Bind(_, source) | Item(_, source, _) | Iter(_, source) | Iterate(_, source):
            return _way(frame, source, binder, depth - 1)
    return None


def _lead_back(frame: Frame, owner: ClassAt, holder: ClassAt, leads_to: ClassAt | None) -> bool:
    """Whether two of the classes in the row are the same, or one is a kind of another."""
    row = [each for each in (owner, holder, leads_to) if each is not None]
    return len(set(row)) < len(row) or any(
        each is not other and each in frame.linker.ancestry(other) for each in row for other in row
    )


def _path(solved: Solved, asked: _Question, tie: Tie) -> Path | None:
    """How the read is reached with the relationship loaded, and nothing that could load more."""
    owners = solved.solution.before(asked.way.step)
    if not any(Role.INSTANCE in world.roles(asked.way.owner) for world in owners):
        return None
    for world in solved.solution.before(asked.step):
        state = world.instance
        if state is None or state.tie is not tie or state.columns is not Columns.LOADED:
            continue
        if readable(solved.movement.context, state, asked.way.name) is True:
            path = solved.path(asked.step, world)
            if path is not None:
                return path
    return None


# What may have loaded it.


def _may_be_loaded(solved: Solved, asked: _Question) -> bool:
    """Whether anything in the function may load the attribute, or bring into the session what it leads to."""
    steps = enumerate(solved.graph.steps)
    return _is_eager_elsewhere(solved, asked) or any(
        _may_load(solved, step, each.event, asked) for step, each in steps if step != asked.step
    )


def _is_eager_elsewhere(solved: Solved, asked: _Question) -> bool:
    """Whether another relationship of the two classes loads what this one leads to, by itself."""
    linker = solved.frame.linker
    for at in (model(solved.movement.context), asked.holder):
        class_ = linker.class_(at) if isinstance(at, ClassAt) else None
        for name in class_.assigned if class_ is not None and asked.leads_to is not None else ():
            if models.attribute(linker, at, name) is models.Attribute.EAGER:
                if relationships.target(linker, at, name) in (asked.leads_to, None):
                    return True
    return False


def _may_load(solved: Solved, step: int, event: Event, asked: _Question) -> bool:
    match event:
        case Write(_, name):
            return name in (asked.way.name, asked.attribute)
        case Read(_, owner, name):
            return _read_may_load(solved, step, owner, name, asked)
        case Call():
            return _call_may_load(solved, step, event, asked)
    return False


def _read_may_load(solved: Solved, step: int, owner: Place, name: str, asked: _Question) -> bool:
    """A read loads where it can be waited for, or where the session is a synchronous one."""
    frame = solved.frame
    inner = _way(frame, owner, step)
    if inner is not None and inner.name == "awaitable_attrs":
        return True
    if solved.focus.options.asynchronous:
        return False
    attached = any(
        world.instance is not None and world.instance.tie is Tie.ATTACHED
        for world in solved.solution.before(step)
    )
    if not attached or inner is None or inner.name != asked.way.name:
        return False
    known = models.attribute(frame.linker, asked.holder, name)
    return name == asked.attribute or known is models.Attribute.UNKNOWN


def _call_may_load(solved: Solved, step: int, call: Call, asked: _Question) -> bool:
    frame = solved.frame
    places = [place for place in (call.receiver, *(each.value for each in call.arguments)) if place]
    ways = [way for place in places if (way := _way(frame, place, step)) is not None]
    if any(way.name == asked.way.name for way in ways) and not _only_looks(frame, call):
        return True
    worlds = list(solved.solution.before(step))
    if any(split(call, world)[1] in _LETTING_GO for world in worlds):
        return True
    meaning = frame.meaning(call.result)
    if isinstance(meaning, Selected):
        return _may_select(frame, meaning, asked)
    return any(arguments_holding(world, call.arguments, Role.SESSION) for world in worlds)


def _only_looks(frame: Frame, call: Call) -> bool:
    callee = frame.callee(call)
    return isinstance(callee, External) and callee.name.removeprefix("builtins.") in _LOOKING


def _may_select(frame: Frame, selected: Selected, asked: _Question) -> bool:
    """Whether a query may give, or load beside what it gives, what is in question."""
    if selected.holds is Holds.COLUMNS:
        return False
    found = selected.model.of if isinstance(selected.model, Object) else selected.model
    if not isinstance(found, ClassAt) or selected.holds is not Holds.INSTANCE or selected.limited:
        return True
    loaded = selected.loads | selected.deeper
    if asked.attribute in loaded or "?" in loaded or _are_related(frame, found, asked.holder):
        return True
    if asked.leads_to is None:
        return False
    ends = {relationships.target(frame.linker, at, name) for at in (found, asked.holder) for name in loaded}
    return asked.leads_to in ends or _are_related(frame, found, asked.leads_to)


def _are_related(frame: Frame, one: ClassAt, other: ClassAt) -> bool:
    return one in frame.linker.ancestry(other) or other in frame.linker.ancestry(one)
