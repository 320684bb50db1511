"""Every form of report, from findings made by hand."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from official_schemas import sarif_schema

from flake8_session.cli import main
from flake8_session.configuration.knobs import FORMATS as DECLARED
from flake8_session.diagnostics import Applicability, Diagnostic, Edit, Fix, Related, Span
from flake8_session.linting.catalogue import catalogue
from flake8_session.reporting import FORMATS, FileFindings, Terminal, renderer
from flake8_session.reporting.fingerprints import identified
from flake8_session.reporting.report import page_of
from flake8_session.reporting.sarif import uri
from flake8_session.reporting.severity import ADVICE
from flake8_session.reporting.styled import cells, fill
from flake8_session.source.text import lines_of

SOURCE = """\
def load(engine, key):
    session = Session(engine)
    user = session.get(User, key)
    session.commit()
    # a line

    # another line
    session.close()
    return user.name
"""
PLAIN = Terminal(width=80)
FIX = Fix(
    "wrap in `with`",
    Applicability.UNSAFE,
    (Edit(Span(2, 5, 2, 30), "with Session(engine) as session:"), Edit(Span(8, 1, 9, 1), "")),
    "the result lives on",
)


def span(line: int, text: str) -> Span:
    column = lines_of(SOURCE)[line - 1].index(text) + 1
    return Span(line, column, line, column + len(text))


def finding(**changes: Any) -> Diagnostic:
    values: dict[str, Any] = {
        "span": span(9, "user.name"),
        "code": "SES201",
        "name": "expired-attribute-after-close",
        "message": "`user.name` is expired, and its session is closed",
        "path": (
            Related(span(2, "Session(engine)"), "opened here"),
            Related(span(4, "session.commit()"), "expired here"),
            Related(span(8, "session.close()"), "closed here"),
        ),
        "function": "load",
    }
    return Diagnostic(**{**values, **changes})


def reported(
    *findings: Diagnostic, filename: str = "shop/load.py", source: str = SOURCE
) -> list[FileFindings]:
    return [FileFindings(filename, findings, lines_of(source))]


def shown(form: str, *findings: Diagnostic, terminal: Terminal = PLAIN, **where: Any) -> str:
    return renderer(form)(reported(*findings, **where), terminal)


def test_every_format_that_can_be_chosen_exists() -> None:
    assert set(DECLARED) == set(FORMATS)
    for form in DECLARED:
        assert renderer(form)([], PLAIN) == renderer(form)([], PLAIN)


ODD_NAMES = ["with blank.py", "two\nlines.py", "raw\udcff.py", "a,b:c%.py", "<&\">.py", "\x1b[31m.py"]


@pytest.mark.parametrize("form", DECLARED)
@pytest.mark.parametrize("name", ODD_NAMES)
def test_every_format_takes_every_name(form: str, name: str) -> None:
    text = shown(form, finding(fix=FIX), finding(message="\x1b[31m <&> ]]> 'x'"), filename=name)
    assert "\x1b" not in text
    if form in {"json", "sarif", "gitlab"}:
        json.loads(text)
    elif form == "junit":
        ElementTree.fromstring(text.encode("utf-8", "replace"))
    elif form != "full":
        assert text.count("\n") == 2


def test_concise_is_what_flake8_prints() -> None:
    assert shown("concise", finding()) == (
        "shop/load.py:9:12: SES201 `user.name` is expired, and its session is closed\n"
    )


def test_concise_has_colours_and_its_text_is_the_same() -> None:
    coloured = shown("concise", finding(), terminal=Terminal(colour=True, width=80))
    assert "\x1b[1;31mSES201\x1b[0m" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == shown("concise", finding())


@pytest.mark.parametrize("form", ["full", "concise"])
def test_the_code_is_a_link_to_its_page_where_links_work(form: str) -> None:
    link = f"\x1b]8;;{page_of('SES201')}\x1b\\"
    assert link in shown(form, finding(), terminal=Terminal(colour=True, width=80, links=True))
    assert "\x1b]8" not in shown(form, finding(), terminal=Terminal(colour=True, width=80))


def test_machines_are_given_the_same_link() -> None:
    (ours,) = json.loads(shown("json", finding(code="SES301")))
    assert ours["url"] == page_of("SES301")
    (run,) = json.loads(shown("sarif", finding(code="SES301"), finding()))["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert {rule["id"]: rule["helpUri"] for rule in rules} == {
        code: page_of(code) for code in ("SES201", "SES301")
    }


class TestFull:
    """Source lines with marks, as rustc draws them."""

    def test_the_path_is_drawn_in_order(self) -> None:
        assert shown("full", finding()) == """\
SES201 `user.name` is expired, and its session is closed
 --> shop/load.py:9:12
  |
2 |     session = Session(engine)
  |               --------------- 1: opened here
3 |     user = session.get(User, key)
4 |     session.commit()
  |     ---------------- 2: expired here
...
8 |     session.close()
  |     --------------- 3: closed here
9 |     return user.name
  |            ^^^^^^^^^

"""

    def test_a_single_place_has_no_number(self) -> None:
        text = shown("full", finding(path=(Related(span(8, "session.close()"), "closed here"),)))
        assert "--------------- closed here" in text

    def test_the_findings_own_place_may_be_on_the_path(self) -> None:
        text = shown("full", finding(path=(Related(span(9, "user.name"), "read here"),)))
        assert "^^^^^^^^^ read here" in text

    def test_several_marks_on_a_line_hang_on_bars(self) -> None:
        path = (
            Related(span(3, "user"), "the instance"),
            Related(span(3, "session.get(User, key)"), "loaded here"),
            Related(span(3, "session"), "by this session"),
        )
        text = shown("full", finding(span=span(3, "key"), path=path))
        assert text == """\
SES201 `user.name` is expired, and its session is closed
 --> shop/load.py:3:30
  |
3 |     user = session.get(User, key)
  |     ----   ------------------^^^-
  |     |      |
  |     |      2: loaded here
  |     |      |
  |     |      3: by this session
  |     |
  |     1: the instance

"""

    def test_marks_that_begin_together_are_told_in_order(self) -> None:
        used, whole = span(3, "session.get"), span(3, "session.get(User, key)")
        path = (Related(used, "used here"), Related(whole, "leaves"))
        text = shown("full", finding(span=path[0].span, path=path), terminal=Terminal(width=40))
        assert text.endswith("""\
3 |     user = session.get(User, key)
  |            ^^^^^^^^^^^-----------
  |            |
  |            1: used here
  |            |
  |            2: leaves

""")

    def test_several_places_of_one_span_have_a_line_each(self) -> None:
        place = span(8, "session.close()")
        path = (Related(place, "may raise"), Related(place, "leaves"))
        text = shown("full", finding(span=place, path=path))
        assert text.endswith("""\
8 |     session.close()
  |     ^^^^^^^^^^^^^^^
  |     1: may raise
  |     2: leaves

""")

    def test_a_fix_is_a_diff(self) -> None:
        text = shown("full", finding(path=(), fix=FIX))
        assert text.endswith("""\
  |
  = unsafe fix: wrap in `with` (the result lives on)
    def load(engine, key):
  -     session = Session(engine)
  +     with Session(engine) as session:
        user = session.get(User, key)
  ...
        # another line
  -     session.close()
        return user.name

""")

    def test_words_and_long_lines_are_fitted_to_the_width(self) -> None:
        source = f"x = {'a' * 200}(session)  # {'b' * 200}\n"
        column = source.index("(session)") + 2
        place = Span(1, column, 1, column + 7)
        text = shown(
            "full", finding(span=place, path=(), message="many words " * 20), source=source, terminal=PLAIN
        )
        assert all(cells(line) <= 80 for line in text.splitlines())
        drawn, marked = text.splitlines()[-3:-1]
        assert drawn[marked.index("^") : marked.rindex("^") + 1] == "session"
        assert drawn.startswith("1 | ...aaa")
        assert drawn.endswith("...")

    @pytest.mark.parametrize("before", ["\t\t", "日本 = ", "e\u0301 = ", "\x0b"])
    def test_marks_stand_under_what_they_mark(self, before: str) -> None:
        source = f"{before}session\n"
        column = len(before) + 1
        text = shown("full", finding(span=Span(1, column, 1, column + 7), path=()), source=source)
        drawn, marked = text.splitlines()[-3:-1]
        assert cells(drawn[: drawn.index("session")]) == marked.index("^")
        assert marked.count("^") == 7

    def test_a_span_of_several_lines_is_marked_on_the_first(self) -> None:
        text = shown("full", finding(span=Span(2, 5, 4, 3), path=()))
        assert text.splitlines()[-2].endswith("^" * len("session = Session(engine)"))
        assert text.count("^") == len("session = Session(engine)")

    @pytest.mark.parametrize("place", [Span(1, 1, 1, 1), Span(99, 1, 99, 2), Span(1, 99, 1, 100)])
    def test_a_place_that_is_not_in_the_file_does_no_harm(self, place: Span) -> None:
        assert "shop/load.py" in shown("full", finding(span=place), source="x = 1\n")
        assert "shop/load.py" in shown("full", finding(span=place), source="")

    def test_colours_only_where_they_are_wanted(self) -> None:
        coloured = shown("full", finding(fix=FIX), terminal=Terminal(colour=True, width=80))
        assert "\x1b[1;31mSES201\x1b[0m" in coloured
        assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == shown("full", finding(fix=FIX))

    @pytest.mark.parametrize("width", [40, 60, 80])
    def test_a_fix_that_is_too_wide_goes_on_below_its_code(self, width: int) -> None:
        long = "with Session(engine) as session:  # " + "word " * 30
        fix = Fix("open it", Applicability.SAFE, (Edit(FIX.edits[0].span, long),))
        report = shown("full", finding(fix=fix), terminal=Terminal(width=width))
        assert max(map(len, report.splitlines())) <= width
        changed = report[report.index("= fix") :]
        assert "".join(long.split()) in "".join(changed.split())

    def test_tabs_of_a_fix_are_drawn_as_those_of_the_excerpt(self) -> None:
        source = "def load(engine):\n\tsession = Session(engine)\n"
        fix = Fix("open it", Applicability.SAFE, (Edit(Span(2, 2, 2, 2), "with a:\n\t\t"),))
        report = shown("full", finding(span=Span(2, 12, 2, 27), path=(), fix=fix), source=source)
        assert "2 |     session = Session(engine)\n" in report
        assert "  +     with a:\n            session = Session(engine)\n" in report

    def test_a_label_goes_no_farther_left_than_it_needs_to(self) -> None:
        text = shown("full", finding(path=(Related(span(2, "Session(engine)"), "opened right here"),)),
                     terminal=Terminal(width=40))
        assert "  |               ---------------\n  |               opened right here\n" in text

    def test_of_a_body_that_a_fix_indents_only_the_ends_are_shown(self) -> None:
        body = [f"    step({number})\n" for number in range(9)]
        source = "".join(["def load(engine):\n", "    session = Session(engine)\n", *body, "    done()\n"])
        opened = "    with Session(engine) as session:\n"
        content = "".join([opened, *(f"    {line}" for line in body)])
        fix = Fix("wrap in `with`", Applicability.SAFE, (Edit(Span(2, 1, 12, 1), content),))
        text = shown("full", finding(span=Span(2, 15, 2, 22), path=(), fix=fix), source=source)
        assert text.endswith("""\
  = fix: wrap in `with`
    def load(engine):
  -     session = Session(engine)
  +     with Session(engine) as session:
            step(0)
  ...
            step(8)

""")

    def test_a_fix_that_changes_blanks_only_is_shown(self) -> None:
        fix = Fix("indent", Applicability.SAFE, (Edit(Span(4, 1, 4, 1), "  "),))
        text = shown("full", finding(path=(), fix=fix))
        assert "-     session.commit()\n  +       session.commit()\n" in text

    def test_nothing_is_said_of_nothing(self) -> None:
        assert renderer("full")([], PLAIN) == ""


class TestSarif:
    """SARIF 2.1.0."""

    @pytest.fixture
    def official(self, request: pytest.FixtureRequest) -> Any:
        """What holds a report against the official schema."""
        cache = getattr(request.config, "cache", None)  # there is none where its plugin is turned off
        return jsonschema.Draft4Validator(sarif_schema(cache and cache.mkdir("schemas")))

    def run(self, *findings: Diagnostic, filename: str = "shop/load.py") -> Any:
        (run,) = json.loads(shown("sarif", *findings, filename=filename))["runs"]
        return run

    def reports(self) -> Iterator[Any]:
        for findings in ([], [finding()], [finding(fix=FIX, function="")], [finding(path=()), finding()]):
            for name in ("shop/load.py", *ODD_NAMES):
                yield json.loads(shown("sarif", *findings, filename=name))

    def test_it_is_what_we_mean_it_to_be(self) -> None:
        for report in self.reports():
            jsonschema.Draft7Validator(OURS).validate(report)

    def test_it_is_valid(self, official: Any) -> None:
        for report in self.reports():
            assert not list(official.iter_errors(report))

    def test_the_report_of_the_example_is_valid(
        self, official: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.chdir(Path(__file__).parents[1])
        assert main(["examples", "--no-cache", "--output-format=sarif"]) == 1
        report = json.loads(capsys.readouterr().out)
        assert not list(official.iter_errors(report))
        assert all(result["codeFlows"] for result in report["runs"][0]["results"])

    def test_the_official_schema_refuses_what_is_no_report(self, official: Any) -> None:
        report = json.loads(shown("sarif", finding()))
        report["runs"][0]["results"][0]["level"] = "grave"
        assert [error.message for error in official.iter_errors(report)]

    def test_the_path_is_a_code_flow(self) -> None:
        (result,) = self.run(finding())["results"]
        ((flow,),) = (flow["threadFlows"] for flow in result["codeFlows"])
        steps = [
            (step["executionOrder"], step["location"]["physicalLocation"]["region"]["startLine"],
             step["location"]["message"]["text"])
            for step in flow["locations"]
        ]
        assert steps == [(1, 2, "opened here"), (2, 4, "expired here"), (3, 8, "closed here")]

    def test_rules_are_described_and_pointed_to(self) -> None:
        run = self.run(finding(code="SES301"), finding())
        rules = run["tool"]["driver"]["rules"]
        assert [rules[result["ruleIndex"]]["id"] for result in run["results"]] == ["SES301", "SES201"]
        assert rules[0]["help"]["markdown"] == catalogue()["SES201"].page
        assert rules[0]["name"] == "ExpiredAttributeAfterClose"

    def test_a_fix_says_what_it_replaces(self) -> None:
        (result,) = self.run(finding(fix=FIX))["results"]
        ((change,),) = (fix["artifactChanges"] for fix in result["fixes"])
        assert change["replacements"][0] == {
            "deletedRegion": {"startLine": 2, "startColumn": 5, "endLine": 2, "endColumn": 30},
            "insertedContent": {"text": "with Session(engine) as session:"},
        }

    def test_paths_are_uris(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        assert uri("shop/a b%.py") == "shop/a%20b%25.py"
        assert uri(str(tmp_path / "x.py")) == "x.py"
        assert uri("/elsewhere/ü.py") == "file:///elsewhere/%C3%BC.py"
        assert uri("raw\udcff.py") == "raw%FF.py"


class TestOtherServices:
    """What build servers read."""

    def test_github(self) -> None:
        assert shown("github", finding(message="100% sure"), filename="a,b.py") == (
            "::error title=SES201 expired-attribute-after-close,file=a%2Cb.py,line=9,col=12,endLine=9,"
            "endColumn=21::100%25 sure%0A1. line 2: opened here%0A2. line 4: expired here"
            "%0A3. line 8: closed here\n"
        )

    @pytest.mark.parametrize(
        ("code", "command", "level"),
        [("SES101", "error", "major"), (ADVICE[0], "warning", "minor"), ("SES901", "notice", "info")],
    )
    def test_advice_is_no_error(self, code: str, command: str, level: str) -> None:
        assert shown("github", finding(code=code)).startswith(f"::{command} ")
        assert json.loads(shown("gitlab", finding(code=code)))[0]["severity"] == level

    def test_gitlab(self) -> None:
        (issue,) = json.loads(shown("gitlab", finding()))
        assert issue["check_name"] == "SES201"
        assert issue["location"] == {"path": "shop/load.py", "lines": {"begin": 9, "end": 9}}
        assert [place["lines"]["begin"] for place in issue["other_locations"]] == [2, 4, 8]

    def test_junit(self) -> None:
        root = ElementTree.fromstring(shown("junit", finding(), finding(code="SES301", function="")))
        assert root.attrib == {"name": "flake8-session", "tests": "2", "failures": "2", "errors": "0"}
        first, second = root.iter("testcase")
        assert first.attrib["classname"] == "shop/load.py:load"
        assert second.attrib["classname"] == "shop/load.py"
        failure = first.find("failure")
        assert failure is not None
        assert failure.attrib["type"] == "SES201"
        assert (failure.text or "").splitlines()[1] == "1. line 2: opened here"

    def test_junit_without_findings_has_a_case_that_passed(self) -> None:
        root = ElementTree.fromstring(renderer("junit")([], PLAIN))
        assert [case.attrib["name"] for case in root.iter("testcase")] == ["no findings"]
        assert root.find(".//failure") is None


@pytest.mark.parametrize("form", ["sarif", "github", "gitlab"])
def test_services_see_the_same_file_whatever_it_was_called_by(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.chdir(tmp_path)
    absolute = shown(form, finding(), filename=str(tmp_path / "shop/load.py"))
    assert absolute == shown(form, finding(), filename="shop/load.py")
    assert str(tmp_path) not in absolute
    elsewhere = str(tmp_path.parent / "load.py")
    assert elsewhere in shown(form, finding(), filename=elsewhere)


class TestIdentity:
    """What a finding is known by when lines move."""

    def test_it_survives_moved_lines_blanks_and_comments(self) -> None:
        before = [identity for _, identity in identified(*reported(finding()))]
        moved = "\n\n" + SOURCE.replace("return user.name", "return  user.name  # noqa: E501")
        place = Span(11, 12, 11, 21)
        after = [identity for _, identity in identified(*reported(finding(span=place), source=moved))]
        assert after == before

    def test_it_changes_with_what_matters(self) -> None:
        originals = {identity.digest for _, identity in identified(*reported(finding()))}
        for other in (
            reported(finding(code="SES203")),
            reported(finding(function="other")),
            reported(finding(span=span(8, "session"))),
            reported(finding(), filename="other.py"),
        ):
            assert not originals & {identity.digest for _, identity in identified(*other)}

    def test_twins_are_counted(self) -> None:
        identities = [identity for _, identity in identified(*reported(finding(), finding()))]
        assert [identity.occurrence for identity in identities] == [1, 2]
        assert len({identity.digest for identity in identities}) == 2


@pytest.mark.parametrize(
    ("text", "lines"),
    [("", [""]), ("one two", ["one two"]), ("one two three", ["one two", "three"]), ("a" * 20, ["a" * 20])],
)
def test_words_are_filled_into_lines(text: str, lines: list[str]) -> None:
    assert fill(text, 8) == lines


def _closed(required: Mapping[str, Any], optional: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


def _list_of(items: Mapping[str, Any], least: int = 0) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": least}


_TEXT = {"type": "string", "minLength": 1}
_COUNT = {"type": "integer", "minimum": 1}
_LEVEL = {"enum": ["error", "warning", "note"]}
_MESSAGE = _closed({"text": _TEXT})
_REGION = _closed({"startLine": _COUNT, "startColumn": _COUNT, "endLine": _COUNT, "endColumn": _COUNT})
_ARTIFACT = _closed({"uri": _TEXT})
_PHYSICAL = _closed({"artifactLocation": _ARTIFACT, "region": _REGION})
_LOGICAL = _list_of(_closed({"fullyQualifiedName": _TEXT, "kind": {"const": "function"}}))
_STEP = _closed(
    {"executionOrder": _COUNT, "location": _closed({"physicalLocation": _PHYSICAL, "message": _MESSAGE})}
)
_THREAD = _closed({"locations": _list_of(_STEP, 1)})
_CHANGE = _closed(
    {
        "artifactLocation": _ARTIFACT,
        "replacements": _list_of(
            _closed({"deletedRegion": _REGION, "insertedContent": _closed({"text": {"type": "string"}})}), 1
        ),
    }
)
_RESULT = _closed(
    {
        "ruleId": _TEXT,
        "ruleIndex": {"type": "integer", "minimum": 0},
        "level": _LEVEL,
        "message": _MESSAGE,
        "locations": _list_of(_closed({"physicalLocation": _PHYSICAL}, {"logicalLocations": _LOGICAL}), 1),
        "partialFingerprints": {"type": "object", "additionalProperties": _TEXT},
    },
    {
        "codeFlows": _list_of(_closed({"threadFlows": _list_of(_THREAD, 1)}), 1),
        "fixes": _list_of(_closed({"description": _MESSAGE, "artifactChanges": _list_of(_CHANGE, 1)}), 1),
    },
)
_RULE = _closed(
    {
        "id": _TEXT,
        "name": _TEXT,
        "shortDescription": _MESSAGE,
        "help": _closed({"text": _TEXT, "markdown": _TEXT}),
        "helpUri": _TEXT,
        "defaultConfiguration": _closed({"enabled": {"type": "boolean"}, "level": _LEVEL}),
        "properties": {"type": "object"},
    }
)
_DRIVER = _closed(
    {"name": _TEXT, "semanticVersion": _TEXT, "informationUri": _TEXT, "rules": _list_of(_RULE)}
)
OURS = _closed(
    {
        "$schema": _TEXT,
        "version": {"const": "2.1.0"},
        "runs": _list_of(
            _closed(
                {
                    "tool": _closed({"driver": _DRIVER}),
                    "columnKind": {"const": "unicodeCodePoints"},
                    "results": _list_of(_RESULT),
                }
            ),
            1,
        ),
    }
)
