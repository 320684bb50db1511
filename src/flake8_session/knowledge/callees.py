"""What is presumed of functions that neither SQLAlchemy nor the project defines.

Keeping is presumed by name, since it only ever silences: a callee that may keep what it is given
ends the duty to close it. Everything that makes a rule speak is asked by full name.

No callee is presumed unable to raise.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType

_KEEPING_NAMES = frozenset(
    {
        "add",
        "append",
        "appendleft",
        "extend",
        "insert",
        "partial",
        "put",
        "put_nowait",
        "set",
        "setattr",
        "setdefault",
        "update",
    }
)
_KEEPING_PARTS = ("callback", "cleanup", "final", "push", "regist", "resource")
_ENTER = re.compile(r"(?:^|_)enter|Enter")


def presumed_to_keep(name: str) -> bool:
    """Whether an unknown callee may keep its arguments beyond the call.

    `name` is the callee's last part, as written: a class (CapWords), a method that fills a container,
    or a name with a word that speaks of registering and cleaning up.

    >>> [presumed_to_keep(name) for name in ("Repository", "append", "addCleanup", "enter_context")]
    [True, True, True, True]
    >>> [presumed_to_keep(name) for name in ("load_users", "center", "MAX", "commit_all")]
    [False, False, False, False]
    """
    return name in _KEEPING_NAMES or _is_capwords(name) or _speaks_of_keeping(name)


def _is_capwords(name: str) -> bool:
    bare = name.lstrip("_")
    return bare[:1].isupper() and not (len(bare) > 1 and bare.isupper())


def _speaks_of_keeping(name: str) -> bool:
    lowered = name.lower()
    return any(part in lowered for part in _KEEPING_PARTS) or _ENTER.search(name) is not None


class Manager(Enum):
    """What the ``with`` statement does to what a known context manager was given."""

    CLOSING = "closing"  # calls close() of its argument
    ASYNC_CLOSING = "async closing"  # awaits aclose() of its argument
    NULL = "null"  # gives its argument, and does nothing to it
    SUPPRESSING = "suppressing"  # swallows the classes that it was given
    EXPECTING = "expecting"  # swallows them, and raises where nothing was raised
    STACK = "stack"  # leaves what was entered in it, in reverse


MANAGERS: Mapping[str, Manager] = MappingProxyType(
    {
        "contextlib.closing": Manager.CLOSING,
        "contextlib.aclosing": Manager.ASYNC_CLOSING,
        "contextlib.nullcontext": Manager.NULL,
        "contextlib.suppress": Manager.SUPPRESSING,
        "contextlib.ExitStack": Manager.STACK,
        "contextlib.AsyncExitStack": Manager.STACK,
        "pytest.raises": Manager.EXPECTING,
    }
)
"""Context managers outside SQLAlchemy whose exit matters. Any other is presumed not to swallow."""

NEVER_RETURN: Mapping[str, str] = MappingProxyType(
    {
        "exit": "SystemExit",
        "quit": "SystemExit",
        "sys.exit": "SystemExit",
        "os._exit": "",
        "os.abort": "",
        "os.execl": "",
        "os.execle": "",
        "os.execlp": "",
        "os.execv": "",
        "os.execve": "",
        "os.execvp": "",
        "os.execvpe": "",
        "pytest.exit": "BaseException",
        "pytest.fail": "BaseException",
        "pytest.skip": "BaseException",
        "pytest.xfail": "BaseException",
        "flask.abort": "Exception",
        "werkzeug.exceptions.abort": "Exception",
        "quart.abort": "Exception",
        "typing.assert_never": "AssertionError",
        "typing_extensions.assert_never": "AssertionError",
    }
)
"""Functions that do not come back, with the class that they raise; `""`: the process ends at once.

pytest's outcomes and werkzeug's HTTP errors have classes of their own; what stands here is what
catches them.
"""


QUIET = frozenset(
    {
        "bool",
        "callable",
        "hasattr",
        "id",
        "isinstance",
        "print",
        "repr",
        "str",
        "type",
        "datetime.date.today",
        "datetime.datetime.now",
        "datetime.datetime.utcnow",
        "logging.getLogger",
        "os.getpid",
        "threading.current_thread",
        "threading.get_ident",
        "time.monotonic",
        "time.perf_counter",
        "time.sleep",
        "time.time",
        "traceback.format_exc",
        "traceback.print_exc",
        "uuid.uuid1",
        "uuid.uuid4",
    }
)
"""Functions that are taken never to raise, if what they are given needs no database."""

OF_VALUES = frozenset(
    {
        "append",
        "appendleft",
        "capitalize",
        "copy",
        "decode",
        "encode",
        "endswith",
        "extend",
        "format",
        "index",
        "insert",
        "isdigit",
        "isoformat",
        "items",
        "join",
        "keys",
        "lower",
        "lstrip",
        "partition",
        "replace",
        "rpartition",
        "rsplit",
        "rstrip",
        "setdefault",
        "sort",
        "split",
        "splitlines",
        "startswith",
        "strftime",
        "strip",
        "title",
        "upper",
        "values",
        "zfill",
    }
)
"""Methods of texts, dates and containers, by whose names no session is reached."""

MAKING_LOGGERS = frozenset({"logging.getLogger", "structlog.get_logger", "structlog.getLogger"})
"""Functions that give a logger. `logging` itself handles what goes wrong in a handler or a format."""

LOGGERS = frozenset({"log", "logger", "logging"})
"""What loggers are called, in small letters and without underscores around it."""

LOGGING = frozenset(
    {
        "debug",
        "info",
        "warning",
        "warn",
        "error",
        "exception",
        "critical",
        "fatal",
        "log",
        "trace",
        "verbose",
        "success",
        "notice",
    }
)
"""The methods by which a logger writes."""


class Reads(Enum):
    """What a function of the standard library does to the value that it is given."""

    NOTHING = "nothing"  # looks at its identity or type
    TEXT = "text"  # calls __str__, __repr__ or __format__
    LENGTH = "length"  # calls __len__ or __bool__; a Query has no length
    ATTRIBUTE = "attribute"  # reads the attribute that its second argument names
    COLLECTS = "collects"  # iterates it to the end; gives a container of the same elements
    CONSUMES = "consumes"  # iterates it; gives a value
    ITERATES = "iterates"  # gives an iterator over the same elements, which reads when it is read
    WRAPS = "wraps"  # gives an iterator over things made of them, which reads when it is read
    NEXT = "next"  # gives the next element
    CHOOSES = "chooses"  # iterates it to the end; gives one of the elements
    FILTERS = "filters"  # gives an iterator over some elements of its second argument
    COPIES = "copies"  # reads what is loaded, and gives a like object


READERS: Mapping[str, Reads] = MappingProxyType(
    {
        **dict.fromkeys(
            ("callable", "id", "isinstance", "issubclass", "type", "hash", "super"), Reads.NOTHING
        ),
        **dict.fromkeys(("ascii", "format", "print", "repr", "str"), Reads.TEXT),
        **dict.fromkeys(("bool", "len"), Reads.LENGTH),
        **dict.fromkeys(("getattr", "hasattr"), Reads.ATTRIBUTE),
        **dict.fromkeys(("frozenset", "list", "set", "sorted", "tuple"), Reads.COLLECTS),
        **dict.fromkeys(("all", "any", "dict", "sum"), Reads.CONSUMES),
        **dict.fromkeys(("max", "min"), Reads.CHOOSES),
        "filter": Reads.FILTERS,
        **dict.fromkeys(("iter", "aiter", "reversed", "itertools.chain", "itertools.islice"), Reads.ITERATES),
        **dict.fromkeys(("enumerate", "map", "zip"), Reads.WRAPS),
        **dict.fromkeys(("anext", "next"), Reads.NEXT),
        **dict.fromkeys(("copy.copy", "copy.deepcopy"), Reads.COPIES),
        "vars": Reads.NOTHING,
    }
)
"""What each function does; any other is unknown. `reversed` and `sorted` want a container."""

PASSING_ON: Mapping[str, int] = MappingProxyType(
    {
        **dict.fromkeys(
            ("frozenset", "iter", "list", "max", "min", "next", "reversed", "set", "sorted", "tuple"), 0
        ),
        "filter": 1,
        "itertools.islice": 0,
    }
)
"""Functions that give elements of one of their arguments, or a container of them, by its position."""



GIVING_ALL = frozenset({"copy", "items", "values"})
"""Methods of Python's containers that give the same elements."""
GIVING_ONE = frozenset({"get", "pop", "popleft"})
"""Methods of Python's containers that give one element."""
