"""Shows the page of a rule: rendered where somebody reads it on a terminal, else as it is written."""

from __future__ import annotations

import re
import sys

from flake8_session.cli.streams import say, terminal
from flake8_session.configuration import check_codes
from flake8_session.linting.catalogue import catalogue
from flake8_session.reporting import Terminal
from flake8_session.reporting.report import page as published

_CODE_BLOCK = re.compile(r"(?:^ {4}.*\n(?:\n(?= {4}))*)+", re.MULTILINE)


def explain(code: str, color: str) -> None:
    """Writes the pages of the rule `code`, or of all rules that it is a prefix of.

    Raises `ConfigurationError` for a code that does not exist.
    """
    wanted = code.upper()
    check_codes([wanted], catalogue(), "--explain")
    pages = [_page(each) for each in catalogue() if each.startswith(wanted)]
    shown = terminal(sys.stdout, color)
    say(_rendered("\n".join(pages), shown) if shown.colour else "\n".join(pages))


def _page(code: str) -> str:
    rule = catalogue()[code]
    state = "on by default" if rule.default else f"off unless it is asked for (`--extend-select {code}`)"
    fix = f"its fixes are at best {rule.fixable}" if rule.fixable else "it has no fix"
    return f"# {code} {rule.name}\n\nThis rule is {state}, and {fix}. {published(code)}\n\n{rule.page}\n"


def _rendered(text: str, shown: Terminal) -> str:
    from rich.console import Console
    from rich.markdown import Markdown

    console = Console(force_terminal=True, width=min(shown.width, 100), color_system="standard")
    with console.capture() as capture:
        console.print(Markdown(_fenced(text), code_theme="ansi_light", hyperlinks=shown.links))
    return capture.get()


def _fenced(text: str) -> str:
    """Indented blocks as fenced ones, which say that they are Python."""
    return _CODE_BLOCK.sub(lambda block: f"```python\n{_dedented(block[0])}```\n", f"{text}\n")


def _dedented(block: str) -> str:
    return re.sub(r"^ {4}", "", block, flags=re.MULTILINE).rstrip("\n") + "\n"
