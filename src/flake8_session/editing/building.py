"""Small statements from their parts, with the indentation and lines of what they are put beside."""

from __future__ import annotations

import libcst as cst

from flake8_session.editing.blocks import Block, Position, Unit, statements_of, units_of


def call_statement(receiver: str, method: str, *arguments: str, asynchronous: bool = False) -> Unit:
    """``receiver.method(arguments)`` as a statement of its own, awaited where that is asked for."""
    call: cst.BaseExpression = cst.Call(
        cst.Attribute(cst.parse_expression(receiver), cst.Name(method)),
        [cst.Arg(cst.parse_expression(argument)) for argument in arguments],
    )
    small = cst.Expr(cst.Await(call) if asynchronous else call)
    return Unit(small, cst.SimpleStatementLine([small]))


def only_if_not_none(name: str, unit: Unit, indent: str | None) -> Unit:
    """``if name is not None:`` around a statement, in a block whose own blocks are indented by `indent`."""
    test = cst.Comparison(
        cst.parse_expression(name), [cst.ComparisonTarget(cst.IsNot(), cst.parse_expression("None"))]
    )
    return Unit(cst.If(test, cst.IndentedBlock(statements_of([unit]), indent=indent)))


def suite_block(suite: cst.BaseSuite) -> cst.IndentedBlock:
    """A suite as an indented block: ``if x: a(); b()`` gets lines of its own."""
    if isinstance(suite, cst.IndentedBlock):
        return suite
    assert isinstance(suite, cst.SimpleStatementSuite)
    return cst.IndentedBlock(statements_of(list(units_of(suite))))


def is_function_asynchronous(position: Position) -> bool:
    """Whether the statement stands directly in an ``async def``."""
    owner = function_of(position)
    return isinstance(owner, cst.FunctionDef) and owner.asynchronous is not None


def function_of(position: Position) -> cst.CSTNode | None:
    """The function or class that the statement stands in; None at module level."""
    *_, outermost = position.chain()
    return outermost.block.owner


def is_only_pass(block: Block) -> bool:
    """Whether the block holds nothing but a ``pass``."""
    return len(block.units) == 1 and isinstance(block.units[0].node, cst.Pass)
