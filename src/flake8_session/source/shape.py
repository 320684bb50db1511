"""Guards in front of LibCST's parser, which is recursive and in places quadratic.

It ends the process on 3,000 nested brackets, takes 7 seconds for a sum of 5,000 terms and 21 for
3,000 chained calls (LibCST 1.9). Nothing here recurses.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Container, Iterable, Iterator, Sequence

DEEPEST = 200
"""The deepest `ast` whose text is parsed. Real code stays below 60."""
MOST_OPEN = 100
"""The most brackets that may be open at once in text that `ast` could not read."""
MOST_OPERATORS = 500
"""The most operators between two commas, or in a logical line, of such text."""


def is_deep(statements: Iterable[ast.AST], left_out: Container[int] = ()) -> bool:
    """Whether LibCST would nest deeper than `DEEPEST`; nodes whose id is in `left_out` do not count.

    It nests ``a or b or c`` and the clauses of a comprehension, which `ast` keeps in a list; it
    does not nest ``elif``, which `ast` does.
    """
    stack: list[tuple[ast.AST, int]] = [(statement, 1) for statement in statements]
    while stack:
        node, depth = stack.pop()
        if depth > DEEPEST:
            return True
        if id(node) in left_out:
            continue
        wide = _WIDE.get(type(node))
        inner = depth + (len(getattr(node, wide)) if wide else 1)
        stack.extend((child, depth if _is_elif(node, child) else inner) for child in _children(node))
    return False


_WIDE = {
    ast.BoolOp: "values", ast.ListComp: "generators", ast.SetComp: "generators", ast.DictComp: "generators",
    ast.GeneratorExp: "generators",
}
_CONSTANT = (ast.Constant, ast.List, ast.Tuple, ast.Set, ast.Dict)
_SHALLOW = (ast.Name, ast.Constant, ast.expr_context, ast.operator, ast.cmpop, ast.unaryop, ast.boolop)


def is_data(statements: Sequence[ast.stmt]) -> bool:
    """Whether `statements` only give names to constants, or to collections of constants."""
    return all(
        isinstance(statement, (ast.Assign, ast.AnnAssign, ast.Expr))
        and statement.value is not None
        and _is_constant(statement.value)
        for statement in statements
    )


def _is_constant(value: ast.expr) -> bool:
    stack: list[ast.AST] = [value]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.UnaryOp):
            stack.append(node.operand)
        elif isinstance(node, _CONSTANT):
            stack.extend(_children(node))
        else:
            return False
    return True


def _children(node: ast.AST) -> list[ast.AST]:
    found: list[ast.AST] = []
    for name in node._fields:
        value = getattr(node, name, None)
        if type(value) is list:
            found.extend(each for each in value if isinstance(each, ast.AST))
        elif isinstance(value, ast.AST) and not isinstance(value, _SHALLOW):
            found.append(value)
    return found


def _is_elif(node: ast.AST, child: ast.AST) -> bool:
    return (
        isinstance(child, ast.If)
        and isinstance(node, ast.If)
        and node.orelse == [child]
        and node.col_offset == child.col_offset
    )


_TOKEN = re.compile(
    r"(?P<string>'''(?:\\.|.)*?'''|\"\"\"(?:\\.|.)*?\"\"\"|'(?:\\.|[^'\\\n])*'|\"(?:\\.|[^\"\\\n])*\")"
    r"|(?P<comment>#[^\r\n]*)|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<line>[\r\n])|(?P<comma>[,;])"
    r"|(?P<operator>[-+*/%@&|^~.<>=]|\b(?:and|or|not|if|for|in|is)\b)",
    re.DOTALL,
)


def pieces(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """The top-level statements by a guess from tokens alone: the number of the first line, and the text.

    A line at the left margin, outside of all brackets and strings, starts a piece, if it does not
    go on with the one before it (an ``else``, the function under a decorator).
    """
    outside = _outside("".join(lines))
    starts: list[int] = []
    position, decorated = 0, False
    for number, line in enumerate(lines, 1):
        if position in outside and _STARTS.match(line):
            if not decorated:
                starts.append(number)
            decorated = line.startswith("@")
        position += len(line)
    for first, following in zip(starts, [*starts[1:], len(lines) + 1]):
        yield first, "".join(lines[first - 1 : following - 1])


_STARTS = re.compile(r"(?!(?:else|elif|except|finally)\b)[^\s#)\]}]")


def _outside(text: str) -> set[int]:
    """The offsets behind line ends that stand in no bracket and in no string."""
    offsets = {0}
    is_open = 0
    for token in _TOKEN.finditer(text):
        if token.lastgroup == "open":
            is_open += 1
        elif token.lastgroup == "close":
            is_open = max(is_open - 1, 0)
        elif token.lastgroup == "line" and not is_open:
            offsets.add(token.end())
    return offsets


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
