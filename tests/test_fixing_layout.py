"""Fixes do the same whatever a program's layout is, and leave the layout as it is.

The law: a layout changes nothing of a program's meaning, so that fixing the laid out program and
laying out the fixed one have one syntax tree; every comment and every string is still there in its own
words, every line ends as before, nothing is indented in another way, and what stands around the
function is the same to the byte.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flake8_session.fixing import Wanted, fix_source
from flake8_session.source.text import lines_of

HEAD = """\
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session
from models import U, aengine, engine, work, cond, items


"""

PROGRAMS = {
    "with": """\
def function(name):
    work()
    session = Session(engine)
    user = U(name="new")
    session.add(user)
    if name:
        work(name)
        session.commit()
    else:
        session.rollback()
    return True
""",
    "close that goes": """\
def function(name):
    session = Session(engine)
    work(name)
    session.execute("select 1")
    session.close()
    work("done")
""",
    "try that goes": """\
def function(name):
    session = Session(engine)
    work(name)
    try:
        session.execute("select 1")
        work(name)
    finally:
        session.close()
    work("done")
""",
    "finally that comes": """\
def function(name):
    try:
        session = Session(engine)
        session.add(U(name=name))
        session.commit()
    except ValueError:
        session.rollback()
        raise
    work("done")
""",
    "temporary": """\
def function(name):
    work(name)
    work(Session(engine).scalar(name))
    work("done")
""",
    "rollback": """\
def function(name):
    with Session(engine) as session:
        for item in items():
            try:
                session.execute("insert")
                session.commit()
            except Exception:
                work(item)
                work(name)
""",
    "bound in a test": """\
def function(name):
    work(name)
    if (session := Session(engine)).scalar(name):
        session.rollback()
    work("done")
""",
    "one of two": """\
def function(name):
    session, count = Session(engine), 3
    session.execute("select 1")
    work(count)
    session.commit()
""",
    "asynchronous": """\
async def function(name):
    session = AsyncSession(aengine)
    for item in items():
        await session.execute(item)
    await session.commit()
    await session.close()
    return name
""",
    "rollback that comes too late": """\
def function(name):
    with Session(engine) as session:
        user = session.get(U, 1)
        try:
            user.name = "other"
            session.commit()
        except Exception:
            work(user.name)
            session.rollback()
            raise
""",
    "lost writes": """\
def function(name):
    session = Session(engine)
    try:
        work(name)
        session.add(U(name=name))
    finally:
        session.close()
""",
    "read late": """\
def function(name):
    with Session(engine) as session:
        query = session.query(U)
    for user in query:
        work(user.name)
""",
    "not awaited": """\
async def function(name):
    async with AsyncSession(aengine) as session:
        session.add(U(name=name))
        session.commit()
        work(name)
""",
    "later end": """\
def function(name):
    with Session(engine) as session:
        user = session.get(U, 1)
        session.commit()
    first = user.name
    return first
""",
}
COMMENT = "# a note"
STARTS = (
    HEAD,
    f'"""What it does."""\n\n{HEAD}',
    f"{HEAD}def first():\n    pass\n\n\n",
    f"{HEAD}x = 1\n\x0c\n",
)
ENDS = (
    "",
    "\n\ndef other():\n    pass\n",
    "\n\nclass Other: x = 'y'; z = \"y\"  # as it is\n",
    "\n\n\x0c\nx  =  1 ;\n",
)
"""What stands around the program, laid out in a way that nobody would choose: none of it may move."""


def is_simple(line: str) -> bool:
    """Whether the line is a statement that may share a line with others."""
    return bool(line.strip()) and not re.match(
        r"\s*(#|@|async|def|if|else|for|try|except|finally|with|class|while)", line
    )


def indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


@st.composite
def layouts(draw: st.DrawFn, program: str) -> str:
    """The program, laid out in another way."""
    lines = program.splitlines()
    lines = joined(draw, lines)
    lines = sprinkled(draw, lines)
    text = "\n".join(lines) + "\n"
    if draw(st.booleans()):
        text = "def outer():\n" + re.sub("(?m)^(?=.)", "    ", text) + "    return function\n"
    elif draw(st.booleans()):
        text = "@work\n" + text
    if draw(st.booleans()):
        text = re.sub(r'"([^"\n]*)"', r"'\1'", text)
    text = draw(st.sampled_from(STARTS)) + text + draw(st.sampled_from(ENDS))
    if draw(st.booleans()):
        text = re.sub("(?m)^( {4})+", lambda match: "\t" * (len(match[0]) // 4), text)
    if draw(st.booleans()):
        text = text.replace("\n", "\r\n")
    return text.rstrip("\r\n") if draw(st.booleans()) else text


def joined(draw: st.DrawFn, lines: list[str]) -> list[str]:
    """Some statements share a line, some suites stand behind their colon, some lines are continued."""
    found: list[str] = []
    for line in lines:
        before = found[-1] if found else ""
        if (
            is_simple(line)
            and is_simple(before)
            and indent(before) == indent(line)
            and draw(st.integers(0, 3)) == 0
        ):
            found[-1] = f"{before}; {line.strip()}"
        elif " = " in line and "(" in line and draw(st.integers(0, 3)) == 0:
            found.append(line.replace(" = ", " = \\\n          ", 1))
        elif line.endswith(")") and "(" in line and not line.endswith("()") and draw(st.integers(0, 5)) == 0:
            found.append(re.sub(r"\((?=[^(]*$)", "(\n" + indent(line) + "    ", line, count=1))
        else:
            found.append(line)
    return found


def sprinkled(draw: st.DrawFn, lines: list[str]) -> list[str]:
    """Blank lines and comments between the lines and at their ends."""
    found: list[str] = []
    number = 0
    for line in lines:
        if draw(st.integers(0, 4)) == 0 and found:
            found.append("")
        if draw(st.integers(0, 4)) == 0 and found:
            number += 1
            found.append(f"{indent(line)}{COMMENT} {number}")
        if "\\" not in line and draw(st.integers(0, 5)) == 0:
            number += 1
            line = f"{line}  {COMMENT} {number}" if "\n" not in line else line
        found.append(line)
    return found


def comments(text: str) -> Counter[str]:
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return Counter(token.string for token in tokens if token.type == tokenize.COMMENT)


def strings(text: str) -> Counter[str]:
    """The strings and numbers, in their own quotes."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return Counter(token.string for token in tokens if token.type in (tokenize.STRING, tokenize.NUMBER))


def around(text: str) -> tuple[str, str]:
    """What stands in front of the outermost definition that holds the function, and behind it."""
    lines = lines_of(text)
    tree = ast.parse(text)
    outer = next(node for node in tree.body if getattr(node, "name", "") in ("outer", "function"))
    assert isinstance(outer, (ast.FunctionDef, ast.AsyncFunctionDef))
    first = min([outer.lineno, *(each.lineno for each in outer.decorator_list)])
    last = tree.body[tree.body.index(outer) + 1].lineno if outer is not tree.body[-1] else len(lines) + 1
    return "".join(lines[: first - 1]), "".join(lines[last - 1 :])


def body(text: str) -> str:
    """The tree of the function, wherever it stands."""
    tree = ast.parse(text)
    function = next(
        node
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == "function"
    )
    function.decorator_list = []
    return ast.dump(function)


@pytest.mark.parametrize("name", PROGRAMS)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_fixing_and_laying_out_are_one(name: str, data: st.DataObject) -> None:
    program = PROGRAMS[name]
    plain = HEAD + program
    expected = fix_source(plain, wanted=Wanted(unsafe=True)).text
    assert expected != plain
    text = data.draw(layouts(program))
    assert body(text) == body(plain)
    fixed = fix_source(text, wanted=Wanted(unsafe=True)).text
    kept = has_comment_on_what_goes(text)
    if not kept:
        assert body(fixed) == body(expected)
    of_closes = Counter(re.findall(rf"\.close\(\)\s*({COMMENT} \d+)", text))
    assert not comments(text) - of_closes - comments(fixed)
    assert strings(fixed) == strings(text)
    assert around(fixed) == around(text)
    assert {end(line) for line in lines_of(fixed)} <= {end(line) for line in lines_of(text)}
    assert fixed.endswith(("\n", "\r")) == text.endswith(("\n", "\r"))
    tabs = bool(re.search("(?m)^\t", text))
    assert bool(re.search("(?m)^\t", fixed)) == tabs
    assert fix_source(fixed, wanted=Wanted(unsafe=True)).text == fixed


def has_comment_on_what_goes(text: str) -> bool:
    """Whether a comment stands where something would be taken away, which then may stay for its sake."""
    superfluous = r"((await )?\w+\.close\(\)|finally|except)"
    return bool(
        re.search(rf"(finally|except|try|else).*{COMMENT}|{COMMENT} \d+\s+{superfluous}", text)
    ) or bool(re.search(rf"\.close\(\)[^\n]*\n\s*{COMMENT}", text))


def end(line: str) -> str:
    return line[len(line.rstrip("\r\n")) :]


FORM_FEED = HEAD + "def first():\n    pass\n\x0c\n" + PROGRAMS["with"]


def test_a_form_feed_between_definitions_stays() -> None:
    fixed = fix_source(FORM_FEED).text
    assert fixed != FORM_FEED
    assert fixed.startswith(FORM_FEED[: FORM_FEED.index("def function")])


def test_a_form_feed_that_cannot_be_given_back_forbids_the_fix() -> None:
    text = HEAD + PROGRAMS["with"].replace("    user =", "\x0c    user =")
    assert fix_source(text).text == text


def test_strings_of_several_lines_are_not_indented() -> None:
    text = (
        HEAD + 'def function():\n    session = Session(engine)\n    session.execute("""\nselect\n  1\n""")\n'
    )
    assert '("""\nselect\n  1\n""")\n' in fix_source(text).text


def test_every_line_keeps_the_end_that_it_has() -> None:
    text = (HEAD + PROGRAMS["with"]).replace("\n", "\r\n").replace("work(name)\r\n", "work(name)\n")
    fixed = fix_source(text).text
    assert "            work(name)\n" in fixed
    assert fixed.count("\n") - fixed.count("\r\n") == 1


def test_one_line_suites_get_lines_of_their_own_where_they_are_edited() -> None:
    text = HEAD + "def function(): session = Session(engine); session.add(U())\n"
    assert fix_source(text).text == HEAD + (
        "def function():\n    with Session(engine) as session:\n        session.add(U())\n"
    )


def test_a_comment_inside_of_a_suppress_keeps_it() -> None:
    text = HEAD.replace("from models", "from contextlib import suppress\nfrom models") + (
        "def function(session: Session):\n"
        "    for item in items():\n"
        "        with suppress(\n"
        "            Exception,  # all of them\n"
        "        ):\n"
        "            session.execute(item)\n"
    )
    assert fix_source(text, wanted=Wanted(unsafe=True)).text == text
    without = text.replace("  # all of them", "")
    assert fix_source(without, wanted=Wanted(unsafe=True)).text != without


def test_a_statement_in_the_middle_of_a_line_parts_it() -> None:
    text = HEAD + "def function():\n    work(); session = Session(engine); session.add(U())  # all\n"
    assert fix_source(text).text == HEAD + (
        "def function():\n    work()\n    with Session(engine) as session:\n        session.add(U())  # all\n"
    )
