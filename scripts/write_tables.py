"""Writes the parts of the repository that are made from the code: run it after changing a rule or a key.

The tables of rules and settings in README.md, between their marks, and the JSON schema of the settings.
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
from flake8_session.linting.catalogue import catalogue

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
SCHEMA = ROOT / "src/flake8_session/configuration/schema.json"


def main(arguments: list[str]) -> int:
    """Writes what is out of date, or says so; returns the exit status."""
    stale = [path for path, text in texts().items() if path.read_text(encoding="utf-8") != text]
    for path in stale:
        print(path.relative_to(ROOT))
        if "--check" not in arguments:
            path.write_text(texts()[path], encoding="utf-8")
    return int(bool(stale) and "--check" in arguments)


def texts() -> dict[Path, str]:
    """What the files should hold."""
    readme = README.read_text(encoding="utf-8")
    readme = between_marks(readme, "rules", "\n".join(rules()))
    readme = between_marks(readme, "settings", "\n".join(settings()))
    return {README: readme, SCHEMA: json.dumps(schema(), indent=2) + "\n"}


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
