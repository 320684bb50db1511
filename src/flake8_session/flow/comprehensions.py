"""Loops over iterables: the ``for`` machinery, and the comprehensions that are made of it.

A comprehension is lowered in place: an empty container, then loops that `Extend` it. So is a
generator expression that its caller runs at once; any other becomes a function of its own, whose
parameter ``.0`` is the iterator of its first clause. ``any`` and ``all`` stop early in Python,
here they run to the end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import libcst as cst

from flake8_session.flow import literals
from flake8_session.flow.building import Body, Ends
from flake8_session.flow.events import Build, Define, Extend, Iter, Iterate, Place, Shape, Yield
from flake8_session.flow.syntax import made_by
from flake8_session.flow.targets import store


def iterator(body: Body, iterable: cst.BaseExpression, asynchronous: bool) -> Place:
    """Evaluates what a loop goes over, and starts it."""
    source = body.value(iterable)
    result = body.temporary()
    body.attempt(Iter(result, source, asynchronous), iterable)
    return result


def loop(body: Body, source: Place, clause: cst.For | cst.CompFor, inside: Callable[[], Ends]) -> None:
    """The loop itself: `inside` is lowered with the target bound, and gives the ends that come back.

    What is loose afterwards is the end of the iterable.
    """
    element = body.temporary()
    yes, no = body.ask(Iterate(element, source, clause.asynchronous is not None), clause, raises=True)
    head = body.last
    body.loose = yes
    store(body, clause.target, element)
    body.close(body.turning(inside), head)
    body.loose = no


def drain(body: Body, iterable: cst.BaseExpression, container: Place) -> None:
    """``[*iterable]``: every element of it goes into `container`."""
    source = iterator(body, iterable, False)
    element = body.temporary()
    yes, no = body.ask(Iterate(element, source), iterable, raises=True)
    head = body.last
    body.loose = yes
    body.do(Extend(container, element), iterable)
    body.close(body.loose, head)
    body.loose = no


def comprehension(body: Body, node: Any) -> Place:
    """A list, set or dict comprehension, or a generator expression that is run at once."""
    container = body.temporary()
    body.do(Build(container, (), Shape.CONTAINER), node)
    first = iterator(body, node.for_in.iter, node.for_in.asynchronous is not None)

    def produce() -> None:
        for made in made_by(node):
            place = body.value(made)
            if not literals.is_literal(place):
                body.do(Extend(container, place), made)

    around, body.scope = body.scope, body.scopes.of(node)
    _clause(body, node.for_in, first, produce)
    body.scope = around
    return container


def generator(body: Body, node: cst.GeneratorExp) -> Place:
    """A generator expression that somebody iterates later. Its first capture is its ``.0``."""
    first = iterator(body, node.for_in.iter, node.for_in.asynchronous is not None)
    scope = body.scopes.of(node)
    result = body.temporary()
    captures = (first, *scope.captured)
    body.do(Define(result, scope.qualname, captures, tuple(scope.rebinds), lazy=True), node)
    return result


def generator_body(body: Body, node: cst.GeneratorExp) -> None:
    """The function that a lazy generator expression is."""

    def produce() -> None:
        place = body.value(node.elt)
        body.attempt(Yield(body.temporary(), place), node.elt)

    _clause(body, node.for_in, ".0", produce)


def _clause(body: Body, clause: cst.CompFor, source: Place, produce: Callable[[], None]) -> None:
    def inside() -> Ends:
        back: Ends = []
        for condition in clause.ifs:
            body.loose, no = body.condition(condition.test)
            back += no
        if clause.inner_for_in is None:
            produce()
        else:
            inner = clause.inner_for_in
            _clause(body, inner, iterator(body, inner.iter, inner.asynchronous is not None), produce)
        return back + body.loose

    loop(body, source, clause, inside)


Body.values.update({
    cst.ListComp: comprehension, cst.SetComp: comprehension, cst.DictComp: comprehension,
    cst.GeneratorExp: generator,
})
if hasattr(cst, "StarredDictComp"):
    Body.values[cst.StarredDictComp] = comprehension
