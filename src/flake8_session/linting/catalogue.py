"""All rules by code: those on sessions, and those on the linter's own comments and failures."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import ModuleType

from flake8_session.linting import ses000_internal_failure, ses001_unused_noqa, ses002_unknown_code_in_noqa
from flake8_session.rules import catalogue as rules_on_sessions
from flake8_session.rules._rule import Rule
from flake8_session.settings import FAILURE, UNKNOWN, UNUSED


@cache
def catalogue() -> Mapping[str, Rule]:
    """Every rule that there is, in order of the codes."""
    own = (
        Rule(
            FAILURE,
            "internal-failure",
            "the linter itself failed on a file",
            page=_page(ses000_internal_failure),
        ),
        Rule(
            UNUSED,
            ses001_unused_noqa.NAME,
            "a code in a `# noqa` comment silences nothing",
            default=False,
            fixable="safe",
            page=_page(ses001_unused_noqa),
        ),
        Rule(
            UNKNOWN,
            ses002_unknown_code_in_noqa.NAME,
            "a code in a `# noqa` comment does not exist",
            default=False,
            fixable="safe",
            page=_page(ses002_unknown_code_in_noqa),
        ),
    )
    rules = (*own, *rules_on_sessions().values())
    return {rule.code: rule for rule in sorted(rules, key=lambda rule: rule.code)}


def full_page(code: str) -> str:
    """The page of the rule `code` with its title and its state, in Markdown."""
    rule = catalogue()[code]
    state = "on by default" if rule.default else f"off unless it is asked for (`--extend-select {code}`)"
    fixes = {"safe": "has safe fixes", "unsafe": "has unsafe fixes", "": "has no fix"}[rule.fixable]
    return f"# {code} {rule.name}\n\nThis rule is {state}, and {fixes}.\n\n{rule.page}\n"


def _page(module: ModuleType) -> str:
    return (module.__doc__ or "").strip()
