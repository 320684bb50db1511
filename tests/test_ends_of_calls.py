"""What calling a helper does is the same for a path that has had its failure as for others, bar failures."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from flake8_session.checker import OneFile
from flake8_session.flow import lower_module
from flake8_session.knowledge.words import Role
from flake8_session.linking.frames import Frame
from flake8_session.linking.meanings import FunctionAt, Options
from flake8_session.settings import Settings
from flake8_session.summaries.solved import Ends, Solved
from flake8_session.typestate.focus import Focus
from flake8_session.typestate.worlds import SessionState, Transaction, World

FOCUS = Focus(Options(), owned=False)
FILES = sorted(Path(__file__).with_name("fixtures").glob("ses[13]*.py"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_ends_behind_a_failure_are_those_of_paths_without_one(file: Path) -> None:
    text = file.read_text()
    outline = lower_module(text).outline
    module, effects = OneFile(outline).effects(str(file), text, outline, Settings())
    solved = effects._solved
    for qualname, function in outline.functions.items():
        frame = effects.frames.of(FunctionAt(module, qualname))
        if frame is None or not function.parameters:
            continue
        find = partial(_ends, solved, frame)
        names = frozenset({(parameter.name, Role.SESSION) for parameter in function.parameters})
        start = World(SessionState(transaction=Transaction.CONNECTED), names=names, spent=True)
        alone = find(start)
        assert alone is not None
        assert alone.found == tuple(solved.ends_of_call(("call", qualname), start, find) or ())


def _ends(solved: Solved, frame: Frame, entered: World) -> Ends | None:
    return solved.all_ends(frame, FOCUS, {0: (entered,)})
