"""Lowering of ``if``, ``while``, ``for`` and ``match``.

A case is chosen by a `Choose` that is not followed, but for ``case None``; the names that its
pattern captures are parts of the subject. What patterns read of the subject is not modelled.
"""

from __future__ import annotations

import libcst as cst

from flake8_session.flow.building import Body, Control, Ends, Way
from flake8_session.flow.comprehensions import iterator, loop
from flake8_session.flow.events import Bind, Choose, Drop, Fact, Place, Test, Unpack
from flake8_session.flow.syntax import pattern_names


def if_(body: Body, node: cst.If) -> None:
    after: Ends = []
    branch: cst.If | cst.Else | None = node
    while isinstance(branch, cst.If) and body.reachable:
        yes, no = body.condition(branch.test)
        body.loose = yes
        body.suite(branch.body)
        after = after + body.loose
        body.loose, branch = no, branch.orelse
    if isinstance(branch, cst.Else):
        body.suite(branch.body)
    body.loose = after + body.loose


def while_(body: Body, node: cst.While) -> None:
    head = body.head(node)
    yes, no = body.turning(lambda: body.condition(node.test))
    body.loose = yes
    control = Control((Way.BREAK, Way.CONTINUE), body.control)
    body.under(control, lambda: body.turning(lambda: body.suite(node.body)))
    body.close(body.loose + control.own[Way.CONTINUE], head)
    _otherwise(body, node.orelse, no, control)


def for_(body: Body, node: cst.For) -> None:
    source = iterator(body, node.iter, node.asynchronous is not None)
    control = Control((Way.BREAK, Way.CONTINUE), body.control)

    def dropped(way: Way | None) -> Ends:
        if way is not None:
            body.do(Drop(source), node)
        return []

    def turn() -> None:
        if _may_be_generator(node):
            body.guarded(lambda: body.suite(node.body), dropped, (Way.RETURN, Way.RAISE, Way.BREAK))
        else:
            body.suite(node.body)

    def inside() -> Ends:
        body.under(control, turn)
        return body.loose + control.own[Way.CONTINUE]

    loop(body, source, node, inside)
    _otherwise(body, node.orelse, body.loose, control)


_NO_GENERATORS = frozenset(
    {"enumerate", "filter", "items", "keys", "list", "map", "range", "reversed", "sorted", "values", "zip"}
)


def _may_be_generator(node: cst.For) -> bool:
    """Whether the loop may be the only one to hold a generator, which is closed as soon as it is let go.

    The clean-up of an asynchronous one runs at some later time.
    """
    called = node.iter.func if isinstance(node.iter, cst.Call) else None
    named = called.attr if isinstance(called, cst.Attribute) else called
    return node.asynchronous is None and isinstance(named, cst.Name) and named.value not in _NO_GENERATORS


def _otherwise(body: Body, orelse: cst.Else | None, ends: Ends, control: Control) -> None:
    """A loop's ``else`` runs where the loop was not broken off."""
    body.loose = ends
    if orelse is not None:
        body.suite(orelse.body)
    body.loose = body.loose + control.own[Way.BREAK]


def match_(body: Body, node: cst.Match) -> None:
    subject = body.value(node.subject)
    after: Ends = []
    for case in node.cases:
        if not body.reachable:
            break
        yes, refused = _chosen(body, case.pattern, subject)
        body.loose = yes
        _capture(body, case.pattern, subject)
        if case.guard is not None:
            body.loose, no = body.condition(case.guard)
            refused = refused + no
        body.suite(case.body)
        after = after + body.loose
        body.loose = refused
    body.loose = after + body.loose


def _chosen(body: Body, pattern: cst.MatchPattern, subject: Place) -> tuple[Ends, Ends]:
    if isinstance(pattern, cst.MatchAs) and pattern.pattern is None:
        ends, body.loose = body.loose, []
        return ends, []
    if isinstance(pattern, cst.MatchSingleton) and pattern.value.value == "None":
        return body.ask(Test(subject, Fact.NONE), pattern)
    return body.ask(Choose((subject,)), pattern)


def _capture(body: Body, pattern: cst.MatchPattern, subject: Place) -> None:
    names = pattern_names(pattern)
    if isinstance(pattern, cst.MatchAs) and pattern.name is not None:
        body.do(Bind(body.place(pattern.name.value), subject), pattern)
        names.remove(pattern.name.value)
    if names:
        body.attempt(Unpack(tuple(map(body.place, names)), subject), pattern)


Body.statements.update({cst.If: if_, cst.While: while_, cst.For: for_, cst.Match: match_})
