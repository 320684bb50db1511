"""Runs the linter on real source trees and compares with the reports that were read there by hand.

    python ecosystem/run.py TREES [NAME ...] [--record]
    python ecosystem/run.py --table

TREES is a folder with the unpacked source of each tree that `reviewed.json` beside this file names, at
the commit or version that it names: `owner+name` (or `name`) for a repository, `name-version` for a
package. A tree that is not there is passed over, and said so. No code of theirs is executed.

`reviewed.json` holds facts only: where each report stood, and what a reader made of it. A *verdict* is
`right`, `minor` (right by the letter of the rule, and few would mend it), `wrong`, or `unread`. Lines are
those of the pinned tree, so that a report is known by its path, line and code.

Printed are the reports that are new (`+`), the right ones that are gone (`-`), the wrong ones that stand
(`!`), and how many of each code stand. Exits with 1 where a report is new, or a right one is gone. What
was wrong or minor and is gone is progress; it stays in the list, so that it is known when it comes back.
`--record` writes the new ones to the list as unread, for their verdicts to be filled in.
`--table` prints what the list says of each code, without running anything.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

ASKED_FOR = "SES107,SES108,SES109,SES308,SES901,SES902"
"""The rules that are off by default and whose reports are in the list. Not SES903, which is told by style."""

LIST = Path(__file__).with_name("reviewed.json")
VERDICTS = ("right", "minor", "wrong", "unread")


@dataclass(frozen=True, slots=True, order=True)
class Report:
    """One report in a tree; `why` is the reader's reason for the verdict."""

    path: str
    line: int
    code: str
    function: str = field(default="", compare=False)
    verdict: str = field(default="unread", compare=False)
    why: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Tree:
    """A source tree and what was ever reported in it; `version` is a commit, or that of a package."""

    name: str
    version: str
    reports: tuple[Report, ...]

    def folder(self, trees: Path) -> Path | None:
        """Where below `trees` it lies, if it does."""
        short = self.name.rpartition("/")[2]
        spellings = (self.name.replace("/", "+"), f"{short}-{self.version}", short)
        return next((trees / each for each in spellings if (trees / each).is_dir()), None)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the comparison; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("trees", type=Path, nargs="?")
    parser.add_argument("names", nargs="*", help="trees whose name holds one of these texts")
    parser.add_argument("--record", action="store_true", help="write what is new to the list, as unread")
    parser.add_argument("--table", action="store_true", help="what the list says of each code")
    arguments = parser.parse_args(argv)
    reviewed = _read()
    if arguments.table or arguments.trees is None:
        _show_table([report for tree in reviewed for report in tree.reports])
        return 0
    wanted = [
        tree for tree in reviewed if not arguments.names or any(name in tree.name for name in arguments.names)
    ]
    standing, news, lost = _compare(wanted, arguments.trees)
    _show_table(standing)
    if arguments.record:
        _write(replace(tree, reports=(*tree.reports, *news.get(tree.name, ()))) for tree in reviewed)
    return int(bool(lost or any(news.values())))


def _read() -> list[Tree]:
    trees = json.loads(LIST.read_text(encoding="utf-8"))
    return [
        Tree(tree["name"], tree["version"], tuple(Report(**report) for report in tree["reports"]))
        for tree in trees
    ]


def _write(trees: Iterable[Tree]) -> None:
    """The list with a report on each line, so that a change of it reads well."""
    written = []
    for tree in trees:
        reports = [f"    {json.dumps(asdict(report))}" for report in sorted(tree.reports)]
        inside = ",\n".join(reports)
        head = f'  {{"name": {json.dumps(tree.name)}, "version": {json.dumps(tree.version)}, "reports": ['
        written.append(f"{head}\n{inside}\n  ]}}" if reports else f"{head}]}}")
    LIST.write_text("[\n" + ",\n".join(written) + "\n]\n", encoding="utf-8")


def _compare(
    reviewed: Sequence[Tree], trees: Path
) -> tuple[list[Report], dict[str, list[Report]], list[Report]]:
    """The reports that stand with their verdicts, the new ones of each tree, and the right ones lost."""
    standing: list[Report] = []
    news: dict[str, list[Report]] = {}
    lost: list[Report] = []
    for tree in reviewed:
        folder = tree.folder(trees)
        if folder is None:
            print(f"{tree.name} {tree.version}: not here")
            continue
        found = set(_reports(folder))
        here = [report for report in tree.reports if report in found]
        news[tree.name] = sorted(found.difference(tree.reports))
        gone = [report for report in tree.reports if report not in found and report.verdict == "right"]
        print(f"{tree.name} {tree.version}: {len(found)} reports")
        _show("+", news[tree.name])
        _show("-", gone)
        _show("!", [report for report in here if report.verdict == "wrong"])
        standing += [*here, *news[tree.name]]
        lost += gone
    return standing, news, lost


def _reports(folder: Path) -> Iterator[Report]:
    """What the linter reports in a tree, without any configuration of the tree's own."""
    command = ["-m", "flake8_session", "--isolated", "--extend-select", ASKED_FOR]
    command += ["--output-format", "json", "."]
    run = subprocess.run(
        [sys.executable, *command], check=False, cwd=folder, capture_output=True, text=True
    )
    if not run.stdout:
        raise SystemExit(f"{folder}: {run.stderr.strip()}")
    for finding in json.loads(run.stdout):
        path = Path(finding["filename"]).as_posix()
        yield Report(path, finding["location"]["row"], finding["code"], finding["function"])


def _show(sign: str, reports: Iterable[Report]) -> None:
    for report in reports:
        judged = f" ({report.verdict}: {report.why})" if report.why else ""
        print(f"  {sign} {report.path}:{report.line}: {report.code} in {report.function}{judged}")
    sys.stdout.flush()


def _show_table(reports: Iterable[Report]) -> None:
    counts = Counter((report.code, report.verdict) for report in reports)
    print(f"\n| code | {' | '.join(VERDICTS)} |\n|---|{'---:|' * len(VERDICTS)}")
    for code in sorted({code for code, _ in counts}):
        print(f"| {code} | {' | '.join(str(counts[code, verdict]) for verdict in VERDICTS)} |")
    sums = (sum(count for (_, of), count in counts.items() if of == verdict) for verdict in VERDICTS)
    print(f"| all | {' | '.join(map(str, sums))} |")


if __name__ == "__main__":
    raise SystemExit(main())
