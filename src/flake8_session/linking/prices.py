"""What finding an answer takes, so that an answer that is known already has the price of one that is not.

Answers are found once and kept. Who limits what may be asked must not count only what had to be found
anew: then it would depend on what others have asked before. So each answer keeps what finding it took by
itself and which dear answers it needed, and whoever asks is charged for all of that, known or not.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any, ParamSpec, Protocol, TypeVar

T = TypeVar("T")
P = ParamSpec("P")


class Answer:
    """What is known of one question, and what it takes to find it."""

    __slots__ = ("is_known", "needs", "price", "question", "value")

    def __init__(self, question: Hashable = None) -> None:
        self.question = question
        self.is_known = False
        self.value: Any = None
        self.price = 0
        """What finding it takes by itself; of several rounds the dearest."""
        self.needs: dict[Answer, None] = {}
        """The dear answers, and those not known yet, that it asks for."""

    @property
    def is_dear(self) -> bool:
        """Whether finding it, and what it needs, takes anything; yes while it is not known."""
        return bool(self.price or self.needs) or not self.is_known


class Bill(Protocol):
    """Somebody who pays for answers, and refuses to by an exception of its own."""

    def charge(self, answer: Answer) -> None:
        """A dear answer was asked for, or has become dearer while it is being found."""
        ...

    def check(self) -> None:
        """Something dear is about to be begun."""
        ...


class Prices:
    """Who pays at the moment, and which dear answers the one that is being found has asked for."""

    def __init__(self) -> None:
        self.bill: Bill | None = None
        self._found = Answer()
        self._taken = 0
        self._heard: dict[Answer, None] = {}

    def finding(self, answer: Answer, find: Callable[[], T]) -> T:
        """What `find` gives; what it spends and hears is the price of `answer`."""
        outer = self._found, self._taken, self._heard
        self._found, self._taken, self._heard = answer, 0, {}
        try:
            return find()
        finally:
            answer.needs.update(self._heard)
            self._found, self._taken, self._heard = outer

    def listening(
        self, find: Callable[P, T], *arguments: P.args, **named: P.kwargs
    ) -> tuple[T, tuple[Answer, ...]]:
        """What `find` gives, and the dear answers that it has asked for: whoever keeps the first says
        them again where it is used again.
        """
        outer, self._heard = self._heard, {}
        try:
            return find(*arguments, **named), tuple(self._heard)
        finally:
            outer.update(self._heard)
            self._heard = outer

    def hear(self, answer: Answer) -> None:
        """The answer was asked for."""
        if answer.is_dear:
            self._heard[answer] = None
            if self.bill is not None:
                self.bill.charge(answer)

    def hear_all(self, answers: Iterable[Answer]) -> None:
        """The answers were asked for when what is used now was found."""
        for answer in answers:
            self.hear(answer)

    def begin(self) -> None:
        """Something dear is about to be done for the answer that is being found."""
        if self.bill is not None:
            self.bill.check()

    def spend(self, amount: int) -> None:
        """It took so much."""
        self._taken += amount
        self._found.price = max(self._found.price, self._taken)
        if self.bill is not None:
            self.bill.charge(self._found)


def settle(answers: Iterable[Answer]) -> None:
    """The answers, which all need one another, are known; where none of them takes anything, none is dear."""
    found = list(answers)
    for answer in found:
        answer.is_known = True
    members = set(found)
    if not any(answer.price or answer.needs.keys() - members for answer in found):
        for answer in found:
            answer.needs.clear()
