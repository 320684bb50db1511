"""``session-lint --fix`` and its relatives as a user runs them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import CLEAN, LEAKING, Command

from flake8_session.cli import main

RETURNS_AN_INSTANCE = """\
from sqlalchemy.orm import Session
from models import User


def load(engine):
    session = Session(engine)
    return session.get(User, 1)
"""
FIXED = """\
from sqlalchemy.orm import Session
from models import User


def load(engine):
    with Session(engine) as session:
        return session.get(User, 1)
"""


@pytest.fixture
def leaking(project: Path) -> Path:
    return project / "shop" / "leaking.py"


def test_fix_mends_the_file_and_says_so(leaking: Path, session_lint: Command) -> None:
    run = session_lint("--fix")
    assert run.returncode == 0
    assert run.stdout == "Fixed 1 finding in 1 file; 0 left.\n"
    assert leaking.read_text() == CLEAN


def test_a_second_time_changes_nothing(leaking: Path, session_lint: Command) -> None:
    session_lint("--fix")
    before = leaking.stat().st_mtime_ns, leaking.stat().st_ino
    assert session_lint("--fix").stdout == "Fixed 0 findings in 0 files; 0 left.\n"
    assert (leaking.stat().st_mtime_ns, leaking.stat().st_ino) == before


def test_what_is_left_is_reported_and_ends_with_1(leaking: Path, session_lint: Command) -> None:
    leaking.write_text(RETURNS_AN_INSTANCE)
    run = session_lint("--fix", "--output-format=concise")
    assert run.returncode == 1
    assert run.stdout.startswith("shop/leaking.py:6:15: SES101 ")
    assert run.stderr == "Fixed 0 findings in 0 files; 1 left.\n"
    assert leaking.read_text() == RETURNS_AN_INSTANCE


def test_unsafe_fixes_must_be_asked_for(leaking: Path, session_lint: Command) -> None:
    leaking.write_text(RETURNS_AN_INSTANCE)
    assert session_lint("--fix", "--unsafe-fixes").returncode == 0
    assert leaking.read_text() == FIXED


def test_exit_non_zero_on_fix(leaking: Path, session_lint: Command) -> None:
    assert session_lint("--fix", "--exit-non-zero-on-fix").returncode == 1
    assert session_lint("--fix", "--exit-non-zero-on-fix").returncode == 0


def test_exit_zero(leaking: Path, session_lint: Command) -> None:
    leaking.write_text(RETURNS_AN_INSTANCE)
    assert session_lint("--fix", "--exit-zero").returncode == 0


def test_show_fixes_lists_them_by_file(leaking: Path, session_lint: Command) -> None:
    run = session_lint("--fix", "--show-fixes")
    assert run.stdout == (
        "shop/leaking.py:\n  1 x SES101 unclosed-session\nFixed 1 finding in 1 file; 0 left.\n"
    )


def test_diff_shows_and_changes_nothing(leaking: Path, session_lint: Command) -> None:
    run = session_lint("--diff")
    assert run.returncode == 1
    assert run.stdout.splitlines()[:2] == ["--- a/shop/leaking.py", "+++ b/shop/leaking.py"]
    assert "+    with Session(engine) as session:\n" in run.stdout
    assert run.stderr == "Would fix 1 finding in 1 file; 0 would be left.\n"
    assert leaking.read_text() == LEAKING


def test_what_is_left_may_be_counted(leaking: Path, session_lint: Command) -> None:
    run = session_lint("--fix", "--statistics", "shop", "--unfixable=SES101")
    assert run.stdout == "1  SES101  unclosed-session\nFixed 0 findings in 0 files; 1 left.\n"


def test_the_diff_has_colours_where_it_is_looked_at(leaking: Path, session_lint: Command) -> None:
    plain = session_lint("--diff", "shop").stdout
    coloured = session_lint("--diff", "--color=always", "shop").stdout
    assert "\x1b[32m+    with Session(engine) as session:\x1b[0m\n" in coloured
    assert "\x1b[1m--- a/shop/leaking.py\x1b[0m\n" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == plain


def test_the_diff_names_files_as_seen_from_here(leaking: Path, session_lint: Command) -> None:
    run = session_lint("--diff", str(leaking.resolve()))
    assert run.stdout.startswith("--- a/shop/leaking.py\n+++ b/shop/leaking.py\n")


def test_diff_ends_with_0_where_nothing_would_change(leaking: Path, session_lint: Command) -> None:
    leaking.write_text(CLEAN)
    run = session_lint("--diff")
    assert (run.returncode, run.stdout) == (0, "")


def test_git_applies_the_diff(leaking: Path, session_lint: Command) -> None:
    leaking.write_bytes(LEAKING.rstrip("\n").replace("\n", "\r\n").encode())
    run = subprocess.run(
        [sys.executable, "-m", "flake8_session", "--diff"], capture_output=True, check=False, timeout=60
    )
    subprocess.run(["git", "init", "-q"], check=True, timeout=60)
    subprocess.run(["git", "apply", "-"], input=run.stdout, check=True, timeout=60)
    assert leaking.read_bytes() == CLEAN.rstrip("\n").replace("\n", "\r\n").encode()


@pytest.mark.parametrize(
    "name", ["sp ace.py", "new\nline.py", "raw\udcff.py", 'qu"ote.py', "back\\slash.py", "-dash.py", "ü.py"]
)
def test_git_applies_the_diff_of_a_file_with_an_odd_name(leaking: Path, name: str) -> None:
    odd = leaking.with_name(name)
    leaking.rename(odd)
    command = [sys.executable, "-m", "flake8_session", "--diff"]
    run = subprocess.run(command, capture_output=True, check=False, timeout=60)
    subprocess.run(["git", "init", "-q"], check=True, timeout=60)
    subprocess.run(["git", "apply", "-"], input=run.stdout, check=True, timeout=60)
    assert odd.read_text() == CLEAN


def test_fixable_and_unfixable_choose_by_prefix(leaking: Path, session_lint: Command) -> None:
    assert session_lint("--diff", "--fixable=SES2").returncode == 0
    assert session_lint("--diff", "--unfixable=SES1").returncode == 0
    assert session_lint("--diff", "--fixable=SES1").returncode == 1
    assert session_lint("--diff", "--fixable=SES999").returncode == 2


def test_the_settings_file_may_say_what_is_not_fixed(leaking: Path, session_lint: Command) -> None:
    Path("pyproject.toml").write_text('[tool.flake8-session]\nunfixable = ["SES101"]\n')
    assert session_lint("--diff").returncode == 0


def test_a_noqa_comment_keeps_the_fix_away(leaking: Path, session_lint: Command) -> None:
    text = LEAKING.replace("Session(engine)\n", "Session(engine)  # noqa: SES101\n")
    leaking.write_text(text)
    assert session_lint("--fix").returncode == 0
    assert leaking.read_text() == text


def test_standard_input_is_fixed_to_standard_output(project: Path, session_lint: Command) -> None:
    run = session_lint("--fix", "-", stdin=LEAKING)
    assert (run.returncode, run.stdout) == (0, CLEAN)
    assert run.stderr == "Fixed 1 finding in 1 file; 0 left.\n"


def test_standard_input_goes_out_as_it_came_where_nothing_is_fixed(
    project: Path, session_lint: Command
) -> None:
    for text in ("x = 1\n", RETURNS_AN_INSTANCE, ""):
        assert session_lint("--fix", "-", stdin=text).stdout == text


def test_standard_input_that_is_no_python_goes_out_as_it_came(project: Path, session_lint: Command) -> None:
    text = "from sqlalchemy.orm import Session\ndef f(:\n"
    run = session_lint("--fix", "-", stdin=text)
    assert (run.returncode, run.stdout) == (2, text)


def test_standard_input_keeps_its_encoding_and_line_ends(project: Path) -> None:
    before = ("# coding: latin-1\n# ä\n" + LEAKING).replace("\n", "\r\n").encode("latin-1")
    after = ("# coding: latin-1\n# ä\n" + CLEAN).replace("\n", "\r\n").encode("latin-1")
    run = subprocess.run(
        [sys.executable, "-m", "flake8_session", "--fix", "-"],
        input=before,
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert run.stdout == after


def test_the_difference_of_standard_input(project: Path, session_lint: Command) -> None:
    run = session_lint("--diff", "-", "--stdin-filename=shop/new.py", stdin=LEAKING)
    assert run.returncode == 1
    assert run.stdout.startswith("--- a/shop/new.py\n+++ b/shop/new.py\n")


def test_a_file_in_another_encoding_keeps_it(leaking: Path, session_lint: Command) -> None:
    leaking.write_bytes(b"# coding: latin-1\n# \xe4\n" + LEAKING.encode())
    assert session_lint("--fix").returncode == 0
    assert leaking.read_bytes() == b"# coding: latin-1\n# \xe4\n" + CLEAN.encode()


def test_a_file_keeps_its_byte_order_mark(leaking: Path, session_lint: Command) -> None:
    leaking.write_bytes(b"\xef\xbb\xbf" + LEAKING.encode())
    assert session_lint("--fix").returncode == 0
    assert leaking.read_bytes() == b"\xef\xbb\xbf" + CLEAN.encode()


@pytest.mark.parametrize("locale", ["C", "POSIX"])
def test_a_locale_that_knows_ascii_only_loses_nothing(
    leaking: Path, session_lint: Command, locale: str
) -> None:
    text = LEAKING.replace("def count", "# größer\ndef count")
    leaking.write_text(text, encoding="utf-8")
    run = session_lint("--fix", env={"LC_ALL": locale, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"})
    assert run.returncode == 0
    assert "# größer\n" in leaking.read_text(encoding="utf-8")


def test_a_link_out_of_the_project_is_not_written(
    project: Path, tmp_path_factory: pytest.TempPathFactory, session_lint: Command
) -> None:
    outside = tmp_path_factory.mktemp("elsewhere") / "outside.py"
    outside.write_text(LEAKING)
    (project / "link.py").symlink_to(outside)
    run = session_lint("--fix", "link.py")
    assert run.returncode == 2
    assert run.stderr.startswith(
        "session-lint: link.py: not fixed: it is a link that leads out of the project"
    )
    assert outside.read_text() == LEAKING


def test_a_link_inside_the_project_is_followed_once(leaking: Path, session_lint: Command) -> None:
    Path("link.py").symlink_to(leaking)
    run = session_lint("--fix")
    assert run.returncode == 0
    assert Path("link.py").is_symlink()
    assert leaking.read_text() == CLEAN


def test_one_file_that_cannot_be_written_does_not_stop_the_others(
    leaking: Path, project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    other = project / "shop" / "other.py"
    other.write_text(LEAKING)
    replace = os.replace

    def fail(source: str, target: Path) -> None:
        if Path(target).name == "leaking.py":
            raise OSError(28, "No space left on device")
        replace(source, target)

    monkeypatch.setattr(os, "replace", fail)
    assert main(["--fix"]) == 2
    said = capsys.readouterr()
    assert "shop/leaking.py: not fixed: No space left on device" in said.err
    assert "shop/leaking.py:" in said.out, "what could not be mended is still reported"
    assert "Fixed 1 finding in 1 file; 1 left." in said.out
    assert (leaking.read_text(), other.read_text()) == (LEAKING, CLEAN)


def test_each_fix_is_shown_and_asked_for(leaking: Path, session_lint: Command) -> None:
    second = LEAKING.replace("def count", "def total").partition("\n\n\n")[2]
    both = f"{LEAKING}\n\n{second}"
    leaking.write_text(both)
    run = session_lint("--interactive", "--color=never", stdin="n\ny\n")
    assert run.stdout.count("Apply this fix?") == 2
    for line, name in ((6, "count"), (11, "total")):
        _, _, shown = run.stdout.partition(f"--> shop/leaking.py:{line}:15\n")
        assert f"{line} |     session = Session(engine)\n" in shown, "the way to the fault is shown"
        assert re.search(rf"def {name}\(engine\):\n *-     session = Session\(engine\)\n", shown)
    assert run.returncode == 1
    fixed = leaking.read_text()
    assert fixed.startswith(LEAKING)
    assert fixed.count("with Session(engine) as session:") == 1


@pytest.mark.parametrize(
    ("answers", "asked", "fixed"),
    [("a\n", 1, 2), ("q\n", 1, 0), ("", 1, 0), ("?\ny\nn\n", 3, 1), ("y\ny\n", 2, 2)],
)
def test_all_and_quit_answer_for_the_rest(
    leaking: Path, session_lint: Command, answers: str, asked: int, fixed: int
) -> None:
    second = LEAKING.replace("def count", "def total").partition("\n\n\n")[2]
    leaking.write_text(f"{LEAKING}\n\n{second}")
    run = session_lint("--interactive", stdin=answers)
    assert run.stdout.count("Apply this fix?") == asked
    assert leaking.read_text().count("with Session(engine)") == fixed


def test_without_a_standard_input_no_fix_is_wanted(leaking: Path) -> None:
    command = f'"{sys.executable}" -m flake8_session --interactive <&-'
    run = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False, timeout=60)
    assert (run.returncode, run.stderr) == (1, "")
    assert leaking.read_text() == LEAKING


def test_the_question_is_coloured_where_that_is_asked_for(leaking: Path, session_lint: Command) -> None:
    run = session_lint("--interactive", "--color=always", stdin="q\n")
    assert re.search(r"\x1b\[32m *\+     with Session\(engine\) as session:\x1b\[0m", run.stdout)


def test_a_fix_that_is_taken_back_is_told(leaking: Path, session_lint: Command) -> None:
    leaking.write_text("""\
from sqlalchemy.orm import Session
from models import User


def save(engine):
    session = Session(engine)
    user = User()
    session.add(user)
    session.commit()
    return user
""")
    before = leaking.read_text()
    run = session_lint("--fix", "--unsafe-fixes")
    assert run.returncode == 1
    assert "a fix of SES101 in `save` was taken back, since it made a new finding" in run.stdout
    assert leaking.read_text() == before


def test_json_carries_each_fix(leaking: Path, session_lint: Command) -> None:
    (finding,) = json.loads(session_lint("--output-format=json").stdout)
    assert finding["fix"] == {
        "applicability": "safe",
        "message": "open the session in a `with`",
        "reason": None,
        "edits": [
            {
                "content": CLEAN[CLEAN.index("    with") :],
                "location": {"row": 6, "column": 1},
                "end_location": {"row": 8, "column": 1},
            }
        ],
    }


def test_the_full_report_shows_each_fix(leaking: Path, session_lint: Command) -> None:
    assert "= fix: open the session in a `with`" in session_lint("--color=never").stdout


def test_the_short_report_makes_no_fixes(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("flake8_session.editing.fixes.fix_of", fail)
    assert main(["--output-format=concise", "--no-cache"]) == 1
