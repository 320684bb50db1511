"""The statement that opens a session, taken apart: what opens it, what it is called, what is left of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import libcst as cst

from flake8_session.editing.apart import is_called_before, left_without, waited_for
from flake8_session.editing.blocks import Block, Position, Unit, statements_of
from flake8_session.editing.expressions import is_evaluated_once, is_plain, names_in
from flake8_session.editing.ground import Ground
from flake8_session.editing.plans import Enclose

_NAMES = ("session", "db_session", "own_session")


@dataclass(frozen=True, eq=False)
class Opening:
    """`call` opens the session, `name` is what it is called; `remains` is the statement without the opening.

    `remains` is None where the statement does nothing but open the session and bind the name.
    `header` is the comment at the end of the line, `reads` are the names in `call`. `overtakes`: what
    stands in front of the opening in its statement is called after it then.
    """

    position: Position
    call: cst.BaseExpression
    name: str
    remains: Unit | None
    leading_lines: Sequence[cst.EmptyLine]
    header: cst.TrailingWhitespace
    overtakes: bool = False

    @property
    def block(self) -> Block:
        return self.position.block

    @property
    def index(self) -> int:
        return self.position.index

    @property
    def line(self) -> cst.SimpleStatementLine:
        """The statement on a line of its own."""
        (statement,) = statements_of([self.position.unit])
        assert isinstance(statement, cst.SimpleStatementLine)
        return statement

    @property
    def reads(self) -> frozenset[str]:
        return names_in(self.call)

    @property
    def is_plain(self) -> bool:
        """Whether opening it earlier or later cannot be noticed: no argument calls anything."""
        call = self.call
        return (
            isinstance(call, cst.Call)
            and is_plain(call.func)
            and all(is_plain(arg.value) for arg in call.args)
        )


def opening_of(plan: Enclose, ground: Ground) -> Opening | None:
    """The opening that `plan` names; None where its statement cannot be taken apart."""
    call, position = ground.node(plan.site), ground.position(plan.site)
    if position is None or not isinstance(call, cst.Call):
        return None
    unit = position.unit
    name, value = _bound(unit.node)
    if not plan.name:
        return _temporary(plan, position, call)
    if name != plan.name or value is None or not _is(value, call):
        return _among_others(plan, position, call)
    opens = _lent(call, plan.driver) if plan.driver else value
    if opens is None:
        return None
    return Opening(position, opens, name, None, _leading_lines(unit), _trailing(unit))


def managed(generator: cst.BaseExpression, driver: str) -> cst.BaseExpression | None:
    """``get_db(x)`` to ``contextmanager(get_db)(x)``; None for anything but a call."""
    if not isinstance(generator, cst.Call):
        return None
    return generator.with_changes(func=cst.Call(cst.Name(driver), [cst.Arg(generator.func)]))


def _lent(call: cst.Call, driver: str) -> cst.BaseExpression | None:
    """``next(get_db(x))`` to ``contextmanager(get_db)(x)``."""
    return managed(call.args[0].value, driver) if len(call.args) == 1 else None


def _bound(node: cst.CSTNode) -> tuple[str, cst.BaseExpression | None]:
    """``name = value`` or ``name: annotation = value`` to its name and value."""
    match node:
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))], value=value):
            return name, value
        case cst.AnnAssign(target=cst.Name(value=name), value=cst.BaseExpression() as value):
            return name, value
    return "", None


def _is(value: cst.BaseExpression, call: cst.Call) -> bool:
    return value is call or (isinstance(value, cst.Await) and value.expression is call)


def _temporary(plan: Enclose, position: Position, call: cst.Call) -> Opening | None:
    unit = position.unit
    if not is_evaluated_once(unit.node, call) or not all(is_plain(arg.value) for arg in call.args):
        return None
    if _does_nothing_else(unit.node, call):
        return None
    taken = names_in(_function(position))
    name = next(name for name in (*_NAMES, *_numbered(len(taken))) if name not in taken)
    left = unit.node.deep_replace(call, cst.Name(name, lpar=call.lpar, rpar=call.rpar))
    return _parted(position, call, name, left)


def _among_others(plan: Enclose, position: Position, call: cst.Call) -> Opening | None:
    """Where the statement binds the session to its name and does something besides."""
    if plan.driver or not all(is_plain(arg.value) for arg in call.args):
        return None
    opens = waited_for(position.unit.node, call)
    left = left_without(position.unit.node, opens, plan.name)
    return _parted(position, opens, plan.name, left) if left is not None else None


def _parted(position: Position, opens: cst.BaseExpression, name: str, left: cst.CSTNode) -> Opening:
    """The opening in front of what is `left` of its statement."""
    unit = position.unit
    if unit.line is None:
        assert isinstance(left, cst.BaseCompoundStatement)
        remains = Unit(left.with_changes(leading_lines=()))
    else:
        assert isinstance(left, cst.BaseSmallStatement)
        alone = left.with_changes(semicolon=cst.MaybeSentinel.DEFAULT)
        remains = Unit(alone, cst.SimpleStatementLine([alone], trailing_whitespace=_trailing(unit)))
    bare = opens.with_changes(lpar=(), rpar=())
    overtakes = is_called_before(unit.node, opens)
    return Opening(
        position, bare, name, remains, _leading_lines(unit), cst.TrailingWhitespace(), overtakes
    )


def _does_nothing_else(node: cst.CSTNode, call: cst.Call) -> bool:
    """Whether the statement opens a session and drops it; what it is to be used for nobody can say."""
    return isinstance(node, cst.Expr) and _is(node.value, call)


def _function(position: Position) -> cst.CSTNode:
    """The function, class or module that the statement stands in."""
    *_, outermost = position.chain()
    return outermost.block.owner or outermost.block.node


def _numbered(count: int) -> Iterator[str]:
    return (f"session_{number}" for number in range(2, count + 3))


def _leading_lines(unit: Unit) -> Sequence[cst.EmptyLine]:
    """The blank lines and comments in front, where the statement is the first of its line."""
    if unit.line is None:
        assert isinstance(unit.node, cst.BaseCompoundStatement)
        return unit.node.leading_lines
    if isinstance(unit.line, cst.SimpleStatementLine) and unit.line.body[0] is unit.node:
        return unit.line.leading_lines
    return ()


def _trailing(unit: Unit) -> cst.TrailingWhitespace:
    if unit.line is not None and unit.line.body[-1] is unit.node:
        return unit.line.trailing_whitespace
    return cst.TrailingWhitespace()
