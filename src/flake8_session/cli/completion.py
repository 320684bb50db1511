"""Scripts that make a shell complete the options of ``session-lint``, made from the options themselves."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

_PROGRAM = "session-lint"
_FILES = ("PATH", "FILE")
_BASH_FILES = """local IFS=$'\\n'; COMPREPLY=($(compgen -f -- "$current"));"""


@dataclass(frozen=True, slots=True)
class _Option:
    """One option: its names, what it is for, whether it takes a value, and which values if they are few."""

    names: tuple[str, ...]
    summary: str
    takes_value: bool
    values: tuple[str, ...]
    takes_file: bool


def completion(shell: str, command: argparse.ArgumentParser) -> str:
    """The script for `shell`, one of `SHELLS`."""
    return SHELLS[shell](list(_options(command)))


def _options(command: argparse.ArgumentParser) -> Iterator[_Option]:
    for action in command._actions:
        values = tuple(map(str, action.choices or ()))
        off = tuple(name for name in action.option_strings if name.startswith("--no-"))
        on = tuple(name for name in action.option_strings if name not in off)
        for names, summary in ((on, action.help or ""), (off, f"do not {action.help}")):
            if names:
                yield _Option(names, summary, action.nargs != 0, values, action.metavar in _FILES)


def _bash(options: list[_Option]) -> str:
    names = " ".join(name for option in options for name in option.names)
    cases = "".join(
        f"        {'|'.join(option.names)}) {_bash_values(option)} return ;;\n"
        for option in options
        if option.takes_value
    )
    return f"""\
_session_lint() {{
    local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}}
    if [[ $current == "=" ]]; then
        current=
    elif [[ $previous == "=" ]]; then
        previous=${{COMP_WORDS[COMP_CWORD-2]}}
    fi
    case $previous in
{cases}    esac
    if [[ $current == -* ]]; then
        COMPREPLY=($(compgen -W "{names}" -- "$current"))
    else
        {_BASH_FILES}
    fi
}}
complete -o filenames -F _session_lint {_PROGRAM}
"""


def _bash_values(option: _Option) -> str:
    if option.values:
        return f'COMPREPLY=($(compgen -W "{" ".join(option.values)}" -- "$current"));'
    return _BASH_FILES if option.takes_file else "COMPREPLY=();"


def _zsh(options: list[_Option]) -> str:
    """Works as a file on zsh's ``fpath``, which is called as the function itself, and for ``eval``."""
    lines = "".join(
        f"        {_zsh_option(option, name)} \\\n" for option in options for name in option.names
    )
    return f"""\
#compdef {_PROGRAM}
_session_lint() {{
    _arguments -s \\
{lines}        '*:path:_files'
}}
if [[ ${{funcstack[1]}} == _session_lint || ${{funcstack[1]}} == _session-lint ]]; then
    _session_lint "$@"
else
    compdef _session_lint {_PROGRAM}
fi
"""


def _zsh_option(option: _Option, name: str) -> str:
    summary = option.summary.replace("'", "'\\''").replace("[", "\\[").replace("]", "\\]").replace(":", "\\:")
    value = ""
    if option.takes_value:
        kind = f"({' '.join(option.values)})" if option.values else "_files" if option.takes_file else " "
        value = f":value:{kind}"
    return f"'{name}{'=' if value and name.startswith('--') else ''}[{summary}]{value}'"


def _fish(options: list[_Option]) -> str:
    return "".join(f"complete -c {_PROGRAM} {_fish_option(option)}\n" for option in options)


def _fish_option(option: _Option) -> str:
    summary = option.summary.replace("\\", "\\\\").replace("'", "\\'")
    parts = [f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names]
    if option.takes_value:
        parts.append("-r" if option.takes_file else "-x")
    if option.values:
        parts.append(f"-a '{' '.join(option.values)}'")
    return " ".join([*parts, f"-d '{summary}'"])


SHELLS: Mapping[str, Callable[[list[_Option]], str]] = {"bash": _bash, "zsh": _zsh, "fish": _fish}
