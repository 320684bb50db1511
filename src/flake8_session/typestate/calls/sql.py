"""Calls that only build SQL: statements, functions, operators. They run nothing and never fail."""

from __future__ import annotations

from flake8_session.flow.events import Call
from flake8_session.knowledge import loading, statements
from flake8_session.linking.meanings import ClassAt, External, Member, Selected
from flake8_session.linking.selecting import is_class_name
from flake8_session.typestate.focus import Context


def refines(context: Context, call: Call) -> bool:
    """Whether the call refines a statement, ``select(U).where(…)``, or a piece of SQL."""
    meaning = context.frame.meaning(call.receiver)
    if isinstance(meaning, Selected):
        return call.method in statements.KEEPING | statements.SELECTING | statements.ADDING
    if isinstance(meaning, External):
        return meaning.name.endswith("()") and builds_sql(meaning.name[:-2])
    return isinstance(meaning, Member) and isinstance(meaning.owner, ClassAt)


def builds_sql(name: str) -> bool:
    """Whether the call only builds a piece of SQL: ``select(U)``, ``func.count()``, ``U.name.in_(names)``."""
    if name.removesuffix("()") in statements.CONSTRUCTORS or name.startswith(
        ("sqlalchemy.func.", "sqlalchemy.sql.")
    ):
        return True
    if name.startswith(("sqlalchemy.", "sqlmodel.")):
        return name.rpartition(".")[2] in _SQL_FUNCTIONS
    owners = name.split(".")[:-2]
    return bool(owners) and is_class_name(owners[-1])


_SQL_FUNCTIONS = frozenset(
    {
        "and_",
        "or_",
        "not_",
        "desc",
        "asc",
        "case",
        "cast",
        "literal",
        "literal_column",
        "exists",
        "bindparam",
        "func",
        "null",
        "true",
        "false",
        "tuple_",
        "distinct",
        "between",
        "col",
        "aliased",
        *loading.OPTIONS,
    }
)
