"""How much may be asked about helpers while one file is linted: past that, functions are passed over.

What a function holds of instances is passed over first, and the function itself where its sessions alone
need more. Functions that need little come first: a file is gone through again for those that needed more
than a share, with a larger one.

The unit is a world in front of a step of a helper, which is what solving one costs. Where methods of a
thousand lines call one another with every state of an instance, millions may be needed, and nobody
waits for that; the worst files of large applications need 300,000. What was solved for other files of
the run, or for another share, is charged like what has to be solved now (`linking.prices`), so that a file
has the same findings alone and among others.
"""

from __future__ import annotations

from flake8_session.linking.prices import Answer

MOST_IN_FUNCTION = 100_000
MOST_IN_FILE = 300_000
SHARES = (4_000, 15_000, MOST_IN_FUNCTION)
"""What each function may use at first, and again while that is not enough and the file has some left."""


class TooMuchToAsk(Exception):
    """The function that is linted cannot be told about in the time that anybody would wait."""


class Budget:
    """What is left for the file, and for the function that is being linted.

    Functions share what one of them has asked and paid for; a function that has needed too much pays
    for itself alone. In the last round it may be looked at again, for less.
    """

    def __init__(self) -> None:
        self.is_last_round = True
        self._left = MOST_IN_FILE
        self._paid: set[Answer] = set()
        """By functions that were told about."""
        self._before = 0
        self._share = 0
        self._limit = 0
        self._used = 0
        self._most_used = 0
        self._charged: dict[Answer, int] = {}
        """To the function that is being linted."""
        self.is_short = False
        """Whether the function has needed more than it has, since it was begun or looked at again."""
        self.was_short = False
        """Whether the function has needed more than it had."""

    def begin_round(self, share: int, *, last: bool = True) -> None:
        """From now on each function may use so much; what it had in the round before is used already."""
        self._before, self._share = self._share, share
        self.is_last_round = last

    def begin_function(self) -> None:
        """The next function of the file is linted."""
        self._limit = min(self._share, self._before + self._left)
        self._most_used = 0
        self.was_short = False
        self.begin_again()

    def begin_again(self) -> None:
        """The function makes do with less than it has asked for so far, and has all of its share again."""
        self._used = 0
        self._charged = {}
        self.is_short = False

    def end_function(self) -> None:
        """All was asked for the function that was wanted, or that it may ask."""
        self._left -= max(0, min(self._most_used, self._limit) - self._before)
        if not self.was_short:
            self._paid.update(self._charged)

    def check(self) -> None:
        """Raises `TooMuchToAsk` where the function has needed more than it has already."""
        if self.is_short:
            raise TooMuchToAsk

    def charge(self, answer: Answer) -> None:
        """The answer, and all that it needs, is asked for the function. Raises `TooMuchToAsk`."""
        self.check()
        waiting = [answer]
        while waiting:
            each = waiting.pop()
            known = self._charged.get(each)
            if each in self._paid or (known is not None and known >= each.price):
                continue
            self._charged[each] = each.price
            self._used += each.price - (known or 0)
            if known is None:
                waiting.extend(each.needs)
        self._most_used = max(self._most_used, self._used)
        self.is_short = self._used > self._limit
        self.was_short = self.was_short or self.is_short
        self.check()
