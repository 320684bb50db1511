"""Any program that Python takes goes through the plugin, with sessions strewn in, and none makes it fail."""

from __future__ import annotations

import ast
import warnings
from random import Random

import hypothesmith
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from flake8_session.flake8_plugin import Plugin

STREWN = [
    "session = Session(engine)",
    "with Session(engine) as session: pass",
    "user = session.get(User, 1)",
    "session.commit()",
    "session.close()",
    "await session.commit()",
    "print(user.name)",
]


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(hypothesmith.from_node(), some.randoms(use_true_random=False))
def test_no_program_makes_the_plugin_fail(program: str, random: Random) -> None:
    for text in (f"# Session\n{program}", with_sessions(program, random)):
        tree = parsed(text)
        if tree is not None:
            found = list(Plugin(tree, text.splitlines(keepends=True), "program.py").run())
            assert not [message for _, _, message, _ in found if message.startswith("SES000")]


def with_sessions(program: str, random: Random) -> str:
    """`program` with lines about a session in front of some of its own, as deep as these."""
    lines = ["from sqlalchemy.orm import Session"]
    for line in program.splitlines():
        if random.random() < 0.3:
            lines.append(line[: len(line) - len(line.lstrip())] + random.choice(STREWN))
        lines.append(line)
    return "\n".join([*lines, ""])


def parsed(text: str) -> ast.Module | None:
    """Its tree; None for what Python refuses, which flake8 hands to no plugin."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
