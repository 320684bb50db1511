"""JUnit's XML, which every build server shows: a suite for each file, a failed case for each finding."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape, quoteattr

from flake8_session.diagnostics import Diagnostic
from flake8_session.reporting.report import FileFindings, Terminal

_FORBIDDEN = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(files: Sequence[FileFindings], terminal: Terminal) -> str:
    """All findings as failures; where there are none, one case that passed: no case looks like no run."""
    total = sum(len(file.diagnostics) for file in files)
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        _tag("testsuites", name="flake8-session", tests=total or 1, failures=total, errors=0),
        *(line for file in files for line in _suite(file)),
    ]
    if not total:
        lines += [
            _tag("testsuite", name="flake8-session", tests=1, failures=0, errors=0),
            _tag("testcase", name="no findings", classname="flake8-session") + "</testcase>",
            "</testsuite>",
        ]
    return "\n".join([*lines, "</testsuites>", ""])


def _suite(file: FileFindings) -> Iterator[str]:
    count = len(file.diagnostics)
    yield _tag("testsuite", name=file.filename, tests=count, failures=count, errors=0)
    for finding in file.diagnostics:
        place = f"{finding.span.line}:{finding.span.column}"
        classname = f"{file.filename}:{finding.function}" if finding.function else file.filename
        yield _tag("testcase", name=f"{finding.code} {place}", classname=classname, file=file.filename,
                   line=finding.span.line)
        failure = _tag("failure", type=finding.code, message=finding.message)
        yield f"{failure}{_text(_body(finding))}</failure>"
        yield "</testcase>"
    yield "</testsuite>"


def _body(finding: Diagnostic) -> str:
    places = enumerate(finding.path, start=1)
    return "\n".join(
        [finding.message, *(f"{number}. line {place.span.line}: {place.message}" for number, place in places)]
    )


def _tag(element: str, /, **attributes: str | int) -> str:
    return f"<{element} {' '.join(f'{key}={_quoted(str(value))}' for key, value in attributes.items())}>"


def _quoted(text: str) -> str:
    return quoteattr(_FORBIDDEN.sub("?", text))


def _text(text: str) -> str:
    return escape(_FORBIDDEN.sub("?", text))
