"""Hooks written into a program's syntax tree, so that a run can be watched without changing it.

Only the bodies of functions are changed. In them

- the whole body stands in ``with __truth__.activation(…) as __act__``,
- a call ``f(x)`` becomes ``__truth__.call(f, line, keeps)(x)``,
- ``return x``, ``yield x``, ``await x``, ``raise x`` pass `x` through a hook,
- the bodies of ``except`` stand in ``with __act__.handler(line)``, those of ``finally`` in
  ``with __act__.cleanup(line)``,
- before each statement stands ``__truth__.reached(line)``,
- after each statement that binds or deletes names stands ``__act__.names(locals())``,
- what is stored in an attribute or an item passes through ``__truth__.stored``,
- the subject of a ``match`` passes through ``__truth__.subject``, which may turn it into any constant
  of its patterns, and the condition of an ``assert`` through ``__truth__.claim``,
- a value that the program asks for None (``u = s.get(U, 1)``, ``if u is None``) passes through
  ``__truth__.maybe``, which may turn it into None.

Lines stay what they were.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

KEEPERS = re.compile(
    r"[A-Z]\w*|setattr|append|appendleft|add|put|put_nowait|push|set|setdefault|update|insert|partial"
    r"|register\w*|enter\w*|callback\w*|add\w*callback|addCleanup|addfinalizer|finalize"
)
"""Names of callees that are presumed to keep a session that they are given."""

FINDERS = {"get", "first", "one_or_none", "scalar", "scalar_one_or_none"}
"""Methods whose result may be None."""

UNWATCHED = {"super", "locals", "globals", "vars", "isinstance", "type", "cast"}
"""Callees that need to see the frame of their caller, or that cannot fail."""

Def = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a public function; `annotation` and `default` are source text or empty."""

    name: str
    annotation: str
    default: str
    keyword_only: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A public function of the module, a class of it, or one of its public methods."""

    name: str
    line: int
    last_line: int
    parameters: tuple[Parameter, ...]
    decorators: tuple[str, ...]
    generator: bool
    borrower: bool
    """A framework calls it: what happens to a session that it was given is the framework's business."""
    made: Entry | None = None
    """The making of the object whose method it is; None where it is a function."""


@dataclass(frozen=True, slots=True)
class Instrumented:
    """A program that is ready to run."""

    tree: ast.Module
    entries: tuple[Entry, ...]
    caught: frozenset[str]
    """Names of all exception classes that its handlers mention."""
    wanted: dict[str, list[str]]
    """The strings that queries ask for (``filter_by(name="sandy")``), by column."""
    temporary: frozenset[int]
    """Lines where only a session's `no_autoflush` gets a name, which does not close it."""


def instrument(text: str, known: str = "") -> Instrumented:
    """The watched form of a program. Where it holds all the classes of the text `known` they are left out."""
    tree = ast.parse(text)
    # The node of ``type X = Y`` exists from Python 3.12 on.
    statements: list[Any] = list(tree.body)
    aliases = {
        node.name.id: ast.unparse(node.value) for node in statements if type(node).__name__ == "TypeAlias"
    }
    entries = tuple(_entries(tree, aliases))
    caught = frozenset(_caught(tree))
    wanted: dict[str, list[str]] = {}
    for name, value in _asked_for(tree):
        if value not in wanted.setdefault(name, []):
            wanted[name].append(value)
    own = [ast.dump(node) for node in tree.body if isinstance(node, ast.ClassDef)]
    standard = [ast.dump(node) for node in ast.parse(known).body]
    if set(standard) <= set(own):
        tree.body = [node for node in tree.body if ast.dump(node) not in standard]
    temporary = frozenset(
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr == "no_autoflush"
        and isinstance(node.value, ast.Call)
    )
    for node in tree.body:
        _Watcher.functions_of(node)
    return Instrumented(ast.fix_missing_locations(tree), entries, caught, wanted, temporary)


def _entries(tree: ast.Module, aliases: dict[str, str]) -> Iterable[Entry]:
    for node in tree.body:
        if isinstance(node, Def) and node.name[0] != "_":
            yield _entry(node, aliases)
        elif isinstance(node, ast.ClassDef) and not _is_mapped(node):
            methods = {each.name: each for each in node.body if isinstance(each, Def)}
            made = _making(node, methods.get("__init__"), aliases)
            yield made
            for name, method in methods.items():
                if name[0] != "_" and not method.decorator_list:
                    entry = _entry(method, aliases)
                    yield replace(entry, parameters=entry.parameters[1:], made=made)


def _making(
    class_: ast.ClassDef, init: ast.FunctionDef | ast.AsyncFunctionDef | None, aliases: dict[str, str]
) -> Entry:
    """The call of a class, by the parameters of its own ``__init__``."""
    if init is None:
        return Entry(class_.name, class_.lineno, class_.lineno, (), (), False, False)
    entry = _entry(init, aliases)
    return replace(entry, name=class_.name, parameters=entry.parameters[1:])


def _is_mapped(class_: ast.ClassDef) -> bool:
    """Whether a class has a table: its methods work with an instance that some session holds."""
    names = {each.id for each in ast.walk(class_) if isinstance(each, ast.Name)}
    own = bool(names & {"__tablename__", "__table__"})
    return own or any(each.arg == "table" for each in class_.keywords)


def _entry(node: ast.FunctionDef | ast.AsyncFunctionDef, aliases: dict[str, str]) -> Entry:
    arguments = node.args
    ordinary = [*arguments.posonlyargs, *arguments.args]
    defaults = [None] * (len(ordinary) - len(arguments.defaults)) + list(arguments.defaults)
    parameters = [_parameter(a, d, aliases) for a, d in zip(ordinary, defaults, strict=True)]
    parameters += [
        _parameter(a, d, aliases, keyword_only=True)
        for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    ]
    decorators = tuple(ast.unparse(each) for each in node.decorator_list)
    managed = any(each.rpartition(".")[2] in {"contextmanager", "asynccontextmanager"} for each in decorators)
    return Entry(
        node.name,
        node.lineno,
        node.end_lineno or node.lineno,
        tuple(parameters),
        decorators,
        any(isinstance(each, (ast.Yield, ast.YieldFrom)) for each in _own_nodes(node)),
        bool(decorators) and not managed,
    )


def _parameter(
    argument: ast.arg, default: ast.expr | None, aliases: dict[str, str], *, keyword_only: bool = False
) -> Parameter:
    annotation = argument.annotation
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        words = annotation.value
    else:
        words = ast.unparse(annotation) if annotation is not None else ""
    words = aliases.get(words, words)
    return Parameter(argument.arg, words, ast.unparse(default) if default is not None else "", keyword_only)


def _caught(tree: ast.Module) -> Iterable[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler) and node.type is not None:
            classes = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            yield from (ast.unparse(each).rpartition(".")[2] for each in classes)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in {
            "suppress",
            "raises",
        }:
            yield from (ast.unparse(each).rpartition(".")[2] for each in node.args)


def _asked_for(tree: ast.Module) -> Iterable[tuple[str, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="filter_by"), keywords=keywords):
                for each in keywords:
                    if (
                        each.arg
                        and isinstance(each.value, ast.Constant)
                        and isinstance(each.value.value, str)
                    ):
                        yield each.arg, each.value.value
            case ast.Compare(left=ast.Attribute(attr=name), comparators=[ast.Constant(value=str(value))]):
                yield name, value


def _own_nodes(function: ast.AST) -> Iterable[ast.AST]:
    """The nodes of a function without those of functions and classes inside it."""
    waiting = list(ast.iter_child_nodes(function))
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, (*Def, ast.ClassDef, ast.Lambda)):
            waiting.extend(ast.iter_child_nodes(node))


def _asked_names(function: ast.AST) -> set[str]:
    """Names that a function asks for None or for their truth."""
    asked = set()
    for node in _own_nodes(function):
        match node:
            case ast.Compare(left=ast.Name(id=name), ops=[ast.Is() | ast.IsNot()]):
                asked.add(name)
            case ast.Compare(left=ast.NamedExpr(target=ast.Name(id=name)), ops=[ast.Is() | ast.IsNot()]):
                asked.add(name)
            case ast.UnaryOp(op=ast.Not(), operand=ast.Name(id=name)):
                asked.add(name)
            case (
                ast.If(test=ast.Name(id=name))
                | ast.While(test=ast.Name(id=name))
                | ast.IfExp(test=ast.Name(id=name))
            ):
                asked.add(name)
            case ast.If(test=ast.NamedExpr(target=ast.Name(id=name))):
                asked.add(name)
            case ast.BoolOp(values=values):
                asked |= {each.id for each in values if isinstance(each, ast.Name)}
    return asked


def _hook(text: str, at: ast.AST, *arguments: ast.expr) -> ast.Call:
    """A call of a hook with `arguments` behind those in `text`, standing on the line of `at`."""
    call = ast.parse(text, mode="eval").body
    assert isinstance(call, ast.Call)
    for node in ast.walk(call):
        ast.copy_location(node, at)
    call.args.extend(arguments)
    return call


def _number(value: int | bool | str | None) -> ast.Constant:
    return ast.Constant(value)


class _Watcher(ast.NodeTransformer):
    """Rewrites the body of one function; functions inside it get a watcher of their own."""

    def __init__(self, asked: set[str]) -> None:
        self.asked = asked

    @staticmethod
    def functions_of(node: ast.AST) -> None:
        """Rewrites every function that `node` is or holds."""
        if isinstance(node, Def):
            _watch(node)
        else:
            for each in ast.iter_child_nodes(node):
                _Watcher.functions_of(each)

    def suite(self, body: list[ast.stmt], *, names_first: bool = False) -> list[ast.stmt]:
        """Rewrites a list of statements; `names_first`: names were bound on the way into it."""
        result: list[ast.stmt] = []
        if names_first:
            result.append(_names(body[0]))
        for statement in body:
            binds = _binds(statement)
            result.append(_reached(statement))
            result += [_reached(each) for each in getattr(statement, "handlers", [])]
            new = self.visit(statement)
            result.append(new)
            if binds:
                result.append(_names(statement))
        return result

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        _watch(node)
        return node

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AsyncFunctionDef:
        _watch(node)
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        for each in node.body:
            _Watcher.functions_of(each)
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.Lambda:
        self.generic_visit(node)
        return node

    def visit_If(self, node: ast.If) -> ast.If:
        walrus = _has_walrus(node.test)
        node.test = self.visit(node.test)
        node.body = self.suite(node.body, names_first=walrus)
        node.orelse = self.suite(node.orelse, names_first=walrus and bool(node.orelse))
        return node

    def visit_While(self, node: ast.While) -> ast.While:
        walrus = _has_walrus(node.test)
        node.test = self.visit(node.test)
        node.body = self.suite(node.body, names_first=walrus)
        node.orelse = self.suite(node.orelse)
        return node

    def visit_For(self, node: ast.For) -> ast.For:
        node.iter = self.visit(node.iter)
        node.body = self.suite(node.body, names_first=True)
        node.orelse = self.suite(node.orelse)
        return node

    visit_AsyncFor = visit_For  # type: ignore[assignment]

    def visit_With(self, node: ast.With) -> ast.With:
        for item in node.items:
            item.context_expr = self.visit(item.context_expr)
        bound = any(item.optional_vars is not None for item in node.items)
        node.body = self.suite(node.body, names_first=bound)
        return node

    visit_AsyncWith = visit_With  # type: ignore[assignment]

    def visit_Try(self, node: ast.Try) -> ast.Try:
        node.body = self.suite(node.body)
        for handler in node.handlers:
            handler.body = [self._guarded("__act__.handler()", handler, self.suite(handler.body))]
        node.orelse = self.suite(node.orelse)
        if node.finalbody:
            node.finalbody = [
                self._guarded("__act__.cleanup()", node.finalbody[0], self.suite(node.finalbody))
            ]
        return node

    visit_TryStar = visit_Try

    def visit_Match(self, node: ast.Match) -> ast.Match:
        constants = [
            each.value for each in ast.walk(node) if isinstance(each, (ast.MatchValue, ast.MatchSingleton))
        ]
        values = [each if isinstance(each, ast.expr) else _number(each) for each in constants]
        node.subject = _hook("__truth__.subject()", node.subject, self.visit(node.subject), *values)
        for case in node.cases:
            if case.guard is not None:
                case.guard = self.visit(case.guard)
            case.body = self.suite(case.body, names_first=True)
        return node

    def visit_Assert(self, node: ast.Assert) -> ast.Assert:
        node.test = _hook("__truth__.claim()", node, self.visit(node.test))
        return node

    def visit_Return(self, node: ast.Return) -> ast.Return:
        value = self.visit(node.value) if node.value is not None else _number(None)
        node.value = _hook("__act__.returning()", node, _number(node.lineno), value)
        return node

    def visit_Raise(self, node: ast.Raise) -> ast.Raise:
        self.generic_visit(node)
        if node.exc is not None:
            node.exc = _hook("__truth__.explicit()", node, node.exc)
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.Assign:
        asked = any(isinstance(each, ast.Name) and each.id in self.asked for each in node.targets)
        node.targets = [self.visit(each) for each in node.targets]
        node.value = self._found(node.value, asked)
        parts = [part for each in node.targets for part in _parts(each)]
        if any(isinstance(each, (ast.Attribute, ast.Subscript)) for each in parts):
            node.value = _hook("__truth__.stored()", node, node.value)
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AnnAssign:
        asked = isinstance(node.target, ast.Name) and node.target.id in self.asked
        if node.value is not None:
            node.value = self._found(node.value, asked)
        return node

    def visit_NamedExpr(self, node: ast.NamedExpr) -> ast.NamedExpr:
        node.value = self._found(node.value, node.target.id in self.asked)
        return node

    def visit_Yield(self, node: ast.Yield) -> ast.expr:
        value = self.visit(node.value) if node.value is not None else _number(None)
        node.value = _hook("__act__.yielding()", node, _number(node.lineno), value)
        return _hook("__act__.resumed()", node, node)

    def visit_YieldFrom(self, node: ast.YieldFrom) -> ast.expr:
        node.value = _hook("__act__.yielding()", node, _number(node.lineno), self.visit(node.value))
        return _hook("__act__.resumed()", node, node)

    def visit_Await(self, node: ast.Await) -> ast.Await:
        node.value = _hook("__truth__.awaiting()", node, _number(node.lineno), self.visit(node.value))
        return node

    def visit_Call(self, node: ast.Call) -> ast.Call:
        name = _last_name(node.func)
        self.generic_visit(node)
        if name in UNWATCHED:
            return node
        keeps = KEEPERS.fullmatch(name) is not None
        node.func = _hook("__truth__.call()", node, node.func, _number(node.lineno), _number(keeps))
        return node

    def _found(self, value: ast.expr, asked: bool) -> ast.expr:
        inner = value.value if isinstance(value, ast.Await) else value
        finder = isinstance(inner, ast.Call) and _last_name(inner.func) in FINDERS
        new: ast.expr = self.visit(value)
        return _hook("__truth__.maybe()", value, new) if asked and finder else new

    @staticmethod
    def _guarded(hook: str, at: ast.AST, body: list[ast.stmt]) -> ast.With:
        line = at.lineno  # type: ignore[attr-defined]
        item = ast.withitem(context_expr=_hook(hook, at, _number(line)))
        return ast.copy_location(ast.With(items=[item], body=body), body[0])


def _watch(function: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    generator = any(isinstance(each, (ast.Yield, ast.YieldFrom)) for each in _own_nodes(function))
    framework = any("fixture" in ast.unparse(each) for each in function.decorator_list)
    body = _Watcher(_asked_names(function)).suite(function.body, names_first=True)
    hook = _hook(
        "__truth__.activation()", function, _number(function.name), _number(generator and not framework)
    )
    item = ast.withitem(context_expr=hook, optional_vars=ast.Name("__act__", ast.Store()))
    function.body = [ast.copy_location(ast.With(items=[item], body=body), function.body[0])]


def _reached(at: ast.stmt | ast.excepthandler) -> ast.stmt:
    """The note that a statement is reached, or that a handler stands ready."""
    return ast.copy_location(ast.Expr(_hook("__truth__.reached()", at, _number(at.lineno))), at)


def _names(at: ast.AST) -> ast.Expr:
    return ast.copy_location(ast.Expr(_hook("__act__.names(locals())", at)), at)


def _binds(statement: ast.stmt) -> bool:
    """Whether a statement binds or deletes a name, other than inside its suites."""
    match statement:
        case ast.Assign() | ast.AnnAssign() | ast.AugAssign() | ast.Delete():
            return True
        case ast.With() | ast.AsyncWith() | ast.For() | ast.AsyncFor() | ast.Try():
            return True
        case ast.Expr(value=value):
            return _has_walrus(value)
    return False


def _parts(target: ast.expr) -> Iterable[ast.expr]:
    """The targets that a target is made of: `self.a` and `b` of ``self.a, b = …``."""
    if isinstance(target, (ast.Tuple, ast.List)):
        for each in target.elts:
            yield from _parts(each)
    else:
        yield target


def _has_walrus(node: ast.AST) -> bool:
    return any(isinstance(each, ast.NamedExpr) for each in ast.walk(node))


def _last_name(function: ast.expr) -> str:
    match function:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""
