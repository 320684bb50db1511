"""Changes inside one statement: an argument more, a loader option, ``.all()``, an ``await``."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from flake8_session.editing.blocks import Position, Unit, parts_of
from flake8_session.editing.building import is_function_asynchronous
from flake8_session.editing.ground import Ground
from flake8_session.editing.made import Made
from flake8_session.editing.plans import AwaitCall, EnterAsynchronously, GiveArgument, LoadEagerly, ReadAll
from flake8_session.editing.rendering import Change

LOADERS = "sqlalchemy.orm"


def give_argument(plan: GiveArgument, ground: Ground) -> Made | None:
    """``f(x)`` to ``f(x, keyword=value)``; None where it may be given already."""
    call, position = ground.node(plan.site), ground.position(plan.site)
    if not isinstance(call, cst.Call) or position is None:
        return None
    if any(argument.star or _keyword(argument) == plan.keyword for argument in call.args):
        return None
    changed = _with_argument(call, plan.keyword, cst.parse_expression(plan.value))
    return _replaced(position, call, changed, f"pass `{plan.keyword}={plan.value}`")


def load_eagerly(plan: LoadEagerly, ground: Ground) -> Made | None:
    """The loader option on the one query of the statement that can take it; None where none can."""
    position = ground.position(plan.site)
    if position is None:
        return None
    chosen = [call for call in _calls(_head(position.unit.node)) if _selects(call, plan.model)]
    if len(chosen) != 1:
        return None
    (call,) = chosen
    model = call.args[0].value
    option = cst.Call(cst.Name(plan.option), [cst.Arg(cst.Attribute(model, cst.Name(plan.attribute)))])
    if _method(call) in ("get", "get_one"):
        if any(argument.star or _keyword(argument) == "options" for argument in call.args):
            return None
        changed: cst.BaseExpression = _with_argument(call, "options", cst.List([cst.Element(option)]))
    else:
        changed = cst.Call(cst.Attribute(call, cst.Name("options")), [cst.Arg(option)])
    imports = ((LOADERS, plan.option),)
    made = _replaced(position, call, changed, f"load `{plan.attribute}` with `{plan.option}()`")
    return Made(made.change, made.message, imports=imports)


def read_all(plan: ReadAll, ground: Ground) -> Made | None:
    """``.all()`` behind the expression; a generator expression becomes a list."""
    node, position = ground.node(plan.site), ground.position(plan.site)
    if position is None:
        return None
    if isinstance(node, cst.GeneratorExp):
        changed: cst.BaseExpression = cst.ListComp(node.elt, node.for_in)
        return _replaced(position, node, changed, "make a list of it inside the session's life")
    if not isinstance(node, (cst.Call, cst.Await)) or node.lpar:
        return None
    whole = node
    if isinstance(node, cst.Await):
        whole = node.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    changed = cst.Call(cst.Attribute(whole, cst.Name("all")))
    if plan.asynchronous:
        changed = cst.Await(changed)
    return _replaced(position, node, changed, "read it with `.all()` before the session ends")


def await_call(plan: AwaitCall, ground: Ground) -> Made | None:
    """``s.commit()`` to ``await s.commit()``; None outside of an ``async def``, or deep in an expression."""
    call, position = ground.node(plan.site), ground.position(plan.site)
    if not isinstance(call, cst.Call) or position is None or not is_function_asynchronous(position):
        return None
    whole = _expression(position.unit.node)
    if not _starts_with(whole, call):
        return None
    awaited = cst.Await(call)
    if whole is not call and not call.lpar:
        awaited = awaited.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    return _replaced(position, call, awaited, "await it")


def _expression(statement: cst.CSTNode) -> cst.BaseExpression | None:
    """What the statement evaluates first, where it is one expression."""
    match statement:
        case cst.Expr(value=value) | cst.Assign(value=value) | cst.AnnAssign(value=value):
            return value
        case cst.Return(value=value) | cst.If(test=value) | cst.For(iter=value):
            return value
    return None


def _starts_with(whole: cst.BaseExpression | None, call: cst.Call) -> bool:
    """Whether `whole` is the call, or asks its result for something: ``call.scalars().all()``."""
    while whole is not call:
        match whole:
            case cst.Call(func=inner) | cst.Attribute(value=inner):
                whole = inner
            case _:
                return False
    return True


def enter_asynchronously(plan: EnterAsynchronously, ground: Ground) -> Made | None:
    """``with`` to ``async with``; None outside of an ``async def``."""
    position = ground.position(plan.site)
    statement = position.unit.node if position is not None else None
    if position is None or not isinstance(statement, cst.With) or not is_function_asynchronous(position):
        return None
    allowed = {id(ground.node(origin)) for origin in plan.items}
    if statement.asynchronous is not None or not all(id(item) in allowed for item in statement.items):
        return None
    changed = statement.with_changes(asynchronous=cst.Asynchronous())
    change = Change(position.block, position.index, position.index + 1, (Unit(changed),))
    return Made(change, "use `async with`")


def _replaced(position: Position, old: cst.CSTNode, new: cst.CSTNode, message: str) -> Made:
    unit = position.unit
    node = unit.node.deep_replace(old, new)
    assert isinstance(node, (cst.BaseSmallStatement, cst.BaseCompoundStatement))
    changed = Unit(node, unit.line.deep_replace(unit.node, node) if unit.line is not None else None)  # type: ignore[arg-type]
    return Made(Change(position.block, position.index, position.index + 1, (changed,)), message)


def _with_argument(call: cst.Call, keyword: str, value: cst.BaseExpression) -> cst.Call:
    """The call with one more keyword argument, laid out as those before it."""
    argument = cst.Arg(
        value,
        keyword=cst.Name(keyword),
        equal=cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace("")),
    )
    if not call.args:
        return call.with_changes(args=[argument])
    *before, last = call.args
    trailing = last.comma
    separator = before[-1].comma if before else cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    if isinstance(trailing, cst.Comma):
        spaced = separator if isinstance(separator, cst.Comma) else cst.Comma()
        around = call.whitespace_before_args if not before else spaced.whitespace_after
        first = trailing.with_changes(whitespace_after=around)
        return call.with_changes(
            args=[*before, last.with_changes(comma=first), argument.with_changes(comma=trailing)]
        )
    between = last.with_changes(comma=separator, whitespace_after_arg=cst.SimpleWhitespace(""))
    return call.with_changes(
        args=[*before, between, argument.with_changes(whitespace_after_arg=last.whitespace_after_arg)]
    )


def _head(node: cst.CSTNode) -> cst.CSTNode:
    """What of a statement is no body."""
    match node:
        case cst.For():
            return node.iter
        case cst.If() | cst.While():
            return node.test
        case _:
            return node


def _calls(node: cst.CSTNode) -> Iterator[cst.Call]:
    if isinstance(node, cst.Call):
        yield node
    if isinstance(node, cst.BaseSuite):
        return
    for child in parts_of(node):
        yield from _calls(child)


def _selects(call: cst.Call, model: str) -> bool:
    """Whether it is ``select(Model, …)``, ``s.query(Model)`` or ``s.get(Model, key)``."""
    if _method(call) not in ("select", "query", "get", "get_one") or not call.args or call.args[0].keyword:
        return False
    name = call.args[0].value
    last = (
        name.attr.value
        if isinstance(name, cst.Attribute)
        else name.value
        if isinstance(name, cst.Name)
        else ""
    )
    return last == model


def _method(call: cst.Call) -> str:
    match call.func:
        case cst.Name(value=name) | cst.Attribute(attr=cst.Name(value=name)):
            return str(name)
    return ""


def _keyword(argument: cst.Arg) -> str:
    return argument.keyword.value if argument.keyword is not None else ""
