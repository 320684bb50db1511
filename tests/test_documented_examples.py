"""The pages of the rules are run: each *Example* shows its rule's report, each *Use instead* shows none.

A page is the docstring of a rule's own file. The example is linted with that rule alone; what is to be
used instead is linted with every rule that is on by default, and that one.
"""

from __future__ import annotations

import ast
import re
import textwrap
from pathlib import Path

import pytest

from flake8_session.checker import check_source
from flake8_session.settings import Settings

RULES = sorted((Path(__file__).parents[1] / "src/flake8_session/rules").glob("ses[0-9]*.py"))
HEADINGS = ["What it does", "Why is this bad?", "Example", "Fix safety", "References"]


def page_of(rule: Path) -> str:
    page = ast.get_docstring(ast.parse(rule.read_text(encoding="utf-8")))
    assert page is not None, f"{rule.name} has no page"
    return page


def code_of(rule: Path) -> str:
    return rule.stem.partition("_")[0].upper()


def sections(page: str) -> dict[str, str]:
    """The text below each `##` heading of a page, in order."""
    parts = re.split(r"^## (.+)$", page, flags=re.MULTILINE)
    assert not parts[0].strip(), "a page begins with its first heading"
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def examples(page: str) -> tuple[str, str]:
    """The two pieces of code on a page: what is reported, and what to use instead."""
    loud, silent = sections(page)["Example"].split("\nUse instead:\n")
    return _code(loud), _code(silent)


@pytest.mark.parametrize("rule", RULES, ids=code_of)
def test_a_page_has_the_fixed_headings(rule: Path) -> None:
    assert list(sections(page_of(rule))) == HEADINGS


@pytest.mark.parametrize("rule", RULES, ids=code_of)
def test_the_example_is_reported_by_its_rule(rule: Path) -> None:
    loud, _ = examples(page_of(rule))
    found = check_source(loud, filename="example.py", settings=Settings(select=(code_of(rule),)))
    assert [diagnostic.code for diagnostic in found] == [code_of(rule)]


@pytest.mark.parametrize("rule", RULES, ids=code_of)
def test_what_to_use_instead_is_not_reported(rule: Path) -> None:
    _, silent = examples(page_of(rule))
    settings = Settings(extend_select=(code_of(rule),))
    found = check_source(silent, filename="example.py", settings=settings)
    assert not [f"{diagnostic.code} {diagnostic.message}" for diagnostic in found]


def _code(block: str) -> str:
    """The one indented block of a section, without its indentation; nothing else may stand there."""
    lines = [line for line in block.splitlines() if line.strip()]
    assert lines, "the section is empty"
    assert all(line.startswith("    ") for line in lines), f"prose among the code: {lines[0]!r}"
    code = textwrap.dedent(block).strip("\n") + "\n"
    ast.parse(code)
    return code
