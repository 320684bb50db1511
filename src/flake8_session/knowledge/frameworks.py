"""Who calls a function, hands it a session, or reads what it gives: frameworks and their marks.

A function that a framework drives gets its session from the framework, which also ends it, and the
instances that it returns are read by the framework.

Asked by full name where imports tell it, else by the decorator's last part (``@router.get``), which
only ever silences.

Not modelled: what a framework's settings change; class-based views and tasks, which are found by
their bases, not by decorators.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType


class Driver(Enum):
    """Who calls a decorated function."""

    CONTEXT_MANAGER = "context manager"
    ASYNC_CONTEXT_MANAGER = "async context manager"
    FIXTURE = "fixture"  # pytest: its teardown runs whatever the test did
    ROUTE = "route"
    TASK = "task"
    COMMAND = "command"  # one run of a process
    LISTENER = "listener"


_BY_NAME: Mapping[str, Driver] = MappingProxyType(
    {
        "contextlib.contextmanager": Driver.CONTEXT_MANAGER,
        "contextlib.asynccontextmanager": Driver.ASYNC_CONTEXT_MANAGER,
        "pytest.fixture": Driver.FIXTURE,
        "pytest.yield_fixture": Driver.FIXTURE,
        "pytest_asyncio.fixture": Driver.FIXTURE,
        "click.command": Driver.COMMAND,
        "click.group": Driver.COMMAND,
        "celery.shared_task": Driver.TASK,
        "dramatiq.actor": Driver.TASK,
        "sqlalchemy.event.listens_for": Driver.LISTENER,
    }
)

_BY_LAST_PART: Mapping[str, Driver] = MappingProxyType(
    {
        **dict.fromkeys(
            (
                "api_route",
                "delete",
                "get",
                "head",
                "options",
                "patch",
                "post",
                "put",
                "route",
                "trace",
                "view_config",
                "websocket",
            ),
            Driver.ROUTE,
        ),
        **dict.fromkeys(
            ("actor", "cron", "job", "periodic_task", "scheduled_job", "shared_task", "task"),
            Driver.TASK,
        ),
        **dict.fromkeys(("callback", "cli_command", "command", "group"), Driver.COMMAND),
        **dict.fromkeys(
            (
                "action",
                "after_request",
                "before_first_request",
                "before_request",
                "block_action",
                "context_processor",
                "errorhandler",
                "event",
                "exception_handler",
                "handler",
                "listener",
                "listens_for",
                "message_handler",
                "middleware",
                "on_event",
                "receiver",
                "shortcut",
                "subscribe",
                "subscriber",
                "teardown_appcontext",
                "teardown_request",
                "user_loader",
                "view",
                "view_submission",
            ),
            Driver.LISTENER,
        ),
    }
)


def driver(decorator: str) -> Driver | None:
    """Who calls a function that is decorated so; `None` where the decorator is unknown.

    `decorator` is the dotted name without its call: ``router.get``, ``contextlib.contextmanager``. A
    name without a dot must be a full one, as a function of the project may be called ``get``.

    >>> driver("contextlib.contextmanager"), driver("router.get"), driver("get")
    (<Driver.CONTEXT_MANAGER: 'context manager'>, <Driver.ROUTE: 'route'>, None)
    """
    if decorator in _BY_NAME:
        return _BY_NAME[decorator]
    head, _, last = decorator.rpartition(".")
    return _BY_LAST_PART.get(last) if head else None


CLOSING_FIRST = ((0, 106), (0, 118))
"""From the first of these versions on, and before the second, FastAPI ends what dependencies lend as soon
as the route has returned: before the response is sent, and before the tasks in the background.

Measured for 0.105, 0.110 and 0.165; the release notes of 0.106.0 and of 0.118.0 tell of the change.
"""

DEPENDENCIES = frozenset(
    {
        "fastapi.Depends",
        "fastapi.Security",
        "fastapi.param_functions.Depends",
        "fastapi.param_functions.Security",
        "fastapi.params.Depends",
        "fast_depends.Depends",
        "faststream.Depends",
        "taskiq.TaskiqDepends",
        "dependency_injector.wiring.Provide",
        "litestar.di.Provide",
    }
)
"""Markers of a parameter whose value a framework makes and ends: ``db: Session = Depends(get_db)``."""

LENDING = frozenset(
    {
        "inject_session",
        "needs_session",
        "pass_session",
        "provide_session",
        "read_session",
        "stream_session",
        "transactional",
        "transactional_session",
        "use_session",
        "with_session",
    }
)
"""Last parts of decorators that many projects have, and that give the function a session and end it."""

_SESSION_NAMES = frozenset({"conn_session", "database", "db", "dbsession", "s", "sess"})


def is_session_name(name: str) -> bool:
    """Whether a parameter so called is the one for which a decorator gives a session.

    >>> is_session_name("db_session"), is_session_name("db"), is_session_name("name")
    (True, True, False)
    """
    return "session" in name.lower() or name.lower() in _SESSION_NAMES


_MAKING = re.compile(r"session|factory|maker|make|open", re.IGNORECASE)


def may_make(name: str) -> bool:
    """Whether a parameter is called so that its callers may give it a factory of sessions.

    >>> may_make("session_factory"), may_make("make"), may_make("user")
    (True, True, False)
    """
    return _MAKING.search(name) is not None


READING_CALLEES = frozenset(
    {
        "TemplateResponse",
        "construct",
        "from_attributes",
        "from_orm",
        "jsonable_encoder",
        "jsonify",
        "marshal",
        "model_validate",
        "parse_obj",
        "render",
        "render_template",
        "render_template_string",
        "stream_template",
        "validate_python",
    }
)
"""Last parts of callees that read the attributes of the instances that they are given."""

EXTENSIONS = frozenset(
    {
        "flask_sqlalchemy.SQLAlchemy",
        "flask_sqlalchemy.extension.SQLAlchemy",
        "quart_sqlalchemy.SQLAlchemy",
    }
)
"""Classes whose objects have the registry `session`, the base `Model`, and SQLAlchemy's names."""

EXTENSION_QUERIES: Mapping[str, str] = MappingProxyType(
    {
        "first_or_404": "first",
        "get_or_404": "get",
        "one_or_404": "one",
    }
)
"""Methods of the extension's queries, with the method of `Query` that each is but for None.

Where that gives None, or raises, they raise an HTTP error."""

EXTENSION_REGISTRY = "session"
EXTENSION_BASE = "Model"


def extension_name(attribute: str) -> str:
    """What ``db.attribute`` is in SQLAlchemy, `db` being an object of one of `EXTENSIONS`.

    The extension looks a name up in `sqlalchemy.orm` when `sqlalchemy` does not have it; of the names
    that matter here these are `sqlalchemy.orm`'s.

    >>> extension_name("relationship"), extension_name("Column"), extension_name("Session")
    ('sqlalchemy.orm.relationship', 'sqlalchemy.Column', 'sqlalchemy.orm.Session')
    """
    return f"sqlalchemy.orm.{attribute}" if attribute in _ORM_NAMES else f"sqlalchemy.{attribute}"


_ORM_NAMES = frozenset(
    {
        "DeclarativeBase",
        "DeclarativeMeta",
        "MappedAsDataclass",
        "Mapped",
        "DynamicMapped",
        "WriteOnlyMapped",
        "Query",
        "Session",
        "aliased",
        "backref",
        "close_all_sessions",
        "column_property",
        "composite",
        "contains_eager",
        "create_session",
        "declarative_base",
        "declared_attr",
        "defer",
        "deferred",
        "dynamic_loader",
        "immediateload",
        "joinedload",
        "lazyload",
        "load_only",
        "make_transient",
        "make_transient_to_detached",
        "mapped_column",
        "noload",
        "object_session",
        "query_expression",
        "raiseload",
        "reconstructor",
        "relationship",
        "scoped_session",
        "selectinload",
        "sessionmaker",
        "subqueryload",
        "synonym",
        "undefer",
        "undefer_group",
        "validates",
        "with_expression",
    }
)
