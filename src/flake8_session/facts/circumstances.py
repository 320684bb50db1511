"""Who runs a function, and for how long: tests, commands, frameworks, the module itself."""

from __future__ import annotations

from pathlib import PurePath

from flake8_session.facts.depending import dependencies
from flake8_session.facts.solving import FunctionFacts, SessionFacts
from flake8_session.facts.unclosed import Unclosed, leak
from flake8_session.flow.events import Build, Door, Test
from flake8_session.flow.outline import Kind, Parameter
from flake8_session.flow.ways import reached
from flake8_session.knowledge import frameworks

_MAINS = frozenset({"main", "amain", "async_main", "_main"})
_CALLED_BY_FRAMEWORKS = frozenset(
    {
        frameworks.Driver.ROUTE,
        frameworks.Driver.TASK,
        frameworks.Driver.COMMAND,
        frameworks.Driver.LISTENER,
        frameworks.Driver.FIXTURE,
    }
)


def is_test(facts: FunctionFacts) -> bool:
    """Whether the function is a test, a fixture, or stands in a file of tests."""
    path = PurePath(facts.filename)
    if path.name == "conftest.py" or path.name.startswith("test_") or path.stem.endswith("_test"):
        return True
    if any(_is_test_name(name) for name in facts.qualname.split(".")):
        return True
    return frameworks.Driver.FIXTURE in facts.frame.drivers


def is_one_shot(facts: FunctionFacts) -> bool:
    """Whether the process ends with the function: ``main``, a command, a module's body."""
    function = facts.frame.function
    if function.kind is Kind.MODULE or facts.qualname in _MAINS:
        return True
    return frameworks.Driver.COMMAND in facts.frame.drivers


def is_process_wide(facts: FunctionFacts, session: SessionFacts) -> bool:
    """Whether the session is a module's own, which lives as long as the process."""
    if facts.frame.function.kind not in (Kind.MODULE, Kind.CLASS):
        return False
    found = leak(session)
    never = found is not None and found.how is Unclosed.NEVER
    return never and not _is_behind_main_guard(session)


def is_framework_called(facts: FunctionFacts) -> bool:
    """Whether a framework calls the function, and so ends the session that it gave. pytest is one."""
    if _CALLED_BY_FRAMEWORKS & facts.frame.drivers or facts.frame.function.name.startswith("test_"):
        return True
    return any(is_injected(facts, parameter) for parameter in facts.frame.function.parameters)


def is_injected(facts: FunctionFacts, parameter: Parameter) -> bool:
    """Whether a framework gives the parameter: ``= Depends(get_db)``, ``Annotated[S, Depends(...)]``."""
    return any(
        next(dependencies(facts.frame, facts.frame.module, expression), None) is not None
        for expression in (parameter.default, parameter.annotation)
        if expression is not None
    )


def _is_test_name(name: str) -> bool:
    """Whether pytest or unittest would run it, as a function, a method or a class."""
    if name.startswith("test"):
        return name[4:5] in ("", "_") or name[4:5].isupper()
    return name.startswith("Test") or name.endswith(("Test", "Tests", "TestCase"))


def _is_behind_main_guard(session: SessionFacts) -> bool:
    """Whether only ``if __name__ == "__main__"`` leads to the session's construction."""
    otherwise = reached(
        session.frame.graph, lambda step, door: door is not Door.TRUE or not _asks_for_main(session, step)
    )
    return session.focus.birth not in otherwise


def _asks_for_main(session: SessionFacts, step: int) -> bool:
    event = session.frame.graph.steps[step].event
    if not isinstance(event, Test):
        return False
    made = session.frame.made_by.get(event.subject)
    asked = session.frame.graph.steps[made].event if made is not None else None
    return isinstance(asked, Build) and "@__name__" in asked.parts
