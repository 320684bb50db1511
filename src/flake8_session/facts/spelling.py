"""How a place is written in the text: ``session``, ``self.session``, ``users[0]``, ``find(…)``."""

from __future__ import annotations

from flake8_session.flow.events import Await, Call, Item, Place, Read
from flake8_session.linking.frames import Frame


def written(frame: Frame, place: Place) -> str:
    """The name of a variable, or the attribute that a temporary was read from; `""` for anything else."""
    if place.startswith("@"):
        return place[1:]
    if place.startswith("%"):
        made = frame.made_by.get(place)
        event = frame.graph.steps[made].event if made is not None else None
        if not isinstance(event, Read):
            return ""
        owner = written(frame, event.object)
        return f"{owner}.{event.attribute}" if owner else ""
    return "" if place[:1] in "=<" else place.partition("'")[0]


def sketched(frame: Frame, place: Place) -> str:
    """As `written`, and for items and calls so much of them as a reader needs to find them again."""
    plain = written(frame, place)
    made = frame.made_by.get(place)
    if plain or made is None:
        return plain
    match frame.graph.steps[made].event:
        case Read(_, owner, attribute):
            return _behind(sketched(frame, owner), f".{attribute}")
        case Item(_, owner, key):
            inside = key[1:] if key.startswith("=") else written(frame, key)
            return _behind(sketched(frame, owner), f"[{inside or '…'}]")
        case Await(_, value):
            return sketched(frame, value)
        case Call() as call:
            name = call.function.removeprefix("@")
            name = name or _behind(sketched(frame, call.receiver), f".{call.method}")
            return _behind(name, "(…)" if call.arguments else "()")
    return ""


def _behind(owner: str, rest: str) -> str:
    return f"{owner}{rest}" if owner else ""


def within(frame: Frame, step: int) -> str:
    """The function in whose body it happens, where `step` calls one: `` in `show()` ``; else nothing."""
    event = frame.called(step)
    if not isinstance(event, Call):
        return ""
    name = event.method or event.function.removeprefix("@").rpartition(".")[2]
    return f" in `{name}()`" if name.isidentifier() else ""


def attribute_of(frame: Frame, step: int, name: str, attribute: str) -> str:
    """What is read at `step`, quoted: ``user.name``, ``users[0].name``; `name` is the instance's, if any."""
    event = frame.graph.steps[step].event
    owner = name or sketched(frame, getattr(event, "object", "") or getattr(event, "receiver", ""))
    return f"`{owner}.{attribute}`" if owner else f"`{attribute}` of an instance"
