"""Answers questions about the linter: what a rule is about, which rules there are, what is set.

A page is rendered where somebody reads it on a terminal, and else shown as it is written.
"""

from __future__ import annotations

import json
import os
import re
import sys
from typing import TYPE_CHECKING, cast

from flake8_session.cli.streams import say, terminal
from flake8_session.configuration import Configuration, ConfigurationError, check_codes
from flake8_session.configuration.knobs import KNOBS, Kind
from flake8_session.linting.catalogue import catalogue, full_page
from flake8_session.reporting import Terminal

if TYPE_CHECKING:
    from rich.syntax import SyntaxTheme

_CODE_BLOCK = re.compile(r"(?:^ {4}.*\n(?:\n(?= {4}))*)+", re.MULTILINE)


def explain(code: str, color: str) -> None:
    """Writes the pages of the rule `code`, which may be its name, or of all rules that it is a prefix of.

    Raises `ConfigurationError` for a code that does not exist.
    """
    named = [rule.code for rule in catalogue().values() if rule.name == code]
    wanted = named[0] if named else code.upper()
    check_codes([wanted], catalogue(), "--explain")
    pages = [full_page(each) for each in catalogue() if each.startswith(wanted)]
    shown = terminal(sys.stdout, color)
    say(_rendered("\n".join(pages), shown) if shown.colour else "\n".join(pages))


def list_rules() -> None:
    """Writes a line for each rule: code, name, whether it is on, how far its fixes go, what it reports."""
    rows = [("code", "name", "default", "fix", "reports")]
    rows += [
        (rule.code, rule.name, "on" if rule.default else "off", rule.fixable or "-", rule.summary)
        for rule in catalogue().values()
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n")


def completion(shell: str) -> str:
    """The script that makes `shell` complete our options."""
    from flake8_session.cli.arguments import parser
    from flake8_session.cli.completion import completion as script

    return script(shell, parser())


def show_settings(configuration: Configuration) -> None:
    """Writes every key with its value in the form of ``pyproject.toml``, and where they come from."""
    say(f"# {configuration.file or 'no file sets anything; these are the defaults'}\n")
    say(f"# paths and patterns are relative to {configuration.root}\n[tool.flake8-session]\n")
    for knob in KNOBS:
        owner = configuration.settings if hasattr(configuration.settings, knob.field) else configuration
        value = getattr(owner, knob.field, None)
        if knob.kind is Kind.PER_FILE:
            value = {pattern: list(codes) for pattern, codes in configuration.per_file_ignores}
        is_unset = value is None or (knob.kind is Kind.PATH and not value)
        if not is_unset and knob.key != "extend-ignore":
            say(f"{knob.key} = {_toml(value)}\n")


def show_summary(module: str, configuration: Configuration) -> None:
    """Writes what a module of the project offers, named by its path or as an import names it.

    Raises `ConfigurationError` where the project has no such module.
    """
    from flake8_session.project import Neighbourhood
    from flake8_session.project.offers import offers

    project = Neighbourhood(configuration.settings.src).project
    root = str(configuration.root / "anything.py")
    path = os.path.abspath(module) if os.path.isfile(module) else project.target(root, module, 0)
    if path is None or project.outline(path) is None:
        raise ConfigurationError(f"--show-summary: the project has no module `{module}` that can be read")
    found = offers(project.effects_at(path, configuration.settings), path)
    width = min(max((len(name) for name, _ in found), default=0), 40)
    say(f"# {path}\n" + "".join(f"{name:<{width}}  {offer}\n" for name, offer in found))


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value)


def _rendered(text: str, shown: Terminal) -> str:
    """The page in colours that can be read on black and on white; rich's own are meant for black."""
    from rich.console import Console
    from rich.markdown import Markdown
    from rich.theme import Theme

    styles = {"code": "bold bright_blue", "h2": "bold magenta", "item.bullet": "bold", "item.number": "bold"}
    plain = Theme({f"markdown.{name}": style for name, style in styles.items()})
    console = Console(
        force_terminal=True, width=min(shown.width, 100), color_system="standard", theme=plain
    )
    page = Markdown(_fenced(text), code_theme=cast(str, _code_theme()), hyperlinks=shown.links)
    with console.capture() as capture:
        console.print(page)
    # rich spares such a terminal its boxes, and not the points of its lists.
    return capture.get().replace("•", "-") if console.options.ascii_only else capture.get()


def _code_theme() -> SyntaxTheme:
    """What rich takes for the name of a theme may be the theme itself."""
    from rich.style import Style
    from rich.syntax import ANSISyntaxTheme

    blue, magenta = Style(color="bright_blue"), Style(color="magenta")
    grey = Style(color="bright_black", italic=True)
    words = {("Keyword",): blue, ("Operator", "Word"): blue}
    return ANSISyntaxTheme({**words, ("Literal", "String"): magenta, ("Comment",): grey})


def _fenced(text: str) -> str:
    """Indented blocks as fenced ones, which say that they are Python; no text is taken for HTML."""
    escaped = re.sub(r"`[^`]*`|^ {4}.*|<", lambda part: part[0] if len(part[0]) > 1 else "&lt;", f"{text}\n",
                     flags=re.MULTILINE)
    return _CODE_BLOCK.sub(lambda block: f"```python\n{_dedented(block[0])}```\n", escaped)


def _dedented(block: str) -> str:
    return re.sub(r"^ {4}", "", block, flags=re.MULTILINE).rstrip("\n") + "\n"
