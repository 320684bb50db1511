"""The plugin in flake8: the same findings as ``session-lint``, and nothing that ends flake8's run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import LEAKING, Command

from flake8_session.cli import main

LEAK = "shop/leaking.py:6:15: SES101 "


def lines(run: subprocess.CompletedProcess[str]) -> list[str]:
    assert "Traceback" not in run.stderr
    return [line.removeprefix("./") for line in run.stdout.splitlines() if " SES" in line]


def test_a_leak_is_found(project: Path, flake8: Command) -> None:
    run = flake8("shop")
    assert run.returncode == 1
    assert [line[: len(LEAK)] for line in lines(run)] == [LEAK]


def test_both_front_ends_say_the_same(
    project: Path, flake8: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["shop", "--output-format=concise"])
    assert lines(flake8("shop")) == capsys.readouterr().out.splitlines()


def test_the_text_is_what_flake8_hands_over(project: Path, flake8: Command) -> None:
    run = flake8("-", "--stdin-display-name", "shop/clean.py", stdin=LEAKING)
    assert [line[:26] for line in lines(run)] == ["shop/clean.py:6:15: SES101"]


@pytest.mark.parametrize("layout", ["\r\n", "\ufeff"])
def test_line_ends_and_marks_do_not_move_a_finding(project: Path, flake8: Command, layout: str) -> None:
    text = LEAKING.replace("\n", layout) if layout == "\r\n" else layout + LEAKING
    (project / "shop/leaking.py").write_bytes(text.encode())
    assert [line[: len(LEAK)] for line in lines(flake8("shop"))] == [LEAK]


@pytest.mark.parametrize(
    ("comment", "found"),
    [("# noqa: SES101", 0), ("# noqa: SES1", 0), ("# noqa", 0), ("# noqa: SES201", 1), ("# noqa: E501", 1)],
)
def test_comments_silence(project: Path, flake8: Command, comment: str, found: int) -> None:
    text = LEAKING.replace("Session(engine)\n", f"Session(engine)  {comment}\n")
    (project / "shop/leaking.py").write_text(text)
    assert len(lines(flake8("shop"))) == found


COMMENTS = [
    "# noqa", "#noqa", "# NOQA", "# NoQA:SES101", "# noqa : SES101", "# noqa:  SES101", "# noqa:\tSES101",
    "# noqa: ses101", "# noqa: SES10", "# noqa: SES101,", "# noqa: ,SES101", "# noqa: E501 SES101",
    "# noqa: E501, SES101 - why", "# noqa: SES101 because", "# noqa: SES102 SES101", "# noqa, SES102",
    "# noqa: SES102 # noqa: SES101", "# type: ignore # noqa: SES101", "# noqa SES102", "# noqa; SES102",
    "# noqa: because SES101", "# noqa:SES102:SES101", "# noqa: SES101.", "# noqa:all", "# flake8: noqa",
    "# noqa: SES1x1", "# noqa: S", "# noqa: SESA101", "# nonoqa", "# noqa-file", "# noqa:\u00a0SES102",
    "# noqa:SES102,\u2003SES101", "#\tnoqa", "# noqa:SES102;SES101", "## noqa: SES101", "# ruff: noqa",
    "# noqa:F401,SES102\\", "# noqa: \\", ";  # noqa\x0c", "# noqa: SES101\x0c", "# noqa: SES999",
]
STATEMENTS = [
    "Session(  # noqa: SES101\n        engine,\n    )",
    "Session(\n        engine,\n    )  # noqa: SES101",
    "\\\n        Session(engine)  # noqa: SES101",
    "\\\n        Session(\\\n   engine)  # noqa",
    "Session(engine); x = '''\n    '''  # noqa: SES101",
    "Session(engine); x = '''\n# noqa: SES101\n'''",
    "Session(engine); x = f'''\n{engine}\n# noqa\n'''",
    "Session(engine); x = '# noqa: SES101'",
    "Session(engine)\n    # noqa: SES101",
]
FIRST_LINES = [
    "# flake8: noqa", "#flake8: noqa", "# FLAKE8: NOQA", "  # flake8: noqa", "# flake8=noqa",
    "# flake8: noqa: E501", "'''\n# flake8: noqa\n'''", "# flake8 : noqa", "# flake8:  noqa because",
    "x = 1  # flake8: noqa", "# noqa", "\ufeff# flake8: noqa", "# ruff: noqa: SES101",
]


def test_hard_comments_mean_the_same_to_both_front_ends(
    project: Path, flake8: Command, session_lint: Command
) -> None:
    texts = [
        *(LEAKING.replace("Session(engine)", f"Session(engine)  {comment}") for comment in COMMENTS),
        *(LEAKING.replace("Session(engine)", statement) for statement in STATEMENTS),
        *(f"{line}\n{LEAKING}" for line in FIRST_LINES),
    ]
    texts += [text.replace("\n", end) for text in texts[:3] for end in ("\r\n", "\r")]
    for number, text in enumerate(texts):
        (project / f"hard_{number:03}.py").write_bytes(text.encode())
    selected = ("--isolated", "--select=SES1", "--extend-select=SES001,SES002")
    ours = session_lint(*selected, "--no-cache", "--output-format=concise").stdout.splitlines()
    theirs = lines(flake8(*selected, "."))
    assert sorted(theirs) == sorted(ours)
    silenced = len(texts) - sum(" SES101 " in line for line in ours if line.startswith("hard_"))
    assert 20 < silenced < len(texts) - 20


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["--select=SES"], 1),
        (["--select=SES2"], 0),
        (["--ignore=SES101"], 0),
        (["--extend-ignore=SES1"], 0),
        (["--per-file-ignores=shop/*:SES1"], 0),
    ],
)
def test_flake8s_own_selection_counts(
    project: Path, flake8: Command, arguments: list[str], found: int
) -> None:
    assert len(lines(flake8("shop", *arguments))) == found


def test_rules_that_are_off_by_default_need_to_be_asked_for(project: Path, flake8: Command) -> None:
    (project / "shop/clean.py").write_text("session = 1  # noqa: SES101\n")
    assert lines(flake8("shop/clean.py", "--select=SES")) == []
    assert lines(flake8("shop/clean.py", "--ignore=E1")) == []
    (line,) = lines(flake8("shop/clean.py", "--extend-select=SES001"))
    assert line.startswith("shop/clean.py:1:22: SES001 ")
    assert lines(flake8("shop/clean.py", "--extend-select=SES001", "--disable-noqa")) == []


def test_other_files_are_linted_whatever_one_holds(project: Path, flake8: Command) -> None:
    (project / "shop/broken.py").write_text("Session = (\n")
    if sys.version_info >= (3, 11, 4):  # before, null bytes end flake8 itself with a traceback
        (project / "shop/nulls.py").write_bytes(b"Session = '\0'\n")
    (project / "shop/bytes.py").write_bytes(b"Session = '\xff'\n")
    run = flake8("shop")
    assert [line[: len(LEAK)] for line in lines(run)] == [LEAK]
    assert "shop/broken.py:1:" in run.stdout


def test_an_internal_failure_is_one_finding(project: Path) -> None:
    program = (
        "import sys, flake8_session.checker as c\n"
        "def fail(*a, **k): raise RuntimeError('two\\nlines')\n"
        "c.check_source = fail\n"
        "from flake8.main.cli import main\n"
        "sys.exit(main(['shop', '-j1']))\n"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert run.stderr == ""
    found = [line for line in run.stdout.splitlines() if "SES" in line]
    assert [line.split(" ")[1] for line in found] == ["SES000", "SES000"]
    assert "RuntimeError: two lines" in found[0]


class TestSettings:
    """Where the plugin's own settings come from."""

    def test_flake8s_configuration(self, project: Path, flake8: Command) -> None:
        (project / "tests").mkdir()
        (project / "tests/test_shop.py").write_text(LEAKING.replace("def count", "def test_count"))
        assert lines(flake8("tests")) == []
        (project / "setup.cfg").write_text("[flake8]\nsession-tests = true\n")
        assert len(lines(flake8("tests"))) == 1
        assert lines(flake8("tests", "--session-tests=no")) == []

    def test_flake8s_help_says_what_an_option_takes(self, flake8: Command) -> None:
        told = " ".join(flake8("--help").stdout.split())
        assert "after their session's end (default or strict)" in told
        assert "they are given (dotted names)" in told

    def test_our_table_where_flake8_says_nothing(self, project: Path, flake8: Command) -> None:
        (project / "pyproject.toml").write_text('[tool.flake8-session]\nignore = ["SES101"]\n')
        assert lines(flake8("shop")) == []
        assert len(lines(flake8("shop", "--isolated"))) == 1

    def test_our_per_file_ignores(self, project: Path, flake8: Command) -> None:
        table = '[tool.flake8-session.per-file-ignores]\n"shop/*" = ["SES1"]\n'
        (project / "pyproject.toml").write_text(table)
        assert lines(flake8("shop")) == []

    def test_a_mistake_is_one_line(self, project: Path, flake8: Command) -> None:
        (project / "pyproject.toml").write_text("[tool.flake8-session]\ntest = true\n")
        run = flake8("shop")
        assert run.returncode == 1
        assert "unknown key `test`; did you mean `tests`?" in run.stdout + run.stderr
        assert "Traceback" not in run.stderr
