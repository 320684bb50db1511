"""The plan for a session that is left open: close it where its live range ends."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_session.editing.plans import Enclose, Touch
from flake8_session.facts.carried import Carry, carry, is_open
from flake8_session.facts.ends import call_origin
from flake8_session.facts.solutions import Solved
from flake8_session.facts.solving import FunctionFacts
from flake8_session.facts.tracing import Carried, Getaway
from flake8_session.facts.unclosed import Unclosed
from flake8_session.flow.events import Bind, Call
from flake8_session.knowledge.factories import MAKERS
from flake8_session.knowledge.words import Role
from flake8_session.linking.meanings import External, Factory
from flake8_session.typestate.calls.receivers import split
from flake8_session.typestate.worlds import Life

_DOUBTS = {
    Getaway.RETURNED: "what is returned may still need the session",
    Getaway.YIELDED: "what is yielded may still need the session",
    Getaway.STORED: "what is stored may still need the session",
    Getaway.PASSED: "what is passed on may be kept, and still need the session",
}


def enclosing(
    facts: FunctionFacts, solved: Solved, how: Unclosed | None = None, driver: str = ""
) -> tuple[Enclose, ...]:
    """What closes the session on every way out; empty where nothing in this function can.

    A session that is handed on belongs to its new owner: neither a ``with`` nor a ``finally`` may close it.
    `how` is how it is left open so far. `driver` makes a context manager of the generator that lends it.
    """
    focus, options = solved.focus, solved.focus.options
    if (options.asynchronous and not facts.frame.function.asynchronous) or _is_handed_on(solved):
        return ()
    carried = carry(solved)
    enclose = Enclose(
        site=call_origin(solved, focus.birth),
        name="" if how is Unclosed.TEMPORARY else _variable(solved),
        touches=tuple(_touches(solved, carried)),
        closes=_closes(solved),
        asynchronous=options.asynchronous,
        driver=driver,
        foreign=_is_foreign(facts, solved),
        doubts=tuple(dict.fromkeys(_doubts(solved, how, driver, carried))),
    )
    return (enclose,)


def _is_handed_on(solved: Solved) -> bool:
    return any(
        world.session is not None and world.session.life is Life.HANDED for _, world in solved.reached()
    )


def _touches(solved: Solved, carried: Carry) -> Iterator[Touch]:
    for use in carried.uses:
        origin = solved.graph.steps[use.step].origin
        if origin >= 0:
            yield Touch(origin, use.carried is Carried.BOUND, use.open)


def _variable(solved: Solved) -> str:
    """The variable that the session is bound to where it is made."""
    steps = solved.graph.steps
    made = {getattr(steps[solved.focus.birth].event, "result", "")}
    awaited = solved.frame.awaited.get(solved.focus.birth)
    if awaited is not None:
        made.add(getattr(steps[awaited].event, "result", ""))
    for step in steps:
        if isinstance(step.event, Bind) and step.event.source in made:
            return step.event.target.partition("'")[0]
    return ""


def _is_foreign(facts: FunctionFacts, solved: Solved) -> bool:
    """Whether something else than a class or factory of SQLAlchemy opens the session."""
    event = solved.graph.steps[solved.focus.birth].event
    callee = facts.frame.callee(event) if isinstance(event, Call) else None
    if isinstance(callee, External):
        return callee.name not in MAKERS
    return not isinstance(callee, Factory)


def _closes(solved: Solved) -> tuple[int, ...]:
    """The calls that close this session, and never anything else, in whatever way they are reached."""
    certain: dict[int, bool] = {}
    for index, step in enumerate(solved.graph.steps):
        event = step.event
        if isinstance(event, Call) and event.method == "close":
            for world in solved.solution.before(index):
                known = Role.SESSION in world.roles(split(event, world)[0])
                certain[step.origin] = certain.get(step.origin, True) and known
    return tuple(origin for origin, known in certain.items() if known)


def _doubts(solved: Solved, how: Unclosed | None, driver: str, carried: Carry) -> Iterator[str]:
    """What speaks against the fix; what gets away from a session that is closed in the end loses nothing."""
    if driver:
        yield "the clean-up of the generator runs behind the work then, and no more before it"
    if solved.focus.options.exits_unknown:
        yield "the class of the session has an end of its own"
    if how is Unclosed.OVERWRITTEN:
        yield "it may be the second opening that should go"
    if any(is_open(world) for world in solved.solution.before(solved.graph.returned)):
        for escape in carried.escapes:
            yield _DOUBTS[escape.how]
