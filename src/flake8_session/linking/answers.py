"""Questions that lead to other questions, and maybe back to themselves; answers in whatever order.

A question that is asked while it is being answered gets its answer so far, at first the one that it
starts from. The questions of such a cycle are answered in rounds until none of their answers
changes, and only then remembered: no answer is kept that rests on another one's beginning. If the
answers grow from where they start (or shrink), the end is the same wherever the cycle was entered.

A question that lies deeper than `DEEPEST` below others is answered first, by itself, and then the
others are asked anew: chains may be of any length, and Python's stack stays small.

Not modelled: answers that never settle, and cycles of more questions than `DEEPEST`, which are cut.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, NamedTuple, TypeVar, cast

from flake8_session.linking.prices import Answer, Prices, settle

DEEPEST = 30
_MOST_ROUNDS = 12
_NOBODY = 1 << 30
T = TypeVar("T")
U = TypeVar("U")


class _Asked(NamedTuple):
    question: Hashable
    answer: Callable[[], Any]
    start: Any
    beyond: Any


class _TooDeep(Exception):
    """Unwinds everything that is being answered, so that this is answered first."""

    def __init__(self, asked: _Asked) -> None:
        super().__init__()
        self.asked = asked


class Answers:
    """The answers of a run. One for all kinds of questions, so that cycles through several kinds are seen."""

    def __init__(self) -> None:
        self.prices = Prices()
        self._records: dict[Hashable, Answer] = {}
        self._so_far: dict[Hashable, object] = {}
        self._running: dict[Hashable, int] = {}
        self._waiting: dict[Hashable, int] = {}
        """Answered in this round, with the outermost running question that the answer rests on."""
        self._rests_on = _NOBODY
        self._changes = 0
        self._cuts = False
        self._is_cut = False

    @property
    def is_final(self) -> bool:
        """Whether what the question that is being answered has learnt so far will not change."""
        return self._rests_on == _NOBODY

    def ask(self, question: Hashable, answer: Callable[[], T], start: T, beyond: U) -> T | U:
        """What `answer` gives, found once. Where the question comes back to itself it starts from `start`.

        `beyond` is the answer to a question that never settles, or where a cycle is cut.
        """
        record = self._records.get(question)
        if record is None:
            record = self._records[question] = Answer(question)
        elif record.is_known:
            self.prices.hear(record)
            return cast(T, record.value)
        for open_ in (self._running, self._waiting):
            if question in open_:
                self._rests_on = min(self._rests_on, open_[question])
                self.prices.hear(record)
                return cast(T, self._so_far[question])
        found = self._find(_Asked(question, answer, start, beyond))
        self.prices.hear(record)
        return cast(T, found)

    def found(self, question: Hashable) -> Answer | None:
        """What is known of a question that was asked; None while it is being answered."""
        record = self._records.get(question)
        return record if record is not None and record.is_known else None

    def _find(self, asked: _Asked) -> object:
        if not self._running:
            return self._from_the_top(asked)
        if len(self._running) < DEEPEST:
            return self._answered(asked)
        if not self._cuts:
            raise _TooDeep(asked)
        self._rests_on, self._is_cut = 0, True
        return asked.beyond

    def _from_the_top(self, asked: _Asked) -> object:
        """Answers a question that nothing else waits for, and before it those that lie too deep below it."""
        stack = [asked]
        while True:
            try:
                found = self._answered(stack[-1])
            except _TooDeep as deep:
                self._cuts = any(deep.asked.question == each.question for each in stack)
                if not self._cuts:
                    stack.append(deep.asked)
                continue
            self._cuts = False
            stack.pop()
            if not stack:
                return found

    def _answered(self, asked: _Asked) -> object:
        depth = len(self._running)
        self._so_far.setdefault(asked.question, asked.start)
        self._running[asked.question] = depth
        outer = self._rests_on
        try:
            return self._rounds(asked, depth)
        finally:
            del self._running[asked.question]
            self._rests_on = min(outer, self._rests_on)
            if not self._running:
                self._so_far.clear()
                self._waiting.clear()
                self._rests_on = _NOBODY
                self._is_cut = False

    def _rounds(self, asked: _Asked, depth: int) -> object:
        question, before = asked.question, len(self._waiting)
        for _ in range(_MOST_ROUNDS):
            changes, self._rests_on = self._changes, _NOBODY
            found = self.prices.finding(self._records[question], asked.answer)
            if found != self._so_far[question]:
                self._so_far[question] = found
                self._changes += 1
            if self._rests_on < depth:
                self._waiting[question] = self._rests_on
                return found
            if self._is_cut and depth == 0:
                self._keep([question])
                return found
            if self._rests_on == _NOBODY or self._changes == changes:
                self._settle(question, before)
                return found
            for member in list(self._waiting)[before:]:
                del self._waiting[member]
        self._so_far[question] = asked.beyond
        self._settle(question, before)
        return asked.beyond

    def _settle(self, question: Hashable, before: int) -> None:
        """Remembers the question and those that waited for it."""
        members = [*list(self._waiting)[before:], question]
        self._keep(members)
        for member in members:
            self._waiting.pop(member, None)
        self._rests_on = _NOBODY

    def _keep(self, questions: list[Hashable]) -> None:
        for question in questions:
            self._records[question].value = self._so_far.pop(question)
        settle(self._records[question] for question in questions)
