"""A loop over a generator that lends a session, made a ``with`` that ends the generator when it is left."""

from __future__ import annotations

import libcst as cst

from flake8_session.editing.blocks import Unit, parts_of
from flake8_session.editing.ground import Ground
from flake8_session.editing.made import Made
from flake8_session.editing.openings import managed
from flake8_session.editing.plans import EnterLoop
from flake8_session.editing.rendering import Change


def enter_loop(plan: EnterLoop, ground: Ground) -> Made | None:
    """``async for s in get_db():`` to ``async with asynccontextmanager(get_db)() as s:``.

    None where the loop is one: where it has an ``else``, or goes on or ends by its own statements.
    """
    position = ground.position(plan.site)
    loop = position.unit.node if position is not None else None
    if position is None or not isinstance(loop, cst.For) or not isinstance(loop.target, cst.Name):
        return None
    manager = managed(loop.iter, plan.driver)
    if manager is None or loop.asynchronous is None or loop.orelse is not None or _jumps(loop.body):
        return None
    statement = cst.With(
        items=[cst.WithItem(manager, cst.AsName(loop.target))],
        body=loop.body,
        asynchronous=loop.asynchronous,
        leading_lines=loop.leading_lines,
    )
    change = Change(position.block, position.index, position.index + 1, (Unit(statement),))
    imports = (("contextlib", plan.driver),)
    return Made(change, "lend it by an `async with`", imports=imports)


def _jumps(node: cst.CSTNode) -> bool:
    """Whether a ``break`` or ``continue`` of the loop itself stands in `node`."""
    if isinstance(node, (cst.Break, cst.Continue)):
        return True
    if isinstance(node, (cst.For, cst.While)):
        return node.orelse is not None and _jumps(node.orelse)
    if isinstance(node, (cst.FunctionDef, cst.ClassDef)):
        return False
    return any(_jumps(child) for child in parts_of(node))
