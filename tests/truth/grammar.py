"""Random programs that use sessions rightly and wrongly.

A program is a module with one function of interest and the helpers that it calls. An *author* writes
it: it knows roughly what each name stands for where it writes, so that most of what it writes makes
sense, and leaves the rest to chance. There are two sets of weights: `DEVELOP`, to find and mend
disagreements with, and `FINAL`, which is only run.

What is `LEFT_OUT` is held by the fixtures.
"""

from __future__ import annotations

import random

from tests.truth.outlines import Author
from tests.truth.writing import Draw, Weights


class Dice:
    """Chance by a seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def below(self, bound: int) -> int:
        return self._random.randrange(bound)


DEVELOP = Weights(
    shapes={
        "plain": 20, "finally": 10, "guarded": 10, "with": 22, "maker_begin": 5, "with_begin": 4,
        "borrowed": 16,
        "optional": 4, "flagged": 4, "manager": 7, "dependency": 4, "generator": 3, "turns": 6, "two": 6,
        "temporary": 4, "handing": 3,
    },
    phrases={
        "load": 12, "make": 7, "add": 8, "merge": 2, "refresh": 4, "expire": 2, "expire_all": 1, "expunge": 3,
        "delete": 1, "write": 5, "write_relation": 2, "append": 2, "read": 10, "read_relation": 6,
        "read_deferred": 3, "format": 3, "comprehend": 3, "each_of_relation": 2, "opaque": 4,
        "opaque_given": 1,
        "flush": 5, "commit": 11, "rollback": 4, "close": 7, "reset": 1, "execute": 5, "ask": 4,
        "load_all": 3,
        "forget": 1, "anew": 1, "loose": 1, "helper_close": 1, "branch": 9, "flag": 4, "none": 3, "loop": 6,
        "turn": 2, "attempt": 12, "ensure": 5, "attempt_ensure": 4, "suppressed": 1, "block": 3,
        "savepoint": 3,
        "open_with": 3, "leave": 5, "fail": 2, "next_turn": 3, "stop_turn": 2, "noop": 1,
    },
    length=(3, 11),
    sense=94,
    asynchronous=15,
)

FINAL = Weights(
    shapes={
        "plain": 16, "finally": 12, "guarded": 12, "with": 26, "maker_begin": 6, "with_begin": 5,
        "borrowed": 15,
        "optional": 5, "flagged": 5, "manager": 8, "dependency": 5, "generator": 4, "turns": 7, "two": 7,
        "temporary": 5, "handing": 4,
    },
    phrases={
        "load": 11, "make": 8, "add": 9, "merge": 3, "refresh": 4, "expire": 3, "expire_all": 2, "expunge": 3,
        "delete": 1, "write": 4, "write_relation": 2, "append": 2, "read": 11, "read_relation": 6,
        "read_deferred": 3, "format": 4, "comprehend": 3, "each_of_relation": 2, "opaque": 4,
        "opaque_given": 1,
        "flush": 6, "commit": 11, "rollback": 5, "close": 6, "reset": 1, "execute": 5, "ask": 4,
        "load_all": 3,
        "forget": 1, "anew": 1, "loose": 1, "helper_close": 2, "branch": 8, "flag": 5, "none": 3, "loop": 7,
        "turn": 2, "attempt": 13, "ensure": 5, "attempt_ensure": 5, "suppressed": 1, "block": 3,
        "savepoint": 4,
        "open_with": 4, "leave": 5, "fail": 2, "next_turn": 3, "stop_turn": 2, "noop": 1,
    },
    length=(4, 12),
    sense=92,
    asynchronous=20,
)

LEFT_OUT = {
    "methods of classes": 3_171,
    "registries": 773,
    "instances as parameters": 662,
    "nested functions": 264,
    "sessions in attributes and containers": 191,
    "`Row` and `Query` objects that outlive a statement": 139,
    "natural database errors (constraints)": 129,
    "threads and tasks": 55,
    "handlers that name `CancelledError` or `GeneratorExit`": 1,
    "sessions of a Connection": 0,
}
"""What no program has, and in how many of `COUNTED` functions it stands. It is printed below every table.

Counted by what the syntax shows, so roughly: a call of a session's method on a name that speaks of one.
"""

COUNTED = 4_597
"""The functions that use a session in fourteen real projects."""

GRAMMARS = {"develop": DEVELOP, "final": FINAL}


def write_program(draw: Draw, grammar: str = "develop") -> str:
    """A random program."""
    return Author(draw, GRAMMARS[grammar]).program()
