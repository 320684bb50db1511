"""What of an instance is loaded, by its model's definition and by the options of a query.

An attribute that is loaded never fails. One that is not raises `DetachedInstanceError` on a detached
instance, unless its relationship has one of the ways of loading that answer otherwise.

All tables are asked by the last part of a name (`joinedload`), since options are chained as methods
(``joinedload(A.b).selectinload(B.c)``) and constructs are reached through ``db.`` and ``orm.`` alike;
whether the name comes from SQLAlchemy is the caller's question.

Not modelled: what events, `@reconstructor` and custom types load.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType


class Loads(Enum):
    """What becomes of an attribute when its instance is loaded."""

    EAGERLY = "eagerly"  # loaded with the instance
    LAZILY = "lazily"  # loaded by the first read, which needs a session
    RAISING = "raising"  # reading it is always an InvalidRequestError, attached or not
    RAISING_SQL = "raising sql"  # as RAISING while attached, DetachedInstanceError when detached
    NEVER_FAILING = "never failing"  # a collection that answers in every state
    UNCHANGED = "unchanged"  # the option says nothing about loading


LAZY: Mapping[str | bool | None, Loads] = MappingProxyType(
    {
        "select": Loads.LAZILY,
        True: Loads.LAZILY,
        "joined": Loads.EAGERLY,
        False: Loads.EAGERLY,
        "selectin": Loads.EAGERLY,
        "subquery": Loads.EAGERLY,
        "immediate": Loads.EAGERLY,
        "raise": Loads.RAISING,
        "raise_on_sql": Loads.RAISING_SQL,
        "noload": Loads.NEVER_FAILING,
        None: Loads.NEVER_FAILING,
        "dynamic": Loads.NEVER_FAILING,
        "write_only": Loads.NEVER_FAILING,
    }
)
"""What each value of ``relationship(lazy=...)`` does; ``select`` is the default.

A detached ``dynamic`` collection answers with no elements and a warning."""

OPTIONS: Mapping[str, Loads] = MappingProxyType(
    {
        "joinedload": Loads.EAGERLY,
        "selectinload": Loads.EAGERLY,
        "subqueryload": Loads.EAGERLY,
        "immediateload": Loads.EAGERLY,
        "contains_eager": Loads.EAGERLY,
        "undefer": Loads.EAGERLY,
        "undefer_group": Loads.EAGERLY,
        "with_expression": Loads.EAGERLY,
        "lazyload": Loads.LAZILY,
        "defer": Loads.LAZILY,
        "raiseload": Loads.RAISING,
        "noload": Loads.NEVER_FAILING,
        "defaultload": Loads.UNCHANGED,
        "load_only": Loads.UNCHANGED,
        "selectin_polymorphic": Loads.UNCHANGED,
        "with_loader_criteria": Loads.UNCHANGED,
        "Load": Loads.UNCHANGED,
    }
)
"""What a query option does to the attributes that it names.

`load_only` leaves its attributes loaded and all other columns but the primary key to be loaded
lazily. ``raiseload(sql_only=True)`` is `Loads.RAISING_SQL`, and so is ``defer(raiseload=True)``. An
option does nothing to an instance that `get` finds at hand. A plain ``join()`` loads nothing.
"""


class Construct(Enum):
    """What kind of attribute a model's class body defines by a call."""

    COLUMN = "column"
    DEFERRED = "deferred"
    EXPRESSION = "expression"  # loaded with the columns, but not by the flush of a new instance
    RELATIONSHIP = "relationship"
    PROXY = "proxy"  # reads its relationship
    SYNONYM = "synonym"  # reads another attribute
    COMPOSITE = "composite"  # made of columns
    PLAIN = "plain"  # no mapped attribute


CONSTRUCTS: Mapping[str, Construct] = MappingProxyType(
    {
        "Column": Construct.COLUMN,
        "mapped_column": Construct.COLUMN,
        "Field": Construct.COLUMN,
        "deferred": Construct.DEFERRED,
        "column_property": Construct.EXPRESSION,
        "query_expression": Construct.EXPRESSION,
        "relationship": Construct.RELATIONSHIP,
        "relation": Construct.RELATIONSHIP,
        "Relationship": Construct.RELATIONSHIP,
        "dynamic_loader": Construct.RELATIONSHIP,
        "backref": Construct.RELATIONSHIP,
        "association_proxy": Construct.PROXY,
        "AssociationProxy": Construct.PROXY,
        "synonym": Construct.SYNONYM,
        "composite": Construct.COMPOSITE,
        "hybrid_property": Construct.PLAIN,
        "hybrid_method": Construct.PLAIN,
        "validates": Construct.PLAIN,
        "declared_attr": Construct.PLAIN,
    }
)
"""What a call in a class body defines. `Field` and `Relationship` are SQLModel's.

``mapped_column(deferred=True)`` is DEFERRED; `dynamic_loader` is ``lazy="dynamic"``. Hybrids are
functions whose bodies read other attributes. A query loads a `query_expression` only with the option
`with_expression`; without it the attribute is `None`, never an error.
"""

ANNOTATIONS: Mapping[str, Loads] = MappingProxyType(
    {
        "Mapped": Loads.LAZILY,
        "DynamicMapped": Loads.NEVER_FAILING,
        "WriteOnlyMapped": Loads.NEVER_FAILING,
    }
)
"""Annotations that make an attribute mapped, with what they do to a relationship."""

def lazy(value: object) -> Loads:
    """What ``relationship(lazy=value)`` does; a value that is not known raises nothing, in our eyes."""
    if isinstance(value, str | bool) or value is None:
        return LAZY.get(value, Loads.NEVER_FAILING)
    return Loads.NEVER_FAILING
