"""How much may be asked about helpers while one file is linted: past that, functions are passed over.

What a function holds of instances is passed over first, and the function itself where its sessions alone
need more. Functions that need little come first: a file is gone through again for those that needed more
than a share, with a larger one. What has become known of helpers by then is not asked again.

The unit is a world in front of a step of a helper, which is what solving one costs. Where methods of a
thousand lines call one another with every state of an instance, millions may be needed, and nobody
waits for that; the worst file of a large application needs 150,000. What was solved for other files of
the run costs nothing, so that only such a file may have other findings alone.
"""

from __future__ import annotations

MOST_IN_FUNCTION = 60_000
MOST_IN_FILE = 180_000
SHARES = (4_000, 15_000, MOST_IN_FUNCTION)
"""What each function may use at first, and again while that is not enough and the file has some left."""


class TooMuchToAsk(Exception):
    """The function that is linted cannot be told about in the time that anybody would wait."""


class Budget:
    """What is left for the file, and for the function that is being linted."""

    def __init__(self) -> None:
        self._file = MOST_IN_FILE
        self._function = 0
        self.was_short = False
        """Whether the function has needed more than it had."""

    def begin_function(self, share: int) -> None:
        """The next function of the file is linted, which may use so much."""
        self._function = share
        self.was_short = False

    def check(self) -> None:
        """Raises `TooMuchToAsk` where nothing is left for one more helper."""
        if self._file <= 0 or self._function <= 0:
            self.was_short = True
            raise TooMuchToAsk

    def spend(self, worlds: int) -> None:
        """One more helper was solved, in so many worlds."""
        self._file -= worlds
        self._function -= worlds
