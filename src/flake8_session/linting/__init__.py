"""From the text of a file to what the user is told: the checker's findings without the silenced ones.

Both front ends, the fixer and the library's users come through here, so that they agree.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from flake8_session.diagnostics import Diagnostic, Span
from flake8_session.project import Neighbourhood
from flake8_session.settings import FAILURE, UNKNOWN, UNUSED, Settings, is_selected
from flake8_session.sieve import may_concern
from flake8_session.source.text import SyntaxRefused, lines_of
from flake8_session.suppressions import Noqas


@dataclass(frozen=True, slots=True)
class Linted:
    """The findings of one file, in order of the text: those to report, and those that a comment silences."""

    reported: tuple[Diagnostic, ...] = ()
    silenced: tuple[Diagnostic, ...] = ()


def lint_source(
    text: str,
    *,
    filename: str | os.PathLike[str] = "<string>",
    settings: Settings = Settings(),
    fixes: bool = False,
) -> list[Diagnostic]:
    """What is wrong with the sessions in `text`, without what ``# noqa`` silences.

    `filename` decides what kind of file it is (a test, a module of a package). It need not exist; where
    it does, `text` is read in its place, and what it imports is looked up in the project around it.
    With `fixes` the findings carry theirs. Text that is no Python has no findings, and nothing is raised
    for it.
    """
    name = os.fspath(filename)
    around = Neighbourhood(settings.src) if os.path.isfile(name) else None
    try:
        return list(lint(text, name, settings, around, fixes=fixes).reported)
    except SyntaxRefused:
        return []


def lint(
    text: str, filename: str, settings: Settings, around: Neighbourhood | None = None, *, fixes: bool = False
) -> Linted:
    """As `lint_source`, with the silenced findings beside; raises `SyntaxRefused` for what is no Python.

    Without the neighbourhood `around` it, the file stands alone. With `fixes` the findings carry theirs.
    """
    if not is_looked_at(text, settings):
        return Linted()
    noqas = Noqas(text)
    if noqas.whole_file:
        return Linted()
    reported: list[Diagnostic] = []
    silenced: list[Diagnostic] = []
    for finding in _all_findings(text, filename, settings, noqas, around, fixes):
        (silenced if noqas.silence(finding) else reported).append(finding)
    return Linted(tuple(reported), tuple(silenced))


def findings_for_host(
    text: str, filename: str, settings: Settings, around: Neighbourhood | None = None
) -> list[Diagnostic]:
    """All findings, for a host that reads ``# noqa`` itself and speaks itself of what is no Python."""
    if not is_looked_at(text, settings):
        return []
    try:
        return _all_findings(text, filename, settings, Noqas(text), around)
    except SyntaxRefused:
        return []


def is_looked_at(text: str | bytes, settings: Settings) -> bool:
    """Whether a file, decoded or not, may have to do with sessions or has comments to be checked."""
    if may_concern(text, settings):
        return True
    if not _comment_codes(settings):
        return False
    return "noqa" in text.lower() if isinstance(text, str) else b"noqa" in text.lower()


def _all_findings(
    text: str,
    filename: str,
    settings: Settings,
    noqas: Noqas,
    around: Neighbourhood | None,
    fixes: bool = False,
) -> list[Diagnostic]:
    findings = _checked(text, filename, settings, around, fixes) if may_concern(text, settings) else []
    codes = _comment_codes(settings)
    if codes and noqas.comments:
        findings += _on_comments(text, settings, noqas, findings, codes)
        findings.sort(key=lambda finding: finding.sort_key)
    return findings


def _checked(
    text: str, filename: str, settings: Settings, around: Neighbourhood | None, fixes: bool
) -> list[Diagnostic]:
    """The checker's findings; where the checker itself fails, that is the one finding."""
    from flake8_session.checker import check_source

    try:
        project = around.project if around else None
        return list(check_source(text, filename=filename, settings=settings, project=project, fixes=fixes))
    except SyntaxRefused:
        raise
    except Exception as failure:
        return [_failure(failure)] if is_selected(FAILURE, settings) else []
    finally:
        if around is not None:
            around.keep()


def _failure(failure: Exception) -> Diagnostic:
    """SES000 on the first line: one file's failure, and the others are still linted."""
    why = " ".join(f"{type(failure).__name__}: {failure}".split())[:200]
    message = f"the linter failed on this file and says nothing about it ({why})"
    return Diagnostic(Span(1, 1, 1, 1), FAILURE, "internal-failure", message)


def _comment_codes(settings: Settings) -> list[str]:
    return [code for code in (UNUSED, UNKNOWN) if is_selected(code, settings, default=False)]


def _on_comments(
    text: str, settings: Settings, noqas: Noqas, findings: list[Diagnostic], codes: list[str]
) -> list[Diagnostic]:
    from flake8_session.linting.catalogue import catalogue
    from flake8_session.linting.ses001_unused_noqa import unused_codes
    from flake8_session.linting.ses002_unknown_code_in_noqa import unknown_codes

    rules = catalogue()
    enabled = [code for code, rule in rules.items() if is_selected(code, settings, default=rule.default)]
    lines = lines_of(text)
    found = [
        *unused_codes(noqas.comments, findings, enabled, lines),
        *unknown_codes(noqas.comments, rules, lines),
    ]
    return [finding for finding in found if finding.code in codes]
