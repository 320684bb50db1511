"""What can be written on the command line of ``session-lint``, and what it amounts to."""

from __future__ import annotations

import argparse
import difflib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NoReturn

import flake8_session
from flake8_session.cli.streams import say
from flake8_session.configuration.knobs import BY_KEY, KNOBS, Kind, Knob
from flake8_session.configuration.values import COMMAND_LINE, ConfigurationError, Value, checked_text

STANDARD_INPUT = "-"
_KNOBS = frozenset(knob.field for knob in KNOBS)
_SELECTING = ("select", "extend-select", "ignore", "extend-ignore")


@dataclass(frozen=True, slots=True)
class Options:
    """The command line, read: the paths, the values for keys of the configuration, and what else is asked."""

    paths: tuple[str, ...] = (".",)
    values: dict[str, Value] = field(default_factory=dict)
    stdin_filename: str = ""
    config: str = ""
    isolated: bool = False
    exit_zero: bool = False
    fix: bool = False
    diff: bool = False
    interactive: bool = False
    unsafe_fixes: bool = False
    show_fixes: bool = False
    exit_non_zero_on_fix: bool = False
    output_file: str = ""
    show_settings: bool = False
    show_files: bool = False
    show_summary: str = ""
    add_noqa: str | None = None
    """The reason to write, `""` for none; None where no comments are to be written."""
    write_baseline: bool = False
    prune_baseline: bool = False
    diff_base: str = ""
    watch: bool = False
    explain: str = ""
    list_rules: bool = False
    completion: str = ""
    color: str = "auto"

    @property
    def fixes(self) -> bool:
        """Whether files are to be fixed, or shown as they would be."""
        return self.fix or self.diff or self.interactive

    @property
    def asks_a_question(self) -> bool:
        """Whether it is the linter that is asked about, and nothing is to be linted."""
        shown = (self.show_settings, self.show_files, self.show_summary)
        return any((self.explain, self.list_rules, self.completion, *shown))


class _Parser(argparse.ArgumentParser):
    """Misuse is one line, as all that goes wrong, instead of a page of usage."""

    def error(self, message: str) -> NoReturn:
        raise ConfigurationError(f"{COMMAND_LINE}: {message}")

    def _print_message(self, message: str, file: object = None) -> None:
        """Help and version go the way of all that is said: argparse itself keeps a full disk to itself."""
        say(message)


class _Switch(argparse.Action):
    """A key that is on or off: ``--cache`` and ``--no-cache``, told in one line of the help."""

    def __init__(self, option_strings: Sequence[str], dest: str, help: str) -> None:
        super().__init__(option_strings, dest, nargs=0, help=help)

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        is_off = option_string is not None and option_string.startswith("--no-")
        setattr(namespace, self.dest, "false" if is_off else "true")


def read_arguments(argv: Sequence[str]) -> Options:
    """Reads the command line. Raises `ConfigurationError`, and `SystemExit` behind ``--help``."""
    # A bare --add-noqa must not take the path behind it for its reason.
    spelled = ["--add-noqa=" if argument == "--add-noqa" else argument for argument in argv]
    command = parser()
    known, unknown = command.parse_known_args(spelled)
    if unknown:
        name = unknown[0].partition("=")[0]
        raise ConfigurationError(f"{COMMAND_LINE}: there is no option {name}{_meant(name, command)}")
    parsed = vars(known)
    for field_, given in parsed.items():
        # An empty variable of a shell must not turn into the lack of an option.
        if given == "" and field_ not in {"add_noqa", *_KNOBS}:
            raise ConfigurationError(f"{COMMAND_LINE}: --{field_.replace('_', '-')} needs a value")
    parsed = {field_: given for field_, given in parsed.items() if given is not None or field_ in _KNOBS}
    if "\n" in (parsed.get("add_noqa") or ""):
        raise ConfigurationError("command line: the reason of --add-noqa must be one line")
    values = {
        knob.key: checked_text(knob.key, ",".join(raw) if isinstance(raw, list) else raw, COMMAND_LINE)
        for knob in KNOBS
        if (raw := parsed.pop(knob.field)) is not None
    }
    paths = tuple(parsed.pop("paths")) or (".",)
    options = Options(paths=paths, values=values, **parsed)
    _check_agreement(options)
    return options


def _check_agreement(options: Options) -> None:
    """Raises `ConfigurationError` where options ask for several things at once, or for a part as a whole."""
    asked = {
        "--interactive": options.interactive,
        "--diff": options.diff,
        "--fix": options.fix and not (options.diff or options.interactive),
        "--add-noqa": options.add_noqa is not None,
        "--write-baseline": options.write_baseline,
        "--prune-baseline": options.prune_baseline,
    }
    several = [name for name, is_asked in asked.items() if is_asked]
    if options.diff_base and options.write_baseline:
        several.append("--diff-base")
    if STANDARD_INPUT in options.paths:
        # It cannot be written to or looked at again, and is not there for answers.
        impossible = [name for name in ("--interactive", "--add-noqa") if asked[name]]
        several = [*impossible, *(["--watch"] if options.watch else []), STANDARD_INPUT]
    if len(several) > 1:
        raise ConfigurationError(f"{COMMAND_LINE}: {several[0]} and {several[1]} do not go together")


def _meant(name: str, command: argparse.ArgumentParser) -> str:
    """What may have been meant by an option that does not exist."""
    if os.path.lexists(name):
        return f"; if it is a path, write ./{name}"
    known = [option for action in command._actions for option in action.option_strings]
    near = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]}?" if near else ""


def parser() -> argparse.ArgumentParser:
    """The command line as argparse has it; help, completion and the documentation are made from it."""
    command = _Parser(
        prog="session-lint",
        description="Finds misuse of SQLAlchemy sessions.",
        epilog="Exit status: 0 nothing found, 1 something found, 2 wrong usage or nothing could be read.",
        allow_abbrev=False,
    )
    command.add_argument("paths", nargs="*", metavar="PATH", help="files and folders; - for standard input")
    command.add_argument("--version", action="version", version=f"session-lint {flake8_session.__version__}")
    _add_choices(command.add_argument_group("what is reported"), _SELECTING)
    files = command.add_argument_group("which files")
    files.add_argument("--show-files", action="store_true", help="list the files that would be linted")
    files.add_argument("--stdin-filename", metavar="PATH", help="the name of what - reads")
    _add_choices(files, ("exclude", "extend-exclude", "per-file-ignores"))
    _add_adopting(command)
    _add_fixing(command)
    _add_output(command)
    settings = command.add_argument_group("configuration")
    settings.add_argument("--config", metavar="FILE", help="read the settings from this file")
    settings.add_argument("--isolated", action="store_true", help="read no settings from files")
    _add_choices(settings, _remaining(command))
    settings.add_argument("--show-settings", action="store_true", help="show what is set, and by what")
    explanations = command.add_argument_group("explanations")
    explanations.add_argument("--explain", metavar="CODE", help="show the page of a rule")
    explanations.add_argument("--completion", choices=("bash", "zsh", "fish"),
                              help="print a script that makes this shell complete the options")
    explanations.add_argument(
        "--show-summary", metavar="MODULE", help="show what is known of a module of the project"
    )
    explanations.add_argument("--list-rules", action="store_true", help="list all rules")
    return command


def _add_adopting(command: argparse.ArgumentParser) -> None:
    adopting = command.add_argument_group("adopting")
    adopting.add_argument("--add-noqa", default=None, metavar="[=REASON]",
                          help="write a `# noqa` comment for every finding")
    _add_choices(adopting, ("baseline",))
    adopting.add_argument("--write-baseline", action="store_true", help="list today's findings in that file")
    adopting.add_argument("--prune-baseline", action="store_true", help="take what is gone out of that file")
    adopting.add_argument("--diff-base", metavar="REV",
                          help="report only what stands on lines changed since this git revision")


def _add_fixing(command: argparse.ArgumentParser) -> None:
    fixing = command.add_argument_group("fixing")
    switches = {
        "fix": "mend what can be mended safely",
        "diff": "show what --fix would change, and change nothing",
        "interactive": "ask about each fix",
        "unsafe-fixes": "take fixes that may also change timing, data or types",
        "show-fixes": "list what was fixed",
        "exit-non-zero-on-fix": "exit with 1 where something was fixed, also if nothing is left",
    }
    for name, summary in switches.items():
        fixing.add_argument(f"--{name}", action="store_true", help=summary)
    _add_choices(fixing, ("fixable", "unfixable"))


def _add_output(command: argparse.ArgumentParser) -> None:
    output = command.add_argument_group("output")
    _add_choices(output, ("output-format", "statistics"))
    output.add_argument("--output-file", metavar="PATH", help="write the report to this file")
    output.add_argument("--exit-zero", action="store_true", help="exit with 0 also where something is found")
    output.add_argument("--watch", action="store_true", help="lint again whenever a file changes")
    output.add_argument("--color", choices=("auto", "always", "never"), default="auto", help="use colours")


def _remaining(command: argparse.ArgumentParser) -> list[str]:
    known = {action.dest for action in command._actions}
    return [knob.key for knob in KNOBS if knob.field not in known]


def _add_choices(group: argparse._ArgumentGroup, keys: Sequence[str]) -> None:
    for key in keys:
        _add_knob(group, BY_KEY[key])


def _add_knob(group: argparse._ArgumentGroup, knob: Knob) -> None:
    names = ["-j", f"--{knob.key}"] if knob.key == "jobs" else [f"--{knob.key}"]
    if knob.kind is Kind.SWITCH:
        group.add_argument(*names, f"--no-{knob.key}", dest=knob.field, action=_Switch, help=knob.summary)
    elif knob.kind is Kind.CHOICE:
        group.add_argument(*names, dest=knob.field, choices=knob.choices, help=knob.summary)
    else:
        # Of a list that is given in parts all parts count.
        action = "append" if knob.kind in _LISTS else "store"
        group.add_argument(
            *names, dest=knob.field, action=action, metavar=_METAVARS[knob.kind], help=knob.summary
        )


_LISTS = (Kind.CODES, Kind.NAMES, Kind.PATTERNS, Kind.FOLDERS, Kind.PER_FILE)
_METAVARS = {
    Kind.CODES: "CODES",
    Kind.NAMES: "NAMES",
    Kind.PATTERNS: "PATTERNS",
    Kind.FOLDERS: "FOLDERS",
    Kind.PER_FILE: "PATTERN:CODES",
    Kind.COUNT: "N",
    Kind.PATH: "PATH",
    Kind.VERSION: "VERSION",
}
