"""``--fix``, ``--diff``, ``--interactive``: fixes files one by one, and says what was fixed and what is left.

One file's failure leaves that file as it was and the others untouched.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from flake8_session.cli import CLEAN, FAILED, FOUND
from flake8_session.cli.arguments import Options
from flake8_session.cli.asking import Asking
from flake8_session.cli.differences import difference
from flake8_session.cli.narrowing import Narrowing
from flake8_session.cli.progress import tracked
from flake8_session.cli.reading import Unreadable
from flake8_session.cli.record import reachable
from flake8_session.cli.recording import RecordingNeighbourhood
from flake8_session.cli.sources import Files
from flake8_session.cli.streams import PAPER, complain, say, terminal, write_bytes, write_whole
from flake8_session.cli.summary import counted, statistics
from flake8_session.configuration import Configuration
from flake8_session.diagnostics import Diagnostic
from flake8_session.fixing.choosing import Wanted
from flake8_session.fixing.rounds import Choice, Fixed, fix_text
from flake8_session.fixing.writing import NotWritten, encoded, target_of, write
from flake8_session.linting import is_looked_at, lint
from flake8_session.project import Neighbourhood
from flake8_session.reporting import FileFindings, renderer
from flake8_session.reporting.report import printable
from flake8_session.source.text import SyntaxRefused, decode, lines_of


@dataclass(frozen=True, slots=True)
class Mended:
    """What became of one file. `problem`: why it could not be read, or was not written."""

    filename: str
    before: str = ""
    fixed: Fixed = field(default_factory=lambda: Fixed(""))
    problem: str = ""
    unwritten: bool = False

    @property
    def changed(self) -> bool:
        return self.fixed.text != self.before


@dataclass(frozen=True, slots=True)
class Mender:
    """Fixes files in one way. `writes` is False where only the difference is to be shown."""

    configuration: Configuration
    wanted: Wanted
    writes: bool
    asking: Asking | None = None

    def mend(
        self, name: str, read: Callable[[str], bytes], around: Neighbourhood | None, *, to_file: bool
    ) -> Mended:
        """Fixes the file that is called `name` and that `read` gives; `to_file`: it is no standard input."""
        settings = self.configuration.settings_for(name)

        def linted(changed: str) -> Sequence[Diagnostic]:
            return lint(changed, name, settings, around, fixes=True).reported

        try:
            before = read(name)
            if to_file and not is_looked_at(before, settings):
                return Mended(name)
            text = decode(before)
            fixed = fix_text(text, linted, self._choice(name))
        except Unreadable as why:
            return Mended(name, problem=f"{name}: {why}")
        except SyntaxRefused as why:
            place = f"{name}:{why.line}" if why.line else name
            return Mended(name, problem=f"{place}: {why.reason}")
        mended = Mended(name, text, fixed)
        if not (mended.changed and self.writes and to_file):
            return mended
        problem = self._write(mended, before)
        if not problem:
            return mended
        untouched = Fixed(text, left=tuple(linted(text)))
        return Mended(name, text, untouched, f"{name}: not fixed: {problem}", unwritten=True)

    def _choice(self, name: str) -> Choice:
        def choice(finding: Diagnostic, text: str) -> bool:
            if not self.wanted.wants(finding):
                return False
            return self.asking is None or self.asking.agrees(name, finding, text)

        return choice

    def _write(self, mended: Mended, before: bytes) -> str:
        """Writes the file; gives why that could not be, `""` where it was."""
        try:
            after = encoded(mended.fixed.text, before, decode(before))
            write(target_of(mended.filename, self.configuration.root), before, after)
        except NotWritten as why:
            return str(why)
        return ""


def fix_files(
    paths: Sequence[str],
    files: Files,
    options: Options,
    configuration: Configuration,
    narrow: Narrowing,
    rests_on: set[str],
    *,
    failed: bool,
) -> int:
    """Fixes the files at `paths`, or shows what that would change, and gives the exit status.

    What a baseline lists is fixed like the rest, and not among what is left. The modules that the findings
    rest on are added to `rests_on`.
    """
    mender = _mender(options, configuration)
    mended: list[Mended] = []
    around = RecordingNeighbourhood(configuration.settings.src)
    # A bar would stand in the way of the questions.
    waiting = paths if options.interactive else tracked(paths, len(paths), "fixing", time.monotonic())
    for path in waiting:
        name = files.name(path)
        neighbours = None if files.stands_alone(name) else around
        done = mender.mend(name, files.read, neighbours, to_file=name == path)
        mended.append(_without_known(done, narrow))
        if done.problem:
            complain(done.problem)
        record, _ = around.take_record()
        rests_on |= reachable(record, record)
        if done.changed and mender.writes:
            # The old one remembers the file as it was.
            around = RecordingNeighbourhood(configuration.settings.src)
    if options.diff:
        shown = terminal(sys.stdout, options.color)
        for each in mended:
            if each.changed:
                say(difference(each.filename, each.before, each.fixed.text, shown))
    elif files.reads_stdin:
        _say_texts([each for each in mended if each.filename == files.stdin_name], files.read)
    _report(mended, files, options, configuration)
    return _status(mended, options, failed=failed)


def _without_known(mended: Mended, narrow: Narrowing) -> Mended:
    """`mended` without those of the findings left that the user wants to hear no more of."""
    kept = narrow.keep([FileFindings(mended.filename, mended.fixed.left, lines_of(mended.fixed.text))])
    left = kept[0].diagnostics if kept else ()
    return replace(mended, fixed=replace(mended.fixed, left=left))


def _mender(options: Options, configuration: Configuration) -> Mender:
    wanted = Wanted(options.unsafe_fixes, configuration.fixable, configuration.unfixable)
    asking = Asking(terminal(sys.stdout, options.color)) if options.interactive else None
    return Mender(configuration, wanted, not options.diff, asking)


def _say_texts(mended: Sequence[Mended], read: Callable[[str], bytes]) -> None:
    """Writes fixed texts to standard output, in the encoding in which they came in, or as they were."""
    for each in mended:
        try:
            before = read(each.filename)
        except Unreadable:
            continue
        try:
            content = before if each.problem else encoded(each.fixed.text, before, decode(before))
        except NotWritten as why:
            complain(f"{each.filename}: not fixed: {why}")
            content = before
        write_bytes(content)


def _report(mended: Sequence[Mended], files: Files, options: Options, configuration: Configuration) -> None:
    """What is left, on standard output unless that holds a text or a diff; then what was fixed."""
    aside = options.diff or files.reads_stdin
    shown = PAPER if options.output_file else terminal(sys.stderr if aside else sys.stdout, options.color)
    text = ""
    if not options.diff:
        left = [
            FileFindings(each.filename, each.fixed.left, lines_of(each.fixed.text))
            for each in mended
            if each.fixed.left
        ]
        counts = configuration.statistics
        text = statistics(left) if counts else renderer(configuration.output_format)(left, shown)
    if options.output_file:
        write_whole(options.output_file, text)
        text = ""
    if aside or configuration.output_format != "full":
        if not aside:
            say(text)
            text = ""
        sys.stderr.write(text + told(mended, each=options.show_fixes, conditional=options.diff))
    else:
        say(text + told(mended, each=options.show_fixes, conditional=False))


def _status(mended: Sequence[Mended], options: Options, *, failed: bool) -> int:
    """Failure where a file could not be written, or none could be read; else whether anything is left."""
    if failed or any(each.unwritten for each in mended) or (mended and all(each.problem for each in mended)):
        return FAILED
    if options.diff:
        return FOUND if any(each.changed for each in mended) and not options.exit_zero else CLEAN
    found = any(each.fixed.left for each in mended)
    fixed = options.exit_non_zero_on_fix and any(each.fixed.mended for each in mended)
    return FOUND if fixed or (found and not options.exit_zero) else CLEAN


def told(mended: Sequence[Mended], *, each: bool, conditional: bool) -> str:
    """What was fixed, what is left, and whose fix was taken back; with `each`, every one of them by name."""
    lines = [line for one in mended for line in _told(one, each)]
    fixed = sum(len(one.fixed.mended) for one in mended)
    left = sum(len(one.fixed.left) for one in mended)
    places = sum(bool(one.fixed.mended) for one in mended)
    if conditional:
        told_of = f"{counted(fixed, 'finding')} in {counted(places, 'file')}"
        lines.append(f"Would fix {told_of}; {left} would be left.")
    else:
        lines.append(f"Fixed {counted(fixed, 'finding')} in {counted(places, 'file')}; {left} left.")
    return "".join(f"{line}\n" for line in lines)


def _told(mended: Mended, each: bool) -> Iterator[str]:
    name = printable(mended.filename)
    if each and mended.fixed.mended:
        yield f"{name}:"
        counts = Counter((one.code, one.name) for one in mended.fixed.mended)
        for (code, rule), count in sorted(counts.items()):
            yield f"  {count} x {code} {rule}"
    for one in mended.fixed.withdrawn:
        where = one.function or "the module"
        yield f"{name}: a fix of {one.code} in `{where}` was taken back, since it made a new finding"
