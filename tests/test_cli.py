"""``session-lint`` as a user runs it: what it says, and how it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import CLEAN, LEAKING, Command

import flake8_session
from flake8_session.cli import main

FINDING = "shop/leaking.py:6:15: SES101 "


def test_a_leak_in_a_folder_is_found(project: Path, session_lint: Command) -> None:
    run = session_lint("shop", "--output-format", "concise")
    assert run.returncode == 1
    assert run.stdout.startswith(FINDING)
    assert run.stdout.count("\n") == 1
    assert run.stderr == ""


def test_without_a_path_the_current_folder_is_linted(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--output-format=concise"]) == 1
    assert capsys.readouterr().out.startswith(FINDING)


def test_clean_code_ends_with_0(project: Path, session_lint: Command) -> None:
    run = session_lint("shop/clean.py")
    assert run.returncode == 0
    assert run.stdout == "No misuse of sessions found in 1 file.\n"


def test_exit_zero_reports_and_ends_with_0(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--exit-zero", "--output-format=concise"]) == 0
    assert capsys.readouterr().out.startswith(FINDING)


def test_a_path_that_does_not_exist_ends_with_2_and_the_others_are_linted(
    project: Path, session_lint: Command
) -> None:
    run = session_lint("nowhere.py", "shop", "--output-format", "concise")
    assert run.returncode == 2
    assert run.stdout.startswith(FINDING)
    assert run.stderr == "session-lint: nowhere.py: no such file or folder\n"


def test_where_nothing_was_linted_nothing_is_called_clean(project: Path, session_lint: Command) -> None:
    (project / "empty").mkdir()
    assert session_lint("nowhere.py").stdout == "No file was linted.\n"
    run = session_lint("empty")
    assert (run.returncode, run.stdout, run.stderr) == (0, "No file was linted.\n", "")


@pytest.mark.parametrize(
    "option", ["--diff-base", "--config", "--output-file", "--explain", "--show-summary", "--stdin-filename"]
)
def test_an_empty_value_is_not_the_lack_of_an_option(
    project: Path, session_lint: Command, option: str
) -> None:
    run = session_lint(f"{option}=", "shop")
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == f"session-lint: command line: {option} needs a value\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--slect=SES1"], "there is no option --slect; did you mean --select?"),
        (["-q"], "there is no option -q"),
        (["--output-format=xml"], "argument --output-format: invalid choice: "),
        (["--jobs=many"], "`jobs` must be a whole number, 0 or more, not 'many'"),
        (["--jobs"], "argument -j/--jobs: expected one argument"),
        (["--select=SES999"], "`select`: there is no code `SES999`"),
        (["--select=SES10l"], "`SES10l` in `select` is no code; did you mean `SES1"),
        (["--select=E501"], "`select`: there is no code `E501`"),
        (["--fix", "--add-noqa"], "--fix and --add-noqa do not go together"),
        (["--diff", "--write-baseline"], "--diff and --write-baseline do not go together"),
        (["--interactive", "--diff"], "--interactive and --diff do not go together"),
        (["--baseline=x", "--write-baseline", "--prune-baseline"], "--write-baseline and --prune"),
        (["-", "--add-noqa"], "--add-noqa and - do not go together"),
        (["-", "--interactive"], "--interactive and - do not go together"),
        (["--sqlalchemy-version=two"], "`sqlalchemy-version` must be a version, such as \"2.0\", not 'two'"),
        (["--write-baseline", "--diff-base=HEAD"], "--write-baseline and --diff-base do not go together"),
    ],
)
def test_wrong_usage_is_one_line_and_ends_with_2(
    project: Path, session_lint: Command, arguments: list[str], told: str
) -> None:
    run = session_lint(*arguments)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith(f"session-lint: command line: {told}")
    assert run.stderr.count("\n") == 1


def test_standard_input_goes_by_the_name_that_it_is_given(project: Path, session_lint: Command) -> None:
    named = session_lint("-", "--stdin-filename", "shop/new.py", "--output-format=concise", stdin=LEAKING)
    assert named.returncode == 1
    assert named.stdout.startswith("shop/new.py:6:15: SES101 ")
    nameless = session_lint("-", "--output-format=concise", stdin=LEAKING)
    assert nameless.stdout.startswith("stdin:6:15: SES101 ")
    assert session_lint("-", stdin=CLEAN).returncode == 0


def test_a_comment_silences_a_finding(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    silenced = LEAKING.replace("Session(engine)\n", "Session(engine)  # noqa: SES101\n")
    (project / "shop/leaking.py").write_text(silenced)
    assert main(["shop"]) == 0
    assert "No misuse" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["--select=SES2"], 0),
        (["--select=SES1"], 1),
        (["--select=SES"], 1),
        (["--ignore=SES101"], 0),
        (["--ignore=SES1", "--select=SES101"], 1),
        (["--per-file-ignores=shop/*:SES1"], 0),
        (["--per-file-ignores=other/*:SES1"], 1),
        (["--exclude=leaking.py"], 0),
        (["--extend-exclude=shop/"], 0),
    ],
)
def test_what_is_reported_can_be_chosen(project: Path, arguments: list[str], status: int) -> None:
    assert main(arguments) == status


@pytest.mark.parametrize(
    ("parts", "status"),
    [
        (["--select=SES1", "--select=SES2"], 1),
        (["--ignore=SES1", "--ignore=SES9"], 0),
        (["--extend-exclude=leaking.py", "--extend-exclude=nothing"], 0),
        (["--per-file-ignores=leaking.py:SES1", "--per-file-ignores=clean.py:SES1"], 0),
    ],
)
def test_of_a_list_in_parts_all_parts_count(project: Path, parts: list[str], status: int) -> None:
    assert main(parts) == status


def test_statistics_count_by_code(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--statistics"]) == 1
    assert capsys.readouterr().out == "1  SES101  unclosed-session\n"
    assert main(["--statistics", "shop/clean.py"]) == 0
    assert capsys.readouterr().out == "No misuse of sessions found in 1 file.\n"


def test_json_has_the_keys_of_ruff_and_the_path(project: Path, session_lint: Command) -> None:
    (finding,) = json.loads(session_lint("shop", "--output-format=json").stdout)
    assert finding["code"] == "SES101"
    assert finding["name"] == "unclosed-session"
    assert finding["filename"] == "shop/leaking.py"
    assert finding["location"] == {"row": 6, "column": 15}
    assert finding["end_location"] == {"row": 6, "column": 30}
    assert finding["path"][0] == {"row": 6, "column": 15, "message": "`session` is opened here"}
    assert {"message", "fix", "url"} <= finding.keys()


def test_the_version_is_the_packages(session_lint: Command) -> None:
    assert session_lint("--version").stdout == f"session-lint {flake8_session.__version__}\n"


def test_a_page_is_found_by_its_name_too(session_lint: Command) -> None:
    assert session_lint("--explain=unclosed-session").stdout == session_lint("--explain=ses101").stdout


def test_a_switch_and_its_opposite_are_in_the_help(project: Path, session_lint: Command) -> None:
    told = session_lint("--help").stdout
    assert "--cache, --no-cache " in told
    listed = session_lint("shop", "--statistics", "--no-statistics", "--output-format=concise").stdout
    assert listed.startswith("shop/leaking.py:6:15: SES101 ")


def test_a_page_is_shown_and_an_unknown_code_is_not(session_lint: Command) -> None:
    page = session_lint("--explain", "SES101")
    assert page.returncode == 0
    assert page.stdout.startswith("# SES101 unclosed-session\n")
    unknown = session_lint("--explain", "SES110101")
    assert unknown.returncode == 2
    assert unknown.stderr.startswith("session-lint: --explain: there is no code `SES110101`; did you mean ")


class TestBadInput:
    """One line for each file that cannot be linted, and the others are linted all the same."""

    @pytest.mark.parametrize(
        ("content", "why"),
        [
            (b"Session = (\n", "bad.py:1: "),
            (b"Session = '\0'\n", "null bytes"),
            (b"\nSession = 1\nx = '\xff'\n", "bad.py:3: byte 0xff is not utf-8"),
            (b"# coding: klingon\nSession = 1\n", "unknown encoding: klingon"),
            (b"# coding: ascii\nSession = '\xc3\xa4'\n", "bad.py:2: byte 0xc3 is not ascii"),
        ],
    )
    def test_bytes_that_are_no_python(
        self, project: Path, capsys: pytest.CaptureFixture[str], content: bytes, why: str
    ) -> None:
        (project / "shop" / "bad.py").write_bytes(content)
        assert main(["shop", "--output-format=concise"]) == 1
        told = capsys.readouterr()
        assert told.out.startswith(FINDING)
        assert told.err.startswith("session-lint: shop/bad.py")
        assert why in told.err
        assert told.err.count("\n") == 1

    def test_nothing_could_be_read(self, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (project / "bad.py").write_text("x = (\n")
        assert main(["bad.py"]) == 2
        assert capsys.readouterr().err.startswith("session-lint: bad.py:1: ")

    def test_a_broken_link(self, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (project / "shop/gone.py").symlink_to("nowhere.py")
        assert main(["shop"]) == 1
        assert capsys.readouterr().err == "session-lint: shop/gone.py: broken link\n"

    def test_a_folder_that_is_called_like_a_file(self, project: Path) -> None:
        (project / "shop").rename(project / "shop.py")
        assert main(["."]) == 1

    def test_a_circle_of_links(self, project: Path) -> None:
        (project / "shop/again").symlink_to(project / "shop", target_is_directory=True)
        assert main(["shop", "--ignore=SES101"]) == 0

    def test_a_file_that_vanishes(
        self, project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        from flake8_session.cli import checking

        monkeypatch.setattr(checking, "discover", _with_a_ghost(checking.discover))
        assert main(["shop"]) == 1
        assert capsys.readouterr().err == "session-lint: shop/ghost.py: no such file\n"

    def test_a_file_that_nobody_may_read(self, project: Path) -> None:
        locked = project / "shop/locked.py"
        locked.write_text(LEAKING)
        locked.chmod(0)
        if os.access(locked, os.R_OK):
            locked.unlink()
            locked.mkdir(0)
        assert main(["shop"]) == 1

    def test_an_internal_failure_is_a_finding(
        self, project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def fail(*arguments: object, **named: object) -> None:
            raise RuntimeError("two\nlines")

        monkeypatch.setattr("flake8_session.checker.check_source", fail)
        assert main(["shop", "--select=SES2", "--output-format=concise"]) == 1
        told = capsys.readouterr().out.splitlines()
        assert [line.split(": ")[0] for line in told] == ["shop/clean.py:1:1", "shop/leaking.py:1:1"]
        assert "SES000" in told[0]
        assert "RuntimeError: two lines" in told[0]

    @pytest.mark.parametrize(
        "name", ["with blank.py", "-leading.py", "two\nlines.py", "raw\udcff.py", "ü.py"]
    )
    def test_odd_names(self, project: Path, session_lint: Command, name: str) -> None:
        (project / "shop" / name).write_text(LEAKING)
        run = session_lint("shop", "--output-format=concise", env={"PYTHONIOENCODING": "ascii"})
        assert run.returncode == 1
        assert run.stdout.count("SES101") == 2
        assert run.stdout.count("\n") == 2
        assert run.stderr == ""
        assert len(json.loads(session_lint("shop", "--output-format=json").stdout)) == 2

    def test_a_name_with_a_leading_dash(self, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (project / "-x.py").write_text(LEAKING)
        assert main(["-x.py"]) == 2
        assert "there is no option -x.py; if it is a path, write ./-x.py" in capsys.readouterr().err
        assert main(["--output-format=concise", "./-x.py"]) == 1
        assert main(["--output-format=concise", "--", "-x.py"]) == 1

    def test_a_reader_that_goes_away(self, project: Path) -> None:
        imports, _, function = LEAKING.partition("\n\n\n")
        functions = [function.replace("count", f"count_{number}") for number in range(600)]
        (project / "shop/leaking.py").write_text("\n\n\n".join([imports, *functions]))
        command = [sys.executable, "-m", "flake8_session", "shop"]
        # Without a buffer Python writes once, and never hears that the rest was not wanted.
        buffered = {**os.environ, "PYTHONUNBUFFERED": ""}
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=buffered
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.readline()
            process.stdout.close()
            told = process.stderr.read()
            assert told.startswith(b"session-lint: standard output: nobody reads it")
            assert told.count(b"\n") == 1
            assert process.wait() == 2

    def test_an_interrupt(
        self, project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def interrupt(*arguments: object, **named: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr("flake8_session.checker.check_source", interrupt)
        assert main(["shop"]) == 130
        assert capsys.readouterr() == ("", "")


class TestWhichFiles:
    """What a walk finds, and what it passes over."""

    def found(self, capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
        main([*arguments, "--output-format=concise"])
        return [line.split(":")[0] for line in capsys.readouterr().out.splitlines()]

    def test_usual_folders_are_passed_over(
        self, project: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        for folder in (".venv", "build", "node_modules", "x.egg", "deep/.tox"):
            (project / folder).mkdir(parents=True)
            (project / folder / "leaking.py").write_text(LEAKING)
        assert self.found(capsys) == ["shop/leaking.py"]
        assert self.found(capsys, "build") == ["build/leaking.py"]

    def test_environments_go_by_any_name(
        self, project: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (project / "shop/pyvenv.cfg").write_text("")
        assert self.found(capsys) == []

    def test_what_git_ignores_is_passed_over(
        self, project: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        for name in ("generated/a.py", "shop/b.py", "shop/c.py", "deep/d/e.py"):
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            (project / name).write_text(LEAKING)
        (project / ".git/info").mkdir(parents=True)
        (project / ".git/info/exclude").write_text("e.py\n")
        (project / ".gitignore").write_text("generated/\nb.py\nc.py\n")
        (project / "shop/.gitignore").write_text("!c.py\n")
        assert self.found(capsys) == ["shop/c.py", "shop/leaking.py"]
        assert self.found(capsys, "deep") == []
        assert self.found(capsys, "generated") == ["generated/a.py"]
        assert self.found(capsys, "shop/b.py") == ["shop/b.py"]

    @pytest.mark.parametrize("wrong", ["!", "a\\", "[a-!]", "[[-!]"])
    def test_a_line_that_is_no_pattern_is_passed_over_as_git_does(
        self, project: Path, session_lint: Command, wrong: str
    ) -> None:
        (project / ".git").mkdir()
        (project / ".gitignore").write_text(f"{wrong}\nclean.py\n")
        run = session_lint("--show-files")
        assert (run.returncode, run.stdout, run.stderr) == (0, "shop/leaking.py\n", "")

    def test_a_file_named_twice_is_linted_once(
        self, project: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert self.found(capsys, "shop", "./shop/leaking.py", "shop/") == ["shop/leaking.py"]

    def test_a_named_file_needs_no_suffix(
        self, project: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (project / "script").write_text(LEAKING)
        assert self.found(capsys, "script") == ["script"]


def _with_a_ghost(discover):  # type: ignore[no-untyped-def]
    def found(*arguments):  # type: ignore[no-untyped-def]
        result = discover(*arguments)
        result.files.append("shop/ghost.py")
        return result

    return found
