"""The names in the tables exist where they are said to be, and names are judged as documented."""

from __future__ import annotations

import builtins
import doctest
import importlib.util
from collections.abc import Iterable
from typing import Any

import pytest
import sqlalchemy
import sqlalchemy.orm

from flake8_session.knowledge import callees, errors, factories, frameworks, loading, statements


def resolves(qualified: str) -> bool:
    """Whether the longest prefix that is a module has the rest of the dotted name."""
    parts = qualified.split(".")
    for size in range(len(parts) - 1, 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:size]))
        except ImportError:
            continue
        for part in parts[size:]:
            found = getattr(found, part, None)
        return found is not None
    return False


def _qualified_names() -> Iterable[str]:
    yield from factories.MAKERS
    yield from factories.FUNCTIONS
    yield from statements.CONSTRUCTORS
    yield from frameworks.EXTENSIONS
    yield from callees.MANAGERS
    yield from callees.NEVER_RETURN
    yield from factories.CONNECTIONS


GONE_OR_NOT_YET = frozenset({
    # 1.4 only.
    "sqlalchemy.future.orm.Session",
    "sqlalchemy.orm.create_session",
    "sqlalchemy.orm.session.create_session",
    # Since 2.0, 2.0.22 or 2.1.
    "sqlalchemy.Connection",
    "sqlalchemy.ext.asyncio.async_sessionmaker",
    "sqlalchemy.ext.asyncio.session.async_sessionmaker",
    "sqlalchemy.ext.asyncio.close_all_sessions",
    "sqlalchemy.ext.asyncio.session.close_all_sessions",
    # Flask-SQLAlchemy 2 and 3 differ.
    "flask_sqlalchemy.SignallingSession",
    # Not in every Python.
    "typing.assert_never",
})


@pytest.mark.parametrize("name", sorted(set(_qualified_names())))
def test_qualified_name_exists(name: str) -> None:
    root = name.partition(".")[0]
    if root == name:
        assert hasattr(builtins, name)
        return
    if importlib.util.find_spec(root) is None:
        pytest.skip(f"{root} is not installed")
    assert resolves(name) or name in GONE_OR_NOT_YET


def test_every_column_construct_exists_somewhere() -> None:
    homes = ["sqlalchemy", "sqlalchemy.orm", "sqlalchemy.ext.associationproxy", "sqlalchemy.ext.hybrid"]
    found = {name for name in loading.CONSTRUCTS if any(resolves(f"{home}.{name}") for home in homes)}
    assert set(loading.CONSTRUCTS) - found <= {"Field", "Relationship", "mapped_column", "relation"}


def test_every_loader_option_exists() -> None:
    found = {name for name in loading.OPTIONS if hasattr(sqlalchemy.orm, name)}
    assert found == set(loading.OPTIONS)


@pytest.mark.parametrize(
    "name",
    [
        "Service",
        "_Private",
        "T",
        "HTTPHandler",
        "setattr",
        "partial",
        "appendleft",
        "register_finalizer",
        "registerCallback",
        "addCleanup",
        "addfinalizer",
        "add_finished_callback",
        "with_resource",
        "enter_async_context",
        "push_async_exit",
        "finalize",
    ],
)
def test_callee_is_presumed_to_keep(name: str) -> None:
    assert callees.presumed_to_keep(name)


@pytest.mark.parametrize(
    "name",
    ["work", "center", "load", "recenter_all", "LIMIT", "get_user", "commit", "adder", "reset", "_run"],
)
def test_callee_is_not_presumed_to_keep(name: str) -> None:
    assert not callees.presumed_to_keep(name)


@pytest.mark.parametrize("name", sorted(set(callees.READERS)))
def test_reader_exists(name: str) -> None:
    assert resolves(name) or hasattr(builtins, name)


def test_decorators_of_frameworks_are_known_by_their_last_part_only_when_dotted() -> None:
    assert frameworks.driver("app.route") is frameworks.Driver.ROUTE
    assert frameworks.driver("celery_app.task") is frameworks.Driver.TASK
    assert frameworks.driver("pytest.fixture") is frameworks.Driver.FIXTURE
    assert frameworks.driver("event.listens_for") is frameworks.Driver.LISTENER
    assert frameworks.driver("task") is None
    assert frameworks.driver("functools.wraps") is None


def test_extension_gives_names_of_sqlalchemy() -> None:
    homes = {frameworks.extension_name(name) for name in ("Column", "Integer", "select", "relationship")}
    assert all(map(resolves, homes))
    assert frameworks.extension_name("Session") in factories.MAKERS


@pytest.mark.parametrize("value", ["select", True, "joined", False, "raise", None, "dynamic"])
def test_lazy_values_are_accepted_by_sqlalchemy(value: Any) -> None:
    assert loading.lazy(value) is loading.LAZY[value]
    sqlalchemy.orm.relationship("Other", lazy=value)


def test_unknown_lazy_value_never_fails() -> None:
    assert loading.lazy("mine") is loading.Loads.NEVER_FAILING
    assert loading.lazy(("selectin",)) is loading.Loads.NEVER_FAILING


def test_default_options_are_those_of_the_constructor() -> None:
    session = sqlalchemy.orm.Session()
    for name in ("autoflush", "expire_on_commit"):
        assert getattr(session, name) is factories.DEFAULT_OPTIONS[name]


@pytest.mark.parametrize("module", [callees, errors, frameworks], ids=lambda module: module.__name__)
def test_examples_in_docstrings(module: Any) -> None:
    outcome = doctest.testmod(module)
    assert outcome.attempted > 0
    assert outcome.failed == 0
