"""Calls that may be taken never to raise: loggers, clocks, texts, exceptions, and what only looks at a thing.

So ``session = Session()``, a line in the log and the ``try`` whose ``finally`` closes belong together.
A logger is known by what made it, or by its name: to take something else for one can only silence.

Not modelled: what the arguments do when they are turned into text. Who asks sees to it that none of
them is an instance that may have to be loaded.
"""

from __future__ import annotations

from flake8_session.flow.events import Call, Read
from flake8_session.knowledge import callees, errors
from flake8_session.linking.frames import Frame
from flake8_session.linking.meanings import ClassAt, External, Factory, Made, Selected


def is_quiet(frame: Frame, call: Call) -> bool:
    """Whether the call may be taken never to raise, whatever it is given."""
    callee = frame.callee(call)
    name = callee.name.removeprefix("builtins.") if isinstance(callee, External) else ""
    if name in callees.QUIET or errors.is_builtin(name):
        return True
    if call.receiver.startswith(("='", '="')):
        return True
    owner, _, method = _spelled(frame, call).rpartition(".")
    return method in callees.LOGGING and owner.rpartition(".")[2].strip("_@").lower() in callees.LOGGERS


def reaches_nothing(frame: Frame, call: Call) -> bool:
    """Whether the call may be taken not to reach the project's registries, and their sessions.

    Classes, what other packages offer, what texts and containers can do. Not the methods of unknown
    objects, a test client's ``get`` among them.
    """
    callee = frame.callee(call)
    if isinstance(callee, External | ClassAt | Factory | Made | Selected) or is_quiet(frame, call):
        return True
    return call.method in callees.OF_VALUES


def _spelled(frame: Frame, call: Call) -> str:
    """What is called, as far as it is written with names: ``self.log.info``."""
    if not call.receiver:
        return call.function
    made = frame.made_by.get(call.receiver)
    event = frame.graph.steps[made].event if made is not None else None
    if isinstance(event, Read):
        return f"{event.object}.{event.attribute}.{call.method}"
    if isinstance(event, Call):
        callee = frame.callee(event)
        if isinstance(callee, External) and callee.name in callees.MAKING_LOGGERS:
            return f"logger.{call.method}"
    return f"{call.receiver}.{call.method}"
