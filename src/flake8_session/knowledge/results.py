"""What each method of `Query`, `Result`, `ScalarResult` and their relatives does to the session.

A `Query` runs when it is iterated, indexed or asked for rows, not before; printing it or asking for
its truth runs nothing. A result has already run: reading it does no SQL that would begin a
transaction. `MappingResult` is a `Result` whose rows are read by name; `AsyncResult` and its
relatives read with `await`.

Rows under ``__iter__``, ``__next__`` and ``__getitem__`` say what a ``for`` loop, each of its turns,
and an index do.

Not modelled: attributes of queries and results (`statement`, `rowcount`), which hold no entity; which
columns `columns`, `with_entities` and their like leave in the rows (they give an
unknown holding), and what `Query.update` and `Query.delete` do to instances in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from flake8_session.knowledge.sessions import SESSION
from flake8_session.knowledge.words import Gives, Role, Row


def _all(names: Iterable[str], row: Row) -> dict[str, Row]:
    return dict.fromkeys(names, row)


_LOOK = Row()
_SAME = Row(gives=Gives.SAME)
_UNKNOWN = Row(role=Role.UNKNOWN)
_RUN = replace(SESSION["execute"], gives=Gives.ROLE, role=Role.VALUE)

QUERY: Mapping[str, Row] = MappingProxyType(
    {
        **_all(
            (
                "apply_labels",
                "autoflush",
                "correlate",
                "distinct",
                "enable_assertions",
                "enable_eagerloads",
                "except_",
                "except_all",
                "execution_options",
                "ext",
                "filter",
                "filter_by",
                "from_self",
                "from_statement",
                "group_by",
                "having",
                "intersect",
                "intersect_all",
                "join",
                "limit",
                "offset",
                "options",
                "order_by",
                "outerjoin",
                "params",
                "populate_existing",
                "prefix_with",
                "reset_joinpoint",
                "select_entity_from",
                "select_from",
                "set_label_style",
                "slice",
                "suffix_with",
                "tuples",
                "union",
                "union_all",
                "where",
                "with_for_update",
                "with_hint",
                "with_labels",
                "with_parent",
                "with_polymorphic",
                "with_statement_hint",
                "with_transformation",
                "yield_per",
            ),
            _SAME,
        ),
        **_all(
            (
                "as_scalar",
                "cte",
                "exists",
                "get_children",
                "get_execution_options",
                "is_single_entity",
                "label",
                "memoized_attribute",
                "memoized_instancemethod",
                "scalar_subquery",
                "subquery",
            ),
            _LOOK,
        ),
        **_all(
            ("add_column", "add_columns", "add_entity", "only_return_tuples", "with_session", "instances"),
            _UNKNOWN,
        ),
        **_all(("execute", "merge_result", "values"), _UNKNOWN),
        "with_entities": Row(gives=Gives.BY_STATEMENT, role=Role.QUERY),
        **_all(("first", "one", "one_or_none"), replace(_RUN, gives=Gives.ELEMENT)),
        "all": replace(_RUN, gives=Gives.ELEMENTS),
        "get": replace(_RUN, gives=Gives.ENTITY, role=Role.INSTANCE),
        "scalar": replace(_RUN, gives=Gives.HELD, role=Role.INSTANCE),
        "value": _RUN,
        "count": _RUN,
        "update": replace(_RUN, writes=True),
        "delete": replace(_RUN, writes=True),
        "__iter__": Row(role=Role.ITERATOR, gives=Gives.HELD),
        "__next__": replace(_RUN, gives=Gives.ELEMENT),
        "__getitem__": replace(_RUN, gives=Gives.ELEMENT),
    }
)
"""Row by name for `sqlalchemy.orm.Query`. With a slice, ``query[a:b]`` gives a list."""

_ELEMENT = Row(gives=Gives.ELEMENT)
_ELEMENTS = Row(gives=Gives.ELEMENTS)
_ENTITY = Row(gives=Gives.HELD, role=Role.INSTANCE)

_ANY_RESULT: Mapping[str, Row] = MappingProxyType(
    {
        **_all(("unique", "yield_per"), _SAME),
        **_all(("first", "one", "one_or_none"), _ELEMENT),
        **_all(("all", "fetchall", "fetchmany"), _ELEMENTS),
        "partitions": _UNKNOWN,
        "close": Row(cleans=True, gives=Gives.NOTHING),
        "memoized_attribute": _LOOK,
        "memoized_instancemethod": _LOOK,
        "__iter__": Row(gives=Gives.HELD, role=Role.ITERATOR),
        "__next__": _ELEMENT,
        "__enter__": _SAME,
        "__exit__": Row(cleans=True, gives=Gives.NOTHING),
    }
)

SCALARS: Mapping[str, Row] = _ANY_RESULT
"""Row by name for `sqlalchemy.engine.ScalarResult`."""

MAPPINGS: Mapping[str, Row] = MappingProxyType(
    {
        **_ANY_RESULT,
        "columns": _UNKNOWN,
        "fetchone": _ELEMENT,
        "keys": _LOOK,
    }
)
"""Row by name for `sqlalchemy.engine.MappingResult`."""

RESULT: Mapping[str, Row] = MappingProxyType(
    {
        **MAPPINGS,
        **_all(("scalar", "scalar_one", "scalar_one_or_none"), _ENTITY),
        "scalars": Row(gives=Gives.HELD, role=Role.SCALARS),
        "mappings": _SAME,
        "tuples": _SAME,
        "merge": _UNKNOWN,
        "freeze": _UNKNOWN,
        **_all(
            (
                "last_inserted_params",
                "last_updated_params",
                "lastrow_has_defaults",
                "postfetch_cols",
                "prefetch_cols",
                "supports_sane_multi_rowcount",
                "supports_sane_rowcount",
            ),
            _LOOK,
        ),
        **_all(("splice_horizontally", "splice_vertically"), _UNKNOWN),
    }
)
"""Row by name for `sqlalchemy.engine.Result` and `CursorResult`."""

_SYNC_ONLY = frozenset(
    {
        "last_inserted_params",
        "last_updated_params",
        "lastrow_has_defaults",
        "merge",
        "postfetch_cols",
        "prefetch_cols",
        "splice_horizontally",
        "splice_vertically",
        "supports_sane_multi_rowcount",
        "supports_sane_rowcount",
        "__enter__",
        "__exit__",
    }
)
_READ_WITH_AWAIT = frozenset(
    {
        "all",
        "close",
        "fetchall",
        "fetchmany",
        "fetchone",
        "first",
        "freeze",
        "one",
        "one_or_none",
        "scalar",
        "scalar_one",
        "scalar_one_or_none",
        "__anext__",
    }
)
_ASYNC_NAMES = {"__iter__": "__aiter__", "__next__": "__anext__"}


def _asynchronous(rows: Mapping[str, Row]) -> Mapping[str, Row]:
    renamed = {_ASYNC_NAMES.get(name, name): row for name, row in rows.items() if name not in _SYNC_ONLY}
    return MappingProxyType(
        {name: replace(row, awaited=name in _READ_WITH_AWAIT) for name, row in renamed.items()}
    )


STREAM_SCALARS: Mapping[str, Row] = _asynchronous(SCALARS)
"""Row by name for `sqlalchemy.ext.asyncio.AsyncScalarResult`."""

STREAM_MAPPINGS: Mapping[str, Row] = _asynchronous(MAPPINGS)
"""Row by name for `sqlalchemy.ext.asyncio.AsyncMappingResult`."""

STREAM: Mapping[str, Row] = MappingProxyType(
    {
        **_asynchronous(RESULT),
        "scalars": Row(gives=Gives.HELD, role=Role.STREAM_SCALARS),
    }
)
"""Row by name for `sqlalchemy.ext.asyncio.AsyncResult`."""
