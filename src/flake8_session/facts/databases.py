"""Whether a failed statement has the database refuse what comes next, as far as can be told.

Of all databases that SQLAlchemy comes with, PostgreSQL alone does so, and only inside of a transaction. Which
database a module is written for, its imports of SQLAlchemy's dialects may tell.
"""

from __future__ import annotations

from flake8_session.linking.frames import Frame
from flake8_session.linking.meanings import Options

_DIALECTS = "sqlalchemy.dialects."
_ABORTING = "postgresql"


def aborts(frame: Frame, options: Options) -> bool:
    """Whether a statement that fails in a session with these `options` may abort its transaction.

    Not where each statement is a transaction of its own, nor where the function's module imports dialects,
    and PostgreSQL's is not among them.
    """
    if options.autocommits:
        return False
    outline = frame.linker.outline(frame.module)
    imported = [f"{entry.module}.{entry.member}" for entry in outline.imports] if outline is not None else []
    spoken = {name[len(_DIALECTS) :].partition(".")[0] for name in imported if name.startswith(_DIALECTS)}
    return not spoken or _ABORTING in spoken
