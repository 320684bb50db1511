"""Expressions that may be asked again: what makes two tests in a function the same question.

A *question* is written as a place: ``?kw|'key' in kw``. In front of the bar stand its *roots*, the
places whose change may change the answer; behind it the expression. There are two kinds:

- ``!mode|mode == 'w'``: variables and literals, compared. Only a new binding changes the answer.
- ``?self,self.session|self.session``: attributes of variables, and what contains what. A call that
  is given a root may change the answer, and unseen another thread may, or the next turn of a loop;
  so such a question is the same only outside of loops.

Everything else (calls, subscripts, arithmetic) may differ each time, and is no question. That an
attribute may also change in a call that is not given its object is not modelled: who asks the same
thing twice in one function expects the same answer.
"""

from __future__ import annotations

from typing import NamedTuple

import libcst as cst

from flake8_session.flow.building import Body
from flake8_session.flow.events import Call, DeleteItem, Event, Place, SetItem, Write

_SIGNS: dict[type[cst.BaseCompOp], str] = {
    cst.Equal: "==", cst.NotEqual: "==", cst.Is: "is", cst.IsNot: "is", cst.In: "in", cst.NotIn: "in",
    cst.LessThan: "<", cst.LessThanEqual: "<=", cst.GreaterThan: ">", cst.GreaterThanEqual: ">=",
}
_DENIALS = (cst.NotEqual, cst.IsNot, cst.NotIn)


class _Operand(NamedTuple):
    text: str
    roots: tuple[Place, ...] = ()
    steady: bool = True


def asked_again(body: Body, node: cst.BaseExpression) -> Place:
    """The question that `node` asks for its truth; `""` for a plain variable, and for what is none."""
    operand = _operand(body, node) if isinstance(node, cst.Attribute) else None
    return _question(body, operand.text, (operand,)) if operand is not None else ""


def compared_again(
    body: Body, left: cst.BaseExpression, operator: cst.BaseCompOp, right: cst.BaseExpression
) -> Place:
    """The question of one comparison, written without its ``not``; `""` where it is none."""
    sign = _SIGNS.get(type(operator))
    operands = (_operand(body, left), _operand(body, right))
    if sign is None or operands[0] is None or operands[1] is None:
        return ""
    steady = sign != "in" or operands[1].text[:1] in "'\"("
    first, second = operands[0], operands[1]
    return _question(body, f"{first.text} {sign} {second.text}", (first, second), steady)


def denies(operator: cst.BaseCompOp) -> bool:
    """Whether a comparison is true where its question is answered with no."""
    return isinstance(operator, _DENIALS)


def may_change(question: Place, event: Event, bound: tuple[Place, ...]) -> bool:
    """Whether the answer may be another one behind `event`, which binds the places `bound`."""
    roots = question[1:].partition("|")[0].split(",")
    if any(place in roots for place in bound):
        return True
    match event:
        case Write(owner, attribute, _) | DeleteItem(owner, attribute) if attribute:
            return f"{owner}.{attribute}" in roots
        case SetItem(owner, _, _) | DeleteItem(owner, _):
            return owner in roots
        case Call() if question[0] == "?":
            given = [event.receiver, *(argument.value for argument in event.arguments)]
            return any(place in roots for place in given if place)
    return False


def _question(body: Body, text: str, operands: tuple[_Operand, ...], steady: bool = True) -> Place:
    steady = steady and all(operand.steady for operand in operands)
    roots = sorted({root for operand in operands for root in operand.roots})
    if not roots or (body.turns and not steady):
        return ""
    return f"{'!' if steady else '?'}{','.join(roots)}|{text}"


def _operand(body: Body, node: cst.BaseExpression) -> _Operand | None:
    match node:
        case cst.Name("None" | "True" | "False"):
            return _Operand(node.value)
        case cst.Name():
            place = body.place(node.value)
            return _Operand(place, (place,), steady=not place.startswith("@"))
        case cst.SimpleString() | cst.Integer():
            return _Operand(node.value) if "|" not in node.value else None
        case cst.Attribute():
            owner = _operand(body, node.value)
            if owner is None or not owner.roots:
                return None
            text = f"{owner.text}.{node.attr.value}"
            return _Operand(text, (*owner.roots, text), steady=False)
    return None
