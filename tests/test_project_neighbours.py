"""Neighbours: read lazily, lowered piece by piece, remembered between runs, and never in the way."""

from __future__ import annotations

import os
import sys
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from flake8_session.checker import check_source
from flake8_session.flow import lower_module
from flake8_session.flow.outline import Function, Kind, Outline
from flake8_session.linking.linker import Linker
from flake8_session.linking.meanings import FunctionAt
from flake8_session.project import Neighbourhood, cache
from flake8_session.project.cache import Cache
from flake8_session.project.neighbours import Project
from flake8_session.project.packing import pack, unpack
from flake8_session.project.piecemeal import Neighbour, from_entry, skimmed, to_entry
from flake8_session.project.reading import LONGEST, read_text
from flake8_session.summaries.returning import may_give

HELPERS = '''\
from sqlalchemy.orm import sessionmaker

Maker = sessionmaker()


def plain():
    def inner():
        return Maker()

    class Local:
        def method(self):
            return [each for each in inner()]

    return Local, lambda: inner()


@decorated
async def decorated_one(x: "int" = 1, *rest, **more) -> None:
    async with Maker() as session:
        yield session


class Owner(Base):
    kind: str = "a"; other = 2

    def __init__(self, engine):
        self.session = Maker(bind=engine)

    @property
    def first(self): return self.session

    def twice(self): return 1
    def twice(self): return 2

    class Inner:
        def deep(self):
            with Maker() as s: s.commit()


if True:
    def conditional():
        return Maker()
else:
    def conditional():
        return None
'''
USE = "from helpers import open_session\n\n\ndef use():\n    session = open_session()\n    session.get(1)\n"
OPENING = "from sqlalchemy.orm import Session\n\n\ndef open_session():\n    return Session()\n"
BORROWING = OPENING.replace("Session()", "None")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project in which ``use.py`` leaks a session that ``helpers.py`` opens."""
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "use.py").write_text(USE)
    (tmp_path / "helpers.py").write_text(OPENING)
    return tmp_path


def codes(folder: Path, project: Project | None = None, text: str = USE) -> list[str]:
    """What is reported in ``use.py``."""
    around = project or Project()
    return [found.code for found in check_source(text, filename=str(folder / "use.py"), project=around)]


# Piece by piece.


def same_bodies(neighbour: Neighbour, full: Outline) -> Iterator[tuple[Function, Function]]:
    """Each function of the file as the neighbour has it, and as the whole file gives it, without origins."""
    for qualname, function in full.functions.items():
        if function.kind is Kind.FUNCTION:
            found = neighbour.body(qualname)
            assert found is not None, qualname
            yield without_origins(found), without_origins(function)


def without_origins(function: Function) -> Function:
    packed = pack(function)
    return unpack(_unnumbered(packed))


def _unnumbered(packed: object) -> object:
    if isinstance(packed, list):
        return [_unnumbered(each) for each in packed]
    if isinstance(packed, tuple):
        kind = type(unpack(packed)).__name__
        fields = [_unnumbered(each) for each in packed]
        if kind == "Step":
            fields[3] = 0
        elif kind == "Function":
            fields[list(Function.__dataclass_fields__).index("origin") + 1] = 0
        return tuple(fields)
    return packed


def test_a_function_alone_is_lowered_as_in_its_file() -> None:
    neighbour = skimmed(HELPERS)
    assert neighbour is not None
    pairs = list(same_bodies(neighbour, lower_module(HELPERS).outline))
    assert len(pairs) == 11
    for alone, whole in pairs:
        assert alone == whole, whole.qualname


def test_the_functions_of_this_program_are_lowered_alone_as_in_their_files() -> None:
    for file in sorted(Path(sys.modules[Project.__module__].__file__ or "").parents[1].glob("linking/*.py")):
        text = file.read_text(encoding="utf-8")
        neighbour = skimmed(text)
        assert neighbour is not None
        for alone, whole in same_bodies(neighbour, lower_module(text).outline):
            assert alone == whole, f"{file}: {whole.qualname}"


def test_only_what_is_asked_for_is_lowered() -> None:
    neighbour = skimmed(HELPERS)
    assert neighbour is not None
    assert neighbour.body("Owner.first") is not None
    assert neighbour.outline.classes["plain.<locals>.Local"].methods == ("method",)
    assert neighbour.body("nowhere") is None
    assert set(neighbour.lowered) == {("Owner", "first"), ("plain", ""), ("nowhere", "")}


@pytest.mark.parametrize(
    ("returned", "gives"),
    [
        ("return", False),
        ("return None  # nothing", False),
        ("return True", False),
        ("return 12", False),
        ("return ''", False),
        ("return {}", False),
        ("return Maker()", True),
        ("return '' or Maker()", True),
        ("return \\\n        Maker()", True),
        ("if x: return Maker()", True),
        ("return (\n        Maker())", True),
        ("return None if x else Maker()", True),
    ],
)
def test_what_gives_nothing_is_seen_from_the_text(folder: Path, returned: str, gives: bool) -> None:
    helper = folder / "helper.py"
    helper.write_text(f"from shop import Maker\n\n\ndef give(x):\n    {returned}\n")
    linker = Linker(Project())
    assert may_give(linker, FunctionAt(str(helper), "give")) is gives


@pytest.mark.parametrize(
    ("promise", "gives"), [("int", False), ("dict[str, int]", False), ("'Session'", True)]
)
def test_what_gives_nothing_is_seen_from_its_promise(folder: Path, promise: str, gives: bool) -> None:
    helper = folder / "helper.py"
    helper.write_text(f"def give(x) -> {promise}:\n    return x.answer\n")
    assert may_give(Linker(Project()), FunctionAt(str(helper), "give")) is gives


def test_functions_are_found_by_a_name_in_their_text(folder: Path) -> None:
    helper = folder / "helper.py"
    helper.write_text("def f():\n    g()\n\n\ndef h():\n    return 1\n")
    linker = Linker(Project())
    assert [each.name for each in linker.functions(str(helper), naming="g")] == ["f"]
    assert [each.name for each in linker.functions(str(helper))] == ["f", "h"]


def test_entries_hold_all_that_was_lowered() -> None:
    neighbour = skimmed(HELPERS)
    assert neighbour is not None
    bodies = [neighbour.body(name) for name in ("plain", "Owner.__init__", "Owner.Inner.deep")]
    read = from_entry(HELPERS, to_entry(neighbour))
    assert [read.body(name) for name in ("plain", "Owner.__init__", "Owner.Inner.deep")] == bodies
    assert read.listed == neighbour.listed
    assert read.body("conditional") == neighbour.body("conditional")


def test_a_neighbour_that_is_no_python_is_none() -> None:
    assert skimmed("def f(:\n") is None
    assert skimmed("\0") is None


# The linted text, and what cannot be read.


def test_the_linted_text_takes_the_place_of_the_file(folder: Path) -> None:
    (folder / "helpers.py").write_text("from use import open_again as open_session\n")
    buffer = USE + "\n\nfrom helpers import missing\nfrom sqlalchemy.orm import Session\n\n\n"
    buffer += "def open_again():\n    return Session()\n"
    assert codes(folder, text=USE) == []
    assert codes(folder, text=buffer) == ["SES101"]


def test_a_buffer_that_changes_is_seen(folder: Path) -> None:
    project = Project()
    helpers = str(folder / "helpers.py")
    assert codes(folder, project) == ["SES101"]
    check_source(BORROWING, filename=helpers, project=project)
    assert codes(folder, project) == []
    check_source(OPENING, filename=helpers, project=project)
    assert codes(folder, project) == ["SES101"]


def test_a_file_that_only_an_editor_has_can_be_imported(folder: Path) -> None:
    (folder / "helpers.py").unlink()
    project = Project()
    assert codes(folder, project) == []
    check_source(OPENING, filename=str(folder / "helpers.py"), project=project)
    assert codes(folder, project) == ["SES101"]


def test_line_ends_and_byte_order_marks_make_no_difference(folder: Path) -> None:
    plain = OPENING.encode()
    for content in (plain, b"\xef\xbb\xbf" + plain, plain.replace(b"\n", b"\r\n")):
        (folder / "helpers.py").write_bytes(content)
        assert codes(folder) == ["SES101"]


@pytest.mark.parametrize(
    "content",
    [b"def f(:\n", b"\xff\xfe\x00", b"# coding: nonsense\n", b"x = (" * 5000, b"\0", b""],
    ids=["no python", "no text", "unknown encoding", "deep", "null", "empty"],
)
def test_a_neighbour_that_cannot_be_read_is_unknown(folder: Path, content: bytes) -> None:
    (folder / "helpers.py").write_bytes(content)
    assert codes(folder) == []


def test_a_huge_neighbour_is_unknown_at_once(folder: Path) -> None:
    (folder / "helpers.py").write_text(OPENING + "x = 1\n" * (10_000_000 // 6))
    start = time.perf_counter()
    assert codes(folder) == []
    assert time.perf_counter() - start < 2
    (folder / "helpers.py").write_text(OPENING + "#" * (LONGEST - len(OPENING)))
    assert codes(folder) == ["SES101"]


def test_a_huge_neighbour_stays_unknown_when_it_was_linted_before(folder: Path) -> None:
    project = Project()
    huge = OPENING + "#" * (LONGEST + 1 - len(OPENING))
    (folder / "helpers.py").write_text(huge)
    check_source(huge, filename=str(folder / "helpers.py"), project=project)
    assert codes(folder, project) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_a_pipe_is_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "pipe.py")
    assert read_text(str(folder / "pipe.py")) is None


def test_what_may_not_be_read_is_unknown(folder: Path) -> None:
    (folder / "helpers.py").chmod(0)
    expected = ["SES101"] if os.access(folder / "helpers.py", os.R_OK) else []
    assert codes(folder) == expected


def test_nothing_of_the_project_is_executed(folder: Path) -> None:
    (folder / "helpers.py").write_text(f"open({str(folder / 'executed')!r}, 'w')\n{OPENING}")
    assert codes(folder) == ["SES101"]
    assert not (folder / "executed").exists()


def test_a_module_that_imports_itself_and_others_in_a_circle(folder: Path) -> None:
    (folder / "helpers.py").write_text(
        "from helpers import *\nfrom helpers import open_session as again\nimport use\n"
        "from use import use as other, again as here\nhere = again = here\n" + OPENING
    )
    text = USE + "from helpers import *\nfrom helpers import here\nagain = here\n"
    assert codes(folder, text=text) == ["SES101"]


def test_the_standard_library_can_be_around_a_file(tmp_path: Path) -> None:
    folder = Path(sysconfig.get_path("stdlib"))
    text = "from asyncio import base_events\nimport argparse\nsession = base_events.run() or argparse.x\n"
    around = Neighbourhood([str(folder)], str(tmp_path)).project
    assert check_source(text, filename=str(folder / "session_maker.py"), project=around) == []


# Between runs.


@pytest.fixture
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder."""
    return tmp_path_factory.mktemp("cache")


def run(folder: Path, kept: Path) -> list[str]:
    """What is reported in ``use.py`` by a new run with a cache."""
    around = Neighbourhood((), str(kept))
    found = codes(folder, around.project)
    around.keep(at_end=True)
    return found


def entries(kept: Path) -> list[Path]:
    return sorted(each for each in kept.rglob("*") if each.is_file())


def entry_of(text: str, kept: Path) -> Path:
    """The file that holds what is remembered of a neighbour with this text."""
    key = Cache(str(kept)).key(text)
    (found,) = (each for each in entries(kept) if each.parent.name + each.name == key)
    return found


def test_a_second_run_lowers_no_neighbour(folder: Path, kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(folder, kept) == ["SES101"]
    assert entry_of(OPENING, kept).is_file()
    monkeypatch.setattr("flake8_session.project.piecemeal.lower_module", pytest.fail)
    assert run(folder, kept) == ["SES101"]


def test_a_changed_neighbour_is_seen(folder: Path, kept: Path) -> None:
    assert run(folder, kept) == ["SES101"]
    status = (folder / "helpers.py").stat()
    (folder / "helpers.py").write_text(BORROWING)
    os.utime(folder / "helpers.py", ns=(status.st_atime_ns, status.st_mtime_ns))
    assert run(folder, kept) == []
    (folder / "helpers.py").write_text(OPENING)
    assert run(folder, kept) == ["SES101"]


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "foreign", "folder"])
def test_a_damaged_entry_is_as_good_as_none(folder: Path, kept: Path, damage: str) -> None:
    assert run(folder, kept) == ["SES101"]
    entry = entry_of(OPENING, kept)
    content = entry.read_bytes()
    if damage == "folder":
        entry.unlink()
        entry.mkdir()
    else:
        changed = {"cut": content[:-7], "flipped": content[:-9] + bytes([content[-9] ^ 1]) + content[-8:]}
        entry.write_bytes(changed.get(damage, b"" if damage == "empty" else b"\x80\x04N." * 40))
    assert run(folder, kept) == ["SES101"]
    if damage != "folder":
        assert entry.read_bytes() == content


def test_entries_are_never_pickled_nor_beside_the_linted_files(folder: Path, kept: Path) -> None:
    before = sorted(folder.rglob("*"))
    run(folder, kept)
    assert sorted(folder.rglob("*")) == before
    assert "pickle" not in Path(cache.__file__).read_text(encoding="utf-8")


def test_a_folder_that_cannot_be_written_is_no_error(folder: Path, kept: Path) -> None:
    (kept / "outlines").write_text("in the way")
    assert run(folder, kept) == ["SES101"]
    assert run(folder, Path(os.devnull)) == ["SES101"]


def test_what_a_second_run_learns_is_added(folder: Path, kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "helpers.py").write_text(OPENING + "\n\ndef other():\n    return open_session()\n")
    assert run(folder, kept) == ["SES101"]
    (folder / "use.py").write_text(USE.replace("open_session", "other"))
    for _ in range(2):
        around = Neighbourhood((), str(kept))
        assert codes(folder, around.project, USE.replace("open_session", "other")) == ["SES101"]
        around.keep(at_end=True)
        monkeypatch.setattr("flake8_session.project.piecemeal.lower_module", pytest.fail)


def test_the_folder_is_bounded(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "LARGEST", 20_000)
    store = Cache(str(kept))
    for number in range(40):
        store.write(f"{number:02x}{'0' * 28}{'00' if number == 39 else '11'}", "x" * 1_000)
        os.utime(entries(kept)[-1], (number, number))
    left = [each.parent.name for each in entries(kept)]
    assert 10 < len(left) < 20
    assert f"{39:02x}" in left


def test_versions_do_not_see_the_entries_of_others(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = Cache(str(kept)).key("text")
    assert Cache(str(kept)).key("text") == key
    assert Cache(str(kept)).key("text ") != key
    monkeypatch.setattr("flake8_session.__version__", "999")
    assert Cache(str(kept)).key("text") != key


def test_loading_costs_a_tenth_of_lowering() -> None:
    text = Path(lower_module.__code__.co_filename).read_text(encoding="utf-8") * 4
    lowering = _fastest(lambda: lower_module(text))
    neighbour = skimmed(text)
    assert neighbour is not None
    for qualname in neighbour.listed.functions:
        neighbour.body(qualname)
    entry = to_entry(neighbour)
    assert _fastest(lambda: from_entry(text, entry).body("lower_module")) < lowering / 10


def _fastest(work: object) -> float:
    times = []
    for _ in range(3):
        start = time.process_time()
        work()  # type: ignore[operator]
        times.append(time.process_time() - start)
    return min(times)
