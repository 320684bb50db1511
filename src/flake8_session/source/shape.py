"""Guards in front of LibCST's parser, which is recursive and in places quadratic.

It ends the process on 3,000 nested brackets, takes 7 seconds for a sum of 5,000 terms and 21 for
3,000 chained calls (LibCST 1.9). Nothing here recurses.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

DEEPEST = 200
"""The deepest `ast` whose text is parsed. Real code stays below 60."""
MOST_OPEN = 100
"""The most brackets that may be open at once in text that `ast` could not read."""
MOST_OPERATORS = 500
"""The most operators between two commas, or in a logical line, of such text."""


def is_deep(statements: Iterable[ast.AST]) -> bool:
    """Whether LibCST would nest deeper than `DEEPEST`.

    It nests ``a or b or c`` and the clauses of a comprehension, which `ast` keeps in a list; it
    does not nest ``elif``, which `ast` does.
    """
    stack: list[tuple[ast.AST, int]] = [(statement, 1) for statement in statements]
    while stack:
        node, depth = stack.pop()
        if depth > DEEPEST:
            return True
        inner = depth + _width(node)
        for child in _children(node):
            stack.append((child, depth if _is_elif(node, child) else inner))
    return False


def _width(node: ast.AST) -> int:
    if isinstance(node, ast.BoolOp):
        return len(node.values)
    return len(getattr(node, "generators", ())) or 1


def _children(node: ast.AST) -> Iterator[ast.AST]:
    for name in node._fields:
        value = getattr(node, name, None)
        if isinstance(value, list):
            yield from (each for each in value if isinstance(each, ast.AST))
        elif isinstance(value, ast.AST) and not isinstance(value, (ast.expr_context, ast.Name, ast.Constant)):
            yield value


def _is_elif(node: ast.AST, child: ast.AST) -> bool:
    return (
        isinstance(node, ast.If)
        and isinstance(child, ast.If)
        and node.orelse == [child]
        and node.col_offset == child.col_offset
    )


_TOKEN = re.compile(
    r"(?P<string>'''(?:\\.|.)*?'''|\"\"\"(?:\\.|.)*?\"\"\"|'(?:\\.|[^'\\\n])*'|\"(?:\\.|[^\"\\\n])*\")"
    r"|(?P<comment>#[^\r\n]*)|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<line>[\r\n])|(?P<comma>[,;])"
    r"|(?P<operator>[-+*/%@&|^~.<>=]|\b(?:and|or|not|if|for|in|is)\b)",
    re.DOTALL,
)


def is_wild(text: str) -> bool:
    """Whether text that `ast` refused may not be given to LibCST either: a guess from its tokens alone."""
    if "\0" in text:
        return True
    operators = [0]  # for each open bracket, those since it or since the last comma
    for token in _TOKEN.finditer(text):
        match token.lastgroup:
            case "open":
                operators[-1] += 1
                operators.append(0)
            case "close" if len(operators) > 1:
                operators.pop()
            case "operator" | "string":
                operators[-1] += 1
            case "comma":
                operators[-1] = 0
            case "line" if len(operators) == 1:
                operators[-1] = 0
        if len(operators) > MOST_OPEN or operators[-1] > MOST_OPERATORS:
            return True
    return False
