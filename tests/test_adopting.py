"""Taking the linter into an old code base: comments, baselines, changed lines; and watching, completing."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from conftest import CLEAN, LEAKING, Command

from flake8_session.cli import completion, main, watching
from flake8_session.cli.adding_comments import comment_edits
from flake8_session.cli.arguments import parser
from flake8_session.cli.baseline import read_baseline
from flake8_session.cli.changed_lines import changes_since
from flake8_session.cli.watching import state_of, watch
from flake8_session.configuration import ConfigurationError
from flake8_session.diagnostics import Diagnostic, Span
from flake8_session.fixing.writing import NotWritten
from flake8_session.reporting.fix_diff import after
from flake8_session.source.text import lines_of
from flake8_session.suppressions import Noqas

USING = """\
from shop.sessions import done
from sqlalchemy.orm import Session


def count(engine, query):
    session = Session(engine)
    try:
        return session.scalar(query)
    finally:
        done(session)
"""


def found(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    """The places of what is reported, and nothing on standard error."""
    main([*arguments, "--output-format=concise"])
    told = capsys.readouterr()
    assert told.err == ""
    return [line.partition(" ")[0] for line in told.out.splitlines()]


class TestAddingComments:
    """``--add-noqa``."""

    def commented(self, text: str, *places: tuple[int, str], reason: str = "") -> str:
        findings = [Diagnostic(Span(line, 1, line, 2), code, "name", "message") for line, code in places]
        changed = "".join(after(lines_of(text), list(comment_edits(text, findings, reason))))
        noqas = Noqas(changed)
        assert all(noqas.silence(finding) for finding in findings)
        return changed

    @pytest.mark.parametrize(
        ("line", "commented"),
        [
            ("x = 1", "x = 1  # noqa: SES101"),
            ("x = 1   ", "x = 1  # noqa: SES101"),
            ("x = 1  # a comment", "x = 1  # a comment  # noqa: SES101"),
            ("x = 1  # type: ignore[attr]", "x = 1  # type: ignore[attr]  # noqa: SES101"),
            ("x = 1  # noqa: E501", "x = 1  # noqa: E501, SES101"),
            ("x = 1  # noqa:E501,W291 - long", "x = 1  # noqa:E501,W291, SES101 - long"),
            ("x = '# no'", "x = '# no'  # noqa: SES101"),
        ],
    )
    @pytest.mark.parametrize("end", ["\n", "\r\n", ""])
    def test_a_comment_is_added_to_what_is_there(self, line: str, commented: str, end: str) -> None:
        assert self.commented(f"{line}{end}", (1, "SES101")) == f"{commented}{end}"

    def test_several_codes_share_a_comment(self) -> None:
        text = "x = 1\ny = 2\n"
        places = (2, "SES201"), (2, "SES101"), (2, "SES201"), (1, "SES301")
        assert self.commented(text, *places) == "x = 1  # noqa: SES301\ny = 2  # noqa: SES101, SES201\n"

    def test_the_comment_stands_where_it_counts(self) -> None:
        text = "x = '''\ntext\n'''\ny = 1 + \\\n    2\nf(\n    z,\n)\n"
        assert self.commented(text, (1, "SES101"), (4, "SES102"), (6, "SES103")) == (
            "x = '''\ntext\n'''  # noqa: SES101\ny = 1 + \\\n    2  # noqa: SES102\n"
            "f(  # noqa: SES103\n    z,\n)\n"
        )

    @pytest.mark.parametrize("reason", ["issue 12", "PR12, later", "A1 B2"])
    def test_a_reason_is_never_read_as_a_code(self, reason: str) -> None:
        commented = self.commented("x = 1\n", (1, "SES101"), reason=reason)
        assert commented == f"x = 1  # noqa: SES101 - {reason}\n"
        (noqa,) = Noqas(commented).comments
        assert [code.text for code in noqa.codes] == ["SES101"]

    def test_a_comment_inside_a_string_is_in_the_way(self) -> None:
        with pytest.raises(NotWritten, match="line 2 has `# noqa` in a string"):
            self.commented("x = '''\n# noqa: E501\n'''\n", (1, "SES101"))

    def test_the_files_are_written_and_then_clean(
        self, project: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["--add-noqa", "shop"]) == 0
        assert capsys.readouterr().out == "Wrote 1 comment in 1 file.\n"
        assert "Session(engine)  # noqa: SES101\n" in (project / "shop/leaking.py").read_text()
        assert (project / "shop/clean.py").read_text() == CLEAN
        assert main(["shop"]) == 0
        capsys.readouterr()
        assert main(["--add-noqa=why not", "shop"]) == 0
        assert capsys.readouterr().out == "Wrote 0 comments in 0 files.\n"

    def test_only_what_is_selected_is_silenced(self, project: Path) -> None:
        assert main(["--add-noqa=later", "--select=SES2", "shop"]) == 0
        assert (project / "shop/leaking.py").read_text() == LEAKING

    def test_what_a_baseline_lists_needs_no_comment(self, project: Path) -> None:
        assert main(["shop", "--baseline=known.json", "--write-baseline"]) == 0
        assert main(["--add-noqa", "--baseline=known.json", "shop"]) == 0
        assert (project / "shop/leaking.py").read_text() == LEAKING

    def test_what_cannot_be_written_stays_as_it_was(
        self, project: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        latin = b"# coding: latin-1\n" + LEAKING.encode() + b"# \xe4\n"
        (project / "shop/leaking.py").write_bytes(latin)
        assert main(["--add-noqa=\u20ac", "shop"]) == 2
        assert "no comments were added: iso-8859-1 has no" in capsys.readouterr().err
        assert (project / "shop/leaking.py").read_bytes() == latin
        assert main(["--add-noqa=\u00e4", "shop"]) == 0
        assert b"# noqa: SES101 - \xe4\n" in (project / "shop/leaking.py").read_bytes()

    def test_a_reason_of_two_lines_is_refused(self, project: Path) -> None:
        assert main(["--add-noqa=one\ntwo", "shop"]) == 2
        assert (project / "shop/leaking.py").read_text() == LEAKING


class TestBaseline:
    """``--baseline``, ``--write-baseline``, ``--prune-baseline``."""

    BASELINE = "--baseline=known.json"

    @pytest.fixture(autouse=True)
    def written(self, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["shop", self.BASELINE, "--write-baseline"]) == 0
        assert capsys.readouterr().out == "Wrote 1 finding to known.json.\n"

    def test_what_is_listed_is_passed_over(self, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["shop", self.BASELINE]) == 0
        assert capsys.readouterr().out == "No new misuse of sessions found in 2 files.\n"
        assert main(["shop"]) == 1
        capsys.readouterr()
        (project / "pyproject.toml").write_text('[tool.flake8-session]\nbaseline = "known.json"\n')
        assert found(capsys, "shop") == []

    def test_it_survives_moved_lines(self, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
        text = "# a comment\n\n" + LEAKING.replace("Session(engine)", "Session( engine )")
        (project / "shop/leaking.py").write_text(text)
        assert found(capsys, "shop", self.BASELINE) == []

    def test_what_is_new_is_reported(self, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
        more = LEAKING + "\n\n" + LEAKING.partition("\n\n\n")[2].replace("count", "sum")
        (project / "shop/leaking.py").write_text(more)
        assert found(capsys, "shop", self.BASELINE) == ["shop/leaking.py:11:15:"]

    def test_what_is_listed_does_not_count_as_left_by_fixes(
        self, project: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        for status, arguments in ((0, [self.BASELINE]), (1, [])):
            assert main(["shop", "--fix", "--fixable=SES2", *arguments]) == status

    def test_of_more_alike_than_are_listed_the_later_are_new(
        self, project: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        once = LEAKING.partition("    session")[0] + "    Session(engine).execute(text('select 1'))\n"
        (project / "shop/leaking.py").write_text(once)
        assert main(["shop", self.BASELINE, "--write-baseline"]) == 0
        capsys.readouterr()
        (project / "shop/leaking.py").write_text(once + once.splitlines(keepends=True)[-1])
        assert found(capsys, "shop", self.BASELINE) == ["shop/leaking.py:7:5:"]

    def test_what_is_gone_is_told_and_taken_out(
        self, project: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (project / "shop/leaking.py").write_text(CLEAN)
        assert main(["shop", self.BASELINE]) == 0
        assert capsys.readouterr().err == (
            "session-lint: known.json: SES101 in shop/leaking.py, `count` is gone\n"
            "session-lint: known.json: --prune-baseline takes it out\n"
        )
        assert main(["shop", self.BASELINE, "--prune-baseline"]) == 0
        assert "took out 1 finding" in capsys.readouterr().err
        assert json.loads((project / "known.json").read_text()) == {"version": 1, "findings": []}
        assert found(capsys, "shop", self.BASELINE) == []

    def test_each_is_told_and_of_many_the_first(
        self, project: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        imports, _, function = LEAKING.partition("\n\n\n")
        functions = [function.replace("count", f"count_{number:02}") for number in range(25)]
        (project / "shop/leaking.py").write_text("\n\n\n".join([imports, *functions]))
        assert main(["shop", self.BASELINE, "--write-baseline"]) == 0
        (project / "shop/leaking.py").write_text(CLEAN)
        capsys.readouterr()
        assert main(["shop", self.BASELINE]) == 0
        lines = capsys.readouterr().err.splitlines()
        assert [line.rpartition(": ")[2] for line in lines[:2]] == [
            f"SES101 in shop/leaking.py, `count_{number:02}` is gone" for number in range(2)
        ]
        assert lines[20:] == [
            "session-lint: known.json: and 5 more are gone",
            "session-lint: known.json: --prune-baseline takes them out",
        ]

    @pytest.mark.parametrize(
        "arguments", [["--select=SES2"], ["--ignore=SES101"], ["--per-file-ignores=leaking.py:SES1"]]
    )
    def test_what_was_not_asked_for_is_not_gone(
        self, project: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
    ) -> None:
        before = (project / "known.json").read_text()
        assert found(capsys, "shop", self.BASELINE, *arguments, "--prune-baseline") == []
        assert (project / "known.json").read_text() == before

    def test_where_the_linter_failed_nothing_is_gone(
        self, project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_: object, **__: object) -> None:
            raise RuntimeError

        before = (project / "known.json").read_text()
        monkeypatch.setattr("flake8_session.checker.check_source", fail)
        assert main(["shop", self.BASELINE, "--prune-baseline", "--no-cache"]) == 1
        assert capsys.readouterr().err == ""
        assert (project / "known.json").read_text() == before

    def test_what_was_not_looked_at_is_not_gone(
        self, project: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert found(capsys, "shop/clean.py", self.BASELINE) == []
        (project / "shop/leaking.py").unlink()
        assert main(["shop/clean.py", self.BASELINE]) == 0
        assert "is gone" in capsys.readouterr().err

    def test_it_holds_from_any_folder(
        self, project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(project / "shop")
        assert found(capsys, ".", "--baseline=../known.json") == []
        (project / "pyproject.toml").write_text('[tool.flake8-session]\nbaseline = "known.json"\n')
        assert found(capsys, ".") == []

    @pytest.mark.parametrize(
        ("content", "why"),
        [
            (None, "there is no such file; --write-baseline makes it"),
            ("{", "it is no JSON"),
            ("[]", "it is no baseline"),
            ('{"version": 2}', "it is a baseline of another version"),
            ('{"version": 1, "findings": [{}]}', "it is no baseline"),
            ('{"version": 1, "findings": [{"file": 1}]}', "it is no baseline"),
        ],
    )
    def test_a_bad_file_is_one_line(
        self, project: Path, capsys: pytest.CaptureFixture[str], content: str | None, why: str
    ) -> None:
        (project / "known.json").unlink()
        if content is not None:
            (project / "known.json").write_text(content)
        assert main(["shop", self.BASELINE]) == 2
        told = capsys.readouterr()
        assert told.out == ""
        assert why in told.err
        assert told.err.count("\n") == 1
        with pytest.raises(ConfigurationError):
            read_baseline(project / "known.json")

    @pytest.mark.parametrize("option", ["--write-baseline", "--prune-baseline"])
    def test_there_must_be_a_file(self, project: Path, option: str) -> None:
        assert main(["shop", option]) == 2

    def test_a_file_that_cannot_be_written_is_told_at_once(
        self, project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("flake8_session.cli.checking.outcomes_of", lambda *_: pytest.fail("linted"))
        assert main(["shop", "--baseline=nowhere/known.json", "--write-baseline"]) == 2
        assert capsys.readouterr().err.startswith("session-lint: nowhere/known.json: ")


needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


@needs_git
class TestChangedLines:
    """``--diff-base``."""

    @pytest.fixture(autouse=True)
    def repository(self, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
        monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        self.git("init", "-q")
        self.git("add", ".")
        self.commit("first")

    def commit(self, message: str) -> None:
        self.git("-c", "user.name=x", "-c", "user.email=x@x", "commit", "-q", "-a", "-m", message)

    def git(self, *arguments: str) -> None:
        subprocess.run(["git", *arguments], check=True)

    def test_what_stood_there_before_is_not_reported(
        self, project: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert found(capsys, "--diff-base=HEAD") == []
        more = LEAKING + "\n\n" + LEAKING.partition("\n\n\n")[2].replace("count", "sum")
        (project / "shop/leaking.py").write_text(more)
        assert found(capsys, "--diff-base=HEAD") == ["shop/leaking.py:11:15:"]

    def test_what_changed_on_the_other_side_is_not_ours(
        self, project: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """This branch has a new finding in ``clean.py``; the other has mended the one in ``leaking.py``."""
        self.git("branch", "other")
        (project / "shop/clean.py").write_text(LEAKING)
        self.commit("ours")
        self.git("checkout", "-q", "other")
        (project / "shop/leaking.py").write_text(CLEAN)
        self.commit("theirs")
        self.git("checkout", "-q", "-")
        assert found(capsys, "--diff-base=other") == ["shop/clean.py:6:15:"]

    def test_a_history_that_shares_nothing_is_compared_as_it_is(
        self, project: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.git("branch", "-M", "ours")
        self.git("checkout", "-q", "--orphan", "elsewhere")
        (project / "shop/leaking.py").write_text(CLEAN)
        self.commit("another first")
        self.git("checkout", "-q", "ours")
        assert found(capsys, "--diff-base=elsewhere") == ["shop/leaking.py:6:15:"]

    def test_new_files_are_new(self, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
        for name in ("new.py", "two words.py", "t\tab.py", "ü.py"):
            (project / "shop" / name).write_text(LEAKING)
        assert len(found(capsys, "--diff-base=HEAD")) == 4
        self.git("add", ".")
        assert len(found(capsys, "--diff-base=HEAD")) == 4

    def test_changes_elsewhere_are_found_from_below(
        self, project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(project / "shop")
        (project / "shop/clean.py").write_text(LEAKING)
        assert found(capsys, "--diff-base=HEAD", ".") == ["clean.py:6:15:"]

    def test_a_moved_file_is_not_new(self, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.git("mv", "shop/leaking.py", "shop/moved.py")
        assert found(capsys, "--diff-base=HEAD") == []

    @pytest.mark.parametrize("revision", ["nowhere", "--output=x", "HEAD:shop", "HEAD~9"])
    def test_an_unknown_revision_is_one_line(
        self, project: Path, capsys: pytest.CaptureFixture[str], revision: str
    ) -> None:
        assert main([f"--diff-base={revision}"]) == 2
        told = capsys.readouterr()
        assert told.out == ""
        assert told.err == f"session-lint: --diff-base: git knows no revision `{revision}`\n"
        assert not (project / "x").exists()

    def test_there_must_be_a_repository_and_git(
        self, project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shutil.rmtree(project / ".git")
        monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(project.parent))
        assert main(["--diff-base=HEAD"]) == 2
        assert "not a git repository" in capsys.readouterr().err
        monkeypatch.setenv("PATH", "")
        assert main(["--diff-base=HEAD"]) == 2
        assert "git cannot be run" in capsys.readouterr().err

    def test_it_only_reports(self, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["--diff-base=HEAD", "--fix"]) == 2
        assert "--diff-base only reports" in capsys.readouterr().err

    def test_lines_are_those_of_the_new_file(self, project: Path) -> None:
        lines = LEAKING.splitlines(keepends=True)
        (project / "shop/leaking.py").write_text("".join([lines[0], "import os\n", *lines[1:4], *lines[5:]]))
        changes = changes_since("HEAD", project)
        touched = [line for line in range(1, 9) if changes.touch("shop/leaking.py", line)]
        assert touched == [2]
        assert not changes.touch_file("shop/clean.py")


def meanwhile(monkeypatch: pytest.MonkeyPatch, file: Path, texts: Sequence[str | None]) -> None:
    """Writes one of `texts` to `file` whenever ``--watch`` pauses, nothing for None; then presses Ctrl-C."""
    left = [*texts]

    def nap(_: float) -> None:
        if not left:
            raise KeyboardInterrupt
        text = left.pop(0)
        if text is not None:
            file.write_text(text)

    monkeypatch.setattr(watching.time, "sleep", nap)


class TestWatching:
    """``--watch``."""

    def test_it_lints_again_after_a_change_and_only_then(
        self, project: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file = project / "shop/clean.py"
        said: list[str] = []
        linted: list[str] = []
        naps: Iterator[str] = iter(["", CLEAN + "# more\n", ""])

        def nap(_: float) -> None:
            change = next(naps, None)
            if change is None:
                raise KeyboardInterrupt
            if change:
                file.write_text(change)

        monkeypatch.setattr(watching.time, "sleep", nap)
        with pytest.raises(KeyboardInterrupt):
            watch(
                lambda: state_of([str(file), "gone.py"]),
                lambda: linted.append(file.read_text()) or (),
                said.append,
                clears=True,
            )
        assert linted == [CLEAN, CLEAN + "# more\n"]
        assert said.count("\x1b[2J\x1b[3J\x1b[H") == 2

    def test_the_command_reports_each_time_and_ends_with_an_interrupt(
        self, project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        meanwhile(monkeypatch, project / "shop/leaking.py", [CLEAN])
        assert main(["--watch", "shop", "--no-cache"]) == 130
        told = capsys.readouterr()
        assert told.out.count("Watching for changes") == 2
        assert told.out.index("SES101") < told.out.index("No misuse")

    @pytest.mark.parametrize("how", [["--no-cache"], ["--cache-dir=cache"], ["--diff"]])
    def test_a_helper_that_is_not_linted_itself_is_watched(
        self,
        project: Path,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
        how: list[str],
    ) -> None:
        helper = project / "shop/sessions.py"
        closing, leaving = (f"def done(session):\n    session.{end}()\n" for end in ("close", "rollback"))
        (project / "shop/__init__.py").touch()
        helper.write_text(closing)
        (project / "app").mkdir()
        (project / "app/user.py").write_text(USING)
        meanwhile(monkeypatch, helper, [leaving, None, closing])
        assert main(["--watch", "app", "--color=never", *how]) == 130
        told = capsys.readouterr()
        if "--diff" in how:
            assert [line.partition(" in ")[0] for line in told.err.splitlines()] == [
                "Would fix 0 findings", "Would fix 1 finding", "Would fix 0 findings"
            ]
        else:
            reports = told.out.split("Watching for changes; Ctrl-C ends.\n")
            assert ["SES101" in report for report in reports] == [False, True, False, False]

    def test_a_mistake_in_the_settings_ends_nothing(
        self, project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        table = "[tool.flake8-session]\n"
        settings = project / "pyproject.toml"
        settings.write_text(table)
        meanwhile(monkeypatch, settings, [f"{table}selct = 1\n", None, f"{table}ignore = ['SES1']\n"])
        assert main(["--watch", "shop", "--no-cache", "--output-format=concise"]) == 130
        told = capsys.readouterr()
        reports = told.out.split("Watching for changes; Ctrl-C ends.\n")
        assert ["SES101" in report for report in reports] == [True, False, False, False]
        assert told.err.count("selct") == 1

    def test_a_mistake_from_the_start_ends_it(self, project: Path, session_lint: Command) -> None:
        (project / "pyproject.toml").write_text("[tool.flake8-session]\nselct = 1\n")
        run = session_lint("--watch", "shop")
        assert (run.returncode, run.stdout, run.stderr.count("\n")) == (2, "", 1)

    def test_standard_input_cannot_be_watched(self, project: Path, session_lint: Command) -> None:
        run = session_lint("--watch", "-", stdin=LEAKING)
        assert run.returncode == 2
        assert run.stderr == "session-lint: command line: --watch and - do not go together\n"


class TestCompletion:
    """Scripts for shells."""

    @pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
    def test_every_option_is_in_the_script(self, shell: str, session_lint: Command) -> None:
        def spelled(name: str) -> str:
            if shell != "fish":
                return name
            return f"-l {name[2:]} " if name.startswith("--") else f"-s {name[1:]} "

        script = session_lint("--completion", shell).stdout
        assert script == completion.completion(shell, parser())
        for action in parser()._actions:
            for name in action.option_strings:
                assert spelled(name) in script

    @pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
    @pytest.mark.parametrize(
        ("words", "offered"),
        [
            ("session-lint --output-f", ["--output-format", "--output-file"]),
            ("session-lint --output-format js", ["json"]),
            ("session-lint --color = al", ["always"]),
            ("session-lint --color =", ["always", "auto", "never"]),
            ("session-lint --config pyp", ["pyproject.toml"]),
            ("session-lint two", ["two words.py"]),
            ("session-lint --select SES", []),
            ("session-lint sh", ["shop"]),
        ],
    )
    def test_bash_completes(
        self, project: Path, session_lint: Command, words: str, offered: list[str]
    ) -> None:
        (project / "two words.py").touch()
        script = session_lint("--completion", "bash").stdout
        program = (
            f"{script}\nCOMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _session_lint; "
            'printf "%s\\n" "${COMPREPLY[@]}"'
        )
        run = subprocess.run(["bash", "-c", program], capture_output=True, text=True, check=True)
        assert sorted(filter(None, run.stdout.splitlines())) == sorted(offered)
        assert run.stderr == ""

    @pytest.mark.skipif(shutil.which("zsh") is None, reason="needs zsh")
    def test_zsh_takes_the_script(self, project: Path, session_lint: Command) -> None:
        script = session_lint("--completion", "zsh").stdout
        program = f"autoload -U compinit; compinit -u -D\n{script}\nprint $_comps[session-lint]"
        run = subprocess.run(["zsh", "-f", "-c", program], capture_output=True, text=True, check=True)
        assert (run.stdout, run.stderr) == ("_session_lint\n", "")

    @pytest.mark.skipif(shutil.which("fish") is None, reason="needs fish")
    def test_fish_completes(self, project: Path, session_lint: Command) -> None:
        script = session_lint("--completion", "fish").stdout
        program = f"{script}\ncomplete -C 'session-lint --output-f'"
        command = ["fish", "--no-config", "-c", program]
        run = subprocess.run(command, capture_output=True, text=True, check=True)
        offered = [line.partition("\t")[0] for line in run.stdout.splitlines()]
        assert sorted(offered) == ["--output-file", "--output-format"]
        assert run.stderr == ""
