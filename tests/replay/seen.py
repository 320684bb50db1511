"""What role a value has that a call gave back, judged by its type alone."""

from __future__ import annotations

from typing import Any

from sqlalchemy.engine import Connection, MappingResult, Result, Row, RowMapping, ScalarResult
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncMappingResult,
    AsyncResult,
    AsyncScalarResult,
    AsyncSession,
    AsyncSessionTransaction,
)
from sqlalchemy.orm import Query, Session, SessionTransaction

from flake8_session.knowledge.words import Role
from replay.bench import Item

_BY_TYPE: tuple[tuple[Any, Role], ...] = (
    (Item, Role.INSTANCE),
    (Query, Role.QUERY),
    (AsyncScalarResult, Role.STREAM_SCALARS),
    ((AsyncResult, AsyncMappingResult), Role.STREAM),
    (ScalarResult, Role.SCALARS),
    ((Result, MappingResult), Role.RESULT),
    ((Row, RowMapping), Role.ROW),
    ((Session, AsyncSession), Role.SESSION),
    ((Connection, AsyncConnection), Role.CONNECTION),
)


def role_of(value: Any) -> Role:
    """The role of `value`; whatever holds no entity is a VALUE."""
    for kind, role in _BY_TYPE:
        if isinstance(value, kind):
            return role
    if isinstance(value, (SessionTransaction, AsyncSessionTransaction)):
        return Role.SAVEPOINT if value.nested else Role.TRANSACTION
    if isinstance(value, (list, tuple)):
        return _role_of_all(list(value))
    return Role.VALUE


def _role_of_all(values: list[Any]) -> Role:
    roles = {role_of(value) for value in values}
    if roles == {Role.INSTANCE}:
        return Role.INSTANCES
    return Role.ROWS if roles == {Role.ROW} else Role.VALUE
