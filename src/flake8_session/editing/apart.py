"""Statements that open a session and do something besides, taken apart: what is left without the opening.

The opening comes first then. Whoever reads the name in front of it would read another thing, so there
is nothing left of such a statement that could be put behind it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

import libcst as cst

from flake8_session.editing.blocks import parts_of
from flake8_session.editing.cleaning import has_comments
from flake8_session.editing.expressions import is_evaluated_once, names_in

Statement: TypeAlias = "cst.BaseSmallStatement | cst.BaseCompoundStatement"


def left_without(statement: Statement, opening: cst.BaseExpression, name: str) -> Statement | None:
    """The statement behind one that has bound `opening` to `name`; None where it cannot be parted.

    ``if (s := f()).x:``, ``s, a = f(), 1`` and ``s = t = f()``.
    """
    if isinstance(statement, cst.Assign):
        if statement.value is opening:
            return _of_several_names(statement, name)
        if isinstance(statement.value, (cst.Tuple, cst.List)):
            return _of_a_display(statement, statement.value, opening, name)
    return _of_a_walrus(statement, opening, name)


def waited_for(statement: cst.CSTNode, call: cst.Call) -> cst.BaseExpression:
    """The ``await`` of the call, or the call itself where nothing waits for it."""
    stack: list[cst.CSTNode] = [statement]
    while stack:
        each = stack.pop()
        if isinstance(each, cst.Await) and each.expression is call:
            return each
        stack.extend(parts_of(each))
    return call


def is_called_before(statement: cst.CSTNode, opening: cst.CSTNode) -> bool:
    """Whether something else is called in front of `opening` when the statement is run."""
    return any(
        isinstance(each, (cst.Call, cst.Await)) and not _holds(each, opening)
        for each in _in_front(statement, opening)
    )


def _of_several_names(statement: cst.Assign, name: str) -> Statement | None:
    others = [
        each
        for each in statement.targets
        if not (isinstance(each.target, cst.Name) and each.target.value == name)
    ]
    if len(others) != len(statement.targets) - 1 or not others:
        return None
    return statement.with_changes(targets=others, value=cst.Name(name))


def _of_a_display(
    statement: cst.Assign, display: cst.Tuple | cst.List, opening: cst.BaseExpression, name: str
) -> Statement | None:
    """One element less on both sides; what is left of pairs is no display any more."""
    target = statement.targets[0].target
    if len(statement.targets) != 1 or not isinstance(target, (cst.Tuple, cst.List)):
        return None
    pairs = list(zip(target.elements, display.elements, strict=False))
    if len(target.elements) != len(display.elements) or has_comments(statement):
        return None
    if not all(isinstance(to, cst.Element) and isinstance(of, cst.Element) for to, of in pairs):
        return None
    left = [
        (to, of)
        for to, of in pairs
        if not (of.value is opening and isinstance(to.value, cst.Name) and to.value.value == name)
    ]
    if len(left) != len(pairs) - 1 or not left:
        return None
    if any(name in names_in(part) for pair in left for part in pair):
        return None
    changed = statement.targets[0].with_changes(target=_without(target, [to for to, _ in left]))
    return statement.with_changes(targets=[changed], value=_without(display, [of for _, of in left]))


def _without(display: cst.Tuple | cst.List, left: Sequence[cst.BaseElement]) -> cst.BaseExpression:
    """The display with these elements alone; the one that is left of two."""
    if len(left) == 1:
        return left[0].value
    last = left[-1].with_changes(comma=display.elements[-1].comma)
    return display.with_changes(elements=[*left[:-1], last])


def _of_a_walrus(statement: Statement, opening: cst.BaseExpression, name: str) -> Statement | None:
    walrus = next((each for each in _walruses(statement) if each.value is opening), None)
    if walrus is None or not isinstance(walrus.target, cst.Name) or walrus.target.value != name:
        return None
    if not is_evaluated_once(statement, walrus) or has_comments(walrus):
        return None
    before = _in_front(statement, walrus)
    if any(isinstance(each, cst.Name) and each.value == name for each in before):
        return None
    left = statement.deep_replace(walrus, cst.Name(name))
    assert isinstance(left, (cst.BaseSmallStatement, cst.BaseCompoundStatement))
    return left


def _walruses(statement: Statement) -> Iterator[cst.NamedExpr]:
    stack: list[cst.CSTNode] = [statement]
    while stack:
        each = stack.pop()
        if isinstance(each, cst.NamedExpr):
            yield each
        stack.extend(parts_of(each))


def _in_front(statement: cst.CSTNode, wanted: cst.CSTNode) -> list[cst.CSTNode]:
    """What of a statement is met before `wanted` when it is run, and what holds that; bodies left out."""
    found: list[cst.CSTNode] = []
    stack: list[cst.CSTNode] = [statement]
    while stack:
        each = stack.pop()
        if each is wanted:
            break
        if isinstance(each, cst.BaseSuite):
            continue
        found.append(each)
        parts = [each.value, *each.targets] if isinstance(each, cst.Assign) else [*parts_of(each)]
        stack.extend(reversed(parts))
    return found


def _holds(node: cst.CSTNode, wanted: cst.CSTNode) -> bool:
    return node is wanted or any(_holds(child, wanted) for child in parts_of(node))
