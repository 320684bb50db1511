"""How a place is written in the text: ``session``, ``self.session``, ``db.session``."""

from __future__ import annotations

from flake8_session.flow.events import Place, Read
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
