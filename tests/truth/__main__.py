"""``python -m tests.truth --n 10000``: random programs run, linted and compared; prints the table.

A disagreement is shrunk before it is shown. Exit status 1 if there was one. ``--cases`` holds the
fixtures' comments against their runs instead, and lists where a rule and the runs differ on purpose.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
from collections import Counter

from tests.truth import cases
from tests.truth.compare import Disagreement, Table, Verdict, describe, examine
from tests.truth.grammar import COUNTED, GRAMMARS, LEFT_OUT, Dice, write_program
from tests.truth.loud import BY_LETTER
from tests.truth.shrinking import shrink


def main() -> int:
    """Runs the comparison that the command line asks for."""
    options = _options()
    if options.cases:
        return _cases()
    table = Table()
    shown: Counter[tuple[str, str]] = Counter()
    begun = time.process_time()
    for number in range(options.seed, options.seed + options.n):
        text = write_program(Dice(number), options.grammar)
        verdict = examine(text)
        table.add(verdict)
        if verdict.crash and shown["crash", ""] < options.show:
            shown["crash", ""] += 1
            print(f"=== program {number}\n{text}\n{verdict.crash}")
        for found in verdict.disagreements:
            if (not options.code or found.code in options.code) and shown[found.key] < options.show:
                shown[found.key] += 1
                print(f"=== program {number}\n{_smallest(verdict, found)}\n", flush=True)
        if number % 200 == 199:
            gc.collect()
    seconds = time.process_time() - begun
    print(table)
    print(f"grammar {options.grammar}, seeds {options.seed} to {options.seed + options.n - 1}, ", end="")
    print(f"{seconds:.0f} s of CPU, {options.n / seconds:.1f} programs a second")
    left_out = ", ".join(f"{shape} ({count})" for shape, count in LEFT_OUT.items())
    print(f"no program has, with how many of {COUNTED} real functions do: {left_out}")
    return int(bool(table.missed or table.false or table.crashes))


def _cases() -> int:
    """Runs every fixture that can run; the number of lines on which comments and runs disagree."""
    wrong = runs = 0
    tally = cases.Tally()
    for path in sorted(cases.FIXTURES.glob("*.py")):
        text = path.read_text(encoding="utf-8")
        claims = set(cases.claims(text))
        if reason := cases.not_run(text):
            print(f"{path.name}: not run: {reason}")
            tally.add(path.name, claims, claims)
            continue
        try:
            compile(text, path.name, "exec", dont_inherit=True)
        except SyntaxError:
            print(f"{path.name}: not run: this Python does not read it")
            tally.add(path.name, claims, claims)
            continue
        outcome = cases.examine(text, path.name)
        runs += outcome.runs
        tally.add(path.name, claims, claims - outcome.borne)
        for line, kind, reason in cases.exceptions(text):
            print(f"{path.name}:{line}: {kind}: {reason}")
        for found in outcome.disagreements:
            wrong += 1
            said = "seen, not demanded" if found.missing else "demanded, not seen"
            print(f"{path.name}:{found.line}: DISAGREEMENT: {found.code} {said}")
    wrong += _projects(tally)
    for code, reason in BY_LETTER.items():
        print(f"{code}: by the letter of the rule: {reason}")
    print(tally)
    print(f"{runs} runs; {tally.confirmed} lines confirmed, {wrong} disagreements")
    return min(wrong, 1)


def _projects(tally: cases.Tally) -> int:
    """Runs the projects' modules; the number of reports that no run bears out."""
    wrong = 0
    for path in cases.with_claims():
        text, name = path.read_text(encoding="utf-8"), path.relative_to(cases.FIXTURES)
        claims = {each for each in cases.claims(text) if each[1] in cases.ASKED}
        if reason := cases.not_run(text):
            print(f"{name}: not run: {reason}")
            tally.add(str(name), claims, claims)
            continue
        excused = list(cases.exceptions(text))
        for line, kind, reason in excused:
            print(f"{name}:{line}: {kind}: {reason}")
        unborne = cases.unborne(path)
        stricter = {each for each in claims if any(line == each[0] for line, _, _ in excused)}
        tally.add(str(name), claims, unborne | stricter)
        for line, code in sorted(unborne):
            wrong += 1
            print(f"{name}:{line}: DISAGREEMENT: {code} demanded, not seen")
    return wrong


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.truth", description=__doc__)
    parser.add_argument("--cases", action="store_true", help="the fixtures, not random programs")
    parser.add_argument("--n", type=int, default=1000, help="how many programs")
    parser.add_argument("--seed", type=int, default=0, help="the first program's number")
    parser.add_argument("--grammar", choices=sorted(GRAMMARS), default="final")
    parser.add_argument("--code", action="append", help="show only disagreements of this code")
    parser.add_argument("--show", type=int, default=2, help="disagreements shown of each kind and code")
    return parser.parse_args()


def _smallest(verdict: Verdict, found: Disagreement) -> str:
    """The disagreement in the smallest program that has it."""

    def still(text: str) -> bool:
        try:
            smaller = examine(text)
        except Exception:
            return False
        if smaller.unbound_late and not verdict.unbound_late:
            return False
        return any(each.key == found.key for each in smaller.disagreements)

    smaller = examine(shrink(verdict.text, still))
    kept = next((each for each in smaller.disagreements if each.key == found.key), None)
    return describe(smaller, kept) if kept is not None else describe(verdict, found)


if __name__ == "__main__":
    sys.exit(main())
