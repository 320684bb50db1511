"""Which database a module is written for, as far as its imports of SQLAlchemy's dialects tell."""

from __future__ import annotations

from flake8_session.linking.frames import Frame

_DIALECTS = "sqlalchemy.dialects."
_ABORTING = "postgresql"


def is_other_than_postgresql(frame: Frame) -> bool:
    """Whether the function's module imports dialects, and PostgreSQL's is not among them.

    Of all databases that SQLAlchemy comes with, PostgreSQL alone refuses what follows a failed statement.
    """
    outline = frame.linker.outline(frame.module)
    imported = [f"{entry.module}.{entry.member}" for entry in outline.imports] if outline is not None else []
    spoken = {name[len(_DIALECTS) :].partition(".")[0] for name in imported if name.startswith(_DIALECTS)}
    return bool(spoken) and _ABORTING not in spoken
