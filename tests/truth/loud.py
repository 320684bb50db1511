"""The loud cases of rules that random programs hardly break: each has to be seen in some run.

And whatever is seen of them in a silent case would be a claim that does not hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set

from tests.truth.running import Stories

REFUSED = ("SES208", "SES303", "SES306", "SES402", "SES403", "SES404")
"""An error says what was wrong, at the line of the report or, for SES303, with it in mind."""

BY_FUNCTION = ("SES110", "SES405", "SES406")
"""Which line has brought it about the runs do not tell."""

OF_STYLE = ("SES901", "SES902", "SES903")
"""What is done is seen; whether it is good style no run can say."""

WITNESSED = (*REFUSED, "SES307", "SES308", *BY_FUNCTION, *OF_STYLE)
"""All that must be seen.

A commit after a failure (SES307) and a value that is set for nobody (SES308) look the same where it is meant.
"""

BY_LETTER = {
    "SES203": "what is out of sight may be loaded",
    "SES204": "what is loaded can be read",
    "SES309": "the end of the session takes the failure back",
}
"""The rules whose reports no run need bear out, and why."""

_SAME = {"SES404": "SES403"}
"""Codes whose error is that of another."""


def unseen(
    stories: Stories, told: Sequence[Stories], wanted: Sequence[Set[str]]
) -> Iterator[tuple[int, str]]:
    """The line and code of each report that no run shows; `wanted`: the codes of each line of the file.

    What the making of an object has brought about shows when its methods are `told` of.
    """
    own = [stories, *(each for each in told if each.entry.made == stories.entry)]
    seen = {(sight.line, sight.code) for each in own for story in each.told for sight in story.sights}
    codes = {code for _, code in seen}
    for line in range(stories.entry.line, stories.entry.last_line + 1):
        for code in sorted(wanted[line - 1] & set(WITNESSED)):
            known = _SAME.get(code, code)
            if known not in codes if code in BY_FUNCTION else (line, known) not in seen:
                yield line, code


def unwanted(stories: Stories, wanted: Sequence[Set[str]]) -> Iterator[tuple[int, str]]:
    """The line and code of what a run shows in a function that is not said to do it."""
    entries = (stories.entry, stories.entry.made or stories.entry)
    lines = {line for each in entries for line in range(each.line, each.last_line + 1)}
    said = {_SAME.get(code, code) for line in lines for code in wanted[line - 1]}
    for story in stories.told:
        for sight in story.sights:
            if sight.code in (*REFUSED, *BY_FUNCTION) and not sight.doubtful and sight.code not in said:
                if not story.injected:
                    yield sight.line or stories.entry.line, sight.code
