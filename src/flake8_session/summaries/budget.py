"""How much may be asked about helpers while one file is linted: past that, functions are passed over.

The unit is a helper that is solved from one more world in which it may be entered. Of 35 real trees no
file needed 1,100 of them, and no function 600; where methods of a thousand lines call one another with
every state of an instance, hundreds of thousands may be needed, and nobody waits for that. What was
solved for other files of the run costs nothing, so that only such a file may have other findings alone.
"""

from __future__ import annotations

MOST_IN_FUNCTION = 1_000
MOST_IN_FILE = 2_000


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

    def spend(self) -> None:
        """One more helper is solved. Raises `TooMuchToAsk` where nothing is left."""
        if self._file <= 0 or self._function <= 0:
            raise TooMuchToAsk
        self._file -= 1
        self._function -= 1
