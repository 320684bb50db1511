"""From bytes to text, and from text to slices."""

from __future__ import annotations

import ast
import gc
from pathlib import Path

import libcst as cst
import pytest

from flake8_session.checker import check_source
from flake8_session.flow.literals import text_of
from flake8_session.flow.parsing import parse
from flake8_session.project import Neighbourhood
from flake8_session.source import collector
from flake8_session.source.shape import is_deep, is_wild
from flake8_session.source.slices import Slice, cut
from flake8_session.source.text import SyntaxRefused, decode, lines_of


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"x = '\xc3\xa4'\n", "x = 'ä'\n"),
        (b"\xef\xbb\xbfx = 1\n", "x = 1\n"),
        (b"# -*- coding: latin-1 -*-\nx = '\xe4'\n", "# -*- coding: latin-1 -*-\nx = 'ä'\n"),
        (b"x = 1\r\ny = 2\r\n", "x = 1\r\ny = 2\r\n"),
        (b"", ""),
    ],
)
def test_bytes_are_decoded_as_python_does_it(data: bytes, text: str) -> None:
    assert decode(data) == text


@pytest.mark.parametrize(
    ("data", "reason", "line"),
    [
        (b"x = 1\ny = '\xe4'\n", "byte 0xe4 is not utf-8", 2),
        (b"x = '\xe4'\n", "invalid or missing encoding declaration", 0),
        (b"# coding: nonsense\n", "unknown encoding: nonsense", 0),
        (b"#\n#\n#\nx = '\xff'\n", "byte 0xff is not utf-8", 4),
    ],
)
def test_bytes_that_do_not_fit_are_refused_with_the_reason(data: bytes, reason: str, line: int) -> None:
    with pytest.raises(SyntaxRefused) as refused:
        decode(data)
    assert (refused.value.reason, refused.value.line) == (reason, line)


def test_lines_end_where_python_ends_them() -> None:
    lines = ["a\r", "b\r\n", "c\n", "\x0cd\x0b\u2028e\n", "\n", "f"]
    assert lines_of("".join(lines)) == lines


def test_a_slice_is_a_statement_with_its_decorators_and_what_shares_its_lines() -> None:
    text = "# note\nx = 1; y = '''\n'''; z = 3\n@a\n@b\ndef f():\n    pass\n\nw = 4"
    assert [(part.numbers[0], part.text) for part in cut(text)] == [
        (2, "x = 1; y = '''\n'''; z = 3\n"),
        (4, "@a\n@b\ndef f():\n    pass\n"),
        (9, "w = 4"),
    ]


def test_a_slice_is_wanted_by_its_words_those_of_strings_and_comments_included() -> None:
    text = "a = b.Session\nc = 'Session'\nd = 1  # Session\ne = Sessions\n"
    parts = cut(text, lambda piece: "Session" in piece.words)
    assert [part.wanted for part in parts] == [True, True, True, False]


def test_methods_that_are_not_wanted_are_replaced_by_pass() -> None:
    text = (
        "class C:\n"
        "    @d(\n"
        "        1)\n"
        "    def a(self):\n"
        "        pass\n"
        "    # about b\n"
        "    async def b(self): Session\n"
        "    def c(self): pass\n"
        "    c = 1\n"
    )
    (part,) = cut(text, lambda piece: "Session" in piece.words)
    assert part.text == (
        "class C:\n    pass\n    # about b\n    async def b(self): Session\n    pass\n    c = 1\n"
    )
    assert list(part.numbers) == [1, 2, 6, 7, 8, 9]
    assert [method.name for method in part.methods] == ["a", "c"]


def test_methods_that_share_a_name_stay_together() -> None:
    text = "class C:\n    def x(self): pass\n    def x(self): Session\n    def y(self): pass\n"
    (part,) = cut(text, lambda piece: "Session" in piece.words)
    assert [method.name for method in part.methods] == ["y"]


def test_a_deep_method_is_left_out_and_a_deep_statement_is_not_wanted() -> None:
    deep = " + ".join(["a"] * 300)
    text = f"class C:\n    def x(self): {deep}\n    def y(self): pass\nz = {deep}\n"
    first, second = cut(text)
    assert ([method.name for method in first.methods], first.wanted, second.wanted) == (["x"], True, False)


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("-1", False),
        ("('session', -1, {'a': {1, 2.5}, None: [b'']})", False),
        ("(session, 1)", True),
        ("{**session}", True),
        ("f('session')", True),
        ("-session", True),
        ("lambda: 'session'", True),
    ],
)
def test_a_large_constant_is_not_wanted(value: str, wanted: bool) -> None:
    parts = cut(f"small = [{value}]\nlarge = [{value},\n{'1, ' * 10_000}]\n")
    assert [part.wanted for part in parts] == [True, wanted]


@pytest.mark.parametrize(
    ("text", "deep"),
    [
        ("+".join(["a"] * 150), False),
        ("+".join(["a"] * 250), True),
        (" or ".join(["a"] * 250), True),
        ("f(" + ", ".join(["a"] * 1_000) + ")", False),
        ("if a: pass\n" + "elif a: pass\n" * 500, False),
        ("if a: pass\n" + "".join(" " * i + "else:\n" + " " * i + " if a: pass\n" for i in range(60)), False),
        ("[a " + "for a in b " * 250 + "]", True),
    ],
)
def test_depth_is_that_of_libcst(text: str, deep: bool) -> None:
    assert is_deep(ast.parse(text).body) is deep


@pytest.mark.parametrize(
    ("text", "wild"),
    [
        ("[" * 101, True),
        ("[" * 99 + "]" * 99, False),
        ("'" + "[" * 200 + "'", False),
        ("# " + "[" * 200, False),
        ("'''\n" + "(" * 200 + "\n'''", False),
        ("a" + " + a" * 600, True),
        ("f(\n" + "a = b + c,\n" * 600 + ")", False),
        ("a = b + c\n" * 600, False),
        ("a.b(c, d)" + ".b(c, d)" * 600, True),
    ],
)
def test_text_that_nobody_has_read_yet_is_judged_by_its_tokens(text: str, wild: bool) -> None:
    assert is_wild(text) is wild


def test_what_libcst_stumbles_over_is_passed_over_or_refused_as_python_refuses_it() -> None:
    text = 'x = t"a" t"{b}"\n'
    assert parse(Slice(range(1, 2), text)) is None
    refusal = SyntaxRefused("invalid syntax", 1)
    with pytest.raises(SyntaxRefused):
        parse(Slice(range(1, 2), text, refusal=refusal))


def test_thresholds_of_the_collector_are_given_back_even_by_what_fails() -> None:
    before = gc.get_threshold()
    with pytest.raises(SyntaxRefused):
        check_source("def f(:", filename="a.py")
    assert gc.get_threshold() == before
    with collector.seldom():
        assert gc.get_threshold() > before
    with collector.paused():
        assert not gc.isenabled()
    assert gc.isenabled()
    assert gc.get_threshold() == before


def test_what_is_made_for_a_file_goes_without_the_collector() -> None:
    text = Path(__file__).with_name("fixtures").joinpath("ses102_close_skipped_on_error.py").read_text()
    project = Neighbourhood().project
    gc.collect()
    gc.disable()
    try:
        assert check_source(text, project=project)
        left = gc.collect()
    finally:
        gc.enable()
    assert left < 100


@pytest.mark.parametrize(
    "written",
    [
        "''",
        "'a'",
        '"a\'b"',
        r"'\'\"'",
        "'''a'''",
        '"""a\nb"""',
        "''''''",
        "'''a\r\nb'''",
        r"'a\n'",
        r"r'a\n'",
        "u'a'",
        "b'a'",
        "'é'",
        "'a' 'b'",
        r"'a' '\x62'",
        "'' ''",
    ],
)
def test_a_string_has_the_value_that_python_gives_it(written: str) -> None:
    node = cst.parse_expression(written)
    assert isinstance(node, cst.SimpleString | cst.ConcatenatedString)
    value = ast.literal_eval(written)
    assert text_of(node) == (value if isinstance(value, str) else None)
