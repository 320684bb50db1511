"""What a SQL statement selects and whether it writes, from the calls that build it.

`session.execute(statement)` gives entities or columns, and writes or not, as the statement does. A
statement is built by one of the `CONSTRUCTORS`, then refined by methods: those in `KEEPING` leave
what it selects alone.

Of a ``text()`` only the first word is looked at. Not modelled: long texts, which are not kept as literals,
lambda statements, and statements that are put together from strings.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType


class Statement(Enum):
    """What kind of statement a constructor makes."""

    SELECT = "select"  # selects its arguments
    WRITE = "write"  # insert, update, delete: gives rows only after returning()
    TEXT = "text"  # what it says, see `effect`; its rows are columns
    COMPOUND = "compound"  # a union: columns, unless from_statement wraps it


class Effect(Enum):
    """What the first word of a text of SQL says that it does."""

    READS = "reads"
    WRITES = "writes"
    UNKNOWN = "unknown"  # it may write, or end the transaction


_READING = frozenset({"select", "show", "pragma", "explain", "describe", "values"})
_WRITING = frozenset({"insert", "update", "delete", "replace", "merge"})


def effect(text: str) -> Effect:
    """What a text of SQL does, by its first word.

    >>> [effect(text).value for text in ("\\n SELECT 1", "Delete from t", "COMMIT", "with x as ...", "")]
    ['reads', 'writes', 'unknown', 'unknown', 'unknown']
    """
    words = text.split(None, 1)
    word = words[0].lower() if words else ""
    if word in _READING:
        return Effect.READS
    return Effect.WRITES if word in _WRITING else Effect.UNKNOWN


_BY_NAME: Mapping[str, Statement] = MappingProxyType(
    {
        "select": Statement.SELECT,
        "insert": Statement.WRITE,
        "update": Statement.WRITE,
        "delete": Statement.WRITE,
        "text": Statement.TEXT,
        "union": Statement.COMPOUND,
        "union_all": Statement.COMPOUND,
        "intersect": Statement.COMPOUND,
        "intersect_all": Statement.COMPOUND,
        "except_": Statement.COMPOUND,
        "except_all": Statement.COMPOUND,
    }
)

CONSTRUCTORS: Mapping[str, Statement] = MappingProxyType(
    {
        **{
            f"{module}.{name}": statement
            for module in ("sqlalchemy", "sqlalchemy.sql", "sqlalchemy.sql.expression", "sqlmodel")
            for name, statement in _BY_NAME.items()
        },
        "sqlalchemy.future.select": Statement.SELECT,
        "sqlmodel.sql.expression.select": Statement.SELECT,
        "sqlalchemy.dialects.postgresql.insert": Statement.WRITE,
        "sqlalchemy.dialects.mysql.insert": Statement.WRITE,
        "sqlalchemy.dialects.sqlite.insert": Statement.WRITE,
    }
)
"""The kind of statement that a call of the named function makes."""

OF_TABLE: Mapping[str, Statement] = MappingProxyType(
    {name: _BY_NAME[name] for name in ("insert", "update", "delete")}
)
"""The statements that methods of a table make: ``users.insert()``, ``User.__table__.delete()``."""

KEEPING = frozenset(
    {
        "add_cte",
        "correlate",
        "correlate_except",
        "distinct",
        "execution_options",
        "fetch",
        "filter",
        "filter_by",
        "from_statement",
        "group_by",
        "having",
        "join",
        "join_from",
        "limit",
        "offset",
        "on_conflict_do_nothing",
        "on_conflict_do_update",
        "on_duplicate_key_update",
        "options",
        "order_by",
        "outerjoin",
        "outerjoin_from",
        "params",
        "prefix_with",
        "select_from",
        "slice",
        "suffix_with",
        "values",
        "where",
        "with_for_update",
        "with_hint",
        "with_statement_hint",
    }
)
"""Methods of a statement that give a statement selecting the same."""

FILTERING = frozenset({"filter", "filter_by", "where"})
"""Those of them that leave only rows for which their arguments hold."""

SELECTING = frozenset({"with_only_columns", "returning"})
"""Methods of a statement after which it selects exactly their arguments."""

ADDING = frozenset({"add_columns", "column", "add_entity"})
"""Methods of a statement that add to what it selects."""
