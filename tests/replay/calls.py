"""One call for each row of the tables, on a bench.

A call of a session's row uses the instance that the row acts on: `loaded`, or `fresh` where the row
takes new ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import func, insert, select

from replay.bench import Bench, Item

Call = Callable[[Bench], Any]


def _read_and_write(session: Any) -> None:
    session.execute(select(Item))
    session.execute(insert(Item).values(name="by run_sync"))


ON_SESSION: Mapping[str, Call] = {
    "add": lambda bench: bench.session.add(bench.fresh),
    "add_all": lambda bench: bench.session.add_all([bench.fresh]),
    "delete": lambda bench: bench.session.delete(bench.loaded),
    "delete_all": lambda bench: bench.session.delete_all([bench.loaded]),
    "merge": lambda bench: bench.session.merge(Item(id=3, name="merged")),
    "merge_all": lambda bench: bench.session.merge_all([Item(id=3, name="merged")]),
    "enable_relationship_loading": lambda bench: bench.session.enable_relationship_loading(bench.fresh),
    "expunge": lambda bench: bench.session.expunge(bench.loaded),
    "expunge_all": lambda bench: bench.session.expunge_all(),
    "expire": lambda bench: bench.session.expire(bench.loaded),
    "expire_all": lambda bench: bench.session.expire_all(),
    "refresh": lambda bench: bench.session.refresh(bench.loaded),
    "query": lambda bench: bench.session.query(Item),
    "execute": lambda bench: bench.session.execute(select(Item)),
    "scalars": lambda bench: bench.session.scalars(select(Item)),
    "scalar": lambda bench: bench.session.scalar(select(Item)),
    "get": lambda bench: bench.session.get(Item, 3),
    "get_one": lambda bench: bench.session.get_one(Item, 3),
    "connection": lambda bench: bench.session.connection(),
    "bulk_save_objects": lambda bench: bench.session.bulk_save_objects([Item(name="bulk")]),
    "bulk_insert_mappings": lambda bench: bench.session.bulk_insert_mappings(Item, [{"name": "bulk"}]),
    "bulk_update_mappings": lambda bench: bench.session.bulk_update_mappings(
        Item, [{"id": 1, "name": "bulk"}]
    ),
    "begin": lambda bench: bench.session.begin(),
    "begin_nested": lambda bench: bench.session.begin_nested(),
    "flush": lambda bench: bench.session.flush(),
    "commit": lambda bench: bench.session.commit(),
    "rollback": lambda bench: bench.session.rollback(),
    "close": lambda bench: bench.session.close(),
    "aclose": lambda bench: bench.session.aclose(),
    "reset": lambda bench: bench.session.reset(),
    "invalidate": lambda bench: bench.session.invalidate(),
    "close_all": lambda bench: bench.session.close_all(),
    "is_modified": lambda bench: bench.session.is_modified(bench.loaded),
    "in_transaction": lambda bench: bench.session.in_transaction(),
    "in_nested_transaction": lambda bench: bench.session.in_nested_transaction(),
    "get_transaction": lambda bench: bench.session.get_transaction(),
    "get_nested_transaction": lambda bench: bench.session.get_nested_transaction(),
    "get_bind": lambda bench: bench.session.get_bind(),
    "get_async_bind": lambda bench: bench.session.get_async_bind(),
    "identity_key": lambda bench: bench.session.identity_key(instance=bench.fresh),
    "object_session": lambda bench: bench.session.object_session(bench.loaded),
    "bind_mapper": lambda bench: bench.session.bind_mapper(Item, bench.engine),
    "bind_table": lambda bench: bench.session.bind_table(Item.__table__, bench.engine),
    "stream": lambda bench: bench.session.stream(select(Item)),
    "stream_scalars": lambda bench: bench.session.stream_scalars(select(Item)),
    "run_sync": lambda bench: bench.session.run_sync(_read_and_write),
    "__contains__": lambda bench: bench.loaded in bench.session,
    "__iter__": lambda bench: iter(bench.session),
    "__enter__": lambda bench: bench.session.__enter__(),
    "__exit__": lambda bench: bench.session.__exit__(None, None, None),
    "__aenter__": lambda bench: bench.session.__aenter__(),
    "__aexit__": lambda bench: bench.session.__aexit__(None, None, None),
}
"""Calls of `Session` and `AsyncSession`; `prepare` needs a database with two-phase commits."""

OF_COLUMNS: Mapping[str, Call] = {
    "query": lambda bench: bench.session.query(Item.name),
    "execute": lambda bench: bench.session.execute(select(Item.name)),
    "scalars": lambda bench: bench.session.scalars(select(Item.name)),
    "scalar": lambda bench: bench.session.scalar(select(Item.name)),
    "stream": lambda bench: bench.session.stream(select(Item.name)),
    "stream_scalars": lambda bench: bench.session.stream_scalars(select(Item.name)),
}
"""The calls whose statement decides, with a statement that selects a column."""


def _query(bench: Bench) -> Any:
    return bench.session.query(Item)


ON_QUERY: Mapping[str, Call] = {
    "all": lambda bench: _query(bench).all(),
    "first": lambda bench: _query(bench).first(),
    "one": lambda bench: _query(bench).filter_by(id=3).one(),
    "one_or_none": lambda bench: _query(bench).filter_by(id=3).one_or_none(),
    "get": lambda bench: _query(bench).get(3),
    "scalar": lambda bench: _query(bench).filter_by(id=3).scalar(),
    "value": lambda bench: _query(bench).value(Item.name),
    "count": lambda bench: _query(bench).count(),
    "update": lambda bench: _query(bench).filter_by(id=3).update({"name": "updated"}),
    "delete": lambda bench: _query(bench).filter_by(id=3).delete(),
    "__iter__": lambda bench: iter(_query(bench)),
    "__next__": lambda bench: next(iter(_query(bench))),
    "__getitem__": lambda bench: _query(bench)[0],
    "values": lambda bench: _query(bench).values(Item.name),
    "with_entities": lambda bench: _query(bench).with_entities(Item),
    "add_columns": lambda bench: _query(bench).add_columns(Item.name),
    "add_column": lambda bench: _query(bench).add_column(Item.name),
    "add_entity": lambda bench: _query(bench).add_entity(Item),
    "only_return_tuples": lambda bench: _query(bench).only_return_tuples(True),
    "with_session": lambda bench: _query(bench).with_session(bench.session),
    "filter": lambda bench: _query(bench).filter(Item.id == 1),
    "filter_by": lambda bench: _query(bench).filter_by(id=1),
    "where": lambda bench: _query(bench).where(Item.id == 1),
    "order_by": lambda bench: _query(bench).order_by(Item.id),
    "group_by": lambda bench: _query(bench).group_by(Item.id),
    "having": lambda bench: _query(bench).group_by(Item.id).having(func.count() > 0),
    "limit": lambda bench: _query(bench).limit(1),
    "offset": lambda bench: _query(bench).offset(1),
    "slice": lambda bench: _query(bench).slice(0, 1),
    "distinct": lambda bench: _query(bench).distinct(),
    "options": lambda bench: _query(bench).options(),
    "params": lambda bench: _query(bench).params(),
    "populate_existing": lambda bench: _query(bench).populate_existing(),
    "yield_per": lambda bench: _query(bench).yield_per(10),
    "execution_options": lambda bench: _query(bench).execution_options(),
    "enable_eagerloads": lambda bench: _query(bench).enable_eagerloads(False),
    "with_for_update": lambda bench: _query(bench).with_for_update(),
    "select_from": lambda bench: _query(bench).select_from(Item),
    "from_statement": lambda bench: _query(bench).from_statement(select(Item)),
    "union": lambda bench: _query(bench).union(_query(bench)),
    "union_all": lambda bench: _query(bench).union_all(_query(bench)),
    "tuples": lambda bench: _query(bench).tuples(),
    "from_self": lambda bench: _query(bench).from_self(),
    "autoflush": lambda bench: _query(bench).autoflush(True),
    "subquery": lambda bench: _query(bench).subquery(),
    "exists": lambda bench: _query(bench).exists(),
    "cte": lambda bench: _query(bench).cte(),
    "scalar_subquery": lambda bench: bench.session.query(Item.id).scalar_subquery(),
    "label": lambda bench: bench.session.query(Item.id).label("label"),
}
"""Calls of `Query`; what is left out only refines a query, as its neighbours here do."""

ON_RESULT: Mapping[str, Callable[[Any], Any]] = {
    "all": lambda result: result.all(),
    "fetchall": lambda result: result.fetchall(),
    "fetchmany": lambda result: result.fetchmany(1),
    "fetchone": lambda result: result.fetchone(),
    "first": lambda result: result.first(),
    "one": lambda result: result.one(),
    "one_or_none": lambda result: result.one_or_none(),
    "scalar": lambda result: result.scalar(),
    "scalar_one": lambda result: result.scalar_one(),
    "scalar_one_or_none": lambda result: result.scalar_one_or_none(),
    "scalars": lambda result: result.scalars(),
    "mappings": lambda result: result.mappings(),
    "tuples": lambda result: result.tuples(),
    "unique": lambda result: result.unique(),
    "yield_per": lambda result: result.yield_per(10),
    "keys": lambda result: result.keys(),
    "close": lambda result: result.close(),
    "freeze": lambda result: result.freeze(),
    "__iter__": iter,
    "__aiter__": lambda result: result.__aiter__(),
    "__next__": next,
    "__anext__": lambda result: result.__anext__(),
    "__enter__": lambda result: result.__enter__(),
    "__exit__": lambda result: result.__exit__(None, None, None),
}
"""Calls of a result of one row, whichever of the result classes it is."""
