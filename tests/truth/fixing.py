"""Programs run before and after they are fixed, and both held against each other.

``python -m tests.truth.fixing --n 2000``: random programs, fixed safely and then also unsafely. What is
demanded of every fixed program:

- it still loads,
- the witness of every finding that was mended is gone, and no run shows a new one,
- every run without an injected failure makes the same opaque calls with the same values in the same
  order, and yields and returns the same; where a run has shown a misuse, up to that,
- where only safe fixes were made, every such run leaves the same rows behind.
"""

from __future__ import annotations

import argparse
import functools
import gc
import sys
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field

from flake8_session.checker import check_source
from flake8_session.diagnostics import Diagnostic
from flake8_session.fixing.choosing import Wanted
from flake8_session.fixing.rounds import fix_text
from flake8_session.settings import Settings
from tests.truth.faults import Mended, log_faults, witness_faults
from tests.truth.grammar import GRAMMARS, Dice, write_program
from tests.truth.logs import Executed, Key, execute
from tests.truth.shrinking import shrink


@dataclass(frozen=True, slots=True)
class Result:
    """What fixing one program has shown. `fixed` is None where no fix changes it.

    `compared` are the functions that were run before and after; of a program without any nothing is known.
    """

    before: str
    fixed: Mended | None
    faults: tuple[str, ...] = ()
    compared: frozenset[str] = frozenset()


def mend(text: str, *, unsafe: bool, settings: Settings = Settings()) -> Mended:
    """The program with its fixes."""
    wanted = Wanted(unsafe=unsafe)
    seen: dict[int, tuple[Diagnostic, Key]] = {}

    def wants(finding: Diagnostic, now: str) -> bool:
        seen[id(finding)] = finding, _key(finding, now)
        return wanted.wants(finding)

    fixed = fix_text(text, lambda changed: check_source(changed, settings=settings, fixes=True), wants)
    return Mended(fixed.text, tuple(seen[id(each)][1] for each in fixed.mended), len(fixed.withdrawn))


def examine(text: str, *, unsafe: bool, settings: Settings = Settings()) -> Result:
    """Fixes a program and holds its runs against those of the fixed one."""
    fixed = mend(text, unsafe=unsafe, settings=settings)
    if fixed.text == text:
        return Result(text, None)
    before = _before(text)
    try:
        after = execute(fixed.text)
    except SyntaxError as error:
        return Result(text, fixed, (f"does not compile: {error}",))
    functions = before.sound & after.complete
    faults = [*witness_faults(text, fixed, before, after, functions)]
    faults += log_faults(before, after, functions, fixed, rows=not unsafe)
    if mend(fixed.text, unsafe=unsafe, settings=settings).text != fixed.text:
        faults.append("a second time changes something")
    return Result(text, fixed, tuple(faults), functions)


@functools.lru_cache(maxsize=1)
def _before(text: str) -> Executed:
    """The runs of the program as it was: safe fixes and unsafe ones are held against the same."""
    return execute(text)


def _key(finding: Diagnostic, text: str) -> Key:
    lines = text.splitlines()
    line = lines[finding.span.line - 1] if finding.span.line <= len(lines) else ""
    return finding.code, finding.function.partition(".")[0], " ".join(line.split())


@dataclass(slots=True)
class Sums:
    """What many programs have shown."""

    programs: int = 0
    changed: int = 0
    faulty: int = 0
    withdrawn: int = 0
    mended: Counter[str] = field(default_factory=Counter)

    def add(self, result: Result) -> None:
        self.programs += 1
        self.faulty += bool(result.faults)
        if result.fixed is None or not (result.compared or result.faults):
            return
        self.changed += 1
        self.withdrawn += result.fixed.withdrawn
        self.mended.update(code for code, *_ in result.fixed.keys)


def main() -> int:
    """Fixes and runs the programs that the command line asks for."""
    options = _options()
    begun = time.process_time()
    total = 0
    for unsafe in KINDS[options.only]:
        sums = Sums()
        shown = 0
        for number in range(options.seed, options.seed + options.n):
            text = write_program(Dice(number), options.grammar)
            try:
                result = examine(text, unsafe=unsafe)
            except Exception:
                result = Result(text, Mended(text), (traceback.format_exc(limit=-4),))
            sums.add(result)
            if result.faults:
                print(f"program {number}: {'; '.join(result.faults)}"[:400], flush=True)
            if result.faults and shown < options.show:
                shown += 1
                print(
                    f"=== program {number}, {'unsafe' if unsafe else 'safe'}\n{_told(result, unsafe)}\n",
                    flush=True,
                )
            if number % 200 == 199:
                gc.collect()
        total += sums.faulty
        kind = "with unsafe" if unsafe else "safe"
        print(f"{kind} fixes: {sums.changed} of {sums.programs} programs were changed,")
        print(f"  {dict(sorted(sums.mended.items()))}, {sums.withdrawn} taken back, {sums.faulty} faulty")
    print(f"{time.process_time() - begun:.0f} s of CPU")
    return int(bool(total))


KINDS = {"": (False, True), "safe": (False,), "unsafe": (True,)}
"""Whether unsafe fixes are made as well, by what the command line asks for."""


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.truth.fixing", description=__doc__)
    parser.add_argument("--n", type=int, default=200, help="how many programs")
    parser.add_argument("--seed", type=int, default=0, help="the first program's number")
    parser.add_argument("--grammar", choices=sorted(GRAMMARS), default="develop")
    parser.add_argument("--only", choices=sorted(KINDS), default="", help="one kind of fixes alone")
    parser.add_argument("--show", type=int, default=3, help="faulty programs that are shown")
    return parser.parse_args()


def _told(result: Result, unsafe: bool) -> str:
    """The smallest program with the same kind of fault."""
    kind = result.faults[0].partition(":")[0].split()[0]

    def still(text: str) -> bool:
        try:
            smaller = examine(text, unsafe=unsafe)
        except Exception:
            return False
        return any(each.startswith(kind) for each in smaller.faults)

    small = shrink(result.before, still, 150)
    try:
        result = examine(small, unsafe=unsafe)
    except Exception:
        return f"{small}\n{result.faults}"
    if result.fixed is None:
        return small
    faults = "\n".join(result.faults)
    return f"{_body(result.before)}\n--- fixed:\n{_body(result.fixed.text)}\n--- {faults}"


def _body(text: str) -> str:
    """Without the imports and models."""
    start = max(text.find("\ndef "), 0)
    first = text.find("\nasync def ")
    return text[min(start, first) if first >= 0 else start :]

if __name__ == "__main__":
    sys.exit(main())
