"""Every file below `fixtures/` is linted, and each line must be reported as its comment says.

The comments are explained in `fixtures/README.md`.
"""

from __future__ import annotations

import io
import re
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from flake8_session.checker import check_source
from flake8_session.diagnostics import Diagnostic, Span
from flake8_session.project import Neighbourhood
from flake8_session.settings import Settings

FIXTURES = Path(__file__).parent / "fixtures"
SINGLE_FILES = sorted(FIXTURES.glob("*.py"))
PROJECT_FILES = sorted((FIXTURES / "projects").rglob("*.py"))
RULES = sorted((Path(__file__).parents[1] / "src/flake8_session/rules").glob("ses[0-9]*.py"))

ERROR = re.compile(r"error:(?P<codes>(?:\s+SES\d{3})+)\s*(?::(?P<text>.*))?$")
MARKER = re.compile(r"#\s*(?P<name>select|settings|python|not run):\s*(?P<value>.*)$")


@dataclass(frozen=True, slots=True)
class Expectation:
    """What one line's comment demands: codes in any order, and words that one message holds."""

    codes: tuple[str, ...]
    text: str = ""


def expectations(text: str) -> dict[int, Expectation]:
    """The lines of a case that must be reported; a comment that starts like one but is none is an error."""
    found = {}
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type != tokenize.COMMENT:
            continue
        for note in token.string.split("#"):
            if note.strip().startswith("error"):
                match = ERROR.match(note.strip())
                assert match is not None, f"line {token.start[0]}: not understood: {note.strip()!r}"
                codes = tuple(sorted(match["codes"].split()))
                found[token.start[0]] = Expectation(codes, (match["text"] or "").strip())
    return found


def markers(text: str) -> dict[str, str]:
    """The `name: value` comments at the top of a case."""
    found = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        if match := MARKER.match(line):
            found[match["name"]] = match["value"].strip()
    return found


def settings_of(text: str) -> Settings:
    """The settings that a case asks for in its first lines."""
    marked = markers(text)
    settings = Settings(select=tuple(marked.get("select", "").split()))
    for setting in marked.get("settings", "").split():
        name, _, value = setting.partition("=")
        chosen: dict[str, Any] = {name: _like(getattr(settings, name), value)}
        settings = replace(settings, **chosen)
    return settings


def disagreements(text: str, diagnostics: list[Diagnostic]) -> Iterator[str]:
    """One line of prose for each line of the case that is not reported as it says."""
    expected = expectations(text)
    found: dict[int, list[Diagnostic]] = {}
    for diagnostic in diagnostics:
        found.setdefault(diagnostic.span.line, []).append(diagnostic)
    lines = text.splitlines()
    for number in sorted(expected.keys() | found.keys()):
        wanted = expected.get(number, Expectation(()))
        got = found.get(number, [])
        source = lines[number - 1].strip() if 0 < number <= len(lines) else ""
        if Counter(wanted.codes) != Counter(diagnostic.code for diagnostic in got):
            said = "; ".join(f"{diagnostic.code} {diagnostic.message}" for diagnostic in got) or "nothing"
            yield f"line {number}: wanted {' '.join(wanted.codes) or 'nothing'}, got {said}\n    {source}"
        elif wanted.text and not any(wanted.text in diagnostic.message for diagnostic in got):
            said = "; ".join(diagnostic.message for diagnostic in got)
            yield f"line {number}: wanted {wanted.text!r} in the message, got {said!r}\n    {source}"


@pytest.mark.parametrize("path", SINGLE_FILES, ids=lambda path: path.stem)
def test_every_line_is_reported_as_it_says(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    oldest = markers(text).get("python", "3.10")
    if sys.version_info < tuple(int(part) for part in oldest.split(".")):
        pytest.skip(f"needs Python {oldest}")
    diagnostics = check_source(text, filename=path.name, settings=settings_of(text))
    found = list(disagreements(text, diagnostics))
    assert not found, f"{path.name}: {len(found)} lines\n" + "\n".join(found)


@pytest.mark.parametrize("path", PROJECT_FILES, ids=lambda path: str(path.relative_to(FIXTURES / "projects")))
def test_every_line_of_a_project_is_reported_as_it_says(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    around = Neighbourhood().project
    diagnostics = check_source(text, filename=str(path), settings=settings_of(text), project=around)
    found = list(disagreements(text, diagnostics))
    assert not found, f"{path.name}: {len(found)} lines\n" + "\n".join(found)


@pytest.mark.parametrize("rule", RULES, ids=lambda path: path.stem)
def test_every_rule_has_loud_cases_and_more_silent_ones(rule: Path) -> None:
    code = rule.stem[:6].upper()
    texts = [path.read_text(encoding="utf-8") for path in SINGLE_FILES if path.stem[:6].upper() == code]
    blocks = [block for text in texts for block in _blocks(text)]
    loud = sum(bool(re.search(rf"# error:[^:\n]*{code}", block)) for block in blocks)
    silent = sum("# error:" not in block for block in blocks)
    assert 0 < loud < silent, f"{code}: {loud} loud blocks and {silent} silent ones"


def test_a_missed_line_a_wrong_code_and_an_unexpected_line_are_told() -> None:
    text = "import x\nx.f()  # error: SES101\nx.g()  # error: SES102\nx.h()\n"
    wrong = _reported(2, "SES101"), _reported(3, "SES103"), _reported(4, "SES101")
    assert [said.split(",")[0] for said in disagreements(text, list(wrong))] == [
        "line 3: wanted SES102",
        "line 4: wanted nothing",
    ]
    assert [said.split(",")[0] for said in disagreements(text, [])] == [
        "line 2: wanted SES101",
        "line 3: wanted SES102",
    ]


def test_the_words_of_the_message_are_compared() -> None:
    text = "f()  # error: SES101: no connection\n"
    (said,) = disagreements(text, [_reported(1, "SES101")])
    assert "wanted 'no connection' in the message" in said


def test_a_comment_that_only_looks_like_an_expectation_is_refused() -> None:
    with pytest.raises(AssertionError, match="not understood"):
        expectations("f()  # error SES101\n")


def _blocks(text: str) -> list[str]:
    """The text of each public function and class of a case, and what stands in front of the first."""
    starts = [match.start() for match in re.finditer(r"^(?:(?:async )?def|class) (?!_)", text, re.MULTILINE)]
    return [text[start:end] for start, end in zip([0, *starts], [*starts, len(text)], strict=True)]


def _reported(line: int, code: str) -> Diagnostic:
    """A diagnostic such as the linter would make, for testing the comparison."""
    return Diagnostic(Span(line, 1, line, 2), code, "some-rule", "`session` is never closed")


def _like(default: object, value: str) -> Any:
    """A setting's value as it stands in a marker, of the same type as its default: switch, list or word."""
    match default:
        case bool():
            return {"true": True, "false": False}[value]
        case tuple():
            return tuple(value.split(","))
        case _:
            return value
