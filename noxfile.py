"""What needs environments of its own.

``nox -s knowledge`` runs what depends on the version of SQLAlchemy with each version that the knowledge
tables speak of; the normal test run uses the installed SQLAlchemy only. ``nox -s docs`` makes the pages that
reports link to.
"""

from __future__ import annotations

from pathlib import Path

import nox

nox.options.default_venv_backend = "uv|virtualenv"
nox.options.sessions = ["knowledge"]


@nox.session
@nox.parametrize("sqlalchemy", ["1.4", "2.0", "2.1"])
def knowledge(session: nox.Session, sqlalchemy: str) -> None:
    """The knowledge tables against the newest release of each supported series."""
    # The tables import nothing, so that neither LibCST nor flake8 need be installed.
    session.install("pytest", "aiosqlite", f"sqlalchemy[asyncio]~={sqlalchemy}.0")
    session.run(
        "pytest",
        *(session.posargs or sorted(map(str, Path("tests").glob("test_knowledge*.py")))),
        env={"PYTHONPATH": "src"},
    )


@nox.session
def docs(session: nox.Session) -> None:
    """The pages of ``docs/`` as Read the Docs publishes them, in ``build/docs``; a dead link is an error."""
    session.install("mkdocs>=1.6")
    session.run("mkdocs", "build", "--strict", "--site-dir", "build/docs")
