"""Sessions whose factory the caller of a function may choose, and what is left of what is known of them.

A parameter that is a factory unless another is given stands for that one in the function itself::

    def create(name, make=Maker):
        with make() as session:
            ...

A call that gives another, or on an object that was made with another, has a session of which no more is known
than that it is one. So has a call on an object that somebody else has made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from flake8_session.flow.events import Call, Place
from flake8_session.flow.outline import Named
from flake8_session.linking.frames import Frame
from flake8_session.linking.meanings import ClassAt, Factory, FunctionAt, Meaning, Options, Registry
from flake8_session.summaries.passing import bindings


def as_called(frame: Frame, call: Call | None, at: FunctionAt, options: Options) -> Options:
    """The options of a session that `at` has, for this call of it."""
    if not options.chosen:
        return options
    return _of_call(frame, call, at, options) if call is not None else _unknown(options)


def as_made(frame: Frame, call: Call | None, of: ClassAt, options: Options) -> Options:
    """The options of a session that an object of the class has, which this call has made."""
    if not options.chosen:
        return options
    return _of_construction(frame, call, of, options)


def call_of(frame: Frame, place: Place) -> Call | None:
    """The call that has made what the place holds."""
    index = frame.made_by.get(place)
    event = frame.graph.steps[index].event if index is not None else None
    return event if isinstance(event, Call) else None


def _unknown(options: Options) -> Options:
    return replace(options, expires=None)


def _of_call(frame: Frame, call: Call, at: FunctionAt, options: Options) -> Options:
    call = frame.on_receiver(call)
    if _usual(frame, at):
        return _of_factories(frame, call, at, options)
    of = ClassAt(at.module, at.qualname.rpartition(".")[0])
    if not call.receiver or frame.linker.class_(of) is None:
        return _unknown(options)
    if frame.owner is not None and call.receiver == frame.function.parameters[0].name:
        return options  # The object is the one whose method calls.
    sources = frame.bindings.get(call.receiver, (call.receiver,))
    found = {_of_construction(frame, call_of(frame, source), of, options) for source in sources}
    return found.pop() if len(found) == 1 else _unknown(options)


def _of_construction(frame: Frame, call: Call | None, of: ClassAt, options: Options) -> Options:
    at = frame.linker.member(of, "__init__")
    if call is None or not isinstance(frame.callee(call), ClassAt) or not isinstance(at, FunctionAt):
        return _unknown(options)
    if not _usual(frame, at):
        return _unknown(options)
    return _of_factories(frame, replace(call, receiver="=self", method="__init__"), at, options)


def _of_factories(frame: Frame, call: Call, at: FunctionAt, options: Options) -> Options:
    """What the one factory makes that the call gives; as it is where it gives none, or the usual one."""
    function, usual = frame.linker.function(at), _usual(frame, at)
    pairs = bindings(function, call) if function is not None else ()
    given = [frame.meaning(value) for name, value in pairs if name in usual]
    handed_on = any(isinstance(each, Factory | Registry) and each.options.chosen for each in given)
    others = [each for each in given if _plain(each) not in usual.values()]
    if not others:
        return replace(options, chosen=handed_on)
    if len(others) == 1 and isinstance(others[0], Factory):
        return replace(options, expires=others[0].options.expires, chosen=handed_on)
    return _unknown(options)


def _usual(frame: Frame, at: FunctionAt) -> Mapping[str, Meaning]:
    """By parameter, the factories that the function has where no other is given."""
    function = frame.linker.function(at)
    found = {
        each.name: _plain(frame.linker.expression(at.module, each.default))
        for each in (function.parameters if function is not None else ())
        if isinstance(each.default, Named)
    }
    return {name: meaning for name, meaning in found.items() if isinstance(meaning, Factory | Registry)}


def _plain(meaning: Meaning) -> Meaning:
    if isinstance(meaning, Factory | Registry):
        return replace(meaning, options=replace(meaning.options, chosen=False))
    return meaning
