"""What the command does with the streams that it is given: terminals, files, pipes, nothing at all."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import LEAKING, Command

from flake8_session.cli import main, progress, streams
from flake8_session.cli.streams import CannotWrite, terminal, write_whole

try:
    import pty
except ImportError:  # Windows has none
    pty = None  # type: ignore[assignment]


class Screen(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM_PROGRAM", "VTE_VERSION", "WT_SESSION", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


class TestColours:
    """When a report is coloured."""

    @pytest.mark.parametrize(
        ("environment", "on_screen", "in_file"),
        [
            ({}, True, False),
            ({"NO_COLOR": "1"}, False, False),
            ({"NO_COLOR": ""}, True, False),
            ({"FORCE_COLOR": "1"}, True, True),
            ({"FORCE_COLOR": "0"}, True, False),
            ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False, False),
            ({"TERM": "dumb"}, False, False),
        ],
    )
    def test_the_environment_is_heard(
        self, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], on_screen: bool, in_file: bool
    ) -> None:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        assert terminal(Screen(), "auto").colour is on_screen
        assert terminal(io.StringIO(), "auto").colour is in_file
        assert terminal(io.StringIO(), "always").colour
        assert not terminal(Screen(), "never").colour

    @pytest.mark.parametrize("variable", ["TERM_PROGRAM=vscode", "VTE_VERSION=6800", "TERM=xterm-kitty"])
    def test_links_where_they_are_known_to_work(
        self, monkeypatch: pytest.MonkeyPatch, variable: str
    ) -> None:
        assert not terminal(Screen(), "auto").links
        monkeypatch.setenv(*variable.split("="))
        assert terminal(Screen(), "auto").links
        assert not terminal(io.StringIO(), "always").links

    def test_the_width_is_the_terminals(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert terminal(io.StringIO(), "auto").width == 100
        monkeypatch.setenv("COLUMNS", "72")
        assert terminal(io.StringIO(), "auto").width == 72
        monkeypatch.setenv("COLUMNS", "3")
        assert terminal(io.StringIO(), "auto").width == 40

    def test_the_option_reaches_the_report(self, project: Path, session_lint: Command) -> None:
        assert "\x1b[" not in session_lint("shop").stdout
        assert "\x1b[1;31mSES101" in session_lint("shop", "--color=always").stdout
        assert "\x1b[" in session_lint("--explain=SES101", "--color=always").stdout
        assert "\x1b" not in session_lint("shop", env={"FORCE_COLOR": "1", "NO_COLOR": "1"}).stdout


class TestPages:
    """``--explain`` on a terminal."""

    def test_a_page_needs_no_unicode(self, session_lint: Command) -> None:
        ascii_only = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONCOERCECLOCALE": "0"}
        page = session_lint("--explain=SES101", "--color=always", env=ascii_only).stdout
        assert page.isascii()
        assert "\\u" not in page
        assert " - " in page

    def test_a_page_can_be_read_on_black_and_on_white(self, session_lint: Command) -> None:
        codes = ("SES101", "SES201", "SES401", "SES001")
        pages = "".join(session_lint("--explain", code, "--color=always").stdout for code in codes)
        used = {int(number) for code in re.findall(r"\x1b\[([\d;]*)m", pages) for number in code.split(";")}
        assert {94, 35} <= used, "keywords and strings have colours"
        assert not used & {33, 36, 37, 93, 96, 97}, "yellow, cyan and white cannot be read on white"
        assert not used & {30, 34}, "black and plain blue cannot be read on black"
        assert not used & {*range(40, 48), *range(100, 108)}, "nothing has a ground of its own"


class TestTrouble:
    """Streams and files that take nothing."""

    def command(self, redirection: str) -> subprocess.CompletedProcess[str]:
        command = f'"{sys.executable}" -m flake8_session shop {redirection}'
        return subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)

    def test_closed_streams(self, project: Path) -> None:
        closed = self.command(">&-")
        assert closed.returncode == 2
        assert closed.stderr.startswith("session-lint: standard output: nobody reads it")
        assert closed.stderr.count("\n") == 1
        assert self.command("2>&-").returncode == 1
        assert self.command("- <&-").returncode == 1

    @pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
    def test_a_full_disk(self, project: Path) -> None:
        full = self.command("> /dev/full")
        assert full.returncode == 2
        assert full.stderr == "session-lint: standard output: No space left on device\n"
        full = self.command("--output-file /dev/full")
        assert full.returncode == 2
        assert full.stderr == "session-lint: /dev/full: No space left on device\n"
        for question in ("--help", "--version", "--list-rules", "--diff"):
            full = self.command(f"{question} > /dev/full")
            assert full.returncode == 2
            assert full.stderr == "session-lint: standard output: No space left on device\n"

    @pytest.mark.parametrize("form", ["full", "concise", "github", "junit"])
    def test_plain_ascii(self, project: Path, session_lint: Command, form: str) -> None:
        text = (project / "shop/leaking.py").read_text()
        (project / "shop/ü.py").write_text(text.replace("session =", "séance = session ="), encoding="utf-8")
        environment = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONCOERCECLOCALE": "0"}
        run = session_lint("shop", f"--output-format={form}", env=environment)
        assert run.returncode == 1
        assert run.stderr == ""
        assert run.stdout.isascii()
        assert run.stdout.count("SES101") >= 2


class TestOutputFile:
    """``--output-file``."""

    def test_all_of_the_report_is_written_and_nothing_said(
        self, project: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["shop", "--output-format=json"]) == 1
        said = capsys.readouterr().out
        assert main(["shop", "--output-format=json", "--output-file=report.json"]) == 1
        assert capsys.readouterr().out == ""
        assert (project / "report.json").read_text() == said

    def test_colours_stay_out_of_it(self, project: Path) -> None:
        assert main(["shop", "--color=always", "--output-file=report.txt"]) == 1
        assert "\x1b" not in (project / "report.txt").read_text()

    @pytest.mark.parametrize("path", ["nowhere/report.json", "shop"])
    def test_what_cannot_be_written_is_one_line_before_anything_is_linted(
        self,
        project: Path,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
        path: str,
    ) -> None:
        monkeypatch.setattr("flake8_session.linting._checked", _not_now)
        before = sorted(project.rglob("*"))
        assert main(["shop/leaking.py", "--no-cache", f"--output-file={path}"]) == 2
        told = capsys.readouterr()
        assert told.out == ""
        assert told.err.startswith(f"session-lint: {path}: ")
        assert told.err.count("\n") == 1
        assert sorted(project.rglob("*")) == before

    def test_no_file_is_fixed_where_the_report_has_no_place(
        self, project: Path, session_lint: Command
    ) -> None:
        run = session_lint("--fix", "--output-file=nowhere/report.txt", "shop")
        assert run.returncode == 2
        assert run.stderr == "session-lint: nowhere/report.txt: No such file or directory\n"
        assert (project / "shop/leaking.py").read_text() == LEAKING

    def test_an_old_file_stays_whole(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        file = tmp_path / "report"
        file.write_text("old")

        def fail(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(streams.os, "replace", fail)
        with pytest.raises(CannotWrite, match="No space left"):
            write_whole(str(file), "new")
        assert file.read_text() == "old"
        assert list(tmp_path.iterdir()) == [file]

    def test_a_link_stays_and_the_mode_too(self, tmp_path: Path) -> None:
        file, link = tmp_path / "report", tmp_path / "link"
        file.write_text("old")
        file.chmod(0o640)
        link.symlink_to("report")
        write_whole(str(link), "new")
        assert (link.is_symlink(), file.read_text(), file.stat().st_mode & 0o777) == (True, "new", 0o640)

    def test_a_link_that_leads_to_an_open_file_is_written_through(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file, link = tmp_path / "redirected", tmp_path / "stdout"
        file.write_text("before\n")
        link.symlink_to(file)
        monkeypatch.setattr(streams, "_STREAMS", (f"{tmp_path}/",))
        inode = file.stat().st_ino
        write_whole(str(link), "report\n")
        assert (link.is_symlink(), file.stat().st_ino) == (True, inode)
        assert file.read_text() == "before\nreport\n"

    @pytest.mark.skipif(not os.path.islink("/dev/stdout"), reason="needs /dev/stdout")
    @pytest.mark.parametrize("path", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
    def test_standard_output_by_its_path(self, project: Path, session_lint: Command, path: str) -> None:
        run = session_lint("shop", "--output-format=concise", f"--output-file={path}")
        assert (run.returncode, run.stdout.count("SES101"), run.stderr) == (1, 1, "")


class TestProgress:
    """The bar."""

    def tracked(self) -> list[int]:
        return list(progress.tracked(range(5), 5, "linting", time.monotonic()))

    def test_nobody_who_waits_shortly_or_elsewhere_sees_it(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(progress, "PATIENCE", -1.0)
        assert self.tracked() == [0, 1, 2, 3, 4]
        assert capsys.readouterr() == ("", "")
        screen = Screen()
        monkeypatch.setattr("sys.stderr", screen)
        monkeypatch.setattr(progress, "PATIENCE", 60.0)
        assert self.tracked() == [0, 1, 2, 3, 4]
        assert screen.getvalue() == ""

    @pytest.mark.skipif(pty is None, reason="needs a pseudo terminal")
    @pytest.mark.parametrize("arguments", [["slow.py"], ["--fix", "slow.py"], ["."]])
    def test_whoever_waits_long_for_one_file_sees_it(
        self, project: Path, arguments: list[str]
    ) -> None:
        """It is there while the file is being linted, and gone when the report comes."""
        (project / "slow.py").write_text(LEAKING)
        program = (
            "import sys, time\n"
            "from flake8_session import linting\n"
            "from flake8_session.cli import main, progress\n"
            "progress.PATIENCE = 0.2\n"
            "def slow(*a, **k):\n"
            "    time.sleep(1.5)\n"
            "    return []\n"
            "linting._checked = slow\n"
            "sys.exit(main(['-j1', '--no-cache', *sys.argv[1:]]))\n"
        )
        screen, status = on_a_terminal([sys.executable, "-c", program, *arguments])
        assert status == 0
        total = 3 if arguments == ["."] else 1
        assert f"0/{total}" in screen
        assert ("fixing" if "--fix" in arguments else "linting") in screen
        assert "\x1b[2K" in screen[screen.rindex(f"/{total}") :]
        assert screen.rstrip().endswith(("3 files.", "1 file.", "0 left."))


def _not_now(*_: object, **__: object) -> None:
    pytest.fail("something was linted")


def on_a_terminal(command: list[str]) -> tuple[str, int]:
    """All that `command` writes to the terminal that it runs in, and its exit status."""
    controller, terminal_of_command = pty.openpty()
    with subprocess.Popen(
        command, stdin=terminal_of_command, stdout=terminal_of_command, stderr=terminal_of_command
    ) as process:
        os.close(terminal_of_command)
        screen = b""
        while True:
            try:
                more = os.read(controller, 4096)
            except OSError:  # Linux says so where the other side is closed.
                more = b""
            if not more:
                break
            screen += more
        os.close(controller)
        return screen.decode(), process.wait(timeout=60)
