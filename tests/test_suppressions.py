"""``# noqa``: as flake8 reads it, and what is said of comments that do nothing."""

from __future__ import annotations

import argparse
import re
from dataclasses import replace

import pytest
from flake8 import defaults
from flake8.processor import FileProcessor
from flake8.violation import Violation
from hypothesis import given
from hypothesis import strategies as some

from flake8_session import linting
from flake8_session.diagnostics import Applicability, Diagnostic, Span
from flake8_session.linting import lint
from flake8_session.reporting.fix_diff import after
from flake8_session.settings import Settings
from flake8_session.source.text import lines_of
from flake8_session.suppressions import INLINE, WHOLE_FILE, Noqas

ON_COMMENTS = Settings(extend_select=("SES001", "SES002"))


def finding(line: int, code: str = "SES101") -> Diagnostic:
    return Diagnostic(Span(line, 1, line, 2), code, "some-rule", "something is wrong")


def flake8_silences(text: str, line: int, code: str) -> bool:
    """What flake8 itself says, asked in the way in which its style guide does."""
    options = argparse.Namespace(hang_closing=False, indent_size=4, max_line_length=79, max_doc_length=None,
                                 verbose=0, stdin_display_name="stdin", disable_noqa=False)
    processor = FileProcessor("stdin", options, lines=text.splitlines(keepends=True))
    if processor.should_ignore_file():
        return True
    physical = processor.noqa_line_for(line)
    lines = text.splitlines(keepends=True)
    physical = physical if physical is not None else lines[line - 1] if line <= len(lines) else ""
    return Violation(code, "stdin", line, 1, "", physical).is_inline_ignored(False)


def test_the_patterns_are_flake8s() -> None:
    assert defaults.NOQA_INLINE_REGEXP.pattern == INLINE.pattern
    assert defaults.NOQA_INLINE_REGEXP.flags & re.IGNORECASE == INLINE.flags & re.IGNORECASE
    assert defaults.NOQA_FILE.pattern == WHOLE_FILE.pattern


CASES = [
    "x = 1\n",
    "x = 1  # noqa\n",
    "x = 1  # noqa: SES101\n",
    "x = 1  # noqa:SES101\n",
    "x = 1  # noqa : SES101\n",
    "x = 1  #noqa: SES201\n",
    "x = 1  # NOQA: SES201\n",
    "x = 1  # noqa: ses101\n",
    "x = 1  # noqa: SES\n",
    "x = 1  # noqa: SES1\n",
    "x = 1  # noqa: E501,SES101\n",
    "x = 1  # noqa: E501 SES101 for a reason\n",
    "x = 1  # noqa: SES201 - see PR12\n",
    "x = 1  # type: ignore  # noqa: SES201\n",
    "x = 1  # noqa: E501  # noqa: SES101\n",
    "f(\n  1,  # noqa: SES101\n)\n",
    "f(\n  1,\n)  # noqa: SES101\n",
    "x = '''\ntext\n'''  # noqa: SES101\n",
    "x = '''\n# noqa: SES101\n'''\n",
    "x = f'''\n{1}\n'''  # noqa: SES201\n",
    "x = 1 + \\\n    2  # noqa: SES101\n",
    "'# noqa: SES101'\n",
    "# flake8: noqa\nx = 1\n",
    "# flake8: noqa: SES101\nx = 1\n",
    "x = 1  # flake8: noqa\n",
    "def f():\n    pass  # noqa: SES101\n\n\nx = 1\n",
    "x = (  # noqa: SES101\n",
    "x = '''  # noqa: SES101\n",
    "x = 1  # noqa: SES101",
]


@pytest.mark.parametrize("text", CASES)
def test_every_line_is_silenced_as_flake8_silences_it(text: str) -> None:
    noqas = Noqas(text)
    for line in range(1, text.count("\n") + 1):
        for code in ("SES101", "SES201"):
            assert noqas.silence(finding(line, code)) == flake8_silences(text, line, code), (line, code)


PIECES = [
    *("# noqa", ": ", "SES101", ",", " ", "E501"),
    *("x = 1", "\n", "(", ")", "'''", "\\\n", "# flake8: noqa"),
]


@given(some.lists(some.sampled_from(PIECES), max_size=12).map("".join))
def test_any_text_is_read_as_flake8_reads_it(text: str) -> None:
    noqas = Noqas(text)
    for line in range(1, text.count("\n") + 1):
        assert noqas.silence(finding(line)) == flake8_silences(text, line, "SES101"), line


def test_other_line_ends_count_alike() -> None:
    text = "x = '''\n'''  # noqa: SES101\ny = 1  # noqa: SES2\n"
    for end in ("\r\n", "\r"):
        noqas = Noqas(text.replace("\n", end))
        assert noqas.silence(finding(1))
        assert not noqas.silence(finding(3))
        assert [code.span for noqa in noqas.comments for code in noqa.codes] == [
            Span(2, 14, 2, 20),
            Span(3, 16, 3, 20),
        ]


class TestCommentsThatDoNothing:
    """SES001 and SES002, and their fixes."""

    def said(
        self, text: str, monkeypatch: pytest.MonkeyPatch, *codes: str, settings: Settings = ON_COMMENTS
    ) -> list[Diagnostic]:
        """What is said of `text` if the checker finds `codes` on its first line."""
        checked = [finding(1, code) for code in codes]
        monkeypatch.setattr(linting, "_checked", lambda *_: list(checked))
        linted = lint(f"{text}# session\n", "x.py", settings)
        return [found for found in linted.reported if found not in checked]

    @pytest.mark.parametrize(
        ("comment", "codes", "unused"),
        [
            ("# noqa: SES101", ["SES101"], []),
            ("# noqa: SES1", ["SES101"], []),
            ("# noqa", [], []),
            ("# noqa: E501", [], []),
            ("# noqa: SES101", [], ["SES101"]),
            ("# noqa: SES101, SES201", ["SES201"], ["SES101"]),
            ("# noqa: SES101, SES201", [], ["SES101", "SES201"]),
            ("# noqa: SES2", ["SES101"], ["SES2"]),
            ("# noqa: SES001", [], []),
            ("# noqa: SES101, SES001", [], []),
        ],
    )
    def test_unused_codes_are_reported(
        self, monkeypatch: pytest.MonkeyPatch, comment: str, codes: list[str], unused: list[str]
    ) -> None:
        found = self.said(f"x = 1  {comment}\n", monkeypatch, *codes)
        assert [(each.code, each.message) for each in found] == [
            ("SES001", f"`{code}` in `# noqa` silences nothing") for code in unused
        ]

    def test_a_rule_that_did_not_run_leaves_its_codes_alone(self, monkeypatch: pytest.MonkeyPatch) -> None:
        settings = replace(ON_COMMENTS, ignore=("SES101",))
        assert not self.said("x = 1  # noqa: SES101\n", monkeypatch, settings=settings)
        assert self.said("x = 1  # noqa: SES102\n", monkeypatch, settings=settings)

    @pytest.mark.parametrize(
        ("comment", "told"),
        [
            ("# noqa: SES777", "`SES777` in `# noqa` is no code"),
            ("# noqa: SES1011", "`SES1011` in `# noqa` is no code"),
            (
                "# noqa: ses101",
                "`ses101` in `# noqa` silences nothing, since codes are in capital letters: `SES101`",
            ),
            ("# noqa: SES", "`# noqa: SES` has no digit and so silences every linter on this line"),
        ],
    )
    def test_unknown_codes_are_reported(
        self, monkeypatch: pytest.MonkeyPatch, comment: str, told: str
    ) -> None:
        settings = Settings(extend_select=("SES002",))
        found = self.said(f"x = 1  {comment}\n", monkeypatch, settings=settings)
        assert [(each.code, each.message) for each in found] == [("SES002", told)]

    @pytest.mark.parametrize(
        "comment", ["# noqa", "# noqa: E501", "# noqa: SES101", "# noqa: SESSION1", "# noqa:"]
    )
    def test_what_is_no_code_of_ours_is_left_alone(
        self, monkeypatch: pytest.MonkeyPatch, comment: str
    ) -> None:
        settings = Settings(extend_select=("SES002",))
        assert not self.said(f"x = 1  {comment}\n", monkeypatch, settings=settings)
        assert not lint(f"x = 1  {comment}\n# session\n", "x.py", settings).silenced

    @pytest.mark.parametrize(
        ("line", "fixed"),
        [
            ("x = 1  # noqa: SES101", "x = 1"),
            ("x = 1  # noqa: SES101 - because of that", "x = 1"),
            ("x = 1  # type: ignore  # noqa: SES101", "x = 1  # type: ignore"),
            ("x = 1  # noqa: SES101  # type: ignore", "x = 1  # type: ignore"),
            ("x = 1  # noqa: SES101, E501", "x = 1  # noqa: E501"),
            ("x = 1  # noqa: E501, SES101", "x = 1  # noqa: E501"),
            ("x = 1  # noqa: E501 SES101 F401", "x = 1  # noqa: E501 F401"),
            ("# noqa: SES101", None),
            ("x = 1  # noqa: SES777", "x = 1"),
        ],
    )
    @pytest.mark.parametrize("end", ["\n", "\r\n"])
    def test_the_fix_takes_the_code_away(
        self, monkeypatch: pytest.MonkeyPatch, line: str, fixed: str | None, end: str
    ) -> None:
        text = f"{line}{end}y = 2{end}"
        (found,) = self.said(text, monkeypatch)
        assert found.fix is not None
        assert found.fix.applicability is Applicability.SAFE
        expected = f"{fixed}{end}y = 2{end}" if fixed is not None else f"y = 2{end}"
        assert "".join(after(lines_of(text), found.fix.edits)) == expected

    def test_capital_letters_are_an_unsafe_fix(self, monkeypatch: pytest.MonkeyPatch) -> None:
        text = "x = 1  # noqa: ses101, E501\n"
        (found,) = self.said(text, monkeypatch)
        assert found.fix is not None
        assert found.fix.applicability is Applicability.UNSAFE
        assert "".join(after(lines_of(text), found.fix.edits)) == "x = 1  # noqa: SES101, E501\n"

    def test_the_text_of_a_string_is_not_edited(self, monkeypatch: pytest.MonkeyPatch) -> None:
        (found,) = self.said("x = '''\n# noqa: SES101\n'''\n", monkeypatch)
        assert found.code == "SES001"
        assert found.fix is None

    def test_files_without_sessions_are_looked_at_as_well(self) -> None:
        (found,) = lint("x = 1  # noqa: SES101\n", "x.py", ON_COMMENTS).reported
        assert found.code == "SES001"
        assert lint("x = 1  # noqa: SES101\n", "x.py", Settings()).reported == ()
