"""Findings are remembered while nothing that they rest on changes, and several processes say the same."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import ClassVar

import pytest
from conftest import CLEAN, LEAKING

from flake8_session import linting
from flake8_session.cli import main, working
from flake8_session.cli.coding import from_json, to_json
from flake8_session.cli.record import INSIDE, UNREAD, Module, leading_to, reachable, take_in
from flake8_session.diagnostics import Applicability, Diagnostic, Edit, Fix, Related, Span
from flake8_session.linting import Linted

HELPER = """\
from sqlalchemy.orm import Session


def make_session(engine):
    return Session(engine)
"""

USER = """\
from shop.helper import make_session


def count(engine):
    session = make_session(engine)
    return session.execute("select 1").scalar_one()
"""


@pytest.fixture
def cache(project: Path) -> Path:
    """A project with a helper and its user, and an empty cache folder."""
    (project / "shop/__init__.py").write_text("")
    (project / "shop/helper.py").write_text(HELPER)
    (project / "shop/user.py").write_text(USER)
    return project / "cache"


class Run:
    """Lints the project and tells which files really were linted."""

    def __init__(
        self, cache: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self._cache, self._capsys = cache, capsys
        self._linted: list[str] = []
        checked = linting._checked

        def counted(text: str, filename: str, *rest: object, **more: object) -> list[Diagnostic]:
            self._linted.append(os.path.basename(filename))
            return checked(text, filename, *rest, **more)  # type: ignore[arg-type]

        monkeypatch.setattr(linting, "_checked", counted)

    def __call__(self, *arguments: str, path: str = "shop") -> tuple[list[str], str]:
        self._linted.clear()
        main([path, "-j1", "--output-format=json", "--cache-dir", str(self._cache), *arguments])
        return sorted(self._linted), self._capsys.readouterr().out


@pytest.fixture
def run(cache: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    return Run(cache, capsys, monkeypatch)


ALL = ["clean.py", "helper.py", "leaking.py", "user.py"]


def test_nothing_is_linted_twice(run: Run) -> None:
    linted, first = run()
    assert linted == ALL
    assert run() == ([], first)
    assert run("--no-cache") == (ALL, first)


def test_a_file_that_changed_is_linted_again(run: Run, project: Path) -> None:
    run()
    (project / "shop/clean.py").write_text(LEAKING)
    linted, found = run()
    assert linted == ["clean.py"]
    assert found == run("--no-cache")[1]


def test_users_of_a_changed_helper_are_linted_again_and_only_they(run: Run, project: Path) -> None:
    _, before = run()
    assert [each["filename"] for each in json.loads(before)] == ["shop/leaking.py", "shop/user.py"]
    (project / "shop/helper.py").write_text(HELPER.replace("Session(engine)", "engine.session"))
    linted, after = run()
    assert linted == ["helper.py", "user.py"]
    assert [each["filename"] for each in json.loads(after)] == ["shop/leaking.py"]


def test_a_change_is_seen_by_a_user_who_was_not_there_when_it_came(run: Run, project: Path) -> None:
    run()
    (project / "shop/helper.py").write_text(HELPER.replace("Session(engine)", "engine.session"))
    run(path="shop/helper.py")
    assert run(path="shop/user.py")[0] == ["user.py"]
    (project / "shop/other.py").write_text(USER)
    (project / "shop/helper.py").write_text(HELPER)
    assert run(path="shop/other.py")[0] == ["other.py"]
    linted, found = run(path="shop/user.py")
    assert linted == ["user.py"]
    assert len(json.loads(found)) == 1


def test_a_module_that_appears_is_a_change(run: Run, project: Path) -> None:
    (project / "shop/helper.py").unlink()
    _, before = run()
    assert [each["filename"] for each in json.loads(before)] == ["shop/leaking.py"]
    (project / "shop/helper.py").write_text(HELPER)
    linted, after = run()
    assert linted == ["helper.py", "user.py"]
    assert [each["filename"] for each in json.loads(after)] == ["shop/leaking.py", "shop/user.py"]
    (project / "shop/helper.py").unlink()
    assert run() == (["user.py"], before)


def test_a_module_two_hops_away_counts(run: Run, project: Path) -> None:
    (project / "shop/base.py").write_text(HELPER)
    (project / "shop/helper.py").write_text("from shop.base import make_session\n")
    _, before = run()
    assert len(json.loads(before)) == 2
    (project / "shop/base.py").write_text(HELPER.replace("Session(engine)", "engine.session"))
    linted, after = run()
    assert linted == ["base.py", "helper.py", "user.py"]
    assert after == run("--no-cache")[1]


def test_every_report_uses_what_another_has_found(run: Run, project: Path) -> None:
    for form in ("concise", "json", "full", "sarif", "gitlab", "github", "junit"):
        run(f"--output-format={form}")
        for other in ("concise", "json", "sarif", "full"):
            linted, said = run(f"--output-format={other}")
            again, unremembered = run(f"--output-format={other}", "--no-cache")
            assert (again, said) == (ALL, unremembered)
            # Only a report that shows fixes may have to ask for them, where something was found.
            assert linted in ([], ["leaking.py", "user.py"] if (form, other) == ("concise", "json") else [])


def test_a_report_without_fixes_does_not_forget_those_of_others(run: Run, project: Path) -> None:
    run("--output-format=concise")
    assert run()[0] == ["leaking.py", "user.py"]
    assert run("--output-format=concise")[0] == []
    assert run()[0] == []
    (project / "shop/clean.py").write_text(LEAKING)
    assert run("--output-format=concise")[0] == ["clean.py"]
    assert run()[0] == ["clean.py"]


@pytest.mark.parametrize("arguments", [["--ignore=SES2"], ["--tests"], ["--per-file-ignores=a.py:SES1"]])
def test_other_settings_have_findings_of_their_own(run: Run, arguments: list[str]) -> None:
    run()
    assert run(*arguments)[0] == ALL
    assert run(*arguments)[0] == []


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "[1, 2]",
        '[{}, {"a": 1}]',
        '[{"a": ["b", [[], []]]}, {}]',
        '[{"a": ["b", true, [[[[1]]], []]]}, {}]',
        "[" * 100_000,
        "ü",
    ],
)
def test_a_damaged_store_is_no_store(run: Run, cache: Path, content: str) -> None:
    _, found = run()
    (store,) = (cache / "results").iterdir()
    store.write_text(content)
    assert run() == (ALL, found)
    assert run() == ([], found)


def test_a_folder_that_cannot_be_written_is_no_error(run: Run, cache: Path) -> None:
    cache.write_text("a file where the folder should be")
    _, found = run()
    assert run() == (ALL, found)


def test_the_store_is_not_in_the_linted_tree(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = project.parent / "home"
    monkeypatch.setenv("XDG_CACHE_HOME", str(home))
    monkeypatch.setenv("HOME", str(home))
    before = sorted(project.rglob("*"))
    main(["shop"])
    assert sorted(project.rglob("*")) == before
    assert len(list(home.rglob("results/*.json"))) == 1


def test_what_nobody_linted_for_a_month_goes(run: Run, cache: Path) -> None:
    (cache / "results").mkdir(parents=True)
    old, young = cache / "results/old.json", cache / "results/young.json"
    for file in (old, young):
        file.write_text("")
    os.utime(old, (time.time() - 40 * 24 * 3600,) * 2)
    run()
    assert not old.exists()
    assert young.exists()


def test_findings_of_files_that_are_gone_go(run: Run, project: Path, cache: Path) -> None:
    run()
    (project / "shop/leaking.py").unlink()
    (project / "shop/clean.py").write_text(CLEAN + "\n")
    run()
    (store,) = (cache / "results").iterdir()
    assert "leaking" not in store.read_text()


def test_failures_are_tried_again(run: Run, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "shop/broken.py").write_text("Session = (\n")
    with monkeypatch.context() as patch:
        patch.setattr("flake8_session.checker.check_source", lambda *_, **__: 1 / 0)
        assert len(json.loads(run()[1])) == 5
    linted, found = run()
    assert linted == sorted([*ALL, "broken.py"])
    assert len(json.loads(found)) == 2
    assert run()[0] == ["broken.py"]


def test_standard_input_is_neither_remembered_nor_remembers(
    run: Run, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import io

    run()
    for text in (CLEAN, LEAKING):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        linted, found = run("--stdin-filename=shop/leaking.py", path="-")
        assert linted == ["leaking.py"]
        assert len(json.loads(found)) == (text == LEAKING)
    assert run()[0] == []


class TestProcesses:
    """Several processes."""

    @pytest.fixture
    def many(self, project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setattr(working, "ENOUGH", 4)
        (project / "shop/__init__.py").write_text("")
        (project / "shop/helper.py").write_text(HELPER)
        for number in range(30):
            (project / f"shop/user{number}.py").write_text(USER)
        return project

    def said(self, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
        assert main(["shop", "--output-format=json", *arguments]) == 1
        return capsys.readouterr().out

    def test_they_say_what_one_says(self, many: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert len({self.said(capsys, "--no-cache", f"-j{jobs}") for jobs in (1, 2, 5, 1_000_000)}) == 1

    def test_what_they_find_is_remembered(self, many: Path, run: Run) -> None:
        _, first = run("-j3")
        assert run() == ([], first)
        (many / "shop/helper.py").write_text(HELPER.replace("Session(engine)", "engine.session"))
        assert len(run()[0]) == 32

    def test_a_process_that_dies_is_named_and_the_others_go_on(
        self, many: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (many / "shop/user7.py").write_text(USER + "# this file is deadly\n")
        monkeypatch.setattr(working, "lint_text", _die_of_deadly_files(working.lint_text))
        monkeypatch.setattr(working, "ProcessPoolExecutor", _forking_pool)
        assert main(["shop", "-j2", "--no-cache", "--output-format=json"]) == 1
        told = capsys.readouterr()
        assert told.err == "session-lint: shop/user7.py: the process that linted it died\n"
        assert len(json.loads(told.out)) == 30

    @pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
    def test_a_signal_ends_all_of_them_at_once(self, many: Path, number: int, status: int) -> None:
        program = (
            "import os, sys, time\n"
            "from flake8_session.cli import command, working\n"
            "working.ENOUGH = 4\n"
            "import flake8_session.linting as linting\n"
            "def slow(*a, **k):\n"
            "    os.write(2, b'at work\\n')\n"
            "    time.sleep(60)\n"
            "linting._checked = slow\n"
            "import multiprocessing\n"
            "multiprocessing.set_start_method('fork')\n"
            "sys.argv = ['session-lint', 'shop', '-j2', '--no-cache']\n"
            "sys.exit(command())\n"
        )
        command = [sys.executable, "-W", "ignore", "-c", program]
        with subprocess.Popen(command, stderr=subprocess.PIPE, start_new_session=True) as process:
            assert process.stderr is not None
            assert process.stderr.readline() == b"at work\n"
            began = time.monotonic()
            process.send_signal(number)
            too_late = threading.Timer(20, os.killpg, (process.pid, signal.SIGKILL))
            too_late.start()
            said = process.stderr.read()
            too_late.cancel()
            assert process.wait() == status
        assert time.monotonic() - began < 10
        assert said.replace(b"at work\n", b"") == b""


class TestRecord:
    """What modules asked of one another."""

    RECORD: ClassVar = {
        "a": Module("1", {("b", 0): "b"}),
        "b": Module("2", {("c", 0): "c", ("x", 1): None}),
        "c": Module("3", {("b", INSIDE): "b"}),
        "d": Module("4", {("e", 0): "e"}),
    }

    def test_what_can_be_reached_and_from_where(self) -> None:
        assert reachable(self.RECORD, ["a"]) == {"a", "b", "c"}
        assert reachable(self.RECORD, ["d", "z"]) == {"d", "e", "z"}
        assert leading_to(self.RECORD, ["c"]) == {"a", "b", "c"}
        assert leading_to(self.RECORD, ["e"]) == {"d", "e"}

    @pytest.mark.parametrize(
        ("one", "other", "agree"),
        [
            (Module("1"), Module("1"), True),
            (Module("1"), Module("2"), False),
            (Module("1"), Module(None), False),
            (Module("1"), Module(UNREAD), True),
            (Module("1", {("a", 0): "a"}), Module("1", {("b", 0): None}), True),
            (Module("1", {("a", 0): "a"}), Module("1", {("a", 0): None}), False),
        ],
    )
    def test_records_are_added_up(self, one: Module, other: Module, agree: bool) -> None:
        record = {"x": Module(one.digest, dict(one.answers))}
        assert take_in(record, {"x": other, "y": other}) is agree
        assert record["x"].answers == {**one.answers, **other.answers}
        assert record["x"].digest == (one.digest if other.digest == UNREAD else other.digest)
        assert record["y"] == other


def test_findings_survive_json() -> None:
    span = Span(1, 2, 3, 4)
    fix = Fix("do", Applicability.UNSAFE, (Edit(span, "x\r\n"),), "because")
    full = Diagnostic(span, "SES101", "name", "ü \udcff", (Related(span, "here"),), "f", fix)
    plain = Diagnostic(span, "SES101", "name", "message")
    linted = Linted((full, plain), (plain,))
    assert from_json(json.loads(json.dumps(to_json(linted)))) == linted
    assert from_json(json.loads(json.dumps(to_json(linted)))).reported[0].fix == fix


OTHER_JSON = [None, [], [[]], [[1], []], [[[[1, 2, 3, 4], 1, "n", "m", [], "", None]], []]]


@pytest.mark.parametrize("raw", OTHER_JSON)
def test_other_json_is_refused(raw: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        from_json(raw)


def _die_of_deadly_files(lint_text):  # type: ignore[no-untyped-def]
    def lint(source, *rest):  # type: ignore[no-untyped-def]
        if "deadly" in source.text:
            os._exit(1)
        return lint_text(source, *rest)

    return lint


def _forking_pool(jobs: int, **more: object) -> object:
    """Only a fork inherits what a test has put in the place of a function."""
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    return ProcessPoolExecutor(jobs, multiprocessing.get_context("fork"), **more)  # type: ignore[arg-type]


