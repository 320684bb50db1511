"""Attributes of the instance that is followed: whether one is loaded, and what loading it does and needs."""

from __future__ import annotations

from flake8_session.flow.events import Door
from flake8_session.linking import models, relationships
from flake8_session.linking.meanings import ClassAt, Object
from flake8_session.typestate import instances
from flake8_session.typestate.acts import failed, with_act
from flake8_session.typestate.focus import Context, Ways
from flake8_session.typestate.sessions import INVALID_REQUEST, READING, Act, broken, implicit_load, refusal
from flake8_session.typestate.worlds import (
    Block,
    Broken,
    Columns,
    Flight,
    InstanceState,
    Kind,
    SessionState,
    Tie,
    Transaction,
    World,
)

DETACHED_INSTANCE = "sqlalchemy.orm.exc.DetachedInstanceError"

MISSING_GREENLET = "sqlalchemy.exc.MissingGreenlet"


def unloadable(error: str, attribute: str) -> Flight:
    """The exception that says that an attribute cannot be loaded."""
    return Flight(Kind.RAISED, error, attribute=attribute)


def readable(context: Context, state: InstanceState, attribute: str) -> bool | None:
    """Whether an attribute is loaded; None where that cannot be told.

    A relationship or deferred column of a model in sight is loaded only where something loaded it; of an
    association proxy it is known that it cannot be read without its relationship; an attribute of a model
    out of sight is taken for a column.
    """
    if attribute in state.loaded:
        return True
    if attribute in state.missing:
        return False
    through = relationships.proxied(context.frame.linker, model(context), attribute)
    if through:
        return False if readable(context, state, through) is False else None
    match models.attribute(context.frame.linker, model(context), attribute):
        case models.Attribute.COLUMN:
            return instances.has(state, attribute)
        case models.Attribute.LAZY:
            return _loads_by_itself(context, state, attribute)
        case models.Attribute.EAGER if state.unread:
            return _loads_by_itself(context, state, attribute)
        case models.Attribute.EAGER | models.Attribute.EXPRESSION:
            return instances.has(state, attribute) if not state.fresh else None
        case models.Attribute.SAFE:
            return True
        case models.Attribute.UNKNOWN:
            return None
        case models.Attribute.OUT_OF_SIGHT:
            return False if state.columns is Columns.EXPIRED else None


def _loads_by_itself(context: Context, state: InstanceState, attribute: str) -> bool | None:
    """Whether what no query has brought is loaded: it is not, unless that cannot be told.

    So is a relationship that comes with every query, ``lazy="selectin"``, of an instance that none has given.
    """
    unknown = state.columns is Columns.UNKNOWN or may_be_at_hand(context, state, attribute)
    return None if unknown else False


def may_be_at_hand(context: Context, state: InstanceState, attribute: str) -> bool:
    """Whether the instance that a relationship leads to may be in the session already, which runs no SQL.

    It is found there by its key, so that this holds for single instances, never for collections. Measured
    with an `AsyncSession` of SQLAlchemy 2.0 and 2.1.
    """
    near = context.focus.beside
    if not near or state.tie is not Tie.ATTACHED:
        return False
    led_to = relationships.leads_to(context.frame.linker, model(context), attribute)
    return bool(led_to) and ("*" in near | led_to or not near.isdisjoint(led_to))


def is_lost(context: Context, state: InstanceState, attribute: str) -> bool:
    """Whether a plain column had expired when a rollback threw the new instance out of its session.

    Such an instance is transient, and still knows that the column has to be loaded. What is loaded by
    itself, a relationship or a deferred column, is then just empty.
    """
    kind = models.attribute(context.frame.linker, model(context), attribute)
    column = kind is models.Attribute.COLUMN or kind is models.Attribute.OUT_OF_SIGHT
    return column and state.tie is Tie.TRANSIENT and state.columns is Columns.EXPIRED


def model(context: Context) -> object:
    """The class of the instance that is followed: a `ClassAt` where it is in sight."""
    selected = context.focus.selected
    model = selected.model if selected is not None else None
    return model.of if isinstance(model, Object) else model


def loads(
    context: Context, world: World, session: SessionState, state: InstanceState, attribute: str
) -> Ways:
    """An attribute is fetched: like a query that flushes first what is pending, it may fail twice."""
    flushes = session.dirty and context.focus.options.autoflush
    flushed = with_act(context, world, session, Act.FLUSH) if flushes else world
    after = loaded_by(context, flushed.instance or state, attribute)
    loading = implicit_load(session, flushes=flushes)
    yield Door.COMPLETED, flushed._replace(instance=after, session=loading)
    if world.spent:
        return
    refused = broken(session, Broken.STATEMENT, write=False, flushed=flushes)
    yield Door.RAISED, flushed._replace(session=refused, flight=READING, spent=True)
    if state.columns is Columns.EXPIRED and _is_apart(context, attribute):
        columns = instances.reloaded(flushed.instance or state)
        columns = columns._replace(loaded=columns.loaded | reloads(context))
        again = flushed._replace(session=refused, instance=columns)
        yield Door.RAISED, again._replace(flight=READING, spent=True)
    if flushes:
        nested = Block.NESTED in session.blocks
        act = Act.SAVEPOINT_ROLLBACK if nested else Act.ROLLBACK
        unflushed = with_act(context, world, broken(session, Broken.FLUSH), act)
        yield Door.RAISED, failed(unflushed, Kind.DATABASE)


def loaded_by(context: Context, state: InstanceState, attribute: str) -> InstanceState:
    """The instance after SQL has loaded `attribute`: what was expired comes with it.

    A relationship needs the primary key, whose load brings all columns; a deferred column is loaded
    by itself.
    """
    through = relationships.proxied(context.frame.linker, model(context), attribute)
    names = frozenset({attribute, through} if through else {attribute})
    after = state._replace(loaded=state.loaded | names, missing=state.missing - names)
    if state.columns not in (Columns.EXPIRED, Columns.REQUERIED):
        return after
    linker, class_ = context.frame.linker, model(context)
    lazy = models.attribute(linker, class_, attribute) is models.Attribute.LAZY
    alone = lazy and not relationships.is_relationship(linker, class_, attribute)
    if alone:
        return after
    return after._replace(columns=Columns.LOADED, loaded=after.loaded | reloads(context))


def reloads(context: Context, *, refreshing: bool = False) -> frozenset[str]:
    """What comes along whenever the instance is loaded again: the options of its query are kept with it.

    Those for deferred columns hold for a `refresh()` only, and with SQLAlchemy 1.4 not even then. Measured
    with 1.4, 2.0 and 2.1.
    """
    selected = context.focus.selected
    loads = selected.loads if selected is not None else frozenset()
    if refreshing or not isinstance(model(context), ClassAt):
        return loads
    linker = context.frame.linker
    return frozenset(name for name in loads if relationships.is_relationship(linker, model(context), name))


def refusal_in(state: SessionState) -> Flight | None:
    """What the session answers to a load because its transaction has failed or its block has ended."""
    if state.transaction is Transaction.FAILED:
        return refusal(state)
    if is_in_ended_block(state) or (state.blocks and state.blocks[-1] is Block.RELEASED):
        return Flight(Kind.RAISED, INVALID_REQUEST)
    return None


def is_in_ended_block(state: SessionState) -> bool:
    """Whether the innermost ``with`` over a transaction is open still, but its transaction is over."""
    return bool(state.blocks) and state.blocks[-1] is Block.ENDED


def _is_apart(context: Context, attribute: str) -> bool:
    """Whether an attribute is fetched by a statement of its own, after that for the expired columns."""
    return relationships.is_relationship(context.frame.linker, model(context), attribute)
