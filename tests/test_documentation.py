"""What the README says is so."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml
from conftest import Command

from flake8_session.cli.arguments import parser
from flake8_session.configuration.schema import schema
from flake8_session.linting.catalogue import catalogue
from flake8_session.reporting.report import DOCUMENTATION, page_of

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Python with these arguments."""
    command = [sys.executable, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def snippets(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def test_the_tables_are_what_the_code_says() -> None:
    stale = python(str(ROOT / "scripts/write_tables.py"), "--check")
    assert stale.returncode == 0, f"run scripts/write_tables.py: {stale.stdout}{stale.stderr}"


@pytest.mark.parametrize("code", catalogue())
def test_the_link_of_a_code_leads_to_its_page(code: str) -> None:
    """mkdocs makes the page ``rules/SES101/`` from the file ``docs/rules/SES101.md``."""
    assert page_of(code).startswith(DOCUMENTATION)
    page = page_of(code).removeprefix(DOCUMENTATION).rstrip("/")
    assert (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8").startswith(f"# {code} ")


def test_the_pages_are_published_where_links_lead() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    site = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    assert settings["project"]["urls"]["Documentation"] == site["site_url"] == DOCUMENTATION
    built = yaml.safe_load((ROOT / ".readthedocs.yaml").read_text(encoding="utf-8"))
    assert (ROOT / built["mkdocs"]["configuration"]).exists()
    (install,) = built["python"]["install"]
    assert set(install["extra_requirements"]) <= settings["project"]["optional-dependencies"].keys()


def test_links_within_the_pages_lead_somewhere() -> None:
    for page in (ROOT / "docs").rglob("*.md"):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page}: {target}"


def test_the_first_screen_is_what_the_command_prints(
    session_lint: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    (shown,) = snippets("console")
    command, _, report = shown.partition("\n")
    arguments = command.removeprefix("$ session-lint ").split()
    run = session_lint(*arguments, "--no-cache", env={"COLUMNS": "100", "NO_COLOR": "1"})
    assert run.stdout.startswith(report)


def test_settings_are_valid() -> None:
    tables = [tomllib.loads(text)["tool"] for text in snippets("toml")]
    ours = [table["flake8-session"] for table in tables if "flake8-session" in table]
    assert ours
    for table in ours:
        jsonschema.validate(table, schema())


DETACHED = """\
from sqlalchemy.orm import Session


def name(engine, customer_id):
    with Session(engine) as session:
        customer = session.get_one(Customer, customer_id)
        session.commit()
    return customer.name
"""


def test_the_section_for_flake8_means_the_same_to_both(
    project: Path, session_lint: Command, flake8: Command
) -> None:
    (section,) = [text for text in snippets("ini") if text.startswith("[flake8]")]
    (project / "setup.cfg").write_text(section)
    (project / "tests").mkdir()
    for folder in ("shop", "tests"):
        (project / folder / "detached.py").write_text(DETACHED)
    ours = session_lint("--output-format=concise").stdout.splitlines()
    theirs = [line.removeprefix("./") for line in flake8("--select=SES", ".").stdout.splitlines()]
    assert sorted(ours) == sorted(theirs)
    assert [line.split()[0] for line in ours if "SES201" in line] == ["shop/detached.py:8:12:"]


def test_hooks_are_yaml() -> None:
    read = [yaml.safe_load(text) for text in snippets("yaml")]
    assert sum("repos" in each for each in read) == 2
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert [hook["id"] for hook in hooks] == ["session-lint", "session-lint-fix"]


def workflow() -> str:
    (text,) = [text for text in snippets("yaml") if "jobs:" in text]
    return text


@pytest.mark.parametrize(
    ("schema_of", "text"),
    [
        ("github-workflows", workflow()),
        ("readthedocs", (ROOT / ".readthedocs.yaml").read_text(encoding="utf-8")),
    ],
)
def test_what_services_read_is_valid(tmp_path: Path, schema_of: str, text: str) -> None:
    (tmp_path / "file.yml").write_text(text)
    file = tmp_path / "file.yml"
    check = ("-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema_of}", str(file))
    file.write_text(text)
    checked = python(*check)
    assert checked.returncode == 0, checked.stdout
    file.write_text(f"{text}\nsomething: else\n")
    assert python(*check).returncode == 1, "the schema is closed, and knows what it refuses"


@pytest.mark.skipif(sys.platform == "win32", reason="the runner that it asks for has a POSIX shell")
def test_the_steps_of_the_workflow_run(project: Path) -> None:
    """As on the runner, in ``bash -e``, but for the installation, which needs the package index."""
    (job,) = yaml.safe_load(workflow())["jobs"].values()
    install, *steps = [step["run"] for step in job["steps"] if "run" in step]
    assert install == "pip install flake8-session"
    (project / "session-lint").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m flake8_session "$@"\n')
    (project / "session-lint").chmod(0o755)
    path = f"{project}{os.pathsep}{os.environ['PATH']}"

    def step(command: str) -> subprocess.CompletedProcess[str]:
        called = ["bash", "-e", "-c", command]
        return subprocess.run(
            called, capture_output=True, text=True, check=False, env={**os.environ, "PATH": path}
        )

    assert [step(command).returncode for command in steps] == [0]
    (upload,) = [step["with"] for step in job["steps"] if "upload-sarif" in step.get("uses", "")]
    (result,) = json.loads((project / upload["sarif_file"]).read_text())["runs"][0]["results"]
    assert (result["ruleId"], len(result["codeFlows"])) == ("SES101", 1)
    (last,) = re.findall(r"`(session-lint [^`]*)` as the last step", README)
    failing = step(last)
    assert failing.returncode == 1
    assert failing.stdout.startswith("::error title=SES101 unclosed-session,file=shop/leaking.py,line=6,")


def test_every_option_that_is_named_exists() -> None:
    known = {name for action in parser()._actions for name in action.option_strings}
    commands = re.findall(r"^\s*(?:- run: |commands = |entry: )?session-lint( .*)$", README, re.MULTILINE)
    lines = [line.partition("#")[0] for line in commands]
    named = {option for line in lines for option in re.findall(r"(?<!\S)--[a-z-]+", line)}
    assert len(named) > 10
    assert named <= known


def test_the_library_example_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    (example,) = [text for text in snippets("python") if "lint_source" in text]
    run = subprocess.run([sys.executable, "-c", example], capture_output=True, text=True, check=True)
    assert re.search(r"^\d+ SES101 .*\n    \d+ .*opened here$", run.stdout, re.MULTILINE)


def test_the_examples_show_findings_and_the_right_ones_none(
    session_lint: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    run = session_lint("examples", "--output-format=json", "--no-cache")
    assert run.returncode == 1
    found = {(Path(each["filename"]).name, each["code"]) for each in json.loads(run.stdout)}
    assert {name for name, _ in found} == {"orders.py", "reports.py"}
    codes = {code for _, code in found}
    assert {"SES101", "SES102", "SES105", "SES106", "SES201", "SES202", "SES301"} <= codes


def test_the_layers_are_described_in_their_order() -> None:
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    layers = [re.findall(r"\w+", layer) for layer in contract["contracts"][0]["layers"]]
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rows = [re.findall(r"`(\w+)`", row) for row in re.findall(r"^\| (`[^|]*) \|", text, re.MULTILINE)]
    described = [name for row in rows for name in row]
    assert sorted(described) == sorted(name for layer in layers for name in layer if name != "__main__")
    depth = {name: number for number, layer in enumerate(layers) for name in layer}
    assert [depth[name] for name in described] == sorted(depth[name] for name in described)


def test_the_version_has_an_entry_in_the_changelog() -> None:
    import flake8_session

    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## {re.escape(flake8_session.__version__)}\b", changelog, re.MULTILINE)
