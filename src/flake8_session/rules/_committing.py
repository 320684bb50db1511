"""The plan for writes that are lost: a commit where their session ends.

There is none where the commit may do more than keep the rows. A deletion that the database has not been
asked for yet may be refused, since other rows may refer to what is deleted; and where the database is asked
again behind the commit the function itself gets to see what it has not seen so far. A commit expires what
the session has given, and of what only waited the attributes that nobody has set are not None any more but
have to be loaded, with ``expire_on_commit=False`` as well: behind the end they cannot be.
"""

from __future__ import annotations

from flake8_session.editing.plans import CommitFirst
from flake8_session.facts.asked import asks_again, deletes_before
from flake8_session.facts.carried import carry
from flake8_session.facts.lost_writes import LostWrite
from flake8_session.facts.solutions import Solved
from flake8_session.facts.solving import FunctionFacts, SessionFacts
from flake8_session.facts.tracing import Carried
from flake8_session.facts.transactions import made
from flake8_session.flow.events import Call, Leave
from flake8_session.flow.ways import behind
from flake8_session.knowledge.words import Role
from flake8_session.typestate.names import spelled
from flake8_session.typestate.worlds import Life

_LASTS = "what was rolled back so far stays in the database then"


def committing(facts: FunctionFacts, session: SessionFacts, found: LostWrite) -> tuple[CommitFirst, ...]:
    """``commit()`` at the one place where the session ends; empty where there are several, or none."""
    solved = session.alone
    if solved is None or found.discarded:
        return ()
    ends: dict[int, str] = {}
    stops: set[int] = set()
    for step, world in solved.reached():
        state = world.session
        if (
            state is None
            or state.life is not Life.OPEN
            or world.flight is not None
            or world.caught is not None
        ):
            continue
        event = made(solved, step)
        place = ""
        if isinstance(event, Leave) and Role.SESSION in world.roles(event.manager):
            if Role.SESSION not in world.roles(solved.place):
                return ()
            place = solved.place
        elif (
            isinstance(event, Call)
            and event.method == "close"
            and Role.SESSION in world.roles(event.receiver)
        ):
            place = event.receiver
        if place:
            ends[_origin(facts, step)] = spelled(place)
            stops.add(step)
            if state.dirty and deletes_before(solved, step):
                return ()
    if len(ends) != 1 or any(asks_again(facts, step) for step in stops) or _is_needed_behind(solved, stops):
        return ()
    ((end, name),) = ends.items()
    return (CommitFirst(end, name, solved.focus.options.asynchronous, doubts=(_LASTS,)),)


def _is_needed_behind(solved: Solved, ends: set[int]) -> bool:
    """Whether something that the session has given is used behind its ends."""
    later = {step for end in ends for step in behind(solved.graph, end)}
    uses = carry(solved).uses
    return any(use.carried is Carried.HELD and not use.open and use.step in later for use in uses)


def _origin(facts: FunctionFacts, step: int) -> int:
    """The origin of the call, also where it is awaited."""
    here = facts.frame.graph.steps[step]
    call = facts.frame.made_by.get(getattr(here.event, "value", ""))
    return here.origin if call is None else facts.frame.graph.steps[call].origin
