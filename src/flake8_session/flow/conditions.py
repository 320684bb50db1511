"""Lowering of what is only asked for its truth: each gives the ends of yes and the ends of no.

A *question* is an expression whose value is ``True`` or ``False`` and that is lowered to a `Test`
(``x is None``, ``not x``, ``isinstance(x, C)``). Where its value is wanted, both answers bind it,
so that ``own = session is None`` is later known to go with ``session``.

``==``, ``!=``, ``is`` and ``is not`` are taken not to raise; the other comparisons may.
"""

from __future__ import annotations

from typing import TypeAlias

import libcst as cst

from flake8_session.flow.building import Body, Ends
from flake8_session.flow.events import Bind, Event, Fact, Place, Shape, Test, TestInstance, TestSame
from flake8_session.flow.expressions import call
from flake8_session.flow.literals import is_literal
from flake8_session.flow.operations import build, unary
from flake8_session.flow.questions import asked_again, compared_again, denies

_CANNOT_RAISE = (cst.Equal, cst.NotEqual, cst.Is, cst.IsNot)
_SAME = (cst.Is, cst.IsNot)


def truth(body: Body, node: cst.BaseExpression) -> tuple[Ends, Ends]:
    """Any expression: evaluated, then tested."""
    return _tested(body, body.value(node), node)


def _tested(body: Body, place: Place, node: cst.BaseExpression) -> tuple[Ends, Ends]:
    if place in ("=True", "=False", "=None", "=0", "=1"):
        ends, body.loose = body.loose, []
        return (ends, []) if place in ("=True", "=1") else ([], ends)
    return body.ask(Test(place, Fact.TRUTHY, asked_again(body, node)), node)


def negation(body: Body, node: cst.UnaryOperation) -> tuple[Ends, Ends]:
    if not isinstance(node.operator, cst.Not):
        return truth(body, node)
    yes, no = body.condition(node.expression)
    return no, yes


def junction(body: Body, node: cst.BooleanOperation) -> tuple[Ends, Ends]:
    yes, no = body.condition(node.left)
    if isinstance(node.operator, cst.And):
        body.loose = yes
        yes, no_right = body.condition(node.right)
        return yes, no + no_right
    body.loose = no
    yes_right, no = body.condition(node.right)
    return yes + yes_right, no


def comparison(body: Body, node: cst.Comparison) -> tuple[Ends, Ends]:
    """``a < b < c`` asks ``a < b`` and then ``b < c``, with each operand evaluated once."""
    place, written = body.value(node.left), node.left
    refused: Ends = []
    yes: Ends = []
    for target in node.comparisons:
        right = body.value(target.comparator)
        yes, no = _compared(body, target, (place, written), (right, target.comparator), node)
        refused += no
        body.loose = yes
        place, written = right, target.comparator
    body.loose = []
    return yes, refused


_Side: TypeAlias = "tuple[Place, cst.BaseExpression]"


def _compared(
    body: Body, target: cst.ComparisonTarget, left: _Side, right: _Side, node: cst.Comparison
) -> tuple[Ends, Ends]:
    operator = target.operator
    question = compared_again(body, left[1], operator, right[1])
    places = (left[0], right[0])
    nothing = isinstance(operator, _CANNOT_RAISE) and (places[0] == "=None") != (places[1] == "=None")
    event: Event
    if nothing:
        place, written = left if places[1] == "=None" else right
        event = Test(place, Fact.NONE, asked_again(body, written))
    elif isinstance(operator, _CANNOT_RAISE) and not any(map(is_literal, places)):
        event = TestSame(*places, question)
    else:
        result = _compare(body, target, *places)
        event = Test(result, Fact.TRUTHY, question)
    yes, no = body.ask(event, node)
    return (no, yes) if denies(operator) else (yes, no)


def _compare(body: Body, target: cst.ComparisonTarget, left: Place, right: Place) -> Place:
    shape = Shape.OPERATION if isinstance(target.operator, _CANNOT_RAISE) else Shape.RAISING
    literal = next(filter(is_literal, (right, left)), "") if isinstance(target.operator, cst.Equal) else ""
    return build(body, [left, right], shape, target, equals=literal)


def instance(body: Body, node: cst.Call) -> tuple[Ends, Ends]:
    if not _asks_instance(body, node):
        return truth(body, node)
    subject = body.value(node.args[0].value)
    classes = node.args[1].value
    alternatives = [each.value for each in classes.elements] if isinstance(classes, cst.Tuple) else [classes]
    return body.ask(TestInstance(subject, tuple(body.value(each) for each in alternatives)), node)


def _asks_instance(body: Body, node: cst.Call) -> bool:
    return (
        isinstance(node.func, cst.Name)
        and body.place(node.func.value) == "@isinstance"
        and len(node.args) == 2
        and not any(arg.star or arg.keyword for arg in node.args)
    )


def chosen(body: Body, node: cst.BooleanOperation) -> Place:
    """``a or b`` as a value: `a` where it is true, else `b`."""
    result = body.temporary()
    if _is_question(body, node.left):
        yes, no = body.condition(node.left)
        value: Place = "=True" if isinstance(node.operator, cst.Or) else "=False"
    else:
        value = body.value(node.left)
        yes, no = _tested(body, value, node.left)
    decided, open_ends = (yes, no) if isinstance(node.operator, cst.Or) else (no, yes)
    after = _bound(body, decided, result, value, node)
    body.loose = open_ends
    if open_ends:
        right = body.value(node.right)
        after += _bound(body, body.loose, result, right, node)
    body.loose = after
    return result


def answered(body: Body, node: cst.UnaryOperation | cst.Comparison | cst.Call) -> Place:
    """The value of a comparison, a negation or a call: of a question, each answer binds it."""
    if not _is_question(body, node):
        return _plain(body, node)
    result = body.temporary()
    yes, no = body.condition(node)
    body.loose = _bound(body, yes, result, "=True", node) + _bound(body, no, result, "=False", node)
    return result


def _bound(body: Body, ends: Ends, result: Place, value: Place, node: cst.CSTNode) -> Ends:
    body.loose = ends
    body.do(Bind(result, value), node)
    return body.loose


def _plain(body: Body, node: cst.UnaryOperation | cst.Comparison | cst.Call) -> Place:
    if isinstance(node, cst.Call):
        return call(body, node)
    if isinstance(node, cst.UnaryOperation):
        return unary(body, node)
    left = body.value(node.left)
    target = node.comparisons[0]
    return _compare(body, target, left, body.value(target.comparator))


def _is_question(body: Body, node: cst.BaseExpression) -> bool:
    if isinstance(node, cst.Comparison):
        first = node.comparisons[0]
        operands = (node.left, first.comparator)
        asks_none = isinstance(first.operator, _CANNOT_RAISE) and any(map(_is_none, operands))
        return len(node.comparisons) > 1 or asks_none or isinstance(first.operator, _SAME)
    if isinstance(node, cst.Call):
        return _asks_instance(body, node)
    return isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Not)


def _is_none(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Name) and node.value == "None"


Body.conditions.update({
    cst.UnaryOperation: negation, cst.BooleanOperation: junction, cst.Comparison: comparison,
    cst.Call: instance, None: truth,
})
Body.values.update({
    cst.BooleanOperation: chosen, cst.UnaryOperation: answered, cst.Comparison: answered, cst.Call: answered,
})
