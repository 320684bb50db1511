"""The places of literals: ``=None``, ``=1``, ``='name'``, ``=['id', 'name']``, ``=…``, ``=…SELECT``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import libcst as cst

from flake8_session.flow.events import Place

OTHER: Final = "=…"
_LONGEST = 60
_QUOTES = ("'", '"')
_BEGINNING = re.compile(r"""[rRuU]?(?:\"{3}|'{3}|["'])(?:\s|\\n)*([A-Za-z]{1,20})(?=\s|\\n)""")
"""The first word of a string as it is written, where more stands behind it."""


def is_literal(place: Place) -> bool:
    return place.startswith("=")


def is_scalar(place: Place) -> bool:
    """Whether the place is that of a number or a string: what is added to it holds nothing."""
    return is_literal(place) and place[1] in "-.0123456789'\""


def literal(text: str) -> Place:
    """The place of a literal that is written `text`; long ones do not keep their value."""
    return f"={text}" if len(text) <= _LONGEST and "\n" not in text else OTHER


def string(node: cst.SimpleString) -> Place:
    """A string with its value, whatever its quotes; bytes are any other literal.

    A long one keeps no more than its first word.
    """
    value = None if len(node.value) > _LONGEST else text_of(node)
    return beginning(node) if value is None else literal(repr(value))


def beginning(node: cst.BaseExpression) -> Place:
    """A string, or several side by side, by the first word."""
    while isinstance(node, cst.ConcatenatedString):
        node = node.left
    found = _BEGINNING.match(node.value) if isinstance(node, cst.SimpleString) else None
    return OTHER + found[1] if found else OTHER


def first_word(place: Place) -> str:
    """The word with which the string of this place begins, where that is all that is known of it."""
    return place.removeprefix(OTHER) if place.startswith(OTHER) else ""


def text_of(node: cst.SimpleString | cst.ConcatenatedString) -> str | None:
    """The value of a string; None of bytes, and of what is no string to this Python.

    What stands between its quotes is taken as it is, where that is the value: the evaluation by `ast` is
    dear, and a file has thousands of them.
    """
    written = node.value if isinstance(node, cst.SimpleString) else ""
    if written[:1] in _QUOTES and "\\" not in written and "\r" not in written:
        around = 3 if written[:3] in ("'''", '"""') else 1
        return written[around:-around]
    try:
        value = node.evaluated_value
    except (SyntaxError, ValueError):
        return None
    return value if isinstance(value, str) else None


def display(brackets: str, places: Sequence[Place]) -> Place:
    """A display all of whose elements are literals."""
    if any(place.startswith(OTHER) for place in places):
        return OTHER
    text = ", ".join(place[1:] for place in places)
    if brackets == "()" and len(places) == 1:
        text += ","
    return literal(brackets[0] + text + brackets[1])


def operands(places: Sequence[Place]) -> tuple[Place, ...]:
    """The places that a `Build` has for parts: literals say nothing."""
    return tuple(place for place in places if not is_literal(place))
