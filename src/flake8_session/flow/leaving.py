"""Lowering of statements that act when control leaves them: ``with`` and ``try``.

A clean-up is lowered anew for each way in which its body is left, and once for all exceptions.
``except*`` is lowered as ``except``: the first clause that fits takes the whole group.
"""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from flake8_session.flow.building import Body, Control, Ends, Way
from flake8_session.flow.events import Bind, Catch, EndCatch, Enter, Leave, Place
from flake8_session.flow.targets import store


def with_(body: Body, node: cst.With) -> None:
    _items(body, node.items, node)


def _items(body: Body, items: Sequence[cst.WithItem], node: cst.With) -> None:
    if not items:
        body.suite(node.body)
        return
    item, asynchronous = items[0], node.asynchronous is not None
    manager = _held(body, body.value(item.item), item)
    result = body.temporary()
    body.attempt(Enter(result, manager, asynchronous), item)

    def inside() -> None:
        if item.asname is not None:
            store(body, item.asname.name, result)
        _items(body, items[1:], node)

    def leave(way: Way | None) -> Ends:
        if way is not Way.RAISE:
            body.attempt(Leave(manager, asynchronous), item)
            return []
        swallowed, body.loose = body.ask(Leave(manager, asynchronous, raising=True), item, raises=True)
        return swallowed

    body.guarded(inside, leave)


def _held(body: Body, manager: Place, item: cst.WithItem) -> Place:
    """A ``with`` keeps its manager: the body may give the variable another value before the exit."""
    if manager[0] in "%@=" or not body.scope.rebinds_often(manager):
        return manager
    held = body.temporary()
    body.do(Bind(held, manager), item)
    return held


def try_(body: Body, node: cst.Try | cst.TryStar) -> None:
    final = node.finalbody
    if final is None:
        _handled(body, node)
        return

    def clean_up(_: Way | None) -> Ends:
        body.suite(final.body)
        return []

    body.guarded(lambda: _handled(body, node), clean_up)


def _handled(body: Body, node: cst.Try | cst.TryStar) -> None:
    raised = body.control
    if node.handlers:
        raised = Control((Way.RAISE,), body.control)
    body.under(raised, lambda: body.suite(node.body))
    if node.orelse is not None and body.reachable:
        body.suite(node.orelse.body)
    if not node.handlers:
        return
    after = body.loose
    body.loose = raised.own[Way.RAISE]
    for handler in node.handlers:
        if not body.reachable:
            break
        taken, refused = _asked(body, handler)
        body.loose = taken
        _handler(body, handler)
        after = after + body.loose
        body.loose = refused
    body.leave(Way.RAISE)
    body.loose = after


def _asked(body: Body, handler: cst.ExceptHandler | cst.ExceptStarHandler) -> tuple[Ends, Ends]:
    classes = tuple(_classes(body, handler.type)) if handler.type is not None else ()
    event = Catch(classes, _target(body, handler), isinstance(handler, cst.ExceptStarHandler))
    taken, refused = body.ask(event, handler)
    return taken, refused if handler.type is not None else []


def _classes(body: Body, node: cst.BaseExpression) -> list[Place]:
    alternatives = [each.value for each in node.elements] if isinstance(node, cst.Tuple) else [node]
    return [body.value(each) for each in alternatives]


def _target(body: Body, handler: cst.ExceptHandler | cst.ExceptStarHandler) -> Place:
    if handler.name is None or not isinstance(handler.name.name, cst.Name):
        return ""
    return body.place(handler.name.name.value)


def _handler(body: Body, handler: cst.ExceptHandler | cst.ExceptStarHandler) -> None:
    target = _target(body, handler)

    def end(_: Way | None) -> Ends:
        body.do(EndCatch(target), handler)
        return []

    body.guarded(lambda: body.suite(handler.body), end, (Way.RETURN, Way.BREAK, Way.CONTINUE))


Body.statements.update({cst.With: with_, cst.Try: try_, cst.TryStar: try_})
