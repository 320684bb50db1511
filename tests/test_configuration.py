"""Where settings come from, which wins, and what is said of mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from conftest import Command

from flake8_session.cli import main
from flake8_session.configuration import (
    Configuration,
    ConfigurationError,
    configure,
    find,
    read,
    versions,
)
from flake8_session.configuration.files import ALL_NAMES
from flake8_session.configuration.knobs import KNOBS, Kind
from flake8_session.configuration.schema import schema
from flake8_session.configuration.values import checked, checked_text, parse_per_file
from flake8_session.linting.codes import known_codes
from flake8_session.settings import Settings, is_selected
from flake8_session.sieve import may_concern

TABLE = "[tool.flake8-session]\n"

EXAMPLES: dict[Kind, object] = {
    Kind.CODES: ["SES1", "SES201"],
    Kind.NAMES: ["shop.db.make_session"],
    Kind.PATTERNS: ["gen/*"],
    Kind.FOLDERS: ["src"],
    Kind.PER_FILE: {"tests/*": ["SES1"]},
    Kind.SWITCH: True,
    Kind.COUNT: 4,
    Kind.PATH: "somewhere",
    Kind.VERSION: "1.4",
}


def configured(start: Path, **spoken: object) -> Configuration:
    values = {key.replace("_", "-"): checked(key.replace("_", "-"), raw, "") for key, raw in spoken.items()}
    return configure(find(start), start, values, known_codes)


def example(kind: Kind, choices: tuple[str, ...]) -> object:
    return choices[-1] if kind is Kind.CHOICE else EXAMPLES[kind]


class TestWhere:
    """Which file is read."""

    @pytest.mark.parametrize("name", ALL_NAMES)
    def test_every_file_is_read(self, project: Path, name: str) -> None:
        table, section = TABLE + 'ignore = ["SES201"]\n', "[flake8-session]\nignore = SES201\n"
        text = table if name.endswith("toml") else section
        (project / name).write_text(text)
        configuration = configured(project / "shop")
        assert configuration.settings.ignore == ("SES201",)
        assert configuration.file == project / name
        assert configuration.root == project

    def test_the_nearest_wins(self, project: Path) -> None:
        (project / "pyproject.toml").write_text(TABLE + "tests = true\n")
        (project / "shop/setup.cfg").write_text("[flake8-session]\none-shot = no\n")
        settings = configured(project / "shop").settings
        assert (settings.tests, settings.one_shot) == (False, False)

    def test_our_table_wins_over_sections_beside_it(self, project: Path) -> None:
        (project / "pyproject.toml").write_text(TABLE + "tests = true\n")
        (project / ".flake8").write_text("[flake8]\nignore = SES1\n")
        assert configured(project).settings == configured(project, ignore=[]).settings
        assert configured(project).settings.ignore == ()

    def test_files_that_say_nothing_to_us_are_passed_over(self, project: Path) -> None:
        (project / "pyproject.toml").write_text(TABLE + "tests = true\n")
        (project / "shop/pyproject.toml").write_text("[tool.black]\nline-length = 100\n")
        (project / "shop/tox.ini").write_text("[tox]\nflake8 = yes\n")
        (project / "shop/.flake8").write_text("[flake8]\nmax-line-length = 100\n")
        assert configured(project / "shop").settings.tests

    def test_the_search_ends_with_the_repository(self, project: Path) -> None:
        (project / "pyproject.toml").write_text(TABLE + "tests = true\n")
        (project / "shop/.git").mkdir()
        assert not configured(project / "shop").settings.tests

    def test_a_file_can_be_named_and_files_can_be_left_unread(self, project: Path) -> None:
        (project / "lint.toml").write_text(TABLE + 'ignore = ["SES1"]\n')
        (project / "pyproject.toml").write_text(TABLE + 'ignore = ["SES101"]\n')
        assert main(["shop", "--config", "lint.toml"]) == 0
        assert main(["shop"]) == 0
        assert main(["shop", "--isolated"]) == 1

    def test_a_file_outside_the_current_folder_has_its_own_settings(
        self, project: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (project / "pyproject.toml").write_text(TABLE + 'ignore = ["SES101"]\n')
        monkeypatch.chdir("/")
        assert main([str(project / "shop/leaking.py")]) == 0


class TestMerging:
    """What the command line says, over what the file says."""

    def test_a_key_is_replaced_and_an_extending_key_is_added(self, project: Path) -> None:
        (project / "pyproject.toml").write_text(
            TABLE + 'ignore = ["SES1"]\nextend-select = ["SES204"]\nextend-exclude = ["a"]\n'
        )
        configuration = configured(
            project, ignore=["SES2"], extend_ignore=["SES3"], extend_select=["SES1"], extend_exclude=["b"]
        )
        assert configuration.settings.ignore == ("SES2", "SES3")
        assert configuration.settings.extend_select == ("SES204", "SES1")
        assert configuration.extend_exclude == ("a", "b")

    def test_per_file_ignores_hold_for_the_files_they_name(self, project: Path) -> None:
        (project / "pyproject.toml").write_text(
            TABLE + 'per-file-ignores = {"tests/*" = ["SES1"], "conftest.py" = ["SES2"]}\n'
        )
        configuration = configured(project)
        ignored = [
            configuration.settings_for(path).ignore
            for path in ("tests/a.py", str(project / "tests/deep/a.py"), "shop/conftest.py", "shop/a.py")
        ]
        assert ignored == [("SES1",), ("SES1",), ("SES2",), ()]

    def test_folders_are_relative_to_the_file(self, project: Path) -> None:
        (project / "pyproject.toml").write_text(TABLE + 'src = ["lib"]\n')
        assert configured(project / "shop").settings.src == (str(project / "lib"),)


class TestSharedSection:
    """``[flake8]``, which belongs to all plugins."""

    def test_what_is_about_us_is_taken(self, project: Path) -> None:
        (project / "setup.cfg").write_text(
            "[flake8]\n"
            "max-line-length = 100\n"
            "jobs = auto\n"
            "select = E,F,\n    SES2\n"
            "extend-ignore = ASYNC910, W503, SES204\n"
            "per-file-ignores =\n    tests/*: S101, SES1\n    a.py,b.py: E501\n"
            "session_factories = shop.db.make\n"
            "session-tests = yes\n"
        )
        configuration = configured(project)
        assert configuration.settings.select == ("SES2",)
        assert configuration.settings.ignore == ("SES204",)
        assert configuration.per_file_ignores == (("tests/*", ("SES1",)),)
        assert configuration.settings.session_factories == ("shop.db.make",)
        assert configuration.settings.tests
        assert configuration.jobs == 0

    def test_our_own_section_speaks_over_it(self, project: Path) -> None:
        (project / "tox.ini").write_text("[flake8]\nignore = SES1\n[flake8-session]\nignore = SES2\n")
        assert configured(project).settings.ignore == ("SES2",)

    def test_a_plain_letter_covers_our_codes_as_in_flake8(self, project: Path) -> None:
        (project / "setup.cfg").write_text("[flake8]\nignore = S\n")
        assert main(["shop"]) == 0


class TestMistakes:
    """Each is one line with the file and the key."""

    @pytest.mark.parametrize(
        ("table", "told"),
        [
            ("selct = []", "unknown key `selct`; did you mean `select`?"),
            ("zzz = 1", "unknown key `zzz`"),
            ("select = 'SES1'", "`select` must be a list of strings, not 'SES1'"),
            ("select = [1]", "`select` must be a list of strings, not [1]"),
            ("select = ['ses1']", "`ses1` in `select` is no code; did you mean `SES1`?"),
            ("ignore = ['SES77']", "there is no code `SES77`"),
            ("extend-select = ['E501']", "there is no code `E501`"),
            ("per-file-ignores = ['a']", "`per-file-ignores` must be a table of patterns and lists of codes"),
            ("per-file-ignores = {a = ['SES777']}", "there is no code `SES777`"),
            ("tests = 'yes'", "`tests` must be true or false, not 'yes'"),
            ("tests = 1", "`tests` must be true or false, not 1"),
            ("jobs = -1", "`jobs` must be a whole number, 0 or more, not -1"),
            ("jobs = true", "`jobs` must be a whole number, 0 or more, not true"),
            ("detached = 'strickt'", "one of `default`, `strict`, not 'strickt'; did you mean `strict`?"),
            ("session-factories = ['a b']", "`a b` in `session-factories` is no dotted name"),
            ("sqlalchemy-version = 2.0", "`sqlalchemy-version` must be a version in quotes"),
            ("baseline = ''", "`baseline` must be a path"),
            ("exclude = ['!']", "`exclude`: `!` is no pattern"),
            ("per-file-ignores = {'a\\' = ['SES1']}", "`per-file-ignores`: `a\\` is no pattern"),
            ("session-factories = ['make']", "`session-factories`: `make` needs its module"),
            ("closing-functions = ['shop.clean.gone']", "there is no `gone` in `shop.clean`"),
        ],
    )
    def test_in_our_table(
        self, project: Path, capsys: pytest.CaptureFixture[str], table: str, told: str
    ) -> None:
        (project / "pyproject.toml").write_text(TABLE + table + "\n")
        assert main(["shop"]) == 2
        said = capsys.readouterr()
        assert said.out == ""
        assert said.err.startswith(f"session-lint: {project / 'pyproject.toml'}: ")
        assert told in said.err
        assert said.err.count("\n") == 1

    @pytest.mark.parametrize(
        ("name", "content", "told"),
        [
            ("pyproject.toml", b"[tool.flake8-session\n", "it is no TOML"),
            ("pyproject.toml", b"[tool]\nflake8-session = 1\n", "must be a table"),
            ("pyproject.toml", TABLE.encode() + b"# \xff\n", "it is not UTF-8"),
            ("pyproject.toml", TABLE.encode() + b"x = " + b"[" * 50_000, "pyproject.toml: it is n"),
            ("setup.cfg", b"[flake8-session]\nselect\n", "setup.cfg"),
            ("setup.cfg", b"[flake8-session]\nselekt = SES1\n", "did you mean `select`?"),
            ("setup.cfg", b"[flake8]\nper-file-ignores = tests/*\n", "`tests/*` has no codes"),
            ("tox.ini", b"[flake8-session]\ntests = maybe\n", "`tests` must be true or false"),
        ],
    )
    def test_in_files(
        self, project: Path, capsys: pytest.CaptureFixture[str], name: str, content: bytes, told: str
    ) -> None:
        (project / name).write_bytes(content)
        assert main(["shop"]) == 2
        said = capsys.readouterr().err
        assert told in said
        assert name in said
        assert said.count("\n") == 1

    @pytest.mark.parametrize(
        ("name", "content", "told"),
        [
            ("other.toml", b"x = [", "it is no TOML"),
            ("other.toml", b"\xff\xfe", "it is not UTF-8"),
            ("other.toml", b"x = 1\n", "it has no [tool.flake8-session] table"),
            ("other.cfg", b"[section", "File contains no section headers"),
        ],
    )
    def test_in_a_file_that_is_named(
        self, project: Path, session_lint: Command, name: str, content: bytes, told: str
    ) -> None:
        (project / name).write_bytes(content)
        run = session_lint("shop", "--config", name)
        assert (run.returncode, run.stdout, run.stderr.count("\n")) == (2, "", 1)
        assert f"{name}: {told}" in run.stderr

    def test_other_tools_files_may_be_as_broken_as_they_like(self, project: Path) -> None:
        (project / "pyproject.toml").write_text("[tool.other\n")
        (project / "setup.cfg").write_bytes(b"\xff\xff")
        assert main(["shop"]) == 1

    @pytest.mark.parametrize("name", ["nowhere.toml", "empty.toml", "empty.cfg"])
    def test_a_named_file_must_speak_to_us(self, project: Path, name: str) -> None:
        (project / "empty.toml").write_text("[tool.black]\n")
        (project / "empty.cfg").write_text("[metadata]\n")
        with pytest.raises(ConfigurationError, match=name):
            read(project / name)


class TestSchema:
    """The schema that is shipped for editors."""

    def test_it_is_what_the_table_of_keys_says(self) -> None:
        import flake8_session.configuration.schema as module

        shipped = Path(module.__file__).with_name("schema.json").read_text()
        assert json.loads(shipped) == schema()
        jsonschema.Draft7Validator.check_schema(schema())

    @pytest.mark.parametrize("knob", KNOBS, ids=lambda knob: knob.key)
    def test_it_takes_what_the_reader_takes(self, knob) -> None:  # type: ignore[no-untyped-def]
        value = example(knob.kind, knob.choices)
        checked(knob.key, value, "here")
        jsonschema.validate({knob.key: value}, schema())

    @pytest.mark.parametrize("knob", KNOBS, ids=lambda knob: knob.key)
    @pytest.mark.parametrize("value", [1.5, [1], "", {"a": 1}, -1, ["not a code or name!"]], ids=repr)
    def test_it_refuses_what_the_reader_refuses(self, knob, value) -> None:  # type: ignore[no-untyped-def]
        def taken_by_the_reader() -> bool:
            try:
                checked(knob.key, value, "here")
            except ConfigurationError:
                return False
            return True

        assert jsonschema.Draft7Validator(schema()).is_valid({knob.key: value}) == taken_by_the_reader()

    def test_every_key_reaches_the_configuration(self, project: Path) -> None:
        for knob in KNOBS:
            (project / "pyproject.toml").write_text("")
            before = configured(project)
            value = False if knob.key in {"cache", "one-shot"} else example(knob.kind, knob.choices)
            assert configured(project, **{knob.key: value}) != before, knob.key


def test_settings_are_shown_as_a_table_that_can_be_read_again(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "pyproject.toml").write_text(
        TABLE + 'extend-select = ["SES204"]\nper-file-ignores = {"a b/*" = ["SES1"]}\ndetached = "strict"\n'
    )
    assert main(["--show-settings"]) == 0
    shown = capsys.readouterr().out
    assert str(project / "pyproject.toml") in shown
    (project / "pyproject.toml").write_text(shown)
    configuration = configured(project)
    assert configuration.settings.detached == "strict"
    assert configuration.per_file_ignores == (("a b/*", ("SES1",)),)
    assert main(["--show-settings"]) == 0
    assert capsys.readouterr().out == shown


def test_files_are_shown_one_a_line(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--show-files"]) == 0
    assert capsys.readouterr().out == "shop/clean.py\nshop/leaking.py\n"


@pytest.mark.parametrize(
    ("raw", "value"),
    [("SES1, SES2  SES3", ("SES1", "SES2", "SES3")), ("", ()), (" , ", ())],
)
def test_lists_in_text_are_separated_by_commas_or_blanks(raw: str, value: tuple[str, ...]) -> None:
    assert checked_text("select", raw, "here") == value


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("a.py:SES1", {"a.py": ["SES1"]}),
        (
            "a.py : SES1,SES2\nb/*,c.py:\n  E501",
            {"a.py": ["SES1", "SES2"], "b/*": ["E501"], "c.py": ["E501"]},
        ),
        ("", {}),
    ],
)
def test_per_file_ignores_in_flake8s_form(raw: str, value: dict[str, list[str]]) -> None:
    assert parse_per_file(raw, "here") == value


@pytest.mark.parametrize("raw", [": SES1", "a.py", "a.py: SES1: SES2", "a.py: b.py"])
def test_per_file_ignores_that_make_no_sense(raw: str) -> None:
    with pytest.raises(ConfigurationError, match="needs `pattern: codes`"):
        parse_per_file(raw, "here")


class TestSelection:
    """Which codes are on."""

    @pytest.mark.parametrize(
        ("settings", "on", "off"),
        [
            (Settings(), "101 000", "107"),
            (Settings(select=("SES",)), "101", "107"),
            (Settings(select=("SES1",)), "101 107 000", "201"),
            (Settings(extend_select=("SES107",)), "101 107 201", "108"),
            (Settings(ignore=("SES1",)), "201", "101"),
            (Settings(ignore=("SES1",), select=("SES101",)), "101", "102 201"),
            (Settings(ignore=("SES101",), select=("SES1",)), "102", "101"),
            (Settings(ignore=("SES101",), select=("SES101",)), "", "101"),
            (Settings(ignore=("SES",), extend_select=("SES107",)), "107", "101 000"),
            (Settings(ignore=("SES1",), extend_select=("SES1",)), "201", "101 107"),
        ],
    )
    def test_the_longer_selector_wins(self, settings: Settings, on: str, off: str) -> None:
        off_by_default = {"SES107", "SES108"}
        for codes, expected in ((on, True), (off, False)):
            for code in (f"SES{number}" for number in codes.split()):
                assert is_selected(code, settings, default=code not in off_by_default) is expected, code


class TestVersions:
    """Which SQLAlchemy, and which FastAPI, a project runs on."""

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("uv.lock", '[[package]]\nname = "sqlalchemy"\nversion = "1.4.54"\n'),
            ("poetry.lock", '[[package]]\nname = "SQLAlchemy"\nversion = "1.4.54"\n'),
            ("Pipfile.lock", '{"default": {"sqlalchemy": {"hashes": [], "version": "==1.4.54"}}}'),
            ("requirements.txt", "flask\nSQLAlchemy[asyncio]==1.4.54 ; x\n"),
        ],
    )
    def test_the_lock_says_it(self, project: Path, name: str, text: str) -> None:
        (project / name).write_text(text)
        assert configured(project).settings.sqlalchemy_version == "1.4"
        assert configured(project, sqlalchemy_version="2.1.3").settings.sqlalchemy_version == "2.1"

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("uv.lock", 'name = "fastapi-cli"\nversion = "0.0.8"\n\nname = "fastapi"\nversion = "0.110.3"\n'),
            ("Pipfile.lock", '{"default": {"fastapi": {"hashes": [], "version": "==0.110.0"}}}'),
            ("requirements.txt", "fastapi-users==13.0\nfastapi[standard]==0.110.1\n"),
        ],
    )
    def test_the_lock_says_which_fastapi(self, project: Path, name: str, text: str) -> None:
        (project / name).write_text(text)
        assert configured(project).settings.fastapi_version == "0.110"

    def test_an_unknown_fastapi_is_none(self, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(versions, "_installed", lambda name: None)
        assert configured(project).settings.fastapi_version == ""

    def test_else_the_installed_one(self, project: Path) -> None:
        import sqlalchemy

        installed = ".".join(sqlalchemy.__version__.split(".")[:2])
        assert configured(project).settings.sqlalchemy_version == installed


@pytest.mark.parametrize(
    ("text", "concerned"),
    [("from shop import make\n", True), ("maker()\n", True), ("shop.db\n", False), ("SESSION = 1\n", False)],
)
def test_told_names_pass_the_sieve(text: str, concerned: bool) -> None:
    settings = Settings(session_factories=("shop.db.make",))
    assert may_concern(text, settings) is concerned
    assert may_concern(text.encode(), settings) is concerned


@pytest.mark.parametrize(
    ("text", "concerned"),
    [("from shop.db import get_db\n", True), ("Session()\n", True), ("from shop.db import users\n", False)],
)
def test_what_speaks_of_sessions_or_takes_them_from_get_db_passes_the_sieve(
    text: str, concerned: bool
) -> None:
    assert may_concern(text, Settings()) is concerned
