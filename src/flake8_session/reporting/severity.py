"""How grave a finding is, for the formats that ask: all that raises, leaks or loses data is an error."""

from __future__ import annotations

from enum import Enum

ADVICE = ("SES204", "SES309")
"""What works today and is one change away from failing."""
_STYLE = ("SES9", "SES0")


class Severity(Enum):
    """In the words of SARIF."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


def severity(code: str) -> Severity:
    """The severity of findings of the rule `code`."""
    if code == "SES000":
        return Severity.ERROR
    if code.startswith(_STYLE):
        return Severity.NOTE
    return Severity.WARNING if code in ADVICE else Severity.ERROR
