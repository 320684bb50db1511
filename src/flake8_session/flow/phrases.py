"""Each event as one line of text, near to the Python that it came from."""

from __future__ import annotations

from collections.abc import Iterable

from flake8_session.flow.events import (
    Argument,
    Await,
    Bind,
    Build,
    Call,
    Catch,
    Choose,
    Define,
    Delete,
    DeleteItem,
    Drop,
    EndCatch,
    Enter,
    Event,
    Extend,
    Fact,
    Import,
    Item,
    Iter,
    Iterate,
    Leave,
    Pass,
    Place,
    Raise,
    Read,
    Return,
    SetItem,
    Test,
    TestInstance,
    TestSame,
    Unmodelled,
    Unpack,
    Write,
    Yield,
)


def phrase(event: Event) -> str:
    """The printed form of one event."""
    match event:
        case Bind(target, source):
            return f"{target} = {source}"
        case Unpack(targets, source):
            return f"unpack {_list(targets)} = {source}"
        case Call():
            function = event.function or f"{event.receiver}.{event.method}"
            return f"{event.result} = call {function}({_list(map(_argument, event.arguments))})"
        case Await(result, value):
            return f"{result} = await {value}"
        case Read(result, owner, attribute):
            return f"{result} = {owner}.{attribute}"
        case Write(owner, attribute, source):
            return f"{owner}.{attribute} = {source}"
        case Item(result, owner, key):
            return f"{result} = {owner}[{key}]"
        case SetItem(owner, key, source):
            return f"{owner}[{key}] = {source}"
        case Build(result, parts, shape, equals):
            return f"{result} = {shape.value}({_list((*parts, equals) if equals else parts)})"
        case Extend(container, source):
            return f"extend {container} with {source}"
        case _:
            return _of_control(event)


def _of_control(event: Event) -> str:
    match event:
        case Iter(result, iterable, asynchronous):
            return f"{result} = {_async(asynchronous)}iter {iterable}"
        case Iterate(result, iterator, asynchronous):
            return f"{result} = {_async(asynchronous)}next {iterator}"
        case Drop(iterator):
            return f"drop {iterator}"
        case Enter(result, manager, asynchronous):
            return f"{result} = {_async(asynchronous)}enter {manager}"
        case Leave(manager, asynchronous, raising):
            return f"{_async(asynchronous)}leave {manager}{' raising' if raising else ''}"
        case Test(subject, fact, question):
            asked = f"{subject} is None?" if fact is Fact.NONE else f"{subject}?"
            return f"{asked}  # {question}" if question else asked
        case TestSame(left, right, question):
            return f"{left} is {right}?  # {question}" if question else f"{left} is {right}?"
        case TestInstance(subject, classes):
            return f"{subject} is a {' | '.join(classes)}?"
        case Choose(parts):
            return f"choose {_list(parts)}".rstrip() + "?"
        case Catch(classes, target, group):
            name = f" as {target}" if target else ""
            return f"except{'*' * group} {_list(classes)}".rstrip() + name + "?"
        case EndCatch(target):
            return f"end except {target}".rstrip()
        case Raise(exception, function):
            made = f" made by {function}" if function and function != exception else ""
            return f"raise {exception}".rstrip() + made
        case Return(value):
            return f"return {value}"
        case Yield(result, value, delegated):
            return f"{result} = yield {'from ' * delegated}{value}"
        case _:
            return _of_names(event)


def _of_names(event: Event) -> str:
    match event:
        case Delete(place):
            return f"del {place}"
        case DeleteItem(owner, attribute):
            return f"del {owner}.{attribute}" if attribute else f"del {owner}[…]"
        case Define():
            captured = f" captures {_list(event.captures)}" if event.captures else ""
            written = f" writes {_list(event.writes)}" if event.writes else ""
            return f"{event.target} = {'lazy ' * event.lazy}define {event.function}{captured}{written}"
        case Import(target, module, name, level):
            source = "." * level + module
            return f"import {source}:{name} as {target}" if name else f"import {source} as {target}"
        case Unmodelled(parts):
            return f"unmodelled {_list(parts)}".rstrip()
        case Pass():
            return "pass"
    raise AssertionError(event)


def _list(places: Iterable[Place]) -> str:
    return ", ".join(places)


def _argument(argument: Argument) -> str:
    if argument.keyword in ("", "*", "**"):
        return argument.keyword + argument.value
    # A literal's place starts with `=` itself: autoflush==False would read as a comparison.
    return f"{argument.keyword}: {argument.value}"


def _async(asynchronous: bool) -> str:
    return "async " if asynchronous else ""
