"""The closed union of things that can happen in a function, in the order in which Python does them.

First, some terminology.

A *place* is where a value stands, written as a string whose first character tells its kind:

- ``s``: a variable of this function (parameters included; also a variable that is captured
  from an enclosing function, see `Graph.captured`),
- ``%3``: a temporary, bound exactly once in the text of the graph,
- ``@orm.Session``: a name from outside the function (module-level or built in), with the
  attributes that are read from it at once; reading it is no event,
- ``=None``, ``=True``, ``=False``, ``=1``, ``='name'``: a literal, with its value where that is short, a
  list, tuple or set of literals only (``=['name']``) included; ``=…SELECT`` for a long string that begins
  with this word, ``=…`` for every other literal.

A *door* is a way out of a step. `COMPLETED`: it did what it says. `RAISED`: it raised instead, and
bound nothing. `TRUE`, `FALSE`: the two answers of a step that asks something.

What each event binds is bound by its `COMPLETED` door only (`Iterate`: by its `TRUE` door).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import TypeAlias

Place: TypeAlias = str


class Door(IntEnum):
    """The ways out of a step."""

    COMPLETED = 0
    RAISED = 1
    TRUE = 2
    FALSE = 3


class Fact(Enum):
    """What a `Test` asks of a value."""

    TRUTHY = "truthy"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a call: `keyword` is `""` for a positional one, `"*"` and `"**"` for spread ones."""

    value: Place
    keyword: str = ""


@dataclass(frozen=True, slots=True)
class Bind:
    """``target = source``. Cannot raise."""

    target: Place
    source: Place


@dataclass(frozen=True, slots=True)
class Unpack:
    """``a, (b, *c) = source``: every target is some part of `source`. Doors: COMPLETED, RAISED."""

    targets: tuple[Place, ...]
    source: Place


@dataclass(frozen=True, slots=True)
class Call:
    """``result = function(arguments)`` or ``result = receiver.method(arguments)``.

    Exactly one of `function` and `receiver` is set. A call of an attribute of anything but an
    outside name has a receiver (``s.add(x)``: receiver ``s``, method ``add``); ``orm.Session(e)``
    has the function ``@orm.Session``. Doors: COMPLETED, RAISED.
    """

    result: Place
    function: Place = ""
    receiver: Place = ""
    method: str = ""
    arguments: tuple[Argument, ...] = ()


@dataclass(frozen=True, slots=True)
class Await:
    """``result = await value``. Doors: COMPLETED, RAISED."""

    result: Place
    value: Place


@dataclass(frozen=True, slots=True)
class Read:
    """``result = object.attribute``, not as the callee of a call. Doors: COMPLETED, RAISED."""

    result: Place
    object: Place
    attribute: str


@dataclass(frozen=True, slots=True)
class Write:
    """``object.attribute = source``. Doors: COMPLETED, RAISED."""

    object: Place
    attribute: str
    source: Place


@dataclass(frozen=True, slots=True)
class Item:
    """``result = object[key]``. Doors: COMPLETED, RAISED."""

    result: Place
    object: Place
    key: Place


@dataclass(frozen=True, slots=True)
class SetItem:
    """``object[key] = source``. Doors: COMPLETED, RAISED."""

    object: Place
    key: Place
    source: Place


class Shape(Enum):
    """What a `Build` makes of its parts."""

    CONTAINER = "container"  # tuple, list, set, dict display; a comprehension's result
    TEXT = "text"  # f-string: formats its parts
    OPERATION = "operation"  # arithmetic, comparison, slice: a new value that keeps no part
    RAISING = "raising"  # as OPERATION, but an operator that may raise (arithmetic, `in`, order)


@dataclass(frozen=True, slots=True)
class Build:
    """``result`` is made of `parts`. Doors: COMPLETED; RAISED for TEXT and RAISING only.

    `equals`: the literal that an OPERATION asks its one part to be equal to, `""` for any other.
    """

    result: Place
    parts: tuple[Place, ...]
    shape: Shape
    equals: Place = ""


@dataclass(frozen=True, slots=True)
class Extend:
    """A comprehension puts `source` into `container`, which a `Build` made empty before."""

    container: Place
    source: Place


@dataclass(frozen=True, slots=True)
class Iter:
    """``result = iter(iterable)``: the start of a for loop. Doors: COMPLETED, RAISED."""

    result: Place
    iterable: Place
    asynchronous: bool = False


@dataclass(frozen=True, slots=True)
class Iterate:
    """``result = next(iterator)``. Doors: TRUE (an element), FALSE (exhausted), RAISED."""

    result: Place
    iterator: Place
    asynchronous: bool = False


@dataclass(frozen=True, slots=True)
class Drop:
    """A for loop over a call is left before its end, so that nothing refers to its iterator any more.

    Lowered anew for each way (break, return, raise). What cleaning up raises then is not heard of.
    Door: COMPLETED.
    """

    iterator: Place


@dataclass(frozen=True, slots=True)
class Enter:
    """``with manager as result``. Doors: COMPLETED, RAISED."""

    result: Place
    manager: Place
    asynchronous: bool = False


@dataclass(frozen=True, slots=True)
class Leave:
    """The exit of a ``with``, lowered once for each way of leaving its body.

    `raising`: an exception is in flight. Then TRUE means that the manager swallowed it (control goes
    behind the ``with``) and FALSE that the exception travels on. Otherwise the door is COMPLETED.
    RAISED: the exit itself raised.
    """

    manager: Place
    asynchronous: bool = False
    raising: bool = False


@dataclass(frozen=True, slots=True)
class Test:
    """Doors: TRUE, FALSE. Cannot raise. ``not x`` has its doors swapped by lowering.

    `question`: what two tests share that ask the same (see `questions`); `""` for a plain variable, and
    where the same expression may have another answer each time.
    """

    subject: Place
    fact: Fact
    question: Place = ""


@dataclass(frozen=True, slots=True)
class TestSame:
    """``left is right``, or ``==`` as a condition. Doors: TRUE, FALSE. `question` as of a `Test`."""

    left: Place
    right: Place
    question: Place = ""


@dataclass(frozen=True, slots=True)
class TestInstance:
    """``isinstance(subject, classes)`` as a condition. Doors: TRUE, FALSE."""

    subject: Place
    classes: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Choose:
    """A choice that is not followed: a match case, a condition on something opaque. Doors: TRUE, FALSE."""

    parts: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Catch:
    """An ``except`` clause is asked. Doors: TRUE (it takes what is in flight), FALSE (asks the next).

    `classes` is empty for a bare ``except:``. `group` for ``except*``. `target` is bound by TRUE
    (``""`` where the clause names nothing).
    """

    classes: tuple[Place, ...]
    target: Place = ""
    group: bool = False


@dataclass(frozen=True, slots=True)
class EndCatch:
    """An ``except`` clause's body is left, by whichever way but an exception; unbinds `target`.

    Lowered anew for each way (fall through, return, break, continue). Door: COMPLETED.
    """

    target: Place = ""


@dataclass(frozen=True, slots=True)
class Raise:
    """``raise exception``; `""` for a bare ``raise``, which raises again what was caught. Door: RAISED.

    `function` is the callee's place where the exception is made in the statement
    (``raise ValueError(x)``: ``@ValueError``), or the exception's own place where it is a class.
    """

    exception: Place
    function: Place = ""


@dataclass(frozen=True, slots=True)
class Return:
    """The function's value is `value` from now on; what still runs is a ``finally`` or a ``with`` exit.

    Door: COMPLETED. The step after the last clean-up is the graph's `returned` exit.
    """

    value: Place


@dataclass(frozen=True, slots=True)
class Yield:
    """``result = yield value``. `delegated` for ``yield from``. Doors: COMPLETED, RAISED."""

    result: Place
    value: Place
    delegated: bool = False


@dataclass(frozen=True, slots=True)
class Delete:
    """``del place``. Door: COMPLETED."""

    place: Place


@dataclass(frozen=True, slots=True)
class DeleteItem:
    """``del object[key]`` or ``del object.attribute``. Doors: COMPLETED, RAISED."""

    object: Place
    attribute: str = ""


@dataclass(frozen=True, slots=True)
class Define:
    """A nested function, lambda, generator expression or class is made.

    `function` is its qualified name in the outline; `captures` are the variables of this function
    that it reads, `writes` those that it binds (``nonlocal``). Door: COMPLETED.
    """

    target: Place
    function: str
    captures: tuple[Place, ...] = ()
    writes: tuple[Place, ...] = ()
    lazy: bool = False
    """A generator expression: its body runs when somebody iterates it. Its first capture is its ``.0``."""


@dataclass(frozen=True, slots=True)
class Import:
    """``target`` becomes ``module`` (`name` empty) or ``module.name``. Doors: COMPLETED, RAISED.

    `level` counts the dots of a relative import; `name` is ``*`` for a star import.
    """

    target: Place
    module: str
    name: str = ""
    level: int = 0


@dataclass(frozen=True, slots=True)
class Unmodelled:
    """Something that lowering does not understand happened to `parts`; they are unknown after it.

    Doors: COMPLETED, RAISED.
    """

    parts: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Pass:
    """Nothing happens: a join, a loop's head, an exit. Door: COMPLETED (exits have none)."""


Event: TypeAlias = (
    Bind | Unpack | Call | Await | Read | Write | Item | SetItem | Build | Extend | Iter | Iterate | Drop
    | Enter | Leave | Test | TestSame | TestInstance | Choose | Catch | EndCatch | Raise | Return | Yield
    | Delete | DeleteItem | Define | Import | Unmodelled | Pass
)
