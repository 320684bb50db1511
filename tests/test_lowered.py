"""What lowering gives besides graphs: spans, what is skimmed, and that it never fails."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import time
from dataclasses import replace
from pathlib import Path

import pytest

from flake8_session.diagnostics import Span
from flake8_session.flow import Lowered, lower_module
from flake8_session.flow.events import Call, Catch, Define, Import, Leave, Unmodelled
from flake8_session.flow.graph import Graph
from flake8_session.flow.outline import Applied, Either, Indexed, Literal, Named, Opaque, Parameter, Sequence
from flake8_session.source.slices import Piece
from flake8_session.source.text import SyntaxRefused, decode

SOURCE = '''\
"""Doc."""
from sqlalchemy.orm import Session; make: "Made[int] | None" = (1, -2)


def skimmed(a): return a.b

class C(Base):
    name = "c"

    @property
    def out(self):
        """Much text.
        More text.
        """
        return self.x

    def kept(
        self, engine,
    ):
        with Session(engine) as s:
            try:
                s.add(self)
            except (
                ValueError, KeyError
            ) as e:  # why
                pass
        return "ä" + s.close()
'''


def graph_of(lowered: Lowered, key: str) -> Graph:
    graph = lowered.outline.functions[key].graph
    assert graph is not None
    return graph


def spans(lowered: Lowered, key: str, kind: type) -> list[Span]:
    steps = graph_of(lowered, key).steps
    return [lowered.span(step.origin) for step in steps if isinstance(step.event, kind)]


def about_sessions(piece: Piece) -> bool:
    return "Session" in piece.words


@pytest.fixture(params=["all", "wanted"])
def lowered(request: pytest.FixtureRequest) -> Lowered:
    return lower_module(SOURCE, about_sessions if request.param == "wanted" else None)


def test_a_call_has_the_span_of_its_expression_counted_in_characters_of_the_file(lowered: Lowered) -> None:
    assert spans(lowered, "C.kept", Call) == [
        Span(20, 14, 20, 29), Span(22, 17, 22, 28), Span(27, 22, 27, 31),
    ]


def test_a_clause_has_the_span_of_its_header(lowered: Lowered) -> None:
    assert spans(lowered, "C.kept", Catch) == [Span(23, 13, 25, 20)]


def test_the_exit_of_a_with_stands_at_its_item(lowered: Lowered) -> None:
    assert set(spans(lowered, "C.kept", Leave)) == {Span(20, 14, 20, 34)}


def test_a_function_has_the_span_of_its_header(lowered: Lowered) -> None:
    assert lowered.span(lowered.outline.functions["C.kept"].origin) == Span(17, 5, 19, 7)


@pytest.mark.parametrize(
    ("header", "end"),
    [("def f():", 9), ("def f(a: int = 3) -> int :", 27), ("class C:", 9), ("class C(B, k=v):", 17)],
)
def test_the_header_ends_with_its_colon(header: str, end: int) -> None:
    lowered = lower_module(f"{header} pass\n")
    (step,) = (step for step in graph_of(lowered, "").steps if isinstance(step.event, Define))
    assert lowered.span(step.origin) == Span(1, 1, 1, end)


def test_what_is_not_wanted_is_in_the_outline_without_a_graph() -> None:
    outline = lower_module(SOURCE, about_sessions).outline
    without = [key for key, function in outline.functions.items() if function.graph is None]
    assert without == ["skimmed", "C.out"]


def test_the_outline_is_the_same_with_and_without_skimming() -> None:
    everything, skimmed = lower_module(SOURCE).outline, lower_module(SOURCE, about_sessions).outline
    assert skimmed.classes == everything.classes
    assert skimmed.imports == everything.imports
    assert skimmed.assigned == everything.assigned
    assert set(skimmed.functions) == set(everything.functions)
    for key, function in skimmed.functions.items():
        other = everything.functions[key]
        assert (function.parameters, function.decorators) == (other.parameters, other.decorators)
        assert (function.returns, function.parent) == (other.returns, other.parent)


def test_a_module_of_which_nothing_is_wanted_does_not_import_libcst() -> None:
    program = (
        "import sys\n"
        "from flake8_session.flow import lower_module\n"
        "lower_module('import a\\nx = a.b\\nclass C: pass\\ndef f(): pass\\n', lambda piece: False)\n"
        "sys.exit('libcst' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_the_module_binds_what_a_skimmed_statement_imports_defines_and_assigns() -> None:
    text = "import a.b\nfrom .c import d as e\ndef f(): pass\nif a:\n    x = y = 1\ns = Session(x, f)\n"
    graph = graph_of(lower_module(text, about_sessions), "")
    assert [step.event for step in graph.steps[:5]] == [
        Import("a", "a"),
        Import("e", "c", "d", 1),
        Define("f", "f"),
        Unmodelled(("x", "y")),
        Call("%1", "@Session", arguments=graph.steps[4].event.arguments),  # type: ignore[union-attr]
    ]


def test_a_method_is_left_out_alone_and_the_lines_of_the_others_stay_right() -> None:
    text = "class C:\r\n\tdef a(self):\r\n\t\tx\r\n\t\ty\r\n\tdef b(self):\r\n\t\tSession()\r\n"
    lowered = lower_module(text, about_sessions)
    assert lowered.outline.functions["C.a"].graph is None
    assert spans(lowered, "C.b", Call) == [Span(6, 3, 6, 12)]


def test_statements_of_one_line_are_lowered_in_order() -> None:
    graph = graph_of(lower_module("a = f(); b = g()\n"), "")
    assert [step.event.function for step in graph.steps if isinstance(step.event, Call)] == ["@f", "@g"]


def test_an_earlier_function_of_the_same_name_is_analysed_too() -> None:
    text = "def f(): return 1\nclass C:\n    def f(self): pass\ndef f(): return 2\ndef f(): return 3\n"
    assert list(lower_module(text).outline.functions) == ["", "f#2", "C.<body>", "C.f", "f#3", "f"]


def test_syntax_newer_than_this_python_is_read_as_one_slice() -> None:
    """A ``lazy import`` is accepted by no version of Python that this runs on, and by LibCST."""
    lowered = lower_module("lazy import json\n\ndef f(s):\n    s.close()\n")
    assert spans(lowered, "f", Call) == [Span(4, 5, 4, 14)]


AFTER = "\n\ndef g(s):\n    s.close()\n"
DEEP = {
    "sum": "def f(a):\n    return " + " + ".join(["a"] * 5_000),
    "union": "X = " + " | ".join(["a"] * 5_000),
    "calls": "def f(a):\n    return a" + ".b()" * 3_000,
    "attributes": "x = a" + ".b" * 5_000,
    "or": "x = " + " or ".join(["a"] * 5_000),
    "not": "x = " + "not " * 5_000 + "a",
    "lambda": "x = " + "lambda: " * 3_000 + "a",
    "elif": "def f(a):\n  if a: pass\n" + "  elif a.b: pass\n" * 3_000,
    "comprehension": "x = [a " + "for b in c " * 3_000 + "]",
    "strings": "x = " + "'a' " * 5_000,
    "brackets": "x = " + "[" * 90 + "]" * 90,
    "blocks": "def f(a):\n" + "".join("  " * i + "if a:\n" for i in range(1, 90)) + "  " * 90 + "a()",
    "copies": "def f(a):\n" + "".join(
        "  " * i + "try:\n" + "  " * i + "  a()\n" + "  " * i + "finally:\n" for i in range(1, 20)
    ) + "  " * 20 + "a()",
}


@pytest.mark.parametrize("name", DEEP)
def test_deep_code_is_read_or_passed_over_at_once_and_its_neighbour_is_read(name: str) -> None:
    started = time.process_time()
    lowered = lower_module(DEEP[name] + AFTER)
    assert time.process_time() - started < 4
    assert len(graph_of(lowered, "g").steps) == 3


def test_a_function_with_too_many_copies_of_finally_has_no_graph() -> None:
    assert lower_module(DEEP["copies"]).outline.functions["f"].graph is None


@pytest.mark.parametrize("name", ["blocks", "brackets"])
def test_the_stack_suffices_below_the_frames_of_others(name: str) -> None:
    def below(frames: int) -> Lowered:
        return lower_module(DEEP[name]) if frames == 0 else below(frames - 1)

    assert None not in [function.graph for function in below(150).outline.functions.values()]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("x = 1\ny = = 2\n", 2),
        ("x = " + "(" * 3_000 + ")" * 3_000, 1),
        ("def f(a):\n    return " + " + ".join(["a"] * 5_000) + "\nx = = 1\n", 3),
        ("print 'x'\n", 1),
        ("x = '\ud800'\n", 0),
        ("if x:\n\ty\n        z\n", 3),
    ],
)
def test_what_is_not_python_is_refused_with_one_line_at_once(text: str, line: int) -> None:
    with pytest.raises(SyntaxRefused) as refused:
        lower_module(text)
    assert refused.value.line == line
    assert refused.value.reason
    assert "\n" not in refused.value.reason


def test_null_bytes_are_refused() -> None:
    with pytest.raises(SyntaxRefused, match="null bytes"):
        lower_module("x = 1\0\n")


@pytest.mark.parametrize("text", ["", "\n", "# nothing\n", '"""Doc."""', "x = 1", "\x0cx = 1\n"])
def test_almost_nothing_is_read(text: str) -> None:
    assert set(lower_module(text).outline.functions) == {""}


STANDARD_LIBRARY = Path(sysconfig.get_path("stdlib"))
FILES = sorted(path for path in STANDARD_LIBRARY.rglob("*.py") if "site-packages" not in path.parts)


def test_a_sample_of_the_standard_library_is_read() -> None:
    functions = given_up = 0
    for path in FILES[:: len(FILES) // 150]:
        try:
            outline = lower_module(decode(path.read_bytes())).outline
        except SyntaxRefused:
            assert "bad" in path.name or "test" in path.parts
            continue
        functions += len(outline.functions)
        given_up += sum(function.graph is None for key, function in outline.functions.items() if key)
    assert functions > 1_000
    assert given_up < functions / 100


OUTLINED = '''\
import a.b, c as d
from .e import f as g, h
from i import *
__all__ = ["x", "y"]
x: "Annotated[Session, Depends(get)]" = d.make(1, *z, k=None)
if a:
    (y, w), v = (1, [None, "s", u]), t
elif b:
    import late
for m in n:
    o = p | q | r
    def inner(): yield
try:
    with k as l:
        s = b"bytes"
except E:
    class C(B[int], metaclass=M, **more):
        p = q = 0x10
        r: Mapped[list["A"]] = relationship("A", lazy="joined")
        if a:
            def method(self, /, a: int = 1, *b, c: "C | None", d=2, **e) -> "List[C]": return a
        @property
        def out(self): return lambda: (yield)
        class D: n = 1.5
while m: n += 1
match x:
    case 1: r = 1
@a.b("c")
async def f(): await g
'''


def test_an_outline_is_the_same_from_either_parser() -> None:
    full, skimmed = (lower_module(OUTLINED, wanted).outline for wanted in (None, lambda piece: False))
    assert skimmed.imports == full.imports
    assert skimmed.assigned == full.assigned
    assert skimmed.classes == full.classes
    assert skimmed.exports == full.exports == ("x", "y")
    assert {*skimmed.functions} == {"", "inner", "C.method", "C.out", "f"}
    for key, function in skimmed.functions.items():
        other = full.functions[key]
        assert function == replace(other, graph=None, origin=-1, annotations={})


def test_expressions_of_the_outline() -> None:
    outline = lower_module(OUTLINED).outline
    session = Indexed(
        Named("Annotated"), (Named("Session"), Applied(Named("Depends"), (("", Named("get")),)))
    )
    made = Applied(Named("d.make"), (("", Literal(1)), ("*", Named("z")), ("k", Literal(None))))
    assert outline.assigned["x"] == ((session, made),)
    assert outline.assigned["w"] == ((None, Sequence((Literal(None), Literal("s"), Named("u")))),)
    assert outline.assigned["o"] == ((None, Either((Named("p"), Named("q"), Named("r")))),)
    assert outline.assigned["s"] == ((None, Opaque()),)
    assert outline.assigned["n"] == ((None, Opaque()),)
    assert outline.classes["C"].bases == (Indexed(Named("B"), (Named("int"),)),)
    assert outline.classes["C"].keywords == (("metaclass", Named("M")), ("**", Named("more")))
    assert outline.classes["C"].methods == ("method", "out")
    assert outline.classes["C"].assigned["q"] == (None, Literal(16))
    assert outline.functions["C.method"].parameters == (
        Parameter("self", keyword="/"),
        Parameter("a", Named("int"), Literal(1)),
        Parameter("b", keyword="*args"),
        Parameter("c", Either((Named("C"), Literal(None))), keyword="*"),
        Parameter("d", default=Literal(2), keyword="*"),
        Parameter("e", keyword="**kwargs"),
    )
    assert outline.functions["C.method"].returns == Indexed(Named("List"), (Named("C"),))


def test_local_annotations_are_kept() -> None:
    outline = lower_module('def f():\n    db: "Session" = get()\n').outline
    assert outline.functions["f"].annotations == {"db": Named("Session")}
