"""Writes the parts of the repository that are made from the code: run it after changing a rule or a key.

The tables of rules and settings in README.md, between their marks, the JSON schema of the settings, and in
``docs/`` the page of each rule and the list of them.
With ``--check`` it writes nothing, and exits with 1 where something is out of date.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from flake8_session.configuration.knobs import KNOBS
from flake8_session.configuration.schema import schema
from flake8_session.linting.catalogue import catalogue, full_page

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
DOCS = ROOT / "docs"
SCHEMA = ROOT / "src/flake8_session/configuration/schema.json"


def main(arguments: list[str]) -> int:
    """Writes what is out of date, or says so; returns the exit status."""
    wanted = texts()
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text("utf-8") != text]
    stale += {*(DOCS / "rules").iterdir()} - wanted.keys()
    for path in stale:
        print(path.relative_to(ROOT))
        if "--check" in arguments:
            continue
        if path in wanted:
            path.write_text(wanted[path], encoding="utf-8")
        else:
            path.unlink()
    return int(bool(stale) and "--check" in arguments)


def texts() -> dict[Path, str]:
    """What the files should hold."""
    readme = README.read_text(encoding="utf-8")
    readme = between_marks(readme, "rules", "\n".join(rules()))
    readme = between_marks(readme, "settings", "\n".join(settings()))
    pages = {DOCS / "rules" / f"{code}.md": full_page(code) for code in catalogue()}
    listed = between_marks((DOCS / "index.md").read_text("utf-8"), "rules", "\n".join(linked_rules()))
    return {
        README: readme,
        SCHEMA: json.dumps(schema(), indent=2) + "\n",
        DOCS / "index.md": listed,
        **pages,
    }


def between_marks(text: str, name: str, content: str) -> str:
    """`text` with `content` between the marks that are called `name`."""
    pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    return pattern.sub(lambda marks: f"{marks[1]}\n{content}\n\n{marks[2]}", text)


def rules() -> Iterator[str]:
    """A row for each rule."""
    yield "| code | name | reports | on | fix |"
    yield "|---|---|---|---|---|"
    for rule in catalogue().values():
        on = "yes" if rule.default else "no"
        yield f"| {rule.code} | `{rule.name}` | {rule.summary} | {on} | {rule.fixable} |"


def linked_rules() -> Iterator[str]:
    """As `rules`, with each code leading to its page."""
    for row in rules():
        yield re.sub(r"^\| (SES\d+) ", r"| [\1](rules/\1.md) ", row)


def settings() -> Iterator[str]:
    """A row for each key."""
    yield "| key | takes | what for | in `[flake8]` |"
    yield "|---|---|---|---|"
    for knob in KNOBS:
        takes = ", ".join(f"`{choice}`" for choice in knob.choices) or knob.kind.value
        shared = f"`{knob.shared_key}`" if knob.shared_key else ""
        yield f"| `{knob.key}` | {takes} | {knob.summary} | {shared} |"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
