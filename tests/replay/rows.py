"""Which rows are run: those of the two session tables that the installed version has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from flake8_session.knowledge.sessions import ASYNC_SESSION, SESSION
from flake8_session.knowledge.words import Row
from replay.bench import Bench, Kind
from replay.calls import ON_SESSION, Call

INSTALLED = tuple(int(part) for part in sqlalchemy.__version__.split(".")[:2])
TABLES: Mapping[Kind, tuple[type, Mapping[str, Row]]] = {
    Kind.SYNC: (Session, SESSION),
    Kind.ASYNC: (AsyncSession, ASYNC_SESSION),
}
# Two-phase transactions are beyond SQLite; exec is SQLModel's.
NOT_RUN = frozenset({"prepare", "exec"})
# Two methods of the AsyncSession of 1.4 fail on their own, whatever the session's state.
BROKEN = frozenset({"close_all", "get_transaction"}) if INSTALLED == (1, 4) else frozenset()


def row_of(kind: Kind, name: str) -> Row:
    return TABLES[kind][1][name]


async def call(bench: Bench, kind: Kind, name: str, calls: Mapping[str, Call] = ON_SESSION) -> Any:
    found = calls[name](bench)
    return await found if row_of(kind, name).awaited else found


def rows_where(wanted: Callable[[Row], bool] = lambda row: True) -> pytest.MarkDecorator:
    """Runs a test for each row of either table that is as wanted, and that the version has."""
    return pytest.mark.parametrize(
        ("kind", "name"),
        [
            pytest.param(kind, name, id=f"{kind.value}.{name}")
            for kind, (_, table) in TABLES.items()
            for name, row in table.items()
            if _runs(kind, name) and wanted(row)
        ],
    )


def _runs(kind: Kind, name: str) -> bool:
    broken = kind is Kind.ASYNC and name in BROKEN
    return hasattr(TABLES[kind][0], name) and name not in NOT_RUN and not broken


of_each_row = rows_where()
of_each_row_on_a_transaction = rows_where(lambda row: not row.needs_idle)
