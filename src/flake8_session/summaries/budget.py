"""How much may be asked about helpers while one file is linted: past that, functions are passed over.

What a function holds of instances is passed over first, and the function itself where its sessions alone
need more.

The unit is a world in front of a step of a helper, which is what solving one costs. Where methods of a
thousand lines call one another with every state of an instance, millions may be needed, and nobody
waits for that; the worst file of a large application needs 150,000. What was solved for other files of
the run costs nothing, so that only such a file may have other findings alone.
"""

from __future__ import annotations

MOST_IN_FUNCTION = 60_000
MOST_IN_FILE = 180_000


class TooMuchToAsk(Exception):
    """The function that is linted cannot be told about in the time that anybody would wait."""


class Budget:
    """What is left for the file, and for the function that is being linted."""

    def __init__(self) -> None:
        self._file = MOST_IN_FILE
        self._function = MOST_IN_FUNCTION

    def begin_function(self) -> None:
        """The next function of the file is linted."""
        self._function = MOST_IN_FUNCTION

    def check(self) -> None:
        """Raises `TooMuchToAsk` where nothing is left for one more helper."""
        if self._file <= 0 or self._function <= 0:
            raise TooMuchToAsk

    def spend(self, worlds: int) -> None:
        """One more helper was solved, in so many worlds."""
        self._file -= worlds
        self._function -= worlds
