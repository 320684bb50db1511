"""One SQLite in memory, and connections to it whose statements can be made to fail.

A *lane* is one DBAPI connection. All lanes work on the same SQLite, which stays in autocommit: a lane
keeps for itself how to undo what it wrote, and does so at its rollback. So two sessions of a program
can hold a transaction each without waiting for each other, as on a server.

After a statement of a lane has failed the lane is *refusing*: every statement and COMMIT fails until
the rollback, as PostgreSQL does it (SQLite would go on).

Not modelled: isolation (a lane sees what another has not committed yet), locks, lost connections.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Iterable
from typing import Any, Protocol

Row = tuple[Any, ...]


class Listener(Protocol):
    """Is told of every statement and COMMIT before it is done; raises to make it fail."""

    def statement(self, lane: Lane, sql: str) -> None: ...


class Store:
    """The SQLite behind all lanes, its tables' first rows, and who listens."""

    def __init__(self) -> None:
        self.raw = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self.listener: Listener | None = None
        self.seeds: dict[str, tuple[Row, ...]] = {}
        self.changed = False

    def seed(self, table: str, rows: Iterable[Row]) -> None:
        """Makes `rows` the content of a table that exists, now and after every `restore`."""
        self.seeds[table] = tuple(rows)
        self._fill(table)

    def forget(self, table: str) -> None:
        """Drops a table and its first rows."""
        self.seeds.pop(table, None)
        self.raw.execute(f'DROP TABLE IF EXISTS "{table}"')

    def restore(self) -> None:
        """Brings the first rows back, if anything was written since."""
        if self.changed:
            for table in self.seeds:
                self._fill(table)
            self.changed = False

    def content(self) -> dict[tuple[str, int], Row]:
        """Every row of every table, by table and rowid."""
        rows = {}
        for table in self.seeds:
            for rowid, *row in self.raw.execute(f'SELECT rowid, * FROM "{table}"'):
                rows[table, rowid] = tuple(row)
        return rows

    def put_back(self, key: tuple[str, int], row: Row | None) -> None:
        """Sets one row to what it was; None where there was no row."""
        table, rowid = key
        self.raw.execute(f'DELETE FROM "{table}" WHERE rowid = ?', (rowid,))
        if row is not None:
            self._insert(table, [row])

    def _fill(self, table: str) -> None:
        self.raw.execute(f'DELETE FROM "{table}"')
        self._insert(table, self.seeds[table])

    def _insert(self, table: str, rows: Iterable[Row]) -> None:
        rows = list(rows)
        if rows:
            self.raw.executemany(f'INSERT INTO "{table}" VALUES ({",".join("?" * len(rows[0]))})', rows)


class Lane:
    """A DBAPI connection, as much of it as SQLAlchemy's pysqlite dialect asks for."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.refusing = False
        self.isolation_level: str | None = ""
        self._undo: list[tuple[tuple[str, int], Row | None]] = []
        self._savepoints: list[tuple[str, int]] = []

    def cursor(self, *_: object) -> LaneCursor:
        return LaneCursor(self)

    def commit(self) -> None:
        self._ask("COMMIT")
        self._undo.clear()
        self._savepoints.clear()

    def rollback(self) -> None:
        self._undo_to(0 if self.isolation_level is not None else len(self._undo))
        self._savepoints.clear()
        self.refusing = False

    def close(self) -> None:
        self.rollback()

    def has_written(self) -> bool:
        """Whether a rollback would undo anything."""
        return bool(self._undo)

    def create_function(self, *_: object, **__: object) -> None:
        """The dialect's own SQL functions are not needed here."""

    def execute(self, cursor: LaneCursor, sql: str, parameters: Any) -> None:
        """Does one statement; savepoints are the lane's own, everything else is SQLite's."""
        word = sql.lstrip().split(None, 1)[0].upper()
        if word == "ROLLBACK":
            self._to_savepoint(sql.split()[-1])
            return
        self._ask(sql)
        if word == "SAVEPOINT":
            self._savepoints.append((sql.split()[-1], len(self._undo)))
        elif word == "RELEASE":
            self._drop_savepoint(sql.split()[-1])
        elif word in {"INSERT", "UPDATE", "DELETE", "REPLACE", "WITH"}:
            before = self.store.content()
            cursor.plainly(sql, parameters)
            self._remember(before)
        else:
            cursor.plainly(sql, parameters)

    def _ask(self, sql: str) -> None:
        if self.store.listener is not None:
            self.store.listener.statement(self, sql)

    def _remember(self, before: dict[tuple[str, int], Row]) -> None:
        after = self.store.content()
        for key in before.keys() | after.keys():
            if before.get(key) != after.get(key):
                self.store.changed = True
                self._undo.append((key, before.get(key)))

    def _undo_to(self, length: int) -> None:
        while len(self._undo) > length:
            self.store.put_back(*self._undo.pop())

    def _to_savepoint(self, name: str) -> None:
        while self._savepoints and self._savepoints[-1][0] != name:
            self._savepoints.pop()
        if self._savepoints:
            self._undo_to(self._savepoints[-1][1])
        self.refusing = False

    def _drop_savepoint(self, name: str) -> None:
        while self._savepoints and self._savepoints.pop()[0] != name:
            pass


class LaneCursor(sqlite3.Cursor):
    """A cursor of the shared SQLite that asks its lane first."""

    def __init__(self, lane: Lane) -> None:
        super().__init__(lane.store.raw)
        self.lane = lane
        self._count: int | None = None

    @property
    def rowcount(self) -> int:
        """Of all the executions that one call has made."""
        return super().rowcount if self._count is None else self._count

    def execute(self, sql: str, parameters: Any = ()) -> LaneCursor:
        self._count = None
        self.lane.execute(self, sql, parameters)
        return self

    def executemany(self, sql: str, parameters: Any) -> LaneCursor:
        count = 0
        for each in parameters:
            self.lane.execute(self, sql, each)
            count += super().rowcount
        self._count = count
        return self

    def plainly(self, sql: str, parameters: Any) -> None:
        super().execute(sql, parameters)


class AsyncLane:
    """The same for the aiosqlite dialect: coroutines that are done at once, without a thread."""

    def __init__(self, lane: Lane) -> None:
        self.lane = lane
        self._connection = lane  # the dialect looks here whether the connection still stands
        self.isolation_level = None

    def cursor(self) -> AsyncLaneCursor:
        return AsyncLaneCursor(self.lane.cursor())

    async def commit(self) -> None:
        self.lane.commit()

    async def rollback(self) -> None:
        self.lane.rollback()

    async def close(self) -> None:
        self.lane.close()

    def stop(self) -> None:
        self.lane.close()

    async def create_function(self, *_: object, **__: object) -> None:
        """The dialect's own SQL functions are not needed here."""


class AsyncLaneCursor:
    """A cursor of an `AsyncLane`."""

    def __init__(self, cursor: LaneCursor) -> None:
        self._cursor = cursor

    async def __aenter__(self) -> AsyncLaneCursor:
        return self

    def __await__(self) -> Generator[Any, None, AsyncLaneCursor]:
        """SQLAlchemy 2.0 awaits the cursor, 2.1 enters it."""
        yield from ()
        return self

    @property
    def description(self) -> Any:
        return self._cursor.description

    @property
    def rowcount(self) -> int:
        return self._cursor.rowcount

    @property
    def lastrowid(self) -> int | None:
        return self._cursor.lastrowid

    async def execute(self, sql: str, parameters: Any = ()) -> AsyncLaneCursor:
        self._cursor.execute(sql, parameters)
        return self

    async def executemany(self, sql: str, parameters: Any) -> AsyncLaneCursor:
        self._cursor.executemany(sql, parameters)
        return self

    async def fetchone(self) -> Any:
        return self._cursor.fetchone()

    async def fetchmany(self, size: int = 1) -> Any:
        return self._cursor.fetchmany(size)

    async def fetchall(self) -> Any:
        return self._cursor.fetchall()

    async def close(self) -> None:
        self._cursor.close()
