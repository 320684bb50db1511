"""Graphs for the bodies of one file, and what the outline says of them."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import libcst as cst

from flake8_session.flow import branching, conditions, expressions, leaving, outlining, skimming, statements
from flake8_session.flow.building import Body, Origins, TooLarge
from flake8_session.flow.comprehensions import generator_body
from flake8_session.flow.events import Define, Import, Return, Unmodelled
from flake8_session.flow.graph import Graph
from flake8_session.flow.outline import Class, Function
from flake8_session.flow.scopes import Scope, Scopes

if TYPE_CHECKING:
    from flake8_session.flow.lowering import Part

TABLES = (branching, conditions, expressions, leaving, statements)
"""The modules that fill the tables of `Body`."""


class Graphs:
    """Makes the graphs of one file; `nodes` are the syntax nodes that their steps come from."""

    def __init__(self, scopes: Scopes, parts: Sequence[Part]) -> None:
        self._scopes = scopes
        self._parts = parts
        self._origins = Origins()

    @property
    def nodes(self) -> Sequence[tuple[int, cst.CSTNode]]:
        return self._origins.nodes

    def function(self, scope: Scope) -> Function:
        """The outline of a body, with its graph."""
        node = scope.node if isinstance(scope.node, cst.CSTNode) else None
        return outlining.function(scope, self._graph(scope), self._origins.number(node, scope.slice))

    def class_(self, scope: Scope) -> Class:
        """The outline of a class statement; of its methods, also those that were left out."""
        outline = outlining.class_(scope)
        statement = next(iter(self._parts[scope.slice].slice.statements), None)
        if scope.parent is self._scopes.root and isinstance(statement, ast.ClassDef):
            return replace(outline, methods=skimming.methods(statement))
        return outline

    def _graph(self, scope: Scope) -> Graph | None:
        """The graph of a body, None where it would be too large or is nested too deeply for our stack."""
        body = Body(self._scopes, scope, self._origins)
        try:
            self._lower(body)
            return body.graph()
        except (TooLarge, RecursionError):
            return None

    def _lower(self, body: Body) -> None:
        match body.scope.node:
            case None:
                self._lower_module(body)
            case cst.Lambda() as node:
                value = body.value(node.body)
                body.do(Return(value), node.body)
            case cst.GeneratorExp() as node:
                generator_body(body, node)
            case cst.FunctionDef() | cst.ClassDef() as node:
                body.suite(node.body)

    def _lower_module(self, body: Body) -> None:
        for number, part in enumerate(self._parts):
            body.scope.slice = number
            if part.module is not None:
                body.suite(part.module)
            else:
                self._skim(body, part.slice.statements)

    def _skim(self, body: Body, statements: Sequence[ast.stmt]) -> None:
        """The events of statements that are not lowered: what they import and define, and that is all."""
        for statement in statements:
            if isinstance(statement, (ast.Import, ast.ImportFrom)):
                for name, module, member, level in skimming.imports_of(statement):
                    target = "" if name == "*" else body.place(name)
                    body.attempt(Import(target, module, member, level), None)
            elif isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                body.do(Define(body.place(statement.name), self._scopes.of(statement).key), None)
            else:
                names = (name for each in skimming.flat([statement]) for name in skimming.bound_by(each))
                body.attempt(Unmodelled(tuple(map(body.place, dict.fromkeys(names)))), None)
