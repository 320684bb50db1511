"""Lowering of what stands left of ``=``: names, attributes, subscripts, and tuples of them."""

from __future__ import annotations

import libcst as cst

from flake8_session.flow.building import Body
from flake8_session.flow.events import Bind, Place, SetItem, Unpack, Write
from flake8_session.flow.operations import key
from flake8_session.flow.syntax import leaves


def store(body: Body, target: cst.CSTNode, source: Place) -> None:
    """Stores the value at `source` into `target`, evaluating the target's own expressions first."""
    if isinstance(target, cst.Name):
        body.do(Bind(body.place(target.value), source), target)
    elif isinstance(target, cst.Attribute):
        body.attempt(Write(body.value(target.value), target.attr.value, source), target)
    elif isinstance(target, cst.Subscript):
        container = body.value(target.value)
        body.attempt(SetItem(container, key(body, target), source), target)
    else:
        _unpack(body, target, source)


def _unpack(body: Body, target: cst.CSTNode, source: Place) -> None:
    """Names are bound by the unpacking itself, other targets by a store of the part that they get."""
    parts = list(leaves(target))
    places = [body.place(part.value) if isinstance(part, cst.Name) else body.temporary() for part in parts]
    body.attempt(Unpack(tuple(places), source), target)
    for part, place in zip(parts, places, strict=True):
        if not isinstance(part, cst.Name):
            store(body, part, place)


