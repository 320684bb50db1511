"""The receiver of a call, and the methods that what it holds has."""

from __future__ import annotations

from collections.abc import Mapping

from flake8_session.flow.events import Call, Place
from flake8_session.knowledge import registries, results, transactions
from flake8_session.knowledge import sessions as tables
from flake8_session.knowledge.words import Role, Row
from flake8_session.linking.meanings import Meaning
from flake8_session.typestate.focus import Context
from flake8_session.typestate.worlds import Holding, World

METHODS: Mapping[Holding, Mapping[str, Row]] = {
    Role.QUERY: results.QUERY,
    Role.RESULT: results.RESULT,
    Role.SCALARS: results.SCALARS,
    Role.STREAM: results.STREAM,
    Role.STREAM_SCALARS: results.STREAM_SCALARS,
    Role.TRANSACTION: {**transactions.ASYNC_TRANSACTION, **transactions.TRANSACTION},
    Role.SAVEPOINT: {**transactions.ASYNC_SAVEPOINT, **transactions.SAVEPOINT},
}
SESSION_METHODS: Mapping[str, Row] = {**registries.SCOPED_SESSION, **tables.ASYNC_SESSION, **tables.SESSION}


def split(call: Call, world: World) -> tuple[Place, str]:
    """Receiver and method; ``@db.session.add``, from outside, is split where a prefix holds the session."""
    if call.receiver:
        return call.receiver, call.method
    if call.function.startswith("@"):
        prefix, _, last = call.function.rpartition(".")
        if prefix and world.roles(prefix):
            return prefix, last
    return "", ""


def meaning_of_call(context: Context, index: int) -> Meaning:
    """What the value of the call at step `index` stands for."""
    event = context.frame.graph.steps[index].event
    return context.frame.meaning(getattr(event, "result", "") or "=…")
