"""Rounds of fixes: what goes into one, and what becomes of a fix that does not do what it promised."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from flake8_session.diagnostics import Applicability, Diagnostic, Edit, Fix, Span
from flake8_session.fixing import Wanted, fix_source
from flake8_session.fixing.applying import applied, overlap
from flake8_session.fixing.rounds import fix_text

WORDS = "alpha\nbeta\ngamma\n"


def finding(
    line: int, word: str, code: str = "SES101", function: str = "", imports: bool = False
) -> Diagnostic:
    """A finding on a whole line that is mended by `word` in its place."""
    span = Span(line, 1, line + 1, 1)
    fix = Fix("mend", Applicability.SAFE, (Edit(span, f"{word}\n"),), imports=imports)
    return Diagnostic(span, code, "rule", "wrong", function=function, fix=fix)


def linter(rewrites: dict[str, str], per_line: bool = True) -> Callable[[str], Sequence[Diagnostic]]:
    """A linter that reports each line that is a key, and mends it by the value."""

    def lint(text: str) -> list[Diagnostic]:
        return [
            finding(number, rewrites[line], function=line if per_line else "")
            for number, line in enumerate(text.splitlines(), 1)
            if line in rewrites
        ]

    return lint


def everything(_: Diagnostic, __: str) -> bool:
    return True


def test_all_that_is_wrong_is_mended() -> None:
    fixed = fix_text(WORDS, linter({"alpha": "one", "gamma": "three"}), everything)
    assert fixed.text == "one\nbeta\nthree\n"
    assert [each.span.line for each in fixed.mended] == [1, 3]
    assert not fixed.left
    assert not fixed.withdrawn


def test_what_a_fix_reveals_is_mended_in_a_later_round() -> None:
    rewrites = {"alpha": "alpha = 0", "alpha = 0": "alpha = 1"}
    fixed = fix_text(WORDS, linter(rewrites, per_line=False), everything)
    assert fixed.text == WORDS, "the new finding is one that was not there before"
    assert [each.span.line for each in fixed.withdrawn] == [1]


def test_one_function_is_mended_once_in_a_round() -> None:
    asked: list[str] = []

    def lint(text: str) -> list[Diagnostic]:
        asked.append(text)
        return linter({"alpha": "one", "beta": "two", "gamma": "three"}, per_line=False)(text)

    fixed = fix_text(WORDS, lint, everything)
    assert fixed.text == "one\ntwo\nthree\n"
    assert asked == [WORDS, "one\nbeta\ngamma\n", "one\ntwo\ngamma\n", "one\ntwo\nthree\n"]


def test_functions_are_mended_together() -> None:
    asked: list[str] = []

    def lint(text: str) -> list[Diagnostic]:
        asked.append(text)
        return linter({"alpha": "one", "beta": "two"})(text)

    fix_text(WORDS, lint, everything)
    assert asked == [WORDS, "one\ntwo\ngamma\n"]


def test_a_fix_that_breaks_the_syntax_is_withdrawn_and_the_others_stay() -> None:
    fixed = fix_text(WORDS, linter({"alpha": "(", "gamma": "three"}), everything)
    assert fixed.text == "alpha\nbeta\nthree\n"
    assert [each.span.line for each in fixed.withdrawn] == [1]
    assert [each.span.line for each in fixed.left] == [1]


def test_a_text_in_the_words_of_a_newer_python_is_fixed() -> None:
    """From Python 3.14 on several exceptions need no brackets; older ones refuse that."""
    text = """\
from sqlalchemy.orm import Session


def newer(work):
    try:
        work()
    except KeyError, ValueError:
        pass


def leaking(engine):
    session = Session(engine)
    session.commit()
"""
    fixed = fix_source(text)
    assert fixed.text.endswith("    with Session(engine) as session:\n        session.commit()\n")
    assert not fixed.withdrawn


def test_a_fix_that_mends_nothing_is_withdrawn() -> None:
    fixed = fix_text(WORDS, lambda text: [finding(1, f"{text.splitlines()[0]}  # more")], everything)
    assert fixed.text == WORDS
    assert len(fixed.withdrawn) == 1


def test_a_fix_that_makes_a_new_finding_is_withdrawn() -> None:
    def lint(text: str) -> list[Diagnostic]:
        found = linter({"alpha": "one"})(text)
        return found + ([finding(1, "x", "SES102")] if text.startswith("one") else [])

    fixed = fix_text(WORDS, lint, everything)
    assert fixed.text == WORDS
    assert [each.code for each in fixed.withdrawn] == ["SES101"]


def test_what_was_withdrawn_is_tried_again_when_others_are_mended() -> None:
    """The first fix is good only once the second was made."""

    def lint(text: str) -> list[Diagnostic]:
        found = linter({"alpha": "one", "gamma": "three"}, per_line=False)(text)
        return found + ([finding(1, "x", "SES102")] if text.startswith("one") and "gamma" in text else [])

    fixed = fix_text(WORDS, lint, everything)
    assert fixed.text == "one\nbeta\nthree\n"
    assert not fixed.withdrawn


def test_what_is_declined_is_left_alone() -> None:
    fixed = fix_text(WORDS, linter({"alpha": "one", "gamma": "three"}), lambda each, _: each.span.line == 3)
    assert fixed.text == "alpha\nbeta\nthree\n"
    assert not fixed.withdrawn


def test_what_others_have_made_safe_is_offered_again() -> None:
    """The first fix is unsafe until the second was made."""

    def lint(text: str) -> list[Diagnostic]:
        found = linter({"alpha": "one", "gamma": "three"})(text)
        if "gamma" not in text:
            return found
        fix = replace(found[0].fix, applicability=Applicability.UNSAFE) if found[0].fix else None
        return [replace(found[0], fix=fix), *found[1:]]

    fixed = fix_text(WORDS, lint, lambda each, _: Wanted().wants(each))
    assert fixed.text == "one\nbeta\nthree\n"
    assert fix_text(fixed.text, lint, everything).text == fixed.text


def test_of_findings_that_are_called_alike_each_is_asked_for() -> None:
    asked: list[int] = []

    def choice(each: Diagnostic, _: str) -> bool:
        asked.append(each.span.line)
        return each.span.line == 2

    fixed = fix_text("alpha\nalpha\nalpha\n", linter({"alpha": "one"}), choice)
    assert fixed.text == "alpha\none\nalpha\n"
    assert asked == [1, 2, 3]


def test_fixes_that_touch_imports_come_last() -> None:
    order: list[str] = []

    def lint(text: str) -> list[Diagnostic]:
        order.append(text)
        lines = text.splitlines()
        found = [finding(1, "one", function="f", imports=True)] if lines[0] == "alpha" else []
        return found + ([finding(2, "two", function="g")] if lines[1] == "beta" else [])

    fix_text(WORDS, lint, everything)
    assert order[1:] == ["alpha\ntwo\ngamma\n", "one\ntwo\ngamma\n"]


def test_the_outer_of_two_functions_comes_first() -> None:
    def lint(text: str) -> list[Diagnostic]:
        if "one" in text:
            return []
        inner = finding(1, "inner", function="f.<locals>.g")
        outer = finding(1, "one", function="f")
        return [inner, outer]

    fixed = fix_text(WORDS, lint, everything)
    assert fixed.text == "one\nbeta\ngamma\n"
    assert [each.function for each in fixed.mended] == ["f"]


def test_edits_are_made_from_the_end() -> None:
    edits = [Edit(Span(1, 1, 1, 3), "AL"), Edit(Span(2, 5, 3, 1), "!\n"), Edit(Span(3, 6, 4, 1), "")]
    assert applied(WORDS, edits) == "ALpha\nbeta!\ngamma"


def test_edits_that_only_touch_do_not_overlap() -> None:
    first, second = Edit(Span(1, 1, 2, 1), "x"), Edit(Span(2, 1, 3, 1), "y")
    assert not overlap([first], [second])
    assert overlap([first], [Edit(Span(1, 5, 2, 2), "")])
    assert overlap([first], [first])


def test_fixable_and_unfixable_choose_by_prefix_and_the_longer_wins() -> None:
    assert Wanted().is_fixable("SES101")
    assert not Wanted(fixable=("SES2",)).is_fixable("SES101")
    assert Wanted(unfixable=("SES1",), fixable=("SES101",)).is_fixable("SES101")
    assert not Wanted(unfixable=("SES1",), fixable=("SES101",)).is_fixable("SES102")
    assert not Wanted(unfixable=("SES1",), fixable=("SES1",)).is_fixable("SES101")
    assert not Wanted(unfixable=("SES",)).is_fixable("SES101")


def test_unsafe_fixes_must_be_asked_for() -> None:
    text = "from sqlalchemy.orm import Session\ndef f(e):\n    s = Session(e)\n    return s.get(User, 1)\n"
    assert fix_source(text).text == text
    assert "with Session(e) as s:" in fix_source(text, wanted=Wanted(unsafe=True)).text
