"""Fixed files keep their encoding and mode, and are whole whatever happens while they are written."""

from __future__ import annotations

import codecs
import os
import stat
from pathlib import Path

import pytest

from flake8_session.fixing.writing import NotWritten, encoded, target_of, write
from flake8_session.source.text import decode


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file.py"
    path.write_bytes(b"before\n")
    return path


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.endswith(".tmp")]


def test_the_new_content_takes_the_place_of_the_old(file: Path) -> None:
    write(file, b"before\n", b"after\n")
    assert file.read_bytes() == b"after\n"
    assert not leftovers(file.parent)


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755])
def test_the_mode_is_kept(file: Path, mode: int) -> None:
    file.chmod(mode)
    write(file, b"before\n", b"after\n")
    assert stat.S_IMODE(file.stat().st_mode) == mode


def test_a_file_that_has_changed_since_is_left_alone(file: Path) -> None:
    file.write_bytes(b"somebody else's\n")
    with pytest.raises(NotWritten, match="has changed since"):
        write(file, b"before\n", b"after\n")
    assert file.read_bytes() == b"somebody else's\n"
    assert not leftovers(file.parent)


def test_a_file_that_has_gone_is_not_made_anew(file: Path) -> None:
    file.unlink()
    with pytest.raises(NotWritten, match="No such file"):
        write(file, b"before\n", b"after\n")
    assert not file.exists()


def test_a_read_only_file_is_left_alone(file: Path) -> None:
    """By the superuser too, whom the system would not keep away from it."""
    file.chmod(0o444)
    with pytest.raises(NotWritten, match="read-only"):
        write(file, b"before\n", b"after\n")
    assert file.read_bytes() == b"before\n"


def test_a_file_that_grows_beyond_what_the_system_allows_is_left_alone(file: Path) -> None:
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(NotWritten, match="File too large"):
            write(file, b"before\n", b"after\n" * 100)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert file.read_bytes() == b"before\n"
    assert os.listdir(file.parent) == [file.name]


@pytest.mark.parametrize("step", ["write", "fsync", "replace"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_the_old_file_is_whole_whatever_fails(
    file: Path, step: str, error: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(os, "fdopen" if step == "write" else step, fail)
    with pytest.raises((NotWritten, KeyboardInterrupt)):
        write(file, b"before\n", b"after\n")
    assert file.read_bytes() == b"before\n"
    assert not leftovers(file.parent)


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-8", "x = 'ä'\n"),
        ("utf-8-sig", "x = 'ä'\n"),
        ("latin-1", "# -*- coding: latin-1 -*-\nx = 'ä'\n"),
        ("cp1252", "# coding: cp1252\r\nx = '€'\r\n"),
        ("koi8-r", "#!/usr/bin/python\n# vim: set fileencoding=koi8-r :\nx = 'ж'\n"),
        ("utf-8", "x = 1\r\ny = 2\rz = 3\n"),
        ("utf-8", "no end"),
    ],
)
def test_a_text_goes_back_in_the_encoding_that_it_came_in(encoding: str, text: str) -> None:
    before = text.encode(encoding)
    assert encoded(text, before, decode(before)) == before
    changed = decode(before).replace("x = ", "xx = ")
    assert encoded(changed, before, decode(before)) == before.replace(b"x = ", b"xx = ")


def test_a_byte_order_mark_stays() -> None:
    before = codecs.BOM_UTF8 + b"x = 1\n"
    assert encoded("y = 1\n", before, decode(before)) == codecs.BOM_UTF8 + b"y = 1\n"


def test_what_the_encoding_does_not_have_is_refused() -> None:
    before = b"# coding: latin-1\nx = 1\n"
    with pytest.raises(NotWritten, match="has no '€'"):
        encoded("x = '€'\n", before, decode(before))


def test_bytes_that_the_text_does_not_give_back_are_refused() -> None:
    before = b"# coding: utf-7\nx = '+AOQ-'\n"
    with pytest.raises(NotWritten, match="its bytes are not"):
        encoded("x = 1\n", before, decode(before))


def test_a_link_inside_the_project_leads_to_the_file_that_is_written(file: Path) -> None:
    link = file.parent / "link.py"
    link.symlink_to(file)
    assert target_of(str(link), file.parent) == file.resolve()
    write(target_of(str(link), file.parent), b"before\n", b"after\n")
    assert link.is_symlink()
    assert file.read_bytes() == b"after\n"


def test_a_link_out_of_the_project_is_not_written(tmp_path: Path) -> None:
    outside = tmp_path / "outside.py"
    outside.write_bytes(b"")
    project = tmp_path / "project"
    project.mkdir()
    link = project / "link.py"
    link.symlink_to(outside)
    with pytest.raises(NotWritten, match="leads out of the project"):
        target_of(str(link), project)


def test_a_folder_that_is_a_link_out_of_the_project_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "file.py").write_bytes(b"")
    project = tmp_path / "project"
    project.mkdir()
    (project / "folder").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(NotWritten, match="leads out of the project"):
        target_of(str(project / "folder" / "file.py"), project)


def test_a_file_outside_of_the_project_may_be_named(tmp_path: Path) -> None:
    outside = tmp_path / "outside.py"
    outside.write_bytes(b"")
    (tmp_path / "project").mkdir()
    assert target_of(str(outside), tmp_path / "project") == outside.resolve()
