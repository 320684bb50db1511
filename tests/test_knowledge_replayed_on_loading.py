"""What the tables say of loading, and of what statements select, is run on SQLite."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
import sqlalchemy
from replay.rows import INSTALLED
from sqlalchemy import Column, ForeignKey, Integer, String, exc, func, orm, select
from sqlalchemy.ext.associationproxy import association_proxy
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import (
    Session,
    column_property,
    declarative_base,
    deferred,
    query_expression,
    relationship,
    synonym,
)
from sqlalchemy.orm.exc import DetachedInstanceError

from flake8_session.knowledge.loading import CONSTRUCTS, LAZY, OPTIONS, Construct, Loads
from flake8_session.knowledge.statements import CONSTRUCTORS, KEEPING, Statement

VALUES = [value for value in LAZY if value != "write_only" or INSTALLED >= (2, 0)]
AFTER_CLOSE: Mapping[Loads, type[Exception] | None] = {
    Loads.EAGERLY: None,
    Loads.LAZILY: DetachedInstanceError,
    Loads.RAISING: exc.InvalidRequestError,
    Loads.RAISING_SQL: DetachedInstanceError,
    Loads.NEVER_FAILING: None,
}
WHILE_OPEN: Mapping[Loads, type[Exception] | None] = {
    Loads.EAGERLY: None,
    Loads.LAZILY: None,
    Loads.RAISING: exc.InvalidRequestError,
    Loads.RAISING_SQL: exc.InvalidRequestError,
    Loads.NEVER_FAILING: None,
}


@pytest.fixture(autouse=True)
def _deprecations_do_not_matter() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.fixture
def engine() -> Iterator[Any]:
    made = sqlalchemy.create_engine("sqlite://", future=True)
    yield made
    made.dispose()


def models(engine: Any, lazy: Any = "select") -> Any:
    """A class with an attribute of each construct, whose table holds one row with one child."""
    base: Any = declarative_base()

    class Parent(base):
        __tablename__ = "parent"

        id = Column(Integer, primary_key=True)
        name = Column(String)
        note = deferred(Column(String), group="notes")
        extra = query_expression()
        length = column_property(func.length(name))
        children = relationship("Child", lazy=lazy)
        labels = association_proxy("children", "label")
        title = synonym("name")

        @hybrid_property
        def shout(self) -> str:
            return f"{self.name}!"

    class Child(base):
        __tablename__ = "child"

        id = Column(Integer, primary_key=True)
        label = Column(String)
        parent_id = Column(ForeignKey("parent.id"))

    base.metadata.create_all(engine)
    with Session(engine, future=True) as session:
        session.add(Parent(id=1, name="name", note="note"))
        session.flush()
        session.add(Child(id=1, label="label", parent_id=1))
        session.commit()
    return Parent


def failure_of(read: Callable[[], object]) -> type[Exception] | None:
    try:
        read()
    except (DetachedInstanceError, exc.InvalidRequestError) as error:
        return DetachedInstanceError if isinstance(error, DetachedInstanceError) else exc.InvalidRequestError
    return None


@pytest.mark.parametrize("value", VALUES)
def test_a_relationship_after_the_close(engine: Any, value: Any) -> None:
    parent_class = models(engine, value)
    with Session(engine, future=True) as session:
        parent = session.get(parent_class, 1)
        while_open = failure_of(lambda: parent.children)
    with Session(engine, future=True) as session:
        parent = session.get(parent_class, 1)
    assert failure_of(lambda: parent.children) is AFTER_CLOSE[LAZY[value]]
    assert while_open is WHILE_OPEN[LAZY[value]]


@pytest.mark.parametrize("name", [name for name, loads in OPTIONS.items() if loads is not Loads.UNCHANGED])
def test_an_attribute_that_an_option_names(engine: Any, name: str) -> None:
    parent_class = models(engine)
    attribute = {"defer": "name", "undefer": "note", "undefer_group": "note", "with_expression": "extra"}.get(
        name, "children"
    )
    named = "notes" if name == "undefer_group" else getattr(parent_class, attribute)
    more = [sqlalchemy.literal(1)] if name == "with_expression" else []
    query = select(parent_class).options(getattr(orm, name)(named, *more))
    if name == "contains_eager":
        query = query.join(parent_class.children)
    with Session(engine, future=True) as session:
        parent = session.execute(query).unique().scalars().one()
    assert failure_of(lambda: getattr(parent, attribute)) is AFTER_CLOSE[OPTIONS[name]]


def test_load_only_leaves_other_columns_to_be_loaded(engine: Any) -> None:
    parent_class = models(engine)
    with Session(engine, future=True) as session:
        parent = session.execute(select(parent_class).options(orm.load_only(parent_class.id))).scalars().one()
    assert failure_of(lambda: parent.id) is None
    assert failure_of(lambda: parent.name) is DetachedInstanceError


@pytest.mark.parametrize(
    ("attribute", "construct", "fails"),
    [
        ("name", "Column", False),
        ("note", "deferred", True),
        ("length", "column_property", False),
        ("children", "relationship", True),
        ("title", "synonym", False),
        ("shout", "hybrid_property", False),
    ],
)
def test_an_attribute_that_a_query_loads(engine: Any, attribute: str, construct: str, fails: bool) -> None:
    lazily = {Construct.DEFERRED, Construct.RELATIONSHIP}
    assert (CONSTRUCTS[construct] in lazily) is fails
    parent_class = models(engine)
    with Session(engine, future=True) as session:
        parent = session.get(parent_class, 1)
    assert failure_of(lambda: getattr(parent, attribute)) is (DetachedInstanceError if fails else None)


def test_a_proxy_reads_its_relationship(engine: Any) -> None:
    assert CONSTRUCTS["association_proxy"] is Construct.PROXY
    parent_class = models(engine)
    with Session(engine, future=True) as session:
        parent = session.get(parent_class, 1)
    assert failure_of(lambda: list(parent.labels)) is DetachedInstanceError


@pytest.mark.parametrize(("attribute", "fails"), [("name", False), ("length", True), ("children", True)])
def test_an_attribute_of_a_new_instance_after_its_flush(engine: Any, attribute: str, fails: bool) -> None:
    assert CONSTRUCTS["column_property"] is Construct.EXPRESSION
    parent_class = models(engine)
    with Session(engine, future=True) as session:
        parent = parent_class(name="new")
        session.add(parent)
        session.flush()
    assert failure_of(lambda: getattr(parent, attribute)) is (DetachedInstanceError if fails else None)


REFINING: Mapping[str, Callable[[Any, Any], Any]] = {
    "where": lambda statement, model: statement.where(model.id == 1),
    "filter": lambda statement, model: statement.filter(model.id == 1),
    "filter_by": lambda statement, model: statement.filter_by(id=1),
    "order_by": lambda statement, model: statement.order_by(model.id),
    "group_by": lambda statement, model: statement.group_by(model.id),
    "having": lambda statement, model: statement.having(func.count() > 0),
    "limit": lambda statement, model: statement.limit(1),
    "offset": lambda statement, model: statement.offset(1),
    "slice": lambda statement, model: statement.slice(0, 1),
    "distinct": lambda statement, model: statement.distinct(),
    "join": lambda statement, model: statement.join(model.children),
    "outerjoin": lambda statement, model: statement.outerjoin(model.children),
    "options": lambda statement, model: statement.options(orm.joinedload(model.children)),
    "execution_options": lambda statement, model: statement.execution_options(populate_existing=True),
    "select_from": lambda statement, model: statement.select_from(model),
    "with_for_update": lambda statement, model: statement.with_for_update(),
    "correlate": lambda statement, model: statement.correlate(None),
    "params": lambda statement, model: statement.params(),
}


@pytest.mark.parametrize("name", REFINING)
def test_refining_a_statement_keeps_what_it_selects(engine: Any, name: str) -> None:
    assert name in KEEPING
    model = models(engine)
    refined = REFINING[name](select(model), model)
    assert [column["entity"] for column in refined.column_descriptions] == [model]


@pytest.mark.parametrize("name", ["insert", "update", "delete", "select"])
def test_kinds_of_statements(engine: Any, name: str) -> None:
    statement = getattr(sqlalchemy, name)(models(engine))
    assert statement.is_dml is (CONSTRUCTORS[f"sqlalchemy.{name}"] is Statement.WRITE)
